"""The person's model as an engine: chosen, tried once, fitted into what is free, and out of an experiment's way.

Invariant: no model is loaded that was not tried here before, or that takes memory which a run was promised; while a run
is on, none takes any of a GPU. Whatever stands in the way is told, and the rules go on answering.
"""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path

from ..models.engine import Engine, EngineError, EngineMissing
from ..models.fit import Memory, NoFit, Plan, plan
from ..models.gguf import GgufError, Header, read_header
from ..models.local import LocalEngine, Surroundings, default_threads
from ..models.server import ServerEngine
from ..models.trial import can_use_gpu, known_trial, try_model
from ..runtime.room import RoomWatch
from ..runtime.tenants import tenancy
from ..store import Store
from ..store.model_trials import ModelTrial, TrialOutcome
from .fit import gib
from .model_setting import ModelSetting


def memory_now(*, host_promised: int = 0, device_promised: int = 0) -> Memory:
    """What is free, less what a run was promised. A GPU counts only where llama.cpp was built for one."""
    room = RoomWatch().look()
    devices = room.device_bytes if can_use_gpu() else ()
    return Memory(room.host_bytes, devices, host_promised, device_promised)


def plan_now(header: Header, memory: Memory) -> Plan:
    """How it is loaded now. Raises :class:`EngineError` with the numbers where it does not fit."""
    found = plan(header, memory)
    if isinstance(found, NoFit):
        raise EngineError(
            f"{header.path.name} needs {gib(found.needed_bytes)} and {gib(found.free_bytes)} are free for it; take a"
            " smaller model or a smaller quantisation, or end something else."
        )
    return found


def open_engine(
    store: Store, home: Path, setting: ModelSetting, *, host_promised: int = 0, device_promised: int = 0
) -> Engine:
    """The engine for the person's choice; a file is tried first where it was not yet. Raises :class:`EngineError`."""
    if setting.server is not None:
        return ServerEngine(setting.server, name=setting.name)
    if setting.path is None:
        raise EngineMissing(setting.why_none or "no model is chosen")
    try:
        header = read_header(setting.path)
    except GgufError as error:
        raise EngineMissing(str(error)) from error

    def planned() -> Plan:
        memory = memory_now(host_promised=host_promised, device_promised=device_promised)
        return plan_now(header, replace(memory, device_free=()) if is_run_on(home) else memory)

    trial = known_trial(store, header) or try_model(store, home, header, planned())
    _check(trial, header)

    def presence(pid: int, how: Plan) -> AbstractContextManager[None]:
        what = f"local model {header.path.name}"
        return tenancy(home, what, pid=pid, device_bytes=how.device_bytes, host_bytes=how.host_bytes)

    def threads() -> int:
        return default_threads(is_run_on=is_run_on(home))

    surroundings = Surroundings(plan=planned, threads=threads, presence=presence)
    return LocalEngine(header, home, surroundings, extra_buffers=trial.extra_buffers)


def is_run_on(home: Path) -> bool:
    """Whether a training of ours is under way."""
    with Store.open(home) as store:  # a store belongs to one thread, and this is asked from any
        return bool(store.runs.unfinished())


def _check(trial: ModelTrial, header: Header) -> None:
    if trial.outcome is not TrialOutcome.RUNS:
        raise EngineError(f"{header.path.name} does not run here. {trial.detail or ''}".strip())
