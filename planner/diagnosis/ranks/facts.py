"""What is known of one rank of a job, wherever it comes from: dumps, stacks, logs, or our own probe.

Invariant: values only. What was not seen is ``None`` or empty; nobody here judges.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_LIBRARIES = re.compile(
    r"site-packages|dist-packages|/lib/python3|^<|(?:^|/)torch/|importlib|_mlintern_probe"
    # py-spy leaves the folder of the standard library out
    r"|^(?:threading|queue|socket|selectors|subprocess|ssl|contextlib|functools|shutil|tempfile|pathlib|zipfile|runpy)\.py$"
    r"|^(?:multiprocessing|concurrent|asyncio|logging)/"
)
_OURS = re.compile(r"/runtime/probe/")


@dataclass(frozen=True, slots=True)
class Frame:
    """One line of a stack."""

    file: str
    line: int
    function: str
    code: str = ""
    """The line of code, where it is known."""

    @property
    def is_users(self) -> bool:
        """Whether it lies outside of installed libraries."""
        return not _LIBRARIES.search(self.file) and not _OURS.search(self.file)

    def __str__(self) -> str:
        return f"{self.file}:{self.line} {self.function}"


@dataclass(frozen=True, slots=True)
class Collective:
    """One call that all ranks of a group make together."""

    group: str
    sequence: int
    """Counted by each rank for itself, from 1: equal numbers are paired, whatever was meant."""
    kind: str
    """As ``all_reduce``."""
    shape: str
    """Sizes and types of what goes in."""
    frames: tuple[Frame, ...] = ()
    """Where it was called from, innermost first."""
    is_done: bool = True

    @property
    def places(self) -> tuple[tuple[str, int], ...]:
        """The user's lines that led to it: the call site. Empty where no frames were recorded."""
        return tuple((frame.file, frame.line) for frame in self.frames if frame.is_users)

    def __str__(self) -> str:
        own = next((frame for frame in self.frames if frame.is_users), None)
        return f"{self.kind} {self.shape}".strip() + (f" at {own.file}:{own.line}" if own is not None else "")


@dataclass(frozen=True, slots=True)
class RankFacts:
    """One rank, as far as it is known."""

    rank: int
    step: int | None = None
    phase: str | None = None
    silent_seconds: float | None = None
    """Since its last sign of life."""
    stack: tuple[Frame, ...] = ()
    """Its main thread, innermost first."""
    workers: tuple[tuple[Frame, ...], ...] = ()
    """Its loader's worker processes."""
    collectives: tuple[Collective, ...] = ()
    is_inferred: bool = False
    """Whether its collectives are what others did until it died, and not its own record."""
    exit_code: int | None = None
    """Negative for the signal that ended it; ``None`` while it runs, or where nobody knows."""
    ended: bool = False
    """Whether it is known to be over."""
    sources: tuple[str, ...] = field(default=())
    """The files that tell of it."""
