"""How a run ended, in a status and in words.

Invariant: pure; every way to end has words, and a run that was asked to stop never reads as done.
"""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass

from ..store.records import Json, RunStatus
from .limits import size_words

_MEANINGS = {
    signal.SIGKILL: "someone killed it, or the machine had no memory left",
    signal.SIGSEGV: "invalid memory access, usually in native code",
    signal.SIGBUS: "memory that is not there, often a full /dev/shm",
    signal.SIGABRT: "it gave up itself, usually a failed check in native code",
    signal.SIGFPE: "invalid arithmetic in native code",
    signal.SIGILL: "an instruction that this processor does not have",
    signal.SIGTERM: "someone asked it to end",
    signal.SIGINT: "someone interrupted it",
    signal.SIGPIPE: "nobody read what it wrote",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a run."""

    status: RunStatus
    reason: str | None
    exit_code: int | None = None
    signal: int | None = None


def judge(
    wait_status: int,
    *,
    stopped: str | None = None,
    crash: Json | None = None,
    out_of_memory: bool = False,
    memory_limit_bytes: int | None = None,
) -> Outcome:
    """The outcome of a process from its wait status, why it was stopped if it was, and what the probe saw.

    ``memory_limit_bytes`` is what its control group may use, where that is limited.
    """
    if os.WIFSIGNALED(wait_status):
        number = os.WTERMSIG(wait_status)
        if stopped is not None:
            return Outcome(RunStatus.STOPPED, stopped, signal=number)
        return Outcome(RunStatus.FAILED, _killed(number, out_of_memory, memory_limit_bytes), signal=number)
    code = os.WEXITSTATUS(wait_status)
    if stopped is not None:
        return Outcome(RunStatus.STOPPED, stopped, exit_code=code)
    if code == 0:
        return Outcome(RunStatus.DONE, None, exit_code=0)
    return Outcome(RunStatus.FAILED, _crashed(crash) or f"the script ended with exit code {code}", exit_code=code)


def _killed(number: int, out_of_memory: bool, limit_bytes: int | None) -> str:
    if number == signal.SIGKILL and out_of_memory and limit_bytes is not None:
        return f"killed by the kernel: nothing was left of its control group's {size_words(limit_bytes)} (SIGKILL)"
    if number == signal.SIGKILL and out_of_memory:
        return "killed by the kernel: the machine had no memory left (SIGKILL)"
    try:
        known = signal.Signals(number)
    except ValueError:
        return f"ended by signal {number}"
    meaning = _MEANINGS.get(known)
    return f"ended by {known.name}" if meaning is None else f"ended by {known.name}: {meaning}"


def _crashed(crash: Json | None) -> str | None:
    """The probe's report of the exception, in one line."""
    if crash is None or not isinstance(crash.get("type"), str):
        return None
    lines = str(crash.get("message") or "").strip().splitlines()
    message = f": {lines[0]}" if lines else ""
    place = f" ({crash['file']}:{crash['line']})" if crash.get("file") and crash.get("line") else ""
    return f"{crash['type']}{message}{place}"
