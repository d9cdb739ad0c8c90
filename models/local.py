"""The local engine: a GGUF file in a worker process that is started when it is needed.

Invariant: the worker is never needed for anything but its answer. It may die at any moment: the call under way says so,
the next one starts another, and nobody's screen or record is touched. Nothing that llama.cpp prints goes anywhere but
into the log. A worker that does not end a cancelled call soon is killed.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from . import engine
from .engine import EngineDied, EngineError, EngineMissing, Finish, Generated, Identity, Limits, Message, Scored
from .fit import BATCH_TOKENS, Plan
from .gguf import Header
from .process import WorkerGone, WorkerProcess
from .schema import shape_of

HOW_TO_INSTALL = "pip install 'mlintern[llama]' (needs a C++ compiler, and about 7 minutes of it)"
LOAD_SECONDS = 600.0
SCORE_SECONDS = 300.0
_CANCEL_SECONDS = 2.0
_GRACE_SECONDS = 10.0
_EDGE_BYTES = 1 << 20
_ERRORS: Mapping[str, type[EngineError]] = {
    name: one for name, one in vars(engine).items() if isinstance(one, type) and issubclass(one, EngineError)
}


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the engine asks whoever made it. Each is called when it is needed, so the answers may change."""

    plan: Callable[[], Plan]
    """How the model is to be loaded now; raises :class:`EngineError` where it does not fit."""
    threads: Callable[[], int] = lambda: default_threads(is_run_on=False)
    presence: Callable[[int, Plan], AbstractContextManager[None]] = lambda pid, plan: nullcontext()
    """Entered with the worker's pid for as long as it lives, so that others know who holds the memory."""


class LocalEngine:
    """See :class:`mlintern.models.engine.Engine`. Nothing is started before the first call."""

    def __init__(
        self,
        header: Header,
        home: Path,
        surroundings: Surroundings,
        *,
        extra_buffers: bool = False,
        own_grammar: bool = False,
    ) -> None:
        if not is_installed():
            raise EngineMissing(f"llama.cpp is not installed here: {HOW_TO_INSTALL}.")
        self._header, self._home, self._surroundings = header, home, surroundings
        self._extra_buffers, self._own_grammar = extra_buffers, own_grammar
        self._identity: Identity | None = None
        self._calls = threading.Lock()
        self._worker: WorkerProcess | None = None
        self._attached = ExitStack()
        self._number = 0
        self._cancelled_at: float | None = None
        self._restored = 0

    @property
    def identity(self) -> Identity:
        """The model, by its file."""
        if self._identity is None:
            path = self._header.path
            self._identity = Identity(self._header.name or path.stem, fingerprint(path), str(path))
        return self._identity

    @property
    def worker_pid(self) -> int | None:
        """The worker's process, where there is one."""
        worker = self._worker
        return None if worker is None else worker.pid

    @property
    def restored_tokens(self) -> int:
        """Tokens that the worker took over from the one before it, which had left for an experiment."""
        return self._restored

    def start(self) -> None:
        """Load the model now, in place of at the first call."""
        with self._calls:
            self._cancelled_at = None
            try:
                self._ready()
            except _CancelledByForce:
                raise engine.CallCancelled("The loading was cancelled.") from None

    def generate(
        self,
        messages: Sequence[Message],
        *,
        limits: Limits | None = None,
        on_text: Callable[[str], None] | None = None,
        schema: Mapping[str, Any] | None = None,
    ) -> Generated:
        """The next turn. Raises :class:`EngineError`."""
        limits = limits or Limits()
        if schema is not None:
            shape_of(schema)  # refused before anything is started
        job = {"do": "generate", "messages": _plain(messages), "limits": asdict(limits), "schema": schema}
        began, parts = time.monotonic(), list[str]()

        def hear(text: str) -> None:
            parts.append(text)
            if on_text is not None:
                on_text(text)

        try:
            done = self._call(job, limits.seconds, hear)
        except _CancelledByForce:
            seconds = time.monotonic() - began
            return Generated("".join(parts), Finish.CANCELLED, None, None, None, None, seconds)
        return Generated(**{**done, "finish": Finish(done["finish"])})

    def score(self, messages: Sequence[Message], options: Sequence[str]) -> Scored:
        """How probable each option is. Raises :class:`EngineError`."""
        if not options or len(set(options)) != len(options) or not all(options):
            raise ValueError("options are different texts, none of them empty")
        job = {"do": "score", "messages": _plain(messages), "options": list(options)}
        try:
            done = self._call({**job, "limits": {"seconds": SCORE_SECONDS}}, SCORE_SECONDS, lambda text: None)
        except _CancelledByForce:
            raise engine.CallCancelled("The scoring was cancelled.") from None
        probabilities, likelihoods = tuple(done["probabilities"]), tuple(done["log_likelihoods"])
        return Scored(**{**done, "probabilities": probabilities, "log_likelihoods": likelihoods})

    def cancel(self) -> None:
        """End the call under way; from any thread."""
        worker, number = self._worker, self._number
        if worker is not None and self._calls.locked():
            self._cancelled_at = time.monotonic()
            worker.send({"do": "cancel", "id": number})

    def yield_memory(self) -> None:
        """Leave the GPU and the memory to an experiment; the next call loads the model again, as it then fits."""
        self.cancel()
        with self._calls:
            if self._worker is not None:
                self._worker.send({"do": "leave"})
                self._worker.wait(_GRACE_SECONDS)
                self._forget()

    def close(self) -> None:
        """Free everything."""
        self.cancel()
        with self._calls:
            self._forget()
            self._state_path.unlink(missing_ok=True)

    def _call(self, job: dict[str, Any], seconds: float, hear: Callable[[str], None]) -> dict[str, Any]:
        with self._calls:
            self._cancelled_at = None
            before = self._worker
            worker = self._ready()
            if self._cancelled_at is not None:
                raise _CancelledByForce  # while it was loaded: the worker knows nothing of this call yet
            job = {**job, "threads": max(1, self._surroundings.threads())}
            try:
                return self._ask(worker, job, seconds, hear)
            except _GoneBefore as gone:
                if worker is not before:
                    raise EngineDied(str(gone)) from gone
                # It had been ended since the last call, and that was not seen yet: that is no failure of this one.
                try:
                    return self._ask(self._ready(), job, seconds, hear)
                except _GoneBefore as again:
                    raise EngineDied(str(again)) from again

    def _ask(
        self, worker: WorkerProcess, job: dict[str, Any], seconds: float, hear: Callable[[str], None]
    ) -> dict[str, Any]:
        self._number += 1
        deadline = time.monotonic() + seconds + _GRACE_SECONDS
        has_answered = False
        try:
            worker.send({**job, "id": self._number})
            while True:
                message = worker.receive(lambda: min(deadline, self._patience_ends()))
                if message.get("id") != self._number:
                    continue
                has_answered = True
                if "text" in message:
                    hear(message["text"])
                elif "error" in message:
                    kind = _ERRORS.get(message["error"]["kind"], EngineError)
                    raise kind(message["error"]["message"])
                else:
                    done: dict[str, Any] = message["done"]
                    return done
        except (WorkerGone, TimeoutError) as gone:
            why = self._why_gone(worker, gone)
            self._forget()
            if self._cancelled_at is not None:
                raise _CancelledByForce from gone
            raise (EngineDied if has_answered or isinstance(gone, TimeoutError) else _GoneBefore)(why) from gone

    def _patience_ends(self) -> float:
        """When a cancelled call must be over."""
        return float("inf") if self._cancelled_at is None else self._cancelled_at + _CANCEL_SECONDS

    def _ready(self) -> WorkerProcess:
        """The worker, started where there is none that lives."""
        if self._worker is not None and self._worker.is_alive():
            return self._worker
        self._forget()
        plan = self._surroundings.plan()
        folder = self._home / "model-worker"
        try:
            self._worker = worker = WorkerProcess.start(folder)
            _remove_orphans(folder)
        except OSError as error:
            raise EngineError(f"The model worker could not be started: {error.strerror or error}.") from error
        self._attached.enter_context(self._surroundings.presence(worker.pid, plan))
        load = {
            "path": os.fsencode(self._header.path.resolve()).hex(),  # a name may hold bytes that are no text
            "context": plan.context,
            "kv_type": plan.kv_type,
            "device_layers": plan.device_layers,
            "threads": max(1, self._surroundings.threads()),
            "batch": BATCH_TOKENS,
            "extra_buffers": self._extra_buffers,
        }
        job = {"do": "load", "load": load, "template": self._header.chat_template, "own_grammar": self._own_grammar}
        try:
            done = self._ask(worker, {**job, "state": str(self._state_path)}, LOAD_SECONDS, lambda text: None)
        except EngineError:
            self._forget()
            raise
        self._restored = done["restored"]
        return worker

    @property
    def _state_path(self) -> Path:
        return self._home / "model-worker" / f"{os.getpid()}-{id(self)}.state"

    def _why_gone(self, worker: WorkerProcess, gone: Exception) -> str:
        if isinstance(gone, TimeoutError):
            return "The model worker did not answer in time and was ended. The next question starts it again."
        return (
            f"The model worker ended in the middle of its work: {worker.end_words()}. The next question starts it"
            f" again; {worker.log} says more, and `mlintern models --test {self._header.path}` tries it."
        )

    def _forget(self) -> None:
        worker, self._worker = self._worker, None
        if worker is not None:
            worker.end()
        self._attached.close()


class _GoneBefore(EngineDied):
    """The worker ended before it gave any answer to a call."""


class _CancelledByForce(Exception):  # noqa: N818
    """The worker had to be killed to end a cancelled call."""


def _remove_orphans(folder: Path) -> None:
    """What faces that were killed have left of their talks."""
    import psutil

    for path in folder.glob("*.state"):
        pid = path.name.partition("-")[0]
        if not pid.isdigit() or not psutil.pid_exists(int(pid)):
            path.unlink(missing_ok=True)


def is_installed() -> bool:
    """Whether llama.cpp is there for the worker."""
    return importlib.util.find_spec("llama_cpp") is not None


def default_threads(*, is_run_on: bool) -> int:
    """Few threads: one core is left to others, and while a training runs one thread must do."""
    import psutil

    cores = psutil.cpu_count(logical=False) or 1
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else cores
    return 1 if is_run_on else max(1, min(cores, usable, 9) - 1)


def fingerprint(path: Path) -> str:
    """Tells model files apart without reading gigabytes: SHA-256 of the size and of the first and last mebibyte."""
    with path.open("rb") as file:
        size = file.seek(0, os.SEEK_END)
        file.seek(0)
        first = file.read(_EDGE_BYTES)
        file.seek(max(0, size - _EDGE_BYTES))
        return hashlib.sha256(b"%d\0" % size + first + file.read(_EDGE_BYTES)).hexdigest()


def _plain(messages: Sequence[Message]) -> list[dict[str, str]]:
    return [{"role": str(message.role), "content": message.text} for message in messages]
