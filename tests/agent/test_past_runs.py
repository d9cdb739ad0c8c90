"""What the tools tell of past runs: the same as the record, and no metric of a run that was cut."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlintern.benchmarks.honesty.world import World
from mlintern.planner.agent.catalogue import offered
from mlintern.planner.agent.loop import Loop
from mlintern.planner.agent.rules import RulesDecider
from mlintern.planner.agent.tool import Surroundings
from mlintern.planner.agent.workspace import Workspace
from mlintern.store.conversations import Outcome
from mlintern.store.records import RungName, RunStatus


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path / "world")
    yield made
    made.store.close()


@pytest.fixture
def surroundings(world: World) -> Surroundings:
    return Surroundings(world.store, Workspace(world.project), world.store.conversations.begin(world.project).id)


def asked(surroundings: Surroundings, words: str) -> str:
    """What the rules' tool finds."""
    loop = Loop(surroundings, [RulesDecider()])
    loop.say(words)
    assert loop.messages[-1].outcome is Outcome.DONE, loop.messages[-1].text
    return loop.messages[-1].text


def test_runs_are_listed_looked_at_and_compared(world: World, surroundings: Surroundings) -> None:
    world.run(world.experiment("--lr", "0.1"), {"test accuracy": [0.91]})
    world.run(world.experiment("--lr", "0.3"), {"test accuracy": [0.88]})
    assert asked(surroundings, "runs").startswith("2 runs, the newest first\nrun 2: full of train.py --lr 0.3: done")
    one = asked(surroundings, "how was run 1?")
    assert "test accuracy: 0.91" in one and "steps 400 of 400" in one and "seconds 100" in one
    both = asked(surroundings, "compare 1 and 2")
    assert "arguments: --lr 0.1 | --lr 0.3" in both and "test accuracy: 0.91 | 0.88" in both and "status" not in both


def test_a_run_that_was_cut_has_no_results(world: World, surroundings: Surroundings) -> None:
    world.run(world.experiment(), {"test accuracy": [0.5]}, rung=RungName.REHEARSAL)
    told = asked(surroundings, "show run 1")
    assert "no results" in told and "0.5" not in told


def test_why_it_failed_is_asked_of_the_latest_that_did(world: World, surroundings: Surroundings) -> None:
    failed = world.run(world.experiment(), {"loss": [0.5, float("nan")]}, status=RunStatus.FAILED)
    world.run(world.experiment(), {"test accuracy": [0.9]})
    told = asked(surroundings, "why did it fail")
    assert told.startswith(f"run {failed.id}\n") and "nan" in told and "test: " in told


def test_a_run_that_is_not_there_is_told(surroundings: Surroundings) -> None:
    loop = Loop(surroundings, [RulesDecider()])
    loop.say("show run 7")
    assert loop.messages[-1].outcome is Outcome.FAILED and "7" in loop.messages[-1].text


def test_tools_for_runs_are_offered_once_there_is_one(world: World, surroundings: Surroundings) -> None:
    before = {tool.name for tool in offered(surroundings)}
    world.run(world.experiment(), {"test accuracy": [0.9]})
    assert {tool.name for tool in offered(surroundings)} - before == {
        "list_runs", "look_at_run", "diagnose_run", "compare_runs", "finish",
    }  # fmt: skip
