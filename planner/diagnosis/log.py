"""A log as lines: streaming, bounded in memory, whatever its size and its bytes.

Invariant: a log of a few thousand lines is kept whole. Of a longer one the beginning, the end and every line that may
tell of a failure are kept, each with its true number. Text is data: control codes are gone before anyone reads it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

HEAD_LINES = 2_000
TAIL_LINES = 8_000
MOST_HITS = 10_000
LINES_AFTER_HIT = 40
MOST_BYTES = 1 << 16
"""A longer line is cut into pieces of this size."""

_MOST_CHARACTERS = 4_000
_NEEDLES = re.compile(
    rb"Traceback|Error|rror:|Exception|[Nn]a[Nn]|NAN|[Ii]nf\b|out of memory|OutOfMemory|[Kk]illed|oom|signal|SIG[A-Z]"
    rb"|slurm|srun|NCCL|TIME LIMIT|PREEMPT|[Pp]reempt|NODE|No space|quota|usage:|Xid|ECC|[Aa]bort|Segmentation"
    rb"|Bus error"
    rb"|FAILED|assert|Assertion|overflow|Watchdog|watchdog|timed? ?out"
)
_CONTROL = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)?"
    r"|[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069]"
)
_RANK = re.compile(r"^\[(?:rank|default)(\d{1,5})\]:\s?|^\[\d+,(\d{1,5})\]<std(?:out|err)>:\s?")
_SRUN_LABEL = re.compile(r"^ {0,3}(\d{1,4}): ?(?=.)")


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
    head: list[tuple[int, bytes]] = []
    hits: list[tuple[int, bytes]] = []
    tail: deque[tuple[int, bytes]] = deque(maxlen=TAIL_LINES)
    number, keep_until = 0, 0
    for number, raw in _numbered(stream):
        if len(head) < HEAD_LINES:
            head.append((number, raw))
            continue
        if _NEEDLES.search(raw):
            keep_until = number + LINES_AFTER_HIT
        tail.append((number, raw))
        if number <= keep_until and len(hits) < MOST_HITS:
            hits.append((number, raw))
    kept = dict.fromkeys([*head, *hits, *tail])
    ordered = sorted(kept, key=lambda entry: entry[0])
    labelled = _is_labelled([raw for _, raw in head])
    lines = tuple(line for number_, raw in ordered for line in _lines(number_, raw, source, labelled))
    return Log(lines, number)


def joined(logs: list[Log]) -> Log:
    """Several files as one log; each keeps its own line numbers."""
    return Log(tuple(line for log in logs for line in log.lines), sum(log.total for log in logs))


def clean(text: str) -> str:
    """The text without control codes; tabs become spaces."""
    return _CONTROL.sub("", text).expandtabs(4)[:_MOST_CHARACTERS]


def _numbered(stream: BinaryIO) -> Iterator[tuple[int, bytes]]:
    number, is_start = 0, True
    while raw := stream.readline(MOST_BYTES):
        number += is_start
        is_start = raw.endswith(b"\n")
        yield number, raw


def _lines(number: int, raw: bytes, source: str | None, labelled: bool) -> Iterator[Line]:
    """The last state of the line, and those before that may tell something."""
    *earlier, last = [piece for piece in raw.rstrip(b"\r\n").split(b"\r") if piece.strip()] or [b""]
    told = next((piece for piece in earlier if _NEEDLES.search(piece)), None)
    for piece in (last,) if told is None else (told, last):
        text = clean(piece.decode("utf-8", "replace"))
        match = _RANK.match(text) or (_SRUN_LABEL.match(text) if labelled else None)
        rank = next((int(group) for group in match.groups() if group), None) if match else None
        yield Line(number, text[match.end() :] if match else text, rank, source)


def _is_labelled(head: list[bytes]) -> bool:
    """Whether nearly every line begins with a task's number, as `srun --label` writes."""
    full = [raw.decode("utf-8", "replace") for raw in head if raw.strip()]
    return len(full) >= 4 and sum(_SRUN_LABEL.match(text) is not None for text in full) >= 0.9 * len(full)
