"""From a confirmed checklist to an experiment's folder: what would be written, and writing it.

Invariant: nothing is written over; a folder that was written from the very same checklist is gone on with.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

from ..planner.briefs import FILE, text_of
from ..planner.reading.checklist import Checklist
from ..planner.recipes.experiment import Experiment, Wishes, plan
from ..planner.recipes.sources import Columns
from ..planner.recipes.writing import write

_MOST_TRIED = 100


@dataclass(frozen=True, slots=True)
class Draft:
    """What a person asks for beside the checklist."""

    paper: Path
    checklist: Checklist
    into: Path
    data: Path | None = None
    target: str | None = None
    recipe: str | None = None
    split: str | None = None

    @property
    def is_written(self) -> bool:
        """Whether the folder is there already, from the same checklist."""
        return _is_of(self.into, self.checklist)

    def changed(self, *, into: str, data: str, target: str, recipe: str, split: str) -> Draft:
        """As the person wrote it; an empty line is what the rules choose."""
        return replace(
            self,
            into=Path(into).expanduser() if into else self.into,
            data=Path(data).expanduser() if data else None,
            target=target or None,
            recipe=recipe or None,
            split=split or None,
        )


def first_draft(paper: Path, checklist: Checklist, *, beside: Path) -> Draft:
    """In a new folder where the person stands, or in the one that this checklist was written into before."""
    names = [f"{paper.stem}-experiment{'' if number == 1 else f'-{number}'}" for number in range(1, _MOST_TRIED)]
    known = next((beside / name for name in names if _is_of(beside / name, checklist)), None)
    free = next((beside / name for name in names if not (beside / name).exists()), beside / names[-1])
    return Draft(paper, checklist, known or free)


def planned(draft: Draft) -> Experiment:
    """What would be written. Raises ``NotPossibleError`` with what is missing."""
    wishes = Wishes(recipe=draft.recipe, data=draft.data, columns=Columns(target=draft.target, split=draft.split))
    return plan(draft.checklist, wishes, beside=draft.paper.parent)


def written(draft: Draft, experiment: Experiment) -> Path:
    """Write it, unless it is there; the folder. Raises ``NotPossibleError``."""
    if not draft.is_written:
        write(experiment, draft.into)
    return draft.into


def _is_of(folder: Path, checklist: Checklist) -> bool:
    try:
        return (folder / FILE).read_text(encoding="utf-8") == text_of(checklist)
    except (OSError, UnicodeDecodeError):
        return False
