"""A person takes a finding as it is: only then does what costs get asked for again."""

from __future__ import annotations

from typing import Any

import pytest
from mlintern.planner.moves import Ask, Blocked
from mlintern.store import Store
from mlintern.store.records import RungName, RungStatus, Severity
from mlintern.tui.climb import Climb, ClimbError


def with_error(store: Store, climb: Climb, rung: RungName, message: str = "40 rows are in both splits") -> int:
    """A finding at level error on a rung that has passed."""
    store.rungs.set(climb.experiment.id, rung, RungStatus.PASSED)
    finding = store.findings.add(
        experiment_id=climb.experiment.id, run_id=None, code="data.leak.overlap", severity=Severity.ERROR, rung=rung,
        message=message, file="train.py", line=3,
    )  # fmt: skip
    return finding.id


@pytest.fixture
def asking(store: Store, climber: Any) -> Climb:
    """A climb that asks for its pilot."""
    climb = climber.open(store)
    assert isinstance(climber.freely(climb), Ask)
    return climb


def test_an_error_that_stands_keeps_everything_that_costs_from_being_asked_for(store: Store, asking: Climb) -> None:
    finding = with_error(store, asking, RungName.OVERFIT)
    move = asking.next()
    assert isinstance(move, Blocked) and move.rung is RungName.PILOT
    assert "data.leak.overlap" in move.why and "accept" in move.why
    with pytest.raises(ClimbError):
        asking.approve(RungName.PILOT, ceiling_seconds=60.0, by="terminal")

    asking.accept(finding, "the rows are the same by design", by="terminal")
    assert isinstance(asking.next(), Ask)
    assert asking.view().accepted[finding].reason == "the rows are the same by design"

    assert asking.withdraw(finding, by="terminal")
    assert isinstance(asking.next(), Blocked)
    assert not asking.withdraw(finding, by="terminal")


def test_each_error_is_accepted_for_itself(store: Store, asking: Climb) -> None:
    first = with_error(store, asking, RungName.OVERFIT)
    with_error(store, asking, RungName.STATIC, message="the scaler has seen all rows")
    asking.accept(first, "known", by="terminal")
    move = asking.next()
    assert isinstance(move, Blocked) and "data.leak.overlap stands" in move.why


@pytest.mark.parametrize("reason", ["", "  \n"])
def test_an_acceptance_needs_a_reason(store: Store, asking: Climb, reason: str) -> None:
    finding = with_error(store, asking, RungName.OVERFIT)
    with pytest.raises(ClimbError, match="reason"):
        asking.accept(finding, reason, by="terminal")


def test_a_finding_of_a_rung_that_was_climbed_again_cannot_be_accepted(store: Store, asking: Climb) -> None:
    finding = with_error(store, asking, RungName.OVERFIT)
    store.findings.clear(asking.experiment.id, RungName.OVERFIT)
    with pytest.raises(ClimbError, match="not there any more"):
        asking.accept(finding, "known", by="terminal")
