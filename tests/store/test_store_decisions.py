"""Events are never changed, approvals are spent once, and what belongs together is stored together."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from mlintern.store import NotApproved, Store, StoreRefused
from mlintern.store.records import Approval, Decision, Experiment, Run, RungName


def test_events_come_back_in_order_and_by_what_they_are_about(store: Store, run: Run) -> None:
    assert store.events.last_id() == 0
    first = store.events.append("run.started", run_id=run.id, pid=7, folder=run.folder)
    second = store.events.append("ladder.asked", experiment_id=run.experiment_id, rung=RungName.FULL, ceiling=None)
    assert first.data == {"pid": 7, "folder": str(run.folder)}
    assert second.data == {"rung": "full", "ceiling": None}
    assert store.events.after(0) == (first, second)
    assert store.events.after(first.id) == (second,)
    assert store.events.after(0, run_id=run.id) == (first,)
    assert store.events.after(0, experiment_id=run.experiment_id) == (second,)
    assert store.events.after(0, limit=1) == (first,)
    assert store.events.last_id() == second.id


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE events SET kind = 'x'",
        "DELETE FROM events",
        "INSERT OR REPLACE INTO events (id, at, kind, data) VALUES (1, 0, 'x', '{}')",
        "UPDATE OR REPLACE events SET id = 2",
    ],
)
def test_events_are_append_only(store: Store, sql: str) -> None:
    event = store.events.append("run.started")
    with pytest.raises(StoreRefused, match="append-only"):
        store._connection.write(sql)
    assert store.events.after(0) == (event,)


def test_an_approval_is_spent_once_by_a_run_of_its_rung(store: Store, run: Run, home: Path) -> None:
    approval = _decide(store, run.experiment_id, token="secret")
    assert approval.used_by_run_id is None

    used = store.approvals.use(run.id, "secret")
    assert (used.id, used.used_by_run_id, used.ceiling_seconds) == (approval.id, run.id, 60.0)
    second = store.runs.add(experiment_id=run.experiment_id, rung=run.rung, ceiling_seconds=None, folder_root=home)
    with pytest.raises(NotApproved, match=f"Run {second.id}"):
        store.approvals.use(second.id, "secret")
    assert store.approvals.for_experiment(run.experiment_id) == (used,)


def test_a_run_spends_one_approval(store: Store, run: Run) -> None:
    _decide(store, run.experiment_id, token="one")
    _decide(store, run.experiment_id, token="two")
    store.approvals.use(run.id, "one")
    with pytest.raises(NotApproved):
        store.approvals.use(run.id, "two")


@pytest.mark.parametrize("token", ["", "wrong", sha256(b"secret").hexdigest(), "\ud800"])
def test_a_wrong_token_spends_nothing(store: Store, run: Run, token: str) -> None:
    approval = _decide(store, run.experiment_id, token="secret")
    with pytest.raises(NotApproved):
        store.approvals.use(run.id, token)
    assert store.approvals.get(approval.id).used_by_run_id is None


def test_an_approval_fits_no_other_rung_or_experiment(
    store: Store, run: Run, experiment: Experiment, home: Path
) -> None:
    _decide(store, experiment.id, token="secret", rung=RungName.PILOT)
    with pytest.raises(NotApproved):
        store.approvals.use(run.id, "secret")
    pilot = store.runs.add(experiment_id=experiment.id, rung=RungName.PILOT, ceiling_seconds=None, folder_root=home)
    assert store.approvals.use(pilot.id, "secret").used_by_run_id == pilot.id


def test_a_no_is_not_an_approval(store: Store, run: Run) -> None:
    _decide(store, run.experiment_id, token="secret", decision=Decision.DECLINED)
    with pytest.raises(NotApproved):
        store.approvals.use(run.id, "secret")


def test_a_later_no_takes_an_unspent_approval_back_until_a_new_yes(store: Store, run: Run) -> None:
    _decide(store, run.experiment_id, token="first")
    _decide(store, run.experiment_id, token=None, decision=Decision.DECLINED)
    with pytest.raises(NotApproved):
        store.approvals.use(run.id, "first")
    _decide(store, run.experiment_id, token="second")
    _decide(store, run.experiment_id, token=None, decision=Decision.DECLINED, rung=RungName.PILOT)
    assert store.approvals.use(run.id, "second").used_by_run_id == run.id


@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE approvals SET ceiling_seconds = 1e9",
        "UPDATE approvals SET decision = 'approved'",
        "UPDATE approvals SET used_by_run_id = NULL",
        "DELETE FROM approvals",
    ],
)
def test_a_decision_cannot_be_changed_behind_the_store(store: Store, run: Run, sql: str) -> None:
    _decide(store, run.experiment_id, token="secret")
    used = store.approvals.use(run.id, "secret")
    with pytest.raises(StoreRefused, match=r"never|once"):
        store._connection.write(sql)
    assert store.approvals.get(used.id) == used


def test_a_transaction_is_stored_whole_or_not_at_all(store: Store, run: Run) -> None:
    with pytest.raises(ZeroDivisionError), store.transaction():
        store.runs.update(run.id, steps=5)
        store.events.append("run.progress", run_id=run.id)
        raise ZeroDivisionError
    assert store.runs.get(run.id).steps is None
    assert store.events.last_id() == 0
    with store.transaction():
        store.runs.update(run.id, steps=5)
        store.events.append("run.progress", run_id=run.id)
    assert store.runs.get(run.id).steps == 5
    assert store.events.last_id() == 1


def test_an_inner_transaction_that_fails_leaves_the_outer_whole(store: Store, run: Run) -> None:
    with store.transaction():
        store.runs.update(run.id, steps=1)
        with pytest.raises(ZeroDivisionError), store.transaction():
            store.runs.update(run.id, steps=2)
            raise ZeroDivisionError
        with store.transaction():
            store.runs.update(run.id, planned_steps=9)
    stored = store.runs.get(run.id)
    assert (stored.steps, stored.planned_steps) == (1, 9)


def test_data_version_tells_of_the_changes_of_others(store: Store, home: Path, run: Run) -> None:
    before = store.data_version()
    store.events.append("mine")
    assert store.data_version() == before
    with Store.open(home) as other:
        other.events.append("theirs")
    assert store.data_version() != before


def _decide(
    store: Store,
    experiment_id: int,
    *,
    token: str | None,
    rung: RungName = RungName.FULL,
    decision: Decision = Decision.APPROVED,
) -> Approval:
    return store.approvals.add(
        experiment_id=experiment_id,
        rung=rung,
        forecast_id=None,
        decision=decision,
        ceiling_seconds=60.0,
        reason=None,
        decided_by="terminal",
        token_hash=sha256(token.encode()).hexdigest() if token is not None else None,
    )
