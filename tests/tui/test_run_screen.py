"""The Run screen: curve, meters, log; looking at it never touches the run."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pytest
from harness import ours, running, shown, stands, until
from mlintern.store import Store
from mlintern.store.records import GpuSample, RunStatus, Sample
from mlintern.tui.screens.run import RunScreen
from mlintern.tui.screens.run_snapshot import telling
from mlintern.tui.widgets.log_view import LogView
from mlintern.tui.widgets.meters import Meter, Meters, draw_meter, machine_meters, run_meters
from synthetic import EXPERIMENT, MIB, FakeBackend, run_record
from textual.pilot import Pilot
from textual.widgets import Input


async def opened(pilot: Pilot[None]) -> RunScreen:
    await pilot.press("tab", "3")
    await until(lambda: isinstance(pilot.app.screen, RunScreen) and pilot.app.screen.snapshot is not None)
    await until(lambda: "epoch 82" in shown(pilot.app))
    screen = pilot.app.screen
    assert isinstance(screen, RunScreen)
    return screen


async def test_it_shows_the_run_that_is_going_on(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await opened(pilot)
        text = shown(pilot.app)
        parts = ("run 3 · full", "step 18 240/48 400", "2m18s", "3m48s left", "132/s", "32 % of 7m10s", "$0", "1.6 of")
        assert [part for part in parts if part not in text] == []
        assert "vram   unknown of 24 GiB" in text
        assert "live tail · 82 lines" in text
        assert "eval.selection" in text


async def test_the_curve_can_be_looked_at_in_every_way(backend: FakeBackend) -> None:
    async with running(backend, size=(120, 36)) as pilot:
        await opened(pilot)
        looks = (("y", "log · all steps"), ("s", "smoothed 1 %"), ("z", "1/2 of the steps, newest"), ("0", "all steps"))
        for keys, words in looks:
            await pilot.press(keys)
            await until(partial(stands, pilot.app, words))
        await pilot.press("b")
        await until(lambda: "2 run 2 (pilot)" in shown(pilot.app))
        await pilot.press("m")
        await until(lambda: "test accuracy" in shown(pilot.app).splitlines()[4])


async def test_holding_the_view_holds_it(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        screen = await opened(pilot)
        await pilot.press("space")
        await until(lambda: "view held" in shown(pilot.app))
        with Store.open(backend.home) as store:
            store.runs.update(3, steps=20_000)
            log = store.runs.get(3).log_path
        with log.open("a") as file:
            file.write("epoch 83 loss 0.01\n")
        await ours(pilot).pulse()
        assert "step 18 240" in shown(pilot.app) and "epoch 83" not in shown(pilot.app)
        await pilot.press("space")
        await until(lambda: "step 20 000" in shown(pilot.app) and "epoch 83" in shown(pilot.app))
        assert not screen.held


async def test_the_log_follows_until_someone_scrolls_up(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        screen = await opened(pilot)
        view = screen.query_one(LogView)
        await pilot.press("g")
        await until(lambda: "epoch 1 loss" in shown(pilot.app) and "held at line 1" in shown(pilot.app))
        with Store.open(backend.home) as store:
            path = store.runs.get(3).log_path
        with path.open("a") as file:
            file.write("epoch 83 loss 0.01\n")
        view.poll()
        await until(lambda: "83 lines" in shown(pilot.app))
        assert "epoch 83" not in shown(pilot.app)
        await pilot.press("G")
        await until(lambda: "epoch 83" in shown(pilot.app) and "live tail" in shown(pilot.app))


async def test_the_log_is_searched(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        screen = await opened(pilot)
        await pilot.press("slash")
        await until(lambda: screen.query_one("#log-search", Input).has_focus)
        await pilot.press(*"EPOCH 4", "enter")
        await until(lambda: "11 matches" in shown(pilot.app))
        await pilot.press("g", "n")
        await until(lambda: "epoch 4 loss" in shown(pilot.app))
        await pilot.press("n")
        await until(lambda: "epoch 40 loss" in shown(pilot.app))
        await pilot.press("N")
        await until(lambda: "epoch 4 loss" in shown(pilot.app))
        await pilot.press("slash", "escape")
        await until(lambda: "matches" not in shown(pilot.app))


async def test_hostile_log_lines_steer_nothing(backend: FakeBackend) -> None:
    with Store.open(backend.home) as store:
        path = store.runs.get(3).log_path
    path.write_bytes(b"\x1b]0;t\x07\x1b[2J[bold]a[/]\n\xff\xfe\n 10%|#|\r100%|##|\n" + b"w" * 300 + b"END\n")
    async with running(backend) as pilot:
        await pilot.press("tab", "3")
        await until(lambda: "[bold]a[/]" in shown(pilot.app))
        text = shown(pilot.app)
        assert "��" in text and "100%|##|" in text and " 10%" not in text and "\x1b" not in text
        assert "END" not in text
        await pilot.press("w")
        await until(lambda: "END" in shown(pilot.app))


async def test_the_newest_state_is_read_when_the_store_changes(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await opened(pilot)
        with Store.open(backend.home) as store:
            store.runs.update(3, status=RunStatus.STOPPED, reason="ceiling of 7m10s", wall_seconds=430.0)
        await ours(pilot).pulse()
        await until(lambda: "stopped: ceiling of 7m10s" in shown(pilot.app))


def needs(backend: FakeBackend, low: float, mid: float, high: float, *, ceiling: float) -> None:
    """Run 3 tells what it will take in all."""
    with Store.open(backend.home) as store:
        store.reports.put(3, "reforecast", {"low": low, "mid": mid, "high": high})
        store.runs.update(3, ceiling_seconds=ceiling)


async def test_a_run_that_needs_more_than_was_approved_asks_and_is_allowed_it(backend: FakeBackend) -> None:
    needs(backend, 700.0, 720.0, 740.0, ceiling=430.0)
    async with running(backend) as pilot:
        await opened(pilot)
        await until(lambda: "run 3 needs 12m [11m40s–12m20s], and 7m10s is approved" in shown(pilot.app))
        await pilot.press("e")
        await until(lambda: "Allow run 3 more than the 7m10s approved" in shown(pilot.app))
        await pilot.press("enter")
        await until(lambda: "Run 3 may take 12m20s in all" in shown(pilot.app))
        with Store.open(backend.home) as store:
            approval = store.approvals.extension(3)
        assert approval is not None and (approval.ceiling_seconds, approval.decided_by) == (740.0, "tui")


async def test_less_than_what_is_allowed_is_refused_with_why(backend: FakeBackend) -> None:
    needs(backend, 700.0, 720.0, 740.0, ceiling=430.0)
    async with running(backend) as pilot:
        await opened(pilot)
        await pilot.press("e", *"5m", "enter")
        await until(lambda: "run 3 may already take 7m10s" in shown(pilot.app))
        with Store.open(backend.home) as store:
            assert store.approvals.extension(3) is None


async def test_a_run_within_its_ceiling_asks_nothing(backend: FakeBackend) -> None:
    needs(backend, 400.0, 420.0, 440.0, ceiling=430.0)
    async with running(backend) as pilot:
        await opened(pilot)
        await until(lambda: "left" in shown(pilot.app))
        assert "is approved" not in shown(pilot.app)


async def test_a_run_over_is_not_asked_to_stop(backend: FakeBackend) -> None:
    with Store.open(backend.home) as store:
        store.runs.update(3, status=RunStatus.DONE, wall_seconds=300.0)
    async with running(backend) as pilot:
        await opened(pilot)
        await pilot.press("x")
        await until(lambda: "This run is over" in shown(pilot.app))
        assert "Stop run" not in shown(pilot.app)


async def test_a_chart_and_a_log_are_whole_after_resizing(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await opened(pilot)
        for size in ((160, 45), (64, 18), (80, 24)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert "epoch 82" in shown(pilot.app) and "loss" in shown(pilot.app)


def test_unknown_values_have_no_bar_and_say_so() -> None:
    meters = machine_meters(None, 2, EXPERIMENT)
    assert [meter.words for meter in meters] == ["unknown"] * 4 and all(meter.share is None for meter in meters)
    gpu = GpuSample(0, "RTX", None, None, None, None, None, None)
    sample = Sample(1.0, 0.5, 100 * MIB, 900 * MIB, 0, (gpu,))
    shown_meters = {meter.label: meter for meter in machine_meters(sample, 2, EXPERIMENT)}
    assert shown_meters["gpu"].share is None and shown_meters["gpu"].words == "unknown"
    assert shown_meters["memory"].share == pytest.approx(0.1)
    assert machine_meters(replace(sample, gpus=()), 2, EXPERIMENT)[-1].words == "none seen"


def test_bars_are_drawn_against_the_limit_that_is_reached_first() -> None:
    limited = replace(EXPERIMENT, host_limit_bytes=200 * MIB, disk_limit_bytes=40 * MIB, device_limit_bytes=1 << 40)
    gpu = GpuSample(0, "RTX", 6 << 30, 24 << 30, None, None, None, None)
    sample = Sample(1.0, 0.5, 100 * MIB, 900 * MIB, 30 * MIB, (gpu,))
    meters = {meter.label: meter for meter in machine_meters(sample, 2, limited)}
    assert (meters["memory"].share, meters["memory"].words) == (0.5, "100 MiB of 200 MiB")
    assert (meters["disk"].share, meters["disk"].words) == (0.75, "30 MiB of 40 MiB")
    assert (meters["vram"].share, meters["vram"].words) == (0.25, "6.0 GiB of 24 GiB")
    free = {meter.label: meter for meter in machine_meters(sample, 2, EXPERIMENT)}
    assert (free["disk"].share, free["disk"].words) == (None, "30 MiB written")


async def test_meters_that_find_no_room_are_counted(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await opened(pilot)
        meters = pilot.app.screen.query_one(Meters)
        meters.show([Meter(f"gpu {number}", None, "none seen") for number in range(10)])
        await until(lambda: "gpu 9" in shown(pilot.app))
        meters.show([Meter(f"gpu {number}", None, "none seen") for number in range(16)])
        await until(lambda: "7 more in a taller window" in shown(pilot.app))
        assert "gpu 8" in shown(pilot.app) and "gpu 9" not in shown(pilot.app)


def test_a_bar_near_its_limit_has_a_sign_and_not_only_a_colour() -> None:
    near = "".join(text for text, _ in draw_meter(Meter("limit", 0.95, "95 % of 10 s"), 40))
    far = "".join(text for text, _ in draw_meter(Meter("limit", 0.5, "50 % of 10 s"), 40))
    assert "!" in near and "!" not in far
    assert abs(far.count("█") - far.count("░")) <= 1 < far.count("█")


def test_the_ceiling_used_and_the_throughput() -> None:
    meters = run_meters(run_record(steps=200, ceiling_seconds=26.0), elapsed=13.0, forecast_rate=20.9)
    assert [meter.words for meter in meters] == ["15.4/s (forecast 20.9)", "50 % of 26 s"]
    assert run_meters(run_record(steps=None, ceiling_seconds=None), elapsed=None, forecast_rate=None) == [
        Meter("steps", None, "unknown"), Meter("limit", None, "no ceiling")
    ]  # fmt: skip


def test_the_metric_that_tells_most_is_shown_first() -> None:
    assert telling(("lr", "train_loss", "loss", "acc")) == "loss"
    assert telling(("lr", "acc")) == "lr"
    assert telling(()) is None


def guard_says(backend: FakeBackend, level: str, words: str, resource: str = "host") -> None:
    with Store.open(backend.home) as store:
        store.events.append("run.memory", run_id=3, experiment_id=1, level=level, resource=resource, words=words)


async def test_a_warning_of_memory_stands_until_it_is_over(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await opened(pilot)
        assert "memory: " not in shown(pilot.app)
        guard_says(backend, "warning", "host memory is full in about 34 s: [bold]\x1b[31mit grows by 96 MiB a second")
        guard_says(backend, "saving", "the script was told to save (SIGUSR1)")
        await ours(pilot).pulse()
        await until(lambda: "! memory: host memory is full in about 34 s: [bold]it grows" in shown(pilot.app))
        assert "told to save" in shown(pilot.app) and "epoch 82" in shown(pilot.app)
        guard_says(backend, "eased", "host: memory does not grow any more")
        await ours(pilot).pulse()
        await until(lambda: "memory: " not in shown(pilot.app))


async def test_a_run_that_failed_is_told_with_its_diagnosis(backend: FakeBackend) -> None:
    with Store.open(backend.home) as store:
        run = store.runs.update(3, status=RunStatus.FAILED, reason="ended by SIGKILL", signal=9)
        with run.log_path.open("a") as log:
            log.write("slurmstepd: error: Detected 1 oom_kill event in StepId=8.batch.\n")
    async with running(backend) as pilot:
        await opened(pilot)
        await until(lambda: "! diagnosis: certain: memory.oom: the kernel killed" in shown(pilot.app))
