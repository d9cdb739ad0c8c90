"""Scores the stories: the verdict, and whether `verify` tells what was tampered with."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mlintern.planner.claims.verdict import Answer
from mlintern.planner.report.compose import compose
from mlintern.planner.report.resolve import Resolver
from mlintern.planner.verification.checked import Answer as Counted
from mlintern.store import Store
from mlintern.store.records import Run
from mlintern.tui.reports.json import differences, render
from mlintern.tui.reports.values import Shown

from .confirmed import CONFIRMED
from .stories import STORIES, Key, Story
from .world import World, change_report


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one story."""

    story: Story
    answer: Answer
    why: str
    differs: tuple[str, ...]
    """What `verify` said does not agree, over all runs."""

    @property
    def is_right(self) -> bool:
        """Whether the verdict is one of those that what can be known allows, and what was changed was told."""
        was_told = self.story.told is None or self.story.told in self.differs
        return self.answer in self.story.right and was_told

    @property
    def is_false_support(self) -> bool:
        """Whether what is not true was called supported."""
        return self.answer is Answer.SUPPORTED and not self.story.true


def score(story: Story, folder: Path) -> Result:
    """Tell one story in a folder of its own, and judge its claim."""
    world = World(folder)
    with world.store as store:
        key = story.tell(world)
        resolver = Resolver(store)
        verdict = resolver.verdict(key)
        checked = resolver.gatherer.verified(store.runs.get(run_of(store, key)))
        differs: tuple[str, ...] = tuple(one.what for one in checked if one.answer is Counted.DIFFERS)
        if story.edited is not None:
            run = store.runs.get(run_of(store, key))
            differs += _edited_report(resolver, run, store, folder / "report.json", story.edited)
    return Result(story, verdict.answer, "; ".join(verdict.because), differs)


def run_of(store: Store, key: Key) -> int:
    """The run that a claim is of; of a confirmation the last."""
    if key[0] == "confirmed":
        return store.confirmations.repeats(int(key[1]))[-1].run_id
    return int(key[1])


def _edited_report(
    resolver: Resolver, run: Run, store: Store, path: Path, edited: tuple[object, object]
) -> tuple[str, ...]:
    """Write the report, let somebody change it, and look every value up again."""
    path.write_text(json.dumps(render(compose(store, resolver, run), Shown(resolver))), encoding="utf-8")
    before = list(differences(json.loads(path.read_text(encoding="utf-8")), resolver))
    change_report(path, *edited)
    after = differences(json.loads(path.read_text(encoding="utf-8")), resolver)
    return ("report",) if any(is_wrong for is_wrong, _ in after) and not before else ()


def score_all(stories: Sequence[Story] = (*STORIES, *CONFIRMED)) -> list[Result]:
    """Every story, each in a temporary folder."""
    results = []
    for story in stories:
        with tempfile.TemporaryDirectory(prefix="mlintern-honesty-") as folder:
            results.append(score(story, Path(folder)))
    return results
