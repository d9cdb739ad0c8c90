"""The history at 20 000 runs: every order is total, every page is where the index says, every filter counts right."""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from mlintern.store import Store
from mlintern.store.filters import parse
from mlintern.store.records import (
    Decision,
    Experiment,
    Interval,
    Run,
    RungName,
    RunRow,
    RunSort,
    RunStatus,
)

RUNS = 20_000
EXPERIMENTS = 37
STATUSES = (RunStatus.DONE, RunStatus.FAILED, RunStatus.STOPPED)
RUNGS = (RungName.REHEARSAL, RungName.PILOT, RungName.FULL)


@pytest.fixture(scope="module")
def big(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A history written straight into the tables, with ties and unknown values in every column that sorts."""
    with Store.open(tmp_path_factory.mktemp("big")) as store:
        database = store._connection
        with store.transaction():
            database.write_many(
                "INSERT INTO experiments (name, script, args, working_dir, python, fingerprint, created_at)"
                " VALUES (?, ?, '[]', '/w', '/p', 'f', 0)",
                [(f"name {number % 5}", f"/s/train_{number % 7}.py") for number in range(EXPERIMENTS)],
            )
            database.write_many(
                "INSERT INTO runs (experiment_id, rung, status, reason, created_at, ended_at, folder, last_loss,"
                " wall_seconds, usd) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                [_columns(number) for number in range(RUNS)],
            )
        yield store


def _columns(number: int) -> tuple[int | float | str | None, ...]:
    spread = number * 7919 % 1009
    return (
        number % EXPERIMENTS + 1,
        RUNGS[spread % 3],
        STATUSES[number % 3],
        "out of memory" if number % 10 == 0 else None,
        float(number),
        None if number % 11 == 0 else float(spread),
        f"/runs/{number + 1}",
        "nan" if number % 13 == 0 else None if number % 5 == 0 else spread / 10,
        None if number % 17 == 0 else float(spread % 100),
        None if number % 2 else float(spread % 3),
    )


def _value(row: RunRow, sort: RunSort) -> Any:
    run = row.run
    return {
        RunSort.CREATED: run.id,
        RunSort.ENDED: run.ended_at,
        RunSort.NAME: row.experiment_name,
        RunSort.SCRIPT: str(row.script),
        RunSort.RUNG: run.rung,
        RunSort.STATUS: run.status,
        RunSort.WALL: run.wall_seconds,
        RunSort.LOSS: run.last_loss,
        RunSort.USD: run.usd,
    }[sort]


@pytest.mark.parametrize("sort", RunSort)
@pytest.mark.parametrize("descending", [True, False])
def test_every_order_is_total_and_puts_the_unknown_last(big: Store, sort: RunSort, descending: bool) -> None:
    ids = big.runs.ids(sort=sort, descending=descending)
    assert sorted(ids) == list(range(1, RUNS + 1))

    values = [_value(row, sort) for row in big.runs.rows(ids)]
    known = [value for value in values if value is not None]
    assert values[len(known) :] == [None] * (RUNS - len(known))
    ordered = [value for value in known if value == value]  # NaN has a place but no order
    assert ordered == sorted(ordered, reverse=descending)


@pytest.mark.parametrize("sort", RunSort)
@pytest.mark.parametrize("filter", ["", "status:failed", "memory", "script:train_3 -memory", "name 1", "run:77"])
def test_pages_are_the_slices_of_the_index(big: Store, sort: RunSort, filter: str) -> None:
    ids = big.runs.ids(filter, sort=sort)
    assert len(ids) == big.runs.count(filter)
    for offset in (0, 40, len(ids) // 2, max(0, len(ids) - 3), len(ids) + 5):
        page = big.runs.page(filter, sort=sort, offset=offset, limit=40)
        assert [row.run.id for row in page] == list(ids[offset : offset + 40])


@pytest.mark.parametrize("few", [0, 10**9])
@pytest.mark.parametrize("sort", RunSort)
def test_walking_and_sorting_give_the_same_list(
    big: Store, sort: RunSort, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    filters = ("status:failed rung:full", "memory", "-memory script:train_3", "name status:done")
    expected = [big.runs.ids(filter, sort=sort) for filter in filters]
    monkeypatch.setattr("mlintern.store.history._FEW", few)
    assert [big.runs.ids(filter, sort=sort) for filter in filters] == expected
    for filter, ids in zip(filters, expected, strict=True):
        page = big.runs.page(filter, sort=sort, offset=10, limit=25)
        assert [row.run.id for row in page] == list(ids[10:35])


def test_filters_count_what_a_plain_loop_counts(big: Store) -> None:
    rows = big.runs.rows(range(1, RUNS + 1))
    full_failed = [row for row in rows if row.run.status is RunStatus.FAILED and row.run.rung is RungName.FULL]
    assert big.runs.count("status:failed rung:full") == len(full_failed)
    assert big.runs.count("memory") == sum(row.run.reason is not None for row in rows)
    assert big.runs.count("-memory") == sum(row.run.reason is None for row in rows)
    assert big.runs.count('"name 1"') == sum(row.experiment_name == "name 1" for row in rows)
    assert big.runs.count() == RUNS


def test_rows_come_in_the_order_that_was_asked_for(big: Store) -> None:
    assert [row.run.id for row in big.runs.rows([9, 3, RUNS + 1, 5])] == [9, 3, 5]
    assert big.runs.rows([]) == ()


def test_a_first_page_sorts_nothing_unless_few_runs_match(big: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The plan is the promise behind the budget of 30 ms a page at a million runs."""
    monkeypatch.setattr("mlintern.store.history._FEW", 2)
    seen: list[str] = []
    big._connection.raw.set_trace_callback(seen.append)
    for sort in RunSort:
        for filter in ("", "status:done", "rung:full script:train_3 -memory"):
            big.runs.page(filter, sort=sort)
    big._connection.raw.set_trace_callback(None)
    orders = [sql for sql in seen if sql.startswith("SELECT runs.id") and "ORDER BY" in sql]
    assert len(orders) == 3 * len(RunSort)
    for sql in orders:
        plan = [row[3] for row in big._connection.rows(f"EXPLAIN QUERY PLAN {sql}")]
        assert not any("TEMP B-TREE" in step for step in plan), (sql, plan)


def test_a_line_tells_what_the_run_was_expected_to_take(store: Store, run: Run, experiment: Experiment) -> None:
    assert store.runs.page()[0].forecast_seconds is None
    forecast = store.forecasts.add(
        experiment_id=experiment.id, rung=RungName.FULL, seconds=Interval(320.0, 365.0, 430.0)
    )
    store.approvals.add(
        experiment_id=experiment.id,
        rung=RungName.FULL,
        forecast_id=forecast.id,
        decision=Decision.APPROVED,
        ceiling_seconds=430.0,
        reason=None,
        decided_by="tui",
        token_hash="2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b",  # of "secret"
    )
    store.approvals.use(run.id, "secret")
    (row,) = store.runs.page()
    assert row.forecast_seconds == Interval(320.0, 365.0, 430.0)
    assert (row.experiment_name, row.script, row.args) == (experiment.name, experiment.script, experiment.args)
    assert row.run == store.runs.get(run.id)


def test_a_run_that_is_added_between_two_questions_is_left_for_the_next_time(big: Store) -> None:
    everything_then = array("q", [5, 3, 2])
    assert list(big.runs._chosen(everything_then, parse("status:failed"))) == [5, 2]


def test_an_empty_history_is_a_list_too(home: Path) -> None:
    with Store.open(home) as store:
        assert store.runs.count() == 0
        assert store.runs.page() == ()
        assert len(store.runs.ids("status:failed", sort=RunSort.ENDED)) == 0
