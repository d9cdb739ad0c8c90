"""History and Compare: filter, sort, mark; a difference of parameters; a long list read page by page."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from harness import ours, running, shown, until
from mlintern.store import Store
from mlintern.store.records import Interval, Metric, RungName, RunRow, RunStatus
from mlintern.tui.screens.compare import CompareScreen, compare
from mlintern.tui.screens.history import HistoryScreen
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.screens.run import RunScreen
from mlintern.tui.widgets.difference import Compared, differences, parameters
from mlintern.tui.widgets.run_table import columns_for, forecast_error
from synthetic import EXPERIMENT, NOW, FakeBackend, FakeEngine, add_experiment, add_run, run_record
from textual.pilot import Pilot


async def opened(pilot: Pilot[None]) -> HistoryScreen:
    await pilot.press("tab", "4")
    await until(lambda: isinstance(pilot.app.screen, HistoryScreen) and pilot.app.screen.is_ready)
    screen = pilot.app.screen
    assert isinstance(screen, HistoryScreen)
    await until(lambda: screen.table.in_hand is not None and not screen.table.is_loading)
    return screen


async def test_every_run_is_there_with_what_is_known_of_the_one_in_hand(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await opened(pilot)
        await until(lambda: "run 3" in shown(pilot.app))
        text = shown(pilot.app)
        assert "history · 3 runs" in text and "✗ failed" in text and "✓ done" in text and "» running" in text
        assert "ceiling 7m10s" in text and "wrote into scratch only (overlay)" in text
        await pilot.press("G")
        await until(lambda: "out of memory at the evaluation" in shown(pilot.app))


async def test_filter_as_it_is_typed_and_what_is_wrong_with_it(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await opened(pilot)
        await pilot.press("slash", *"status:failed")
        await until(lambda: "history · 1 run " in shown(pilot.app))
        await pilot.press("ctrl+u", *"colour:red")
        await until(lambda: "no filter colour" in shown(pilot.app))
        await pilot.press("escape")
        await until(lambda: "history · 3 runs" in shown(pilot.app))


async def test_runs_are_found_by_what_stands_in_their_logs(backend: FakeBackend) -> None:
    with Store.open(backend.home) as store:
        store.logs.index(2, 0, "epoch 3 loss nan")
    async with running(backend) as pilot:
        screen = await opened(pilot)
        await pilot.press("slash", *"log:nan")
        await until(lambda: "history · 1 run " in shown(pilot.app) and "✓ done" in shown(pilot.app))
        assert screen.table.total == 1
        await pilot.press("ctrl+u", *"log:nothing")
        await until(lambda: "history · 0 runs" in shown(pilot.app))


async def test_sort_by_key_and_by_click(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        screen = await opened(pilot)
        await pilot.press("o")
        await until(lambda: "run ↑" in shown(pilot.app) and screen.table.in_hand and screen.table.in_hand.run.id == 1)
        line = next(number for number, text in enumerate(shown(pilot.app).splitlines()) if "when" in text)
        column = shown(pilot.app).splitlines()[line].index("status")
        await pilot.click(offset=(column + 1, line))
        await until(lambda: "status ↑" in shown(pilot.app))
        await pilot.click(offset=(column + 1, line))
        await until(lambda: "status ↓" in shown(pilot.app))


async def test_two_marked_runs_are_compared(backend: FakeBackend) -> None:
    async with running(backend, size=(120, 36)) as pilot:
        await opened(pilot)
        await pilot.press("c")
        await until(lambda: "Mark two to five runs" in shown(pilot.app))
        await pilot.press("space", "space")
        await until(lambda: "2 marked" in shown(pilot.app))
        await pilot.press("c")
        await until(lambda: isinstance(pilot.app.screen, CompareScreen) and "compare runs 3, 2" in shown(pilot.app))
        text = shown(pilot.app)
        assert "1 run 3" in text and "2 run 2" in text and "≠ rung" in text and "--epochs" not in text
        await pilot.press("d")
        await until(lambda: "--epochs" in shown(pilot.app))
        await pilot.press("escape")
        await until(lambda: isinstance(pilot.app.screen, HistoryScreen))


async def test_at_most_five_runs_are_marked(backend: FakeBackend) -> None:
    with Store.open(backend.home) as store:
        experiment = add_experiment(store)
        for _ in range(6):
            add_run(store, experiment, RungName.PILOT, RunStatus.DONE)
    async with running(backend) as pilot:
        screen = await opened(pilot)
        await pilot.press(*["space"] * 6)
        await until(lambda: "at most 5 runs" in shown(pilot.app))
        assert len(screen.table.marks) == 5
        await pilot.press("u")
        assert screen.table.marks == {}


async def test_a_run_is_opened_and_its_ladder_is_only_looked_at(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await opened(pilot)
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, RunScreen) and "run 3 · full" in shown(pilot.app))
        await pilot.press("backspace")
        await until(lambda: isinstance(pilot.app.screen, LadderScreen) and backend.opened)
        assert backend.opened[0].experiment_id is not None and not backend.opened[0].climbs


async def test_a_long_list_is_read_page_by_page(tmp_path: Path) -> None:
    with Store.open(tmp_path) as store, store.transaction():
        experiment = add_experiment(store)
        store._connection.raw.executemany(
            "INSERT INTO runs (experiment_id, rung, status, created_at, folder) VALUES (?, 'pilot', 'done', ?, '')",
            ((experiment.id, NOW - number) for number in range(20_000)),
        )
    async with running(FakeBackend(tmp_path, FakeEngine())) as pilot:
        screen = await opened(pilot)
        await until(lambda: "20 000 runs" in shown(pilot.app))
        await pilot.press("G")
        await until(lambda: screen.table.in_hand is not None and screen.table.in_hand.run.id == 1)
        assert screen.table.cursor == 19_999
        await pilot.press("pageup", "k")
        await until(lambda: "train.py" in shown(pilot.app).splitlines()[12])


async def test_a_new_run_appears_without_being_asked_for(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await opened(pilot)
        with Store.open(backend.home) as store:
            add_run(store, store.experiments.get(1), RungName.PILOT, RunStatus.RUNNING)
        await ours(pilot).pulse()
        await until(lambda: "history · 4 runs" in shown(pilot.app))


async def test_rows_that_are_read_again_do_not_blink(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        screen = await opened(pilot)
        with Store.open(backend.home) as store:
            store.runs.update(3, last_loss=0.0111)
        screen.table.refresh_rows()
        assert screen.table.in_hand is not None and screen.table.in_hand.run.last_loss == 0.0213
        await until(lambda: "0.0111" in shown(pilot.app))


@pytest.mark.parametrize(
    ("args", "found"),
    [
        (("--lr", "3e-4", "--fast"), {"--lr": "3e-4", "--fast": "yes"}),
        (("--lr=0.1", "data", "-e", "3"), {"--lr": "0.1", "argument 1": "data", "-e": "3"}),
        (("--shift", "-0.5", "--a", "--b", "1"), {"--shift": "-0.5", "--a": "yes", "--b": "1"}),
        ((), {}),
    ],
)
def test_arguments_by_name(args: tuple[str, ...], found: dict[str, str]) -> None:
    assert parameters(args) == found


def test_a_difference_is_told_and_what_is_the_same_too() -> None:
    one = Compared(run_record(id=1, steps=100), replace(EXPERIMENT, args=("--lr", "0.1", "--epochs", "3")), {})
    two = Compared(run_record(id=2, steps=100), replace(EXPERIMENT, args=("--lr", "0.2")), {})
    rows = {row.name: row for row in differences([one, two])}
    assert rows["--lr"].values == ("0.1", "0.2") and rows["--lr"].differs
    assert rows["--epochs"].values == ("3", "—") and rows["--epochs"].differs
    assert rows["steps"].values == ("100", "100") and not rows["steps"].differs


async def test_what_a_rehearsal_measured_is_never_shown_as_a_result(backend: FakeBackend) -> None:
    with Store.open(backend.home) as store:
        store.runs.update(1, last_loss=1.234)
        store.metrics.add(1, [Metric("loss", 1, 1.234)])
    async with running(backend) as pilot:
        await opened(pilot)
        assert "1.234" not in shown(pilot.app) and "0.0213" in shown(pilot.app)
        await pilot.press("G", "enter")
        await until(lambda: "not a result" in shown(pilot.app))
    with Store.open(backend.home) as store:
        compared = compare(store, (1, 2), None)
    assert compared.runs[0].last == {} and compared.values[0] == ()
    assert compared.values[1] != ()


@pytest.mark.parametrize("width", [60, 76, 88, 100, 156])
def test_columns_fit_the_width(width: int) -> None:
    shown_columns = columns_for(width)
    assert sum(cells for _, cells in shown_columns) <= max(width, 70)
    assert ("cost" in [column.title for column, _ in shown_columns]) == (width >= 100)


def test_the_forecast_error_is_told_only_of_runs_that_were_done() -> None:
    forecast = Interval(80, 100, 120)

    def row(status: RunStatus, seconds: float) -> RunRow:
        run = run_record(status=status, wall_seconds=seconds)
        return RunRow(run, "train.py", EXPERIMENT.script, None, (), forecast)

    assert forecast_error(row(RunStatus.DONE, 102.0)) == "+2 %"
    assert forecast_error(row(RunStatus.DONE, 90.0)) == "−10 %"
    assert forecast_error(row(RunStatus.STOPPED, 50.0)) == "—"
