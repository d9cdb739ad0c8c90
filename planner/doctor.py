"""What this machine has for running experiments, what is missing, and how to get it.

Invariant: what could not be found out is ``None`` and is told as such; looking changes nothing on the machine and
starts no work on a GPU.
"""

from __future__ import annotations

import ctypes
import importlib.metadata
import importlib.util
import os
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ..models.library import list_models
from ..models.local import HOW_TO_INSTALL
from ..models.trial import can_use_gpu
from ..runtime.interpreters import Interpreter, InterpreterError, find_all, usable_gpus
from ..store.records import GpuSample, Severity
from . import model_setting, prices
from .model_setting import ModelSetting
from .prices import Price

LEAST_FREE_BYTES = 1 << 30
"""With less room than this, checkpoints and logs soon fill the disk."""


@dataclass(frozen=True, slots=True)
class Room:
    """A folder that we write to, and the room on its disk."""

    folder: Path
    free_bytes: int | None
    total_bytes: int | None


@dataclass(frozen=True, slots=True)
class Machine:
    """What there is."""

    cores: int
    memory_bytes: int
    memory_available_bytes: int
    home: Room
    scratch: Room
    interpreters: tuple[Interpreter, ...]
    gpus: tuple[GpuSample, ...]
    has_driver: bool
    """Whether NVIDIA's driver library is there."""
    usable_gpus: int | None
    """GPUs that the first interpreter with torch can use, as torch says; ``None`` where it could not be asked."""
    isolation: tuple[str, ...]
    """What can keep the user's files untouched, best first."""
    llama: str | None
    """Version of llama-cpp-python in mlintern's own interpreter."""
    llama_uses_gpu: bool
    """Whether it was built for a GPU."""
    llama_programs: tuple[Path, ...]
    models: tuple[Path, ...]
    """GGUF files that are here: in the home folder, and where other programs keep theirs."""
    model: ModelSetting
    """The one that the person has chosen."""
    slurm: Path | None
    price: Price
    """What an hour of it costs, as the person has set it."""


@dataclass(frozen=True, slots=True)
class Advice:
    """Something that is missing or weak, what it costs the person, and how to get it."""

    topic: str
    severity: Severity
    message: str
    fix: str


def look(home: Path, *, beside: Sequence[Path] = ()) -> Machine:
    """Find everything out; takes a few seconds, because interpreters and isolations are really tried."""
    import psutil

    from ..runtime import isolation

    memory = psutil.virtual_memory()
    interpreters = find_all(beside)
    return Machine(
        cores=len(os.sched_getaffinity(0)),
        memory_bytes=int(memory.total),
        memory_available_bytes=int(memory.available),
        home=_room(home),
        scratch=_room(Path(tempfile.gettempdir())),
        interpreters=interpreters,
        gpus=_gpus(),
        has_driver=_has_driver(),
        usable_gpus=_usable_gpus(interpreters),
        isolation=isolation.available(),
        llama=_version("llama_cpp", "llama-cpp-python"),
        llama_uses_gpu=can_use_gpu(),
        llama_programs=_programs("llama-server", "llama-cli"),
        models=tuple(one.path for one in list_models(home) if one.problem is None),
        model=model_setting.known(home),
        slurm=next(iter(_programs("sbatch")), None),
        price=prices.known(home),
    )


def advise(machine: Machine) -> tuple[Advice, ...]:
    """What is missing, the gravest first."""
    order = list(Severity)
    return tuple(sorted(_advice(machine), key=lambda one: order.index(one.severity)))


def _advice(machine: Machine) -> Iterator[Advice]:
    with_torch = [one for one in machine.interpreters if one.torch is not None]
    if not with_torch:
        yield Advice(
            "torch",
            Severity.ERROR,
            "no interpreter with torch was found, so no script can be run",
            "pip install torch (the README says how to get the CPU build), or name an interpreter with --python",
        )
    elif machine.gpus and not any(one.torch_built_for for one in with_torch):
        yield Advice(
            "torch",
            Severity.WARNING,
            "there is a GPU, but every torch that was found is built for the CPU alone",
            "install a build for the GPU: see https://pytorch.org/get-started/locally",
        )
    yield from _gpu_advice(machine, with_torch)
    if "overlay" not in machine.isolation:
        weaker = machine.isolation[0] if machine.isolation else "none"
        yield Advice(
            "isolation",
            Severity.INFO,
            f"the kernel grants no user namespace with an overlay; rehearsals are held by {weaker}",
            "allow user namespaces: sysctl kernel.unprivileged_userns_clone=1 (a container may forbid them)",
        )
    for room in (machine.home, machine.scratch):
        if room.free_bytes is not None and room.free_bytes < LEAST_FREE_BYTES:
            yield Advice(
                "disk",
                Severity.WARNING,
                f"little room is left where {room.folder} lies",
                "free some space, or name another folder with --home or TMPDIR",
            )
    yield from _price_advice(machine)
    yield from _model_advice(machine)


def _model_advice(machine: Machine) -> Iterator[Advice]:
    if machine.model.server is not None:
        return
    if machine.llama is None and not machine.llama_programs:
        yield Advice(
            "llama.cpp",
            Severity.INFO,
            "no llama.cpp: the built-in rules decide where a local model would",
            f"{HOW_TO_INSTALL}, or name the address of a server under [model] in config.toml",
        )
    elif not machine.models:
        yield Advice(
            "models",
            Severity.INFO,
            "no local model: the built-in rules decide in its place",
            f"put a GGUF file into {machine.home.folder / 'models'}",
        )
    if machine.gpus and machine.llama is not None and not machine.llama_uses_gpu:
        yield Advice(
            "llama.cpp",
            Severity.INFO,
            "there is a GPU, but llama.cpp was built for the CPU alone, so a local model runs there",
            "CMAKE_ARGS=-DGGML_CUDA=on pip install --force-reinstall --no-cache-dir llama-cpp-python (needs nvcc)",
        )
    if machine.model.is_broken:
        yield Advice("model", Severity.WARNING, machine.model.why_none or "", "put it right; until then rules decide")
    elif machine.models and machine.model.why_none is not None:
        yield Advice(
            "model",
            Severity.INFO,
            f"no model is chosen among {len(machine.models)}: the built-in rules decide",
            f"write {model_setting.EXAMPLE} into {prices.config_path(machine.home.folder)}; see `mlintern models`",
        )


def _price_advice(machine: Machine) -> Iterator[Advice]:
    if machine.price.is_broken:
        fix = "put it right; until then no run has a price"
        yield Advice("price", Severity.WARNING, machine.price.why_none or "", fix)
    elif not machine.price.is_set:
        yield Advice(
            "price",
            Severity.INFO,
            "no price set: what runs cost in money is not known",
            f"put usd_per_hour = 1.20 under [price] into {prices.config_path(machine.home.folder)}, or a kind such as"
            f" \"h100-80gb\" (an example rate of {prices.EXAMPLES_DATE}); usd_per_kwh = 0.30 prices electricity",
        )


def _gpu_advice(machine: Machine, with_torch: Sequence[Interpreter]) -> Iterator[Advice]:
    if not machine.gpus and not machine.has_driver and any(_wants_cuda(one) for one in with_torch):
        yield Advice(
            "gpu",
            Severity.INFO,
            "torch is built for CUDA, but NVIDIA's driver library is not here; scripts run on the CPU",
            "install the NVIDIA driver, or give the container its GPU (--gpus all)",
        )
    elif machine.gpus and with_torch and _wants_cuda(with_torch[0]) and machine.usable_gpus == 0:
        first = with_torch[0]
        yield Advice(
            "gpu",
            Severity.WARNING,
            f"{first.path} has torch for {first.torch_built_for}, but it cannot use the GPU that is here",
            "update the NVIDIA driver, or install a torch for an older CUDA; look at CUDA_VISIBLE_DEVICES too",
        )


def _wants_cuda(interpreter: Interpreter) -> bool:
    return (interpreter.torch_built_for or "").startswith("CUDA")


def _usable_gpus(interpreters: Sequence[Interpreter]) -> int | None:
    first = next((one for one in interpreters if one.torch is not None), None)
    if first is None or first.torch_built_for is None:
        return 0 if first is not None else None
    try:
        return usable_gpus(first)
    except InterpreterError:
        return None


def _has_driver() -> bool:
    try:
        ctypes.CDLL("libnvidia-ml.so.1")
    except OSError:
        return False
    return True


def _gpus() -> tuple[GpuSample, ...]:
    from ..runtime.nvml import GpuMonitor

    monitor = GpuMonitor()
    monitor.open()
    try:
        return monitor.look(set())
    finally:
        monitor.close()


def _room(folder: Path) -> Room:
    existing = next((one for one in (folder, *folder.parents) if one.exists()), Path("/"))
    try:
        usage = shutil.disk_usage(existing)
    except OSError:
        return Room(folder, None, None)
    return Room(folder, usage.free, usage.total)


def _version(module: str, distribution: str) -> str | None:
    if importlib.util.find_spec(module) is None:
        return None
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return "unknown"


def _programs(*names: str) -> tuple[Path, ...]:
    found = (shutil.which(name) for name in names)
    return tuple(Path(path) for path in found if path is not None)
