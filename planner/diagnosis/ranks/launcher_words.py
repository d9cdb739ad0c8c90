"""What launchers and schedulers say of ranks: which failed first and how, and which process is which rank.

torchrun ends with a summary of failures, srun names the task, torchrun's warnings name processes.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..log import Line

_ROOT = re.compile(r"^\s*Root Cause \(first observed failure\)")
_RANK = re.compile(r"^\s*rank\s*: (\d+) \(local_rank: \d+\)")
_EXIT = re.compile(r"^\s*exitcode\s*: (-?\d+) \(pid: (\d+)\)")
_FAILED = re.compile(r"failed \(exitcode: (-?\d+)\) local_rank: (\d+) \(pid: (\d+)\)")
_TASK = re.compile(
    r"srun: error: .*task (\d+): (?:(Out Of Memory)|Exited with exit code (\d+)|(Killed|Terminated|Aborted))"
)
_OURS = re.compile(r"^mlintern: rank (\d+) (?:ended with exit code (\d+)|was ended by signal (\d+))")


@dataclass(frozen=True, slots=True)
class Failed:
    """One rank that failed, as its launcher tells it."""

    rank: int
    exit_code: int
    """Negative for a signal."""
    index: int
    """Of the line, in the log's kept lines."""
    is_first: bool
    """Whether the launcher says that it was the first."""


def failures(lines: Sequence[Line]) -> tuple[Failed, ...]:
    """Every failure that is told, the first observed one first."""
    found: dict[int, Failed] = {}
    rank, after_root = None, False
    for index, line in enumerate(lines):
        after_root = after_root or _ROOT.match(line.text) is not None
        if named := _RANK.match(line.text):
            rank = int(named[1])
        elif (ended := _EXIT.match(line.text)) and rank is not None:
            if rank not in found or after_root:
                found[rank] = Failed(rank, int(ended[1]), index, after_root)
            rank, after_root = None, False
        elif task := _TASK.search(line.text):
            code = -9 if task[2] or task[4] == "Killed" else int(task[3] or 1)
            found.setdefault(int(task[1]), Failed(int(task[1]), code, index, not found))
        elif said := _OURS.match(line.text):
            code = int(said[2]) if said[2] else -int(said[3])
            if code:
                found.setdefault(int(said[1]), Failed(int(said[1]), code, index, not found))
    return tuple(sorted(found.values(), key=lambda one: (not one.is_first, one.index)))


def ranks_of_processes(lines: Iterable[Line]) -> dict[int, int]:
    """Process → rank, where a launcher names both."""
    found: dict[int, int] = {}
    rank = None
    for line in lines:
        if "pid: " not in line.text and "rank" not in line.text:
            continue
        if said := _FAILED.search(line.text):
            found[int(said[3])] = int(said[2])
        elif named := _RANK.match(line.text):
            rank = int(named[1])
        elif (ended := _EXIT.match(line.text)) and rank is not None:
            found[int(ended[2])] = rank
    return found
