"""Python's tracebacks in a log: chains of exceptions, taken apart by the process that wrote them.

Invariant: of a chain the last exception is the one that nobody caught; where an earlier one was its cause, it is kept
as that. Lines of two processes are never read as one traceback where the log tells them apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .log import Line

_HEADER = re.compile(r"(?:^|[^\w])(?:Original )?Traceback \(most recent call last\)")
_FRAME = re.compile(r'^\s*File "(?P<file>[^"]+)", line (?P<line>\d+)(?:, in (?P<function>.+))?')
_RAISED = re.compile(r"^(?P<type>(?:[A-Za-z_]\w*\.)*[A-Z]\w*|KeyboardInterrupt)(?:: ?(?P<message>.*))?$")
_BOX = re.compile(r"^[│╭╰|+ ]")
_CAUSE = "The above exception was the direct cause of the following exception"
_DURING = "During handling of the above exception, another exception occurred"
_HARMLESS = re.compile(r"^Exception ignored in|^Exception in thread|^--- Logging error ---|QueueFeederThread")
_LIBRARIES = re.compile(r"site-packages|dist-packages|/lib/python3|<frozen|<string>")

MOST_LINES = 400


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception of a chain."""

    kind: str
    """Its type without the module."""
    message: str
    index: int
    """Of the line that names it, in the log's kept lines."""
    frames: tuple[tuple[str, int, int], ...]
    """(file, line, index) of each frame."""

    @property
    def place(self) -> tuple[str, int, int] | None:
        """The last frame of the user's own code, or else the last of all."""
        own = [frame for frame in self.frames if not _LIBRARIES.search(frame[0])]
        frames = own or list(self.frames)
        return frames[-1] if frames else None


@dataclass(frozen=True, slots=True)
class Trace:
    """A chain, the first exception first."""

    chain: tuple[Raised, ...]
    start: int
    direct: bool
    """Whether the first was named as the cause of what followed."""
    harmless: bool
    """It was raised where it ends nothing: in a thread, in a destructor."""

    @property
    def last(self) -> Raised:
        """The exception that nobody caught."""
        return self.chain[-1]


def tracebacks(lines: Sequence[Line]) -> tuple[Trace, ...]:
    """Every traceback of the log, in the order in which they end."""
    streams: dict[tuple[str | None, int | None], list[int]] = {}
    for index, line in enumerate(lines):
        streams.setdefault(line.stream, []).append(index)
    found = [trace for indices in streams.values() for trace in _of_stream(lines, indices)]
    return tuple(sorted(found, key=lambda trace: trace.last.index))


def _of_stream(lines: Sequence[Line], indices: Sequence[int]) -> Iterator[Trace]:
    chain: list[Raised] = []
    start, direct, linked, harmless, at = 0, False, False, False, 0
    while at < len(indices):
        text = lines[indices[at]].text
        if not _HEADER.search(text):
            linked = linked or _CAUSE in text or _DURING in text
            direct = direct or (bool(chain) and _CAUSE in text)
            at += 1
            continue
        original = "Original Traceback" in text
        if chain and not (linked or original):
            yield Trace(tuple(chain), start, direct, harmless)
            chain, direct = [], False
        if not chain:
            start = indices[at]
            harmless = any(_HARMLESS.search(lines[index].text) for index in indices[max(0, at - 2) : at])
        raised, at = _one(lines, indices, at + 1)
        linked, direct = False, direct or original
        if raised is not None:
            chain.insert(0 if original else len(chain), raised)
    if chain:
        yield Trace(tuple(chain), start, direct, harmless)


def _one(lines: Sequence[Line], indices: Sequence[int], at: int) -> tuple[Raised | None, int]:
    """The exception whose traceback begins at ``at``, and where to read on."""
    frames: list[tuple[str, int, int]] = []
    for position in range(at, min(len(indices), at + MOST_LINES)):
        text = lines[indices[position]].text
        if frame := _FRAME.match(text):
            frames.append((frame["file"], int(frame["line"]), indices[position]))
        elif not _BOX.match(text) and (raised := _RAISED.match(text.strip())):
            kind = raised["type"].rpartition(".")[2]
            return Raised(kind, raised["message"] or "", indices[position], tuple(frames)), position + 1
        elif _HEADER.search(text):
            return None, position
    return None, at
