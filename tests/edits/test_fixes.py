"""Findings whose fix is a sure edit: proposed where it is one plain statement, and nowhere else."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlintern.benchmarks.honesty.world import World
from mlintern.planner.edits.fixes import NOT_SURE, project_of, propose_fix
from mlintern.planner.edits.proposal import Proposal
from mlintern.planner.edits.proposing import Refusal, Workspace
from mlintern.store.records import RungName, Severity

NEVER = "gradients are never cleared, so every step uses the sum of all gradients so far"
SEEN = "the gradients of Adam are not cleared: at 9 of 9 steps they still held those of the steps before"
CLIPPED = "gradients are clipped after the step, which has used them as they were"
SWAPPED = "sklearn.metrics.f1_score gets the predictions first"
LOOP = """for x, y in loader:
    loss = loss_of(model(x), y)
    loss.backward()  # ü
    {}
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    with made.store:
        yield made


def fixed(world: World, text: str, line: int, code: str, message: str) -> str | None:
    """The text that is proposed; ``None`` where nothing is sure."""
    world.script("train.py", text)
    experiment = world.experiment()
    finding = world.store.findings.add(
        experiment_id=experiment.id, run_id=None, code=code, severity=Severity.ERROR, rung=RungName.STATIC,
        message=message, file="train.py", line=line, fix="as it says",
    )  # fmt: skip
    found = propose_fix(Workspace.of(world.store, project_of(experiment), "rules"), finding, experiment)
    if isinstance(found, Refusal):
        assert found.reason == NOT_SURE
        return None
    assert isinstance(found, Proposal) and found.by == "rules" and code in found.reason
    ast.parse(found.files[0].after)
    return found.files[0].after


@pytest.mark.parametrize("message", [NEVER, SEEN])
@pytest.mark.parametrize("name", ["optimizer", "self.optimizer"])
def test_gradients_are_cleared_before_the_backward_pass(world: World, message: str, name: str) -> None:
    text = LOOP.format(f"{name}.step()")
    expected = text.replace("    loss.backward()", f"    {name}.zero_grad()\n    loss.backward()")

    assert fixed(world, text, 4, "optim.zero_grad", message) == expected


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (LOOP.format("if done:\n        optimizer.step()"), 5),  # accumulation: another block
        (LOOP.format("optimizer.step(); count += 1"), 4),
        (LOOP.format("scaler.step(optimizer)"), 4),
        (LOOP.format("optimizer.step()") + "model.zero_grad()\n", 4),
        (LOOP.format("other.backward()\n    optimizer.step()"), 5),  # two losses
        ("loss.backward()\noptimizer.step()\n", 2),  # no loop
        (LOOP.format("optimizer.step()"), 3),
    ],
)
def test_what_is_not_plain_is_left_to_a_person(world: World, text: str, line: int) -> None:
    assert fixed(world, text, line, "optim.zero_grad", NEVER) is None


def test_gradients_are_clipped_before_the_step(world: World) -> None:
    clip = "torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)"
    text = LOOP.format(f"optimizer.step()\n    {clip}")

    assert fixed(world, text, 5, "optim.clip", CLIPPED) == LOOP.format(f"{clip}\n    optimizer.step()")
    apart = LOOP.format(f"optimizer.step()\n    schedule.last = 1\n    {clip}")
    assert fixed(world, apart, 6, "optim.clip", CLIPPED) is None


def test_labels_come_first(world: World) -> None:
    text = 'print("größe", f1_score(model.predict(x), y_test, average="macro"))\n'
    expected = 'print("größe", f1_score(y_test, model.predict(x), average="macro"))\n'

    assert fixed(world, text, 1, "eval.metric", SWAPPED) == expected
    assert fixed(world, "a = f1_score(p, y) + f1_score(q, y)\n", 1, "eval.metric", SWAPPED) is None
    assert fixed(world, "a = f1_score(p,\n  y)\n", 1, "eval.metric", SWAPPED) is None


def test_other_findings_have_no_sure_edit(world: World) -> None:
    assert fixed(world, "x = 1\n", 1, "data.leak.overlap", "rows are in both splits") is None
