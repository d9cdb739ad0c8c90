"""“Done” needs its evidence: of the run, of its checks, of its seal, and of each target that was read and measured."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlintern.benchmarks.honesty import stories
from mlintern.benchmarks.honesty.world import World
from mlintern.planner.agent.loop import Loop
from mlintern.planner.agent.rules import RulesDecider
from mlintern.planner.agent.tool import Surroundings
from mlintern.planner.agent.workspace import Workspace
from mlintern.store.conversations import Message, Outcome
from mlintern.store.records import RungName


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world")
    (made.project / "task.md").write_text("The target is 97.2% test accuracy.\n")
    yield made
    made.store.close()


def finished(world: World, run: object, *, read: bool = True) -> Message:
    """What comes of saying that the work is done with a run, once the task was read."""
    conversation = world.store.conversations.begin(world.project)
    loop = Loop(Surroundings(world.store, Workspace(world.project), conversation.id), [RulesDecider()])
    if read:
        loop.say("read task.md")
        assert loop.messages[-1].facts["targets"][0]["value"] == 97.2
    loop.say(f"finished with {run}")
    assert loop.messages[-1].tool == "finish"
    return loop.messages[-1]


def test_a_run_with_all_its_evidence_is_done(world: World) -> None:
    _, run, *_ = stories.sound_target(world)
    result = finished(world, run)
    assert (result.outcome, result.facts["finished"]) == (Outcome.DONE, run), result.text


@pytest.mark.parametrize(("tell", "why"), [
    (stories.lucky_seed_reaches_the_target, "is inconclusive"),
    (stories.leaked_split, "stands, and nobody accepted it"),
    (stories.leak_that_nobody_looked_for, "were not passed"),
    (stories.number_edited_in_the_database, "does not agree with the record"),
])  # fmt: skip
def test_anything_that_speaks_against_it_refuses_it(world: World, tell: stories.Story, why: str) -> None:
    key = tell(world)  # type: ignore[operator]  # the story's function
    result = finished(world, key[1])
    assert result.outcome is Outcome.REFUSED and why in result.text, result.text


def test_a_pilot_or_a_run_that_is_not_there_is_no_end(world: World) -> None:
    run = world.run(world.experiment(), {"test accuracy": [0.99]}, rung=RungName.PILOT)
    assert "only a full run has a result" in finished(world, run.id).text
    assert "there is no run 99" in finished(world, 99).text


def test_a_target_that_nobody_measured_is_told(world: World) -> None:
    run = world.run(world.experiment(), {"test f1": [0.99]})
    assert "none of the targets that were read was measured" in finished(world, run.id).text
