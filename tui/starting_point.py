"""What a path means that a person starts with: a script or an experiment's folder to climb, or a paper to read.

Invariant: what is neither is refused here, in words, before anything is opened.
"""

from __future__ import annotations

from pathlib import Path

from ..runtime.project import TargetError, script_target
from .engine import NOTHING_SAID, Limits, Paper, Target

BRIEF = ".json"


def starting_point(
    written: str, args: tuple[str, ...], *, limits: Limits = NOTHING_SAID, ranks: int | None = None
) -> Target | Paper:
    """The target or the paper. Raises :class:`TargetError` with what to do."""
    path = Path(written).expanduser()
    if is_paper(path):
        if not path.is_file():
            raise TargetError(f"{path} does not exist: check the path, or start in the folder where it is")
        if ranks is not None:
            raise TargetError(f"--processes belongs to a script, and {path.name} is none: leave it out here")
        return Paper(path.absolute(), args, limits)
    script = script_target(path, args, working_dir=Path.cwd())
    return Target(script=script.script, args=args, limits=limits, ranks=ranks)


def is_paper(path: Path) -> bool:
    """Whether a path is one of a paper, a task or a brief, by its name."""
    suffix = path.suffix.lower()
    if suffix in (".py", "") or path.is_dir():
        return False
    from ..planner.reading.source import SUFFIXES

    return suffix == BRIEF or suffix in SUFFIXES
