"""The result against the paper: one key from the Ladder, the test split read once by another."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from harness import TARGET, running, stands, until
from mlintern.benchmarks.honesty.world import World
from mlintern.planner import briefs
from mlintern.planner.moves import Reached
from mlintern.planner.reading.checklist import Checklist
from mlintern.planner.reading.reading import brief_of
from mlintern.planner.reading.source import read_text
from mlintern.planner.view import LadderView
from mlintern.runtime.test_reading import already_read
from mlintern.store.records import Run, RungName, RungStatus
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.screens.result import ResultScreen
from synthetic import FakeBackend, FakeEngine, ladder_view, rung
from textual.pilot import Pilot

PAPER = "We train a net on iris with Adam for 10 epochs. It reaches an accuracy of 90.0 ± 0.5 % on the test split.\n"
EVALUATE = """import pathlib, sys
rows = [f"{n},{n % 2},{n % 2 if n < 181 else 1 - n % 2}" for n in range(200)]
text = "row_id,label,prediction\\n" + "\\n".join(rows)
(pathlib.Path(sys.argv[2]) / "predictions_test.csv").write_text(text)
"""


def followed(tmp_path: Path, evaluate: str) -> tuple[FakeBackend, World, Run]:
    """A full run of an experiment that was written from a paper, and the Ladder that shows it passed."""
    world = World(tmp_path / "world")
    world.script("evaluate.py", evaluate)
    world.script("experiment.toml", '[experiment]\ntrain = "train.py"\nevaluate = "evaluate.py"\n')
    checklist = Checklist(brief_of(read_text(PAPER, "paper.txt")))
    (world.project / briefs.FILE).write_text(briefs.text_of(checklist), encoding="utf-8")
    experiment = world.experiment()
    briefs.take_up(world.store, experiment)
    run = world.run(experiment, {"val_accuracy": [0.95]})
    (world.project / "runs").mkdir()
    (world.project / "runs" / "best.pt").write_text("weights")
    view = ladder_view(Reached(RungName.FULL), experiment=experiment, follows_brief=True)
    return FakeBackend(world.home, FakeEngine(_passed(view))), world, run


def _passed(view: LadderView) -> LadderView:
    full = rung(RungName.FULL, RungStatus.PASSED, "the result")
    return replace(view, rungs=tuple(full if one.name is RungName.FULL else one for one in view.rungs))


async def opened(pilot: Pilot[None]) -> None:
    app = pilot.app
    await until(lambda: isinstance(app.screen, LadderScreen) and stands(app, "t holds the result against"))
    await pilot.press("t")
    await until(lambda: isinstance(app.screen, ResultScreen) and stands(app, "the test split was not read yet"))


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_the_test_split_is_read_once_by_a_key_and_the_paper_answered(
    tmp_path: Path, size: tuple[int, int]
) -> None:
    backend, world, run = followed(tmp_path, EVALUATE)
    with world.store:
        async with running(backend, TARGET, size=size) as pilot:
            await opened(pilot)
            assert stands(pilot.app, "once for this run, stopped") and already_read(world.store, run.id) is None
            await pilot.press("t")
            await until(lambda: stands(pilot.app, "90.5 %, +0.50 against the paper's"))
            assert stands(pilot.app, "inconclusive: one seed says nothing of the noise")
            screen = pilot.app.screen
            assert isinstance(screen, ResultScreen) and screen.check_action("read_test", ()) is False
            await pilot.press("escape")
            await until(lambda: isinstance(pilot.app.screen, LadderScreen))
        assert already_read(world.store, run.id) is not None


async def test_an_evaluation_that_fails_says_why_and_can_be_tried_again(tmp_path: Path) -> None:
    backend, world, run = followed(tmp_path, "raise SystemExit('no such file')")
    with world.store:
        async with running(backend, TARGET) as pilot:
            await opened(pilot)
            await pilot.press("t")
            await until(lambda: stands(pilot.app, "failed with exit code 1: no such file"))
            world.script("evaluate.py", EVALUATE)
            await pilot.press("t")
            await until(lambda: stands(pilot.app, "90.5 %"))
        assert already_read(world.store, run.id) is not None


async def test_without_a_paper_the_ladder_offers_no_result(backend: FakeBackend) -> None:
    backend.engine.ladder = _passed(ladder_view(Reached(RungName.FULL)))
    async with running(backend, TARGET) as pilot:
        await until(lambda: isinstance(pilot.app.screen, LadderScreen) and stands(pilot.app, "as far as was asked"))
        assert not stands(pilot.app, "t holds the result")
        await pilot.press("t")
        assert isinstance(pilot.app.screen, LadderScreen)
