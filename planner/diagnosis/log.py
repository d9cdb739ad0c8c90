"""A log as lines: streaming, bounded in memory, whatever its size and its bytes.

Invariant: a log of a few thousand lines is kept whole. Of a longer one the beginning, the end and every line that may
tell of a failure are kept, each with its true number. Text is data: control codes are gone before anyone reads it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, TypeAlias

HEAD_LINES = 2_000
TAIL_LINES = 8_000
MOST_HITS = 10_000
LINES_AFTER_HIT = 40
MOST_BYTES = 1 << 16
"""A longer line is cut into parts of this size."""
PIECE_BYTES = 1 << 20
MOST_TAIL_BYTES = 16 << 20

_MOST_CHARACTERS = 4_000
_WORDS = (
    "Traceback", "Error", "rror:", "Exception", "nan", "NaN", "NAN", "=inf", "Infinity", "out-of-memory",
    "OutOfMemory", "OUT_OF_MEMORY", "illed", "oom", "OOM", "signal", "SIG", "slurm", "srun:", "NCCL", "gloo",
    "LIMIT", "PREEMPT", "reempt", "NODE", "ode failure", "quota", "usage:", "Xid", "ECC", "bort", "core dumped",
    "ERROR", "FAILED", "ssert", "verflow", "atchdog", "timed out", "imed out", "memory in", "No space",
    "out of memory", "Bus error", "Segmentation", "Terminated", "TERM_", "denied", "fallen off", "double free",
    "verride", "CANCELLED", "walltime", "interruption", "loss scale", "ismatch", "compatible", "died with",
    "xit code", "Fatal", "Found no", "shared memory", "Interrupt", "ALLOC", "requires", "requested", "not require",
    "Illegal",
)  # fmt: skip
"""Every line that may tell of a failure holds one of these; searched for as bytes, a piece at a time."""
_NEEDLES = tuple(word.encode() for word in _WORDS)

_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_RANK = re.compile(r"^\[(?:rank|default)(\d{1,5})\]:\s?|^\[\d+,(\d{1,5})\]<std(?:out|err)>:\s?")
_SRUN_LABEL = re.compile(r"^ {0,3}(\d{1,4}): ?(?=.)")


Raw: TypeAlias = tuple[int, int, bytes]
"""A line's number, where in the line this part begins, and its bytes."""


@dataclass(frozen=True, slots=True)
class Line:
    """One line, or one state of a progress bar that rewrote its line."""

    number: int
    """Counted from 1, as an editor counts."""
    text: str
    """Without control codes and without the prefix that names the process."""
    rank: int | None = None
    source: str | None = None
    """The file, where a folder is read."""

    @property
    def stream(self) -> tuple[str | None, int | None]:
        """What was written by one process, as far as the log tells."""
        return self.source, self.rank


@dataclass(frozen=True, slots=True)
class Log:
    """The lines that were kept, in order."""

    lines: tuple[Line, ...]
    total: int
    """Lines there are, kept or not."""

    @property
    def is_whole(self) -> bool:
        """Whether nothing was left out."""
        return self.total <= HEAD_LINES + TAIL_LINES


def read(stream: BinaryIO, source: str | None = None) -> Log:
    """Read a log to its end, in one pass."""
    head: list[Raw] = []
    hits: list[Raw] = []
    tail: deque[tuple[int, bytes]] = deque()
    number, keep_until = 1, 0
    for piece in _pieces(stream):
        if len(head) < HEAD_LINES:
            head += _numbered(number, piece)[: HEAD_LINES - len(head)]
        keep_until = _gather(hits, number, piece, keep_until)
        tail.append((number, piece))
        _shorten(tail)
        number += piece.count(b"\n")
    is_open = bool(tail) and not tail[-1][1].endswith(b"\n")
    last = [raw for first, piece in tail for raw in _numbered(first, piece)][-TAIL_LINES:]
    ordered = sorted(dict.fromkeys([*head, *hits, *last]), key=lambda raw: raw[:2])
    labelled = _is_labelled([raw for _, _, raw in head])
    lines = tuple(line for at, _, raw in ordered for line in _lines(at, raw, source, labelled))
    return Log(lines, number - 1 + is_open)


def joined(logs: list[Log]) -> Log:
    """Several files as one log; each keeps its own line numbers."""
    return Log(tuple(line for log in logs for line in log.lines), sum(log.total for log in logs))


def may_tell(text: str) -> bool:
    """Whether a line may tell of a failure; quick, and true too often."""
    return any(word in text for word in _WORDS)


def clean(text: str) -> str:
    """The text without control codes; tabs become spaces."""
    return _CONTROL.sub("", text).expandtabs(4)[:_MOST_CHARACTERS]


def _pieces(stream: BinaryIO) -> Iterator[bytes]:
    """Pieces that end where a line ends, unless the line is very long."""
    while piece := stream.read(PIECE_BYTES):
        yield piece if piece.endswith(b"\n") else piece + stream.readline(MOST_BYTES)


def _numbered(first: int, piece: bytes) -> list[Raw]:
    """The piece's lines with their numbers; a part of a longer line has the number of its line."""
    raws = piece.split(b"\n")
    if not raws[-1]:
        raws.pop()
    return [
        (first + number, at, raw[at : at + MOST_BYTES])
        for number, raw in enumerate(raws)
        for at in range(0, max(1, len(raw)), MOST_BYTES)
    ]


def _gather(hits: list[Raw], first: int, piece: bytes, keep_until: int) -> int:
    """Keep the lines that may tell something, and those after them; returns the number of the last to keep."""
    present = [needle for needle in _NEEDLES if needle in piece]
    if len(hits) >= MOST_HITS or (not present and keep_until < first):
        return keep_until
    for raw in _numbered(first, piece):
        if any(needle in raw[2] for needle in present):
            keep_until = raw[0] + LINES_AFTER_HIT
        if raw[0] <= keep_until and len(hits) < MOST_HITS:
            hits.append(raw)
    return keep_until


def _shorten(tail: deque[tuple[int, bytes]]) -> None:
    """Let go of what is not needed for the last lines."""
    while len(tail) > 1:
        kept = list(tail)[1:]
        enough = sum(piece.count(b"\n") for _, piece in kept) >= TAIL_LINES
        if not enough and sum(len(piece) for _, piece in tail) <= MOST_TAIL_BYTES:
            return
        tail.popleft()


def _lines(number: int, raw: bytes, source: str | None, labelled: bool) -> Iterator[Line]:
    """The last state of the line, and those before that may tell something."""
    *earlier, last = [piece for piece in raw.rstrip(b"\r\n").split(b"\r") if piece.strip()] or [b""]
    told = next((piece for piece in earlier if any(needle in piece for needle in _NEEDLES)), None)
    for piece in (last,) if told is None else (told, last):
        text = clean(piece.decode("utf-8", "replace"))
        match = _RANK.match(text) or (_SRUN_LABEL.match(text) if labelled else None)
        rank = next((int(group) for group in match.groups() if group), None) if match else None
        yield Line(number, text[match.end() :] if match else text, rank, source)


def _is_labelled(head: list[bytes]) -> bool:
    """Whether nearly every line begins with a task's number, as `srun --label` writes."""
    full = [raw.decode("utf-8", "replace") for raw in head if raw.strip()]
    return len(full) >= 4 and sum(_SRUN_LABEL.match(text) is not None for text in full) >= 0.9 * len(full)
