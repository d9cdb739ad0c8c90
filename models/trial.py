"""A model's trial in a child process before it is used: does it run here at all, and how fast?

Invariant: a crash is an outcome, not an accident. Some builds of llama.cpp die on some processors with every quantised
model (illegal instructions; AMX with an old compiler). What can be switched off to run is switched off, and remembered;
what cannot is told with the cure.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import platform
from dataclasses import replace
from pathlib import Path

from ..store import Store
from ..store.model_trials import ModelTrial, TrialOutcome
from .engine import EngineDied, EngineError, Limits, Message, Role
from .fit import Plan
from .gguf import Header
from .local import LocalEngine, Surroundings, fingerprint

REBUILD = (
    "build llama.cpp for any processor of this kind: CMAKE_ARGS=-DGGML_NATIVE=OFF pip install --force-reinstall"
    " --no-cache-dir --no-binary llama-cpp-python llama-cpp-python"
)
_CONTEXT = 1024
_PROMPT = "An epoch is one pass over the training data. " * 6
"""Long enough for the paths that are taken for whole batches, which are the ones that crash."""
_TOKENS = 24
_SCHEMA = {
    "type": "object",
    "properties": {"learns": {"type": "boolean"}, "epoch": {"type": "integer", "minimum": 0, "maximum": 99}},
}


def runtime_name() -> str:
    """Which llama.cpp on which processor: a trial holds for these."""
    try:
        version = importlib.metadata.version("llama-cpp-python")
    except importlib.metadata.PackageNotFoundError:
        version = "unknown"
    return f"llama-cpp-python {version} on {_processor()}"


def can_use_gpu() -> bool:
    """Whether the llama.cpp that is installed was built for a GPU. Found out without loading it."""
    spec = importlib.util.find_spec("llama_cpp")
    folders = [Path(folder) / "lib" for folder in (spec.submodule_search_locations or ())] if spec else []
    kinds = ("cuda", "hip", "vulkan", "metal", "sycl")
    return any(True for folder in folders for kind in kinds for _ in folder.glob(f"*ggml-{kind}*"))


def known_trial(store: Store, header: Header) -> ModelTrial | None:
    """The trial that holds for a file here."""
    return store.model_trials.latest(fingerprint(header.path), runtime_name())


def try_model(store: Store, home: Path, header: Header, plan: Plan) -> ModelTrial:
    """Try it, first as fast as can be, then with what may crash switched off; recorded."""
    reasons = []
    for extra_buffers in (True, False):
        try:
            prompt_speed, speed = _run(home, header, replace(plan, context=min(_CONTEXT, plan.context)), extra_buffers)
        except EngineDied as error:
            reasons.append(str(error))
            continue
        except EngineError as error:
            return _record(store, header, TrialOutcome.REFUSED, extra_buffers, detail=str(error))
        detail = f"It crashes with weights repacked for this processor, so they are not. To mend it, {REBUILD}."
        return _record(
            store, header, TrialOutcome.RUNS, extra_buffers, prompt_speed, speed, None if extra_buffers else detail
        )
    return _record(store, header, TrialOutcome.CRASHED, False, detail=f"{reasons[-1]} To mend it, {REBUILD}.")


def _run(home: Path, header: Header, plan: Plan, extra_buffers: bool) -> tuple[float | None, float | None]:
    """Tokens per second of a prompt and of an answer. Raises :class:`EngineError`."""
    model = LocalEngine(header, home, Surroundings(plan=lambda: plan), extra_buffers=extra_buffers)
    try:
        messages = (Message(Role.USER, _PROMPT),)
        free = model.generate(messages, limits=Limits(tokens=_TOKENS, seconds=120.0))
        model.generate((Message(Role.USER, "Does it learn?"),), limits=Limits(tokens=64), schema=_SCHEMA)
        model.score((Message(Role.USER, "Does it learn?"),), ("yes", "no"))
    finally:
        model.close()
    first, generated = free.first_seconds, free.generated or 0
    answering = free.seconds - (first or 0.0)
    prompt_speed = (free.prompt_evaluated or 0) / first if first else None
    return prompt_speed, (generated - 1) / answering if generated > 1 and answering > 0 else None


def _record(
    store: Store,
    header: Header,
    outcome: TrialOutcome,
    extra_buffers: bool,
    prompt_speed: float | None = None,
    speed: float | None = None,
    detail: str | None = None,
) -> ModelTrial:
    return store.model_trials.add(
        fingerprint=fingerprint(header.path),
        runtime=runtime_name(),
        outcome=outcome,
        extra_buffers=extra_buffers,
        prompt_tokens_per_second=prompt_speed,
        tokens_per_second=speed,
        detail=detail,
    )


def _processor() -> str:
    try:
        with Path("/proc/cpuinfo").open(encoding="utf-8", errors="replace") as file:
            names = (line.partition(":")[2].strip() for line in file if line.startswith("model name"))
            return next(names, platform.machine())
    except OSError:
        return platform.processor() or platform.machine()
