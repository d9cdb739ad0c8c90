"""What a person accepted survives a new climb and a moved line; what was tried is never forgotten."""

from __future__ import annotations

import pytest
from mlintern.store import Store, StoreRefused
from mlintern.store.records import Experiment, Finding, Outcome, Run, RungName, Severity


def find(store: Store, experiment: Experiment, message: str, line: int, file: str = "train.py") -> Finding:
    return store.findings.add(
        experiment_id=experiment.id, run_id=None, code="eval.split", severity=Severity.ERROR,
        rung=RungName.REHEARSAL, message=message, file=file, line=line,
    )  # fmt: skip


def test_an_acceptance_survives_a_new_climb_and_a_line_that_moved(store: Store, experiment: Experiment) -> None:
    first = find(store, experiment, "evaluated on 60 training rows at line 88 (train.py:88)", 88)
    accepted = store.acceptances.accept(experiment.id, first, reason="a sanity check", by="terminal")
    store.findings.clear(experiment.id, RungName.REHEARSAL)

    moved = find(store, experiment, "evaluated on 60 training rows at line 91 (train.py:91)", 91)
    assert store.acceptances.of(experiment.id, moved) == accepted
    assert (accepted.reason, accepted.accepted_by, accepted.withdrawn_at) == ("a sanity check", "terminal", None)
    (event,) = store.events.after(0, experiment_id=experiment.id)
    assert (event.kind, event.data["reason"], event.data["by"]) == ("finding.accepted", "a sanity check", "terminal")


@pytest.mark.parametrize(
    ("message", "file"),
    [("evaluated on 900 training rows", "train.py"), ("evaluated on 60 training rows", "other.py")],
)
def test_what_says_something_else_is_not_accepted(
    store: Store, experiment: Experiment, message: str, file: str
) -> None:
    known = find(store, experiment, "evaluated on 60 training rows", 1)
    store.acceptances.accept(experiment.id, known, reason="known", by="tui")
    assert store.acceptances.of(experiment.id, find(store, experiment, message, 1, file)) is None
    assert store.acceptances.of(experiment.id + 1, known) is None


def test_an_acceptance_is_withdrawn_and_stays_in_the_history(store: Store, experiment: Experiment) -> None:
    finding = find(store, experiment, "x", 1)
    assert store.acceptances.withdraw(experiment.id, finding, by="tui") is False
    store.acceptances.accept(experiment.id, finding, reason="first", by="tui")
    store.acceptances.accept(experiment.id, finding, reason="second", by="tui")
    assert [one.reason for one in store.acceptances.holding(experiment.id).values()] == ["second"]
    assert store.acceptances.withdraw(experiment.id, finding, by="terminal") is True
    assert store.acceptances.of(experiment.id, finding) is None
    assert [one.reason for one in store.acceptances.history(experiment.id)] == ["first", "second"]
    assert [event.kind for event in store.events.after(0)] == [
        "finding.accepted", "finding.accepted", "finding.accept_withdrawn",
    ]  # fmt: skip
    with pytest.raises(StoreRefused, match="never deleted"):
        store._connection.write("DELETE FROM acceptances")


def test_what_was_tried_is_known_for_its_evidence(store: Store, run: Run) -> None:
    tried = store.remedies.add(
        subject="experiment 1", evidence="e1", remedy="lower the learning rate", hypothesis="the steps are too large",
        outcome=Outcome.DID_NOT_HELP, experiment_id=run.experiment_id, run_id=run.id,
    )  # fmt: skip
    store.remedies.add(subject="/logs/a\udce9.txt", evidence="e1", remedy="x", hypothesis="y", outcome=Outcome.HELPED)
    assert store.remedies.tried("experiment 1", "e1") == (tried,)
    assert store.remedies.tried("experiment 1", "e2") == ()
    (other,) = store.remedies.tried("/logs/a\udce9.txt", "e1")
    assert (other.outcome, other.run_id) == (Outcome.HELPED, None)
    with pytest.raises(StoreRefused, match="never forgotten"):
        store._connection.write("DELETE FROM remedies")
