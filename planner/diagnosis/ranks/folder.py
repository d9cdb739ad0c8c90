"""A folder of one job: logs of each rank, flight-recorder dumps and stacks, sorted by what they are and whose.

The layouts of torchrun (``attempt_0/1/stderr.log``), Slurm (``slurm-17.out``) and plain names (``rank1.log``,
``log.1``) are known.

Invariant: files are only read, each up to a bound, and nothing in them is executed: see ``plain_pickle``.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from io import BytesIO
from pathlib import Path

from ..log import Line, Log, joined, read
from . import flight, stacks
from .facts import Collective, RankFacts
from .launcher_words import ranks_of_processes
from .plain_pickle import MOST_BYTES

MOST_FILES = 400
_SNIFF_BYTES = 4096
_MOST_STACK_BYTES = 4 << 20
LOG_SUFFIXES = frozenset({".log", ".out", ".err", ".txt", ".stdout", ".stderr"})
_LOG_NAMES = {"stdout", "stderr", "log"}
_STACK_NAMES = re.compile(r"stack|py-?spy|traceback|faulthandler|dump", re.IGNORECASE)
_TORCHRUN = re.compile(r"(?:^|/)attempt_(\d+)/(\d{1,5})/(?:stdout\.log|stderr\.log|error\.json)$")
_NAMED = re.compile(
    r"(?:rank|worker|task|proc(?:ess)?|stack|trace|fr|hb|heartbeat)[_.-]?(\d{1,5})(?!\d)", re.IGNORECASE
)
_NUMBERED = re.compile(
    r"^(?:log|out|err|stdout|stderr)[_.-](\d{1,5})$|[_.-](\d{1,4})\.(?:out|err|log|txt)$", re.IGNORECASE
)
_SLURM = re.compile(r"^slurm-\d+(?:_\d+)?(?:\.\d+)?\.out$")


@dataclass(slots=True)
class Job:
    """What a folder holds."""

    logs: list[Log] = field(default_factory=list)
    ranks: dict[int, RankFacts] = field(default_factory=dict)
    skipped: list[str] = field(default_factory=list)
    """Files that look like evidence and could not be read, with the reason."""
    _unplaced: list[tuple[str, stacks.Stack]] = field(default_factory=list)

    @property
    def log(self) -> Log:
        """All logs as one."""
        return joined(self.logs)

    @property
    def is_empty(self) -> bool:
        """Whether there was no evidence at all."""
        return not self.logs and not self.ranks

    def place_stacks(self) -> None:
        """Give stacks of unnamed processes to ranks: by the launcher's words, else in the order of processes."""
        known = ranks_of_processes(self.log.lines)
        mains = [one for one in self._unplaced if not one[1].is_worker]
        by_order = {stack.pid: rank for rank, (_, stack) in enumerate(sorted(mains, key=lambda one: one[1].pid or 0))}
        for source, stack in self._unplaced:
            rank = known.get(stack.pid or 0, by_order.get(stack.pid))
            if rank is not None and not stack.is_worker:
                self.add_stack(rank, source, stack)
        self._unplaced.clear()

    def add_stack(self, rank: int, source: str, stack: stacks.Stack) -> None:
        """A stack of a rank, or of a worker of its loader."""
        facts = self._rank(rank, source)
        if stack.is_worker:
            self.ranks[rank] = replace(facts, workers=(*facts.workers, stack.frames))
        else:
            self.ranks[rank] = replace(facts, stack=stack.frames)

    def add_stacks(self, rank: int | None, source: str, found: tuple[stacks.Stack, ...]) -> None:
        """The stacks of one file; of a file of unknown rank they are placed later."""
        for stack in found:
            if rank is None:
                self._unplaced.append((source, stack))
            else:
                self.add_stack(rank, source, stack)

    def add_record(self, rank: int, source: str, record: tuple[Collective, ...]) -> None:
        """A rank's collectives."""
        self.ranks[rank] = replace(self._rank(rank, source), collectives=record)

    def _rank(self, rank: int, source: str) -> RankFacts:
        facts = self.ranks.get(rank, RankFacts(rank))
        return replace(facts, sources=tuple(dict.fromkeys((*facts.sources, source))))


def read_folder(folder: Path) -> Job:
    """Everything in the folder that tells of the job. Raises ``OSError``."""
    job = Job()
    files = [file for file in sorted(folder.rglob("*")) if file.is_file()]
    last = max((int(found[1]) for file in files if (found := _TORCHRUN.search(file.as_posix()))), default=0)
    for file in files[:MOST_FILES]:
        attempt = _TORCHRUN.search(file.as_posix())
        if attempt is None or int(attempt[1]) == last:  # an earlier attempt was another life of the job
            _take(job, file, file.relative_to(folder).as_posix())
    if len(files) > MOST_FILES:
        job.skipped.append(f"{len(files) - MOST_FILES} more files")
    job.place_stacks()
    return job


def rank_of(name: str) -> int | None:
    """The rank that a file's path names."""
    if found := _TORCHRUN.search(name):
        return int(found[2])
    last = name.rpartition("/")[2]
    if _SLURM.match(last):
        return None
    for found in (_NAMED.search(last), _NUMBERED.search(last)):
        if found:
            return int(next(group for group in found.groups() if group))
    folder = re.search(r"(?:^|/)(?:rank[_-]?)?(\d{1,4})/[^/]+$", name)
    return None if folder is None else int(folder[1])


def _take(job: Job, file: Path, name: str) -> None:
    rank = rank_of(name)
    with file.open("rb") as stream:
        begin = stream.read(_SNIFF_BYTES)
        stream.seek(0)
        if begin.startswith((b"\x80", b'{"comm_lib_version')) or b'"collective_seq_id"' in begin:
            _take_record(job, name, rank, stream.read(MOST_BYTES + 1))
        elif file.suffix == ".json":
            job.logs.extend(_error_file(stream.read(1 << 20), name, rank))
        elif _STACK_NAMES.search(file.name) and (found := _stacks(stream.read(_MOST_STACK_BYTES))):
            job.add_stacks(rank, name, found)
        elif b"\0" not in begin and _is_log(file, rank):
            stream.seek(0)
            job.logs.append(_of_rank(read(stream, name), rank))
            stream.seek(0)
            if found := _stacks(stream.read(_MOST_STACK_BYTES)):
                job.add_stacks(rank, name, found)


def _take_record(job: Job, name: str, rank: int | None, data: bytes) -> None:
    record = flight.read(data)
    if record is None:
        job.skipped.append(f"{name}: no flight-recorder dump that can be read safely")
    elif rank is None:
        job.skipped.append(f"{name}: a flight-recorder dump whose name does not tell its rank (rank_0)")
    else:
        job.add_record(rank, name, record)


def _is_log(file: Path, rank: int | None) -> bool:
    is_named = file.suffix in LOG_SUFFIXES or file.name in _LOG_NAMES
    return is_named or (rank is not None and not file.suffix[1:].isalpha())


def _stacks(data: bytes) -> tuple[stacks.Stack, ...]:
    return stacks.read(data.decode("utf-8", "replace"))


def _error_file(data: bytes, name: str, rank: int | None) -> Iterator[Log]:
    """What ``torch.distributed.elastic`` leaves of an exception: its traceback, as a log."""
    try:
        message = json.loads(data)["message"]
        text = message["extraInfo"]["py_callstack"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return
    if isinstance(text, str):
        yield _of_rank(read(BytesIO(text.encode("utf-8", "replace")), name), rank)


def _of_rank(log: Log, rank: int | None) -> Log:
    if rank is None:
        return log
    return Log(tuple(_line(line, rank) for line in log.lines), log.total)


def _line(line: Line, rank: int) -> Line:
    return line if line.rank is not None else replace(line, rank=rank)
