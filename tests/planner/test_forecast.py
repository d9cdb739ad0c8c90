"""From a loop tree to a cost: exact counts, named unknowns, intervals that hold the middle."""

from __future__ import annotations

from typing import Any

import pytest
from mlintern.planner.calibration import Calibration
from mlintern.planner.extrapolate import extrapolate
from mlintern.planner.forecast import forecast_full, forecast_pilot, measure, pilot_steps
from mlintern.planner.looptree import LoopTreeError, parse
from mlintern.planner.merge import with_times_of
from mlintern.store.records import RungName

NOTHING = {"count": 0, "cpu": 0.0, "wall": 0.0, "cpu_squares": 0.0}


def clock(count: int, each: float) -> dict[str, Any]:
    """``count`` iterations of ``each`` seconds."""
    return {"count": count, "cpu": count * each, "wall": count * each, "cpu_squares": count * each * each}


def node(kind: str = "for", role: str = "plain", **fields: Any) -> dict[str, Any]:
    """A node of the report with plain values."""
    made = {
        "kind": kind, "file": "train.py", "line": fields.pop("line", 1), "text": "for …", "variant": 0, "role": role,
        "entries": 1, "iterations": 0, "planned_sum": 0, "planned_count": 0, "planned_unknown": 0, "cut": False,
        "steps": {}, "backwards": 0, "bound": None, "head": NOTHING, "start": NOTHING, "warm": NOTHING, "last": NOTHING,
        "wait": 0.0, "self_cpu": 0.0, "self_wall": 0.0, "children": [],
    }  # fmt: skip
    return {**made, **fields}


def training(planned: int = 100, *, entries: int = 2, each: float = 0.01, **fields: Any) -> dict[str, Any]:
    """A loop of ten steps in each of its entries."""
    return node(
        role="train", line=2, entries=entries, iterations=10 * entries, planned_sum=planned * entries,
        planned_count=entries, cut=True, steps={"0": 10 * entries}, warm=clock(10 * entries, each),
        self_cpu=10 * entries * each, self_wall=10 * entries * each, **fields,
    )  # fmt: skip


def epochs(planned: int, *children: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """An outer loop cut to two iterations."""
    return node(
        role="outer", iterations=2, planned_sum=planned, planned_count=1, cut=True, children=list(children), **fields
    )


def program(*children: dict[str, Any]) -> dict[str, Any]:
    """The whole program."""
    return node(kind="root", children=list(children))


def branch(period: int, **shape: Any) -> dict[str, Any]:
    """A branch that takes one second each time."""
    told = {"period": period, "local": True, "tests": 2, "first_fire": 0, "foreseen": None, "natural": 1, "other": 0}
    return node(kind="branch", line=3, branch={**told, "forced": 0, **shape}, self_cpu=1.0, self_wall=1.0, iterations=1)


def test_steps_and_work_multiply_down_the_tree() -> None:
    full = extrapolate(parse(program(epochs(60, training(100)))))
    assert (full.steps, full.exact) == (6000, True)
    assert full.repeated.cpu == pytest.approx(60.0)


def test_what_is_paid_once_is_not_multiplied() -> None:
    first = {"count": 3, "cpu": 5.03, "wall": 5.03, "cpu_squares": 25.0}
    full = extrapolate(parse(program(epochs(60, training(100, head=first)))))
    assert full.once.cpu == pytest.approx(5.0)
    assert full.repeated.cpu == pytest.approx(60.0)


@pytest.mark.parametrize(("planned", "first", "times"), [(60, 0, 12), (58, 0, 12), (58, None, 11), (4, None, 0)])
def test_a_branch_that_comes_round_is_counted_by_its_period(planned: int, first: int | None, times: int) -> None:
    natural = (
        {"first_fire": first, "natural": 1} if first is not None else {"first_fire": None, "natural": 0, "forced": 1}
    )
    full = extrapolate(parse(program(epochs(planned, training(10), branch(5, **natural)))))
    assert full.repeated.cpu - planned * 0.1 == pytest.approx(times)


def test_a_condition_that_was_asked_for_every_index_is_believed_over_its_period() -> None:
    full = extrapolate(parse(program(epochs(60, training(10), branch(5, foreseen=13.0)))))
    assert full.repeated.cpu - 6.0 == pytest.approx(13.0)


def test_a_step_limit_cuts_the_structure() -> None:
    limit = {"scope": "run", "steps": 777, "iterations": None}
    assert extrapolate(parse(program(epochs(1000, training(100), bound=limit)))).steps == 777
    assert extrapolate(parse(program(epochs(5, training(100), bound=limit)))).steps == 500


def test_an_unknown_length_makes_the_total_unknown_and_is_named() -> None:
    endless = node(kind="while", role="train", line=9, iterations=10, planned_unknown=1, cut=True, steps={"0": 10},
                   warm=clock(10, 0.1))  # fmt: skip
    full = extrapolate(parse(program(endless)))
    assert full.steps is None and "train.py:9" in full.unknown[0]
    declared = extrapolate(parse(program(endless)), declared_steps=500)
    assert declared.steps == 500
    assert declared.repeated.cpu == pytest.approx(50.0)


def test_the_interval_holds_the_middle_and_widens_with_the_scatter(make_run: Any) -> None:
    loops = {"tree": program(epochs(60, training(100))), "cpu": 3.2, "children_cpu": 0.0}
    calm = forecast_full(measure(loops, make_run(cpu_seconds=3.2)), make_run(), Calibration()).cpu_seconds
    rough = training(100)
    rough["warm"]["cpu_squares"] = 0.02
    scattered = measure({**loops, "tree": program(epochs(60, rough))}, make_run(cpu_seconds=3.2))
    wild = forecast_full(scattered, make_run(), Calibration()).cpu_seconds
    assert calm is not None and wild is not None
    assert calm.low < calm.mid < calm.high
    assert calm.mid == pytest.approx(60.0 + 3.0)
    assert wild.high - wild.low > calm.high - calm.low


def test_what_an_interpreter_takes_to_end_is_counted_too(make_run: Any) -> None:
    loops = {"tree": program(epochs(60, training(100))), "cpu": 3.2, "children_cpu": 0.0}
    told, whole = (measure(loops, make_run(cpu_seconds=cpu)).setup.cpu for cpu in (None, 4.3))
    assert (told, whole) == (pytest.approx(3.0), pytest.approx(4.1))


def test_a_training_that_waits_for_its_loader_is_said_to_be_bound_by_it(make_run: Any) -> None:
    for wait, is_bound in ((0.15, True), (0.01, False)):
        loops = {"tree": program(epochs(60, {**training(100), "wait": wait})), "cpu": 3.2, "children_cpu": 0.0}
        forecast = forecast_full(measure(loops, make_run()), make_run(), Calibration())
        assert ("bound by its loader" in forecast.basis) is is_bound


def test_unknown_is_said_and_never_zero(make_run: Any) -> None:
    endless = node(kind="while", role="train", iterations=10, planned_unknown=1, cut=True, steps={"0": 10})
    loops = {"tree": program(endless), "cpu": 1.0, "children_cpu": 0.0}
    forecast = forecast_full(measure(loops, make_run()), make_run(peak_host_bytes=None), Calibration())
    assert forecast.seconds is None and forecast.steps is None and forecast.peak_host_bytes is None
    named = {reason.partition(":")[0] for reason in forecast.unknown}
    assert named == {"seconds", "steps", "peak_host_bytes", "peak_device_bytes"}


def test_what_lies_behind_a_crash_is_not_in_the_forecast_and_said_so(make_run: Any) -> None:
    loops = {"tree": program(epochs(60, training(100))), "cpu": 1.0, "children_cpu": 0.0}
    late = forecast_full(measure(loops, make_run()), make_run(), Calibration(), ended_at="at train.py:9")
    assert late.seconds is not None and late.steps == 6000 and not late.steps_exact
    assert any(reason.startswith("end:") and "train.py:9" in reason for reason in late.unknown)
    nothing = {"tree": program(epochs(60)), "cpu": 1.0, "children_cpu": 0.0}
    early = forecast_full(measure(nothing, make_run()), make_run(), Calibration(), ended_at="at train.py:9")
    assert early.seconds is None and early.steps is None


def test_a_pilot_costs_its_share_and_each_evaluation_at_least_once(make_run: Any) -> None:
    evaluation = node(role="eval", line=7, entries=2, iterations=20, planned_sum=40, planned_count=2,
                      warm=clock(20, 0.05), self_cpu=1.0, self_wall=1.0)  # fmt: skip
    loops = {"tree": program(epochs(2, training(5000), evaluation)), "cpu": 1.2, "children_cpu": 0.0}
    forecast = forecast_pilot(measure(loops, make_run(wall_seconds=1.2, cpu_seconds=1.2)), make_run(), Calibration())
    assert forecast.rung is RungName.PILOT and forecast.steps == 200
    assert forecast.cpu_seconds is not None
    assert forecast.cpu_seconds.mid == pytest.approx(200 * 0.01 + 20 * 0.05, rel=0.05)


def test_a_pilot_of_several_epochs_evaluates_after_each(make_run: Any) -> None:
    evaluation = node(role="eval", line=7, entries=2, iterations=20, planned_sum=20, planned_count=2,
                      warm=clock(20, 0.05), self_cpu=1.0, self_wall=1.0)  # fmt: skip
    loops = {"tree": program(epochs(1000, training(10), evaluation)), "cpu": 1.2, "children_cpu": 0.0}
    run = make_run(wall_seconds=1.2, cpu_seconds=1.2)
    forecast = forecast_pilot(measure(loops, run), run, Calibration())
    assert forecast.steps == 200, "twenty epochs"
    assert forecast.cpu_seconds is not None
    assert forecast.cpu_seconds.mid == pytest.approx(200 * 0.01 + 20 * 10 * 0.05, rel=0.05)


@pytest.mark.parametrize(
    ("steps", "pilot"), [(None, 200), (1, 1), (100, 5), (3000, 150), (10_000, 200), (100_000, 2000)]
)
def test_a_pilot_makes_one_to_five_percent_of_the_steps(steps: int | None, pilot: int) -> None:
    assert pilot_steps(steps) == pilot


def test_times_come_from_both_looks_and_counts_from_the_rehearsal() -> None:
    rehearsed, piloted = program(epochs(60, training(100))), program(epochs(60, training(100, entries=20, each=0.02)))
    merged = extrapolate(with_times_of(parse(rehearsed), parse(piloted)))
    assert merged.steps == 6000
    clocks = [next(each for each in parse(tree).walk() if each.role == "train").warm for tree in (rehearsed, piloted)]
    mean = sum(each.cpu for each in clocks) / sum(each.count for each in clocks)
    assert 0.01 < mean < 0.02
    assert merged.repeated.cpu == pytest.approx(6000 * mean)


@pytest.mark.parametrize(("planned", "each", "mean"), [(300, 0.004, 0.01), (300, 0.009, 0.0095), (10, 0.004, 0.007)])
def test_a_beginning_unlike_the_rest_does_not_stand_for_it(planned: int, each: float, mean: float) -> None:
    """A pilot on texts sorted by length sees the shortest; the rehearsal's batches are spread over all of them."""
    rehearsed = parse(program(training(planned, entries=1)))
    piloted = parse(program(training(planned, entries=1, each=each)))
    (merged,) = with_times_of(rehearsed, piloted).children
    assert merged.warm.mean_cpu == pytest.approx(mean)


def test_where_a_loop_may_end_early_steps_and_time_are_the_most_there_can_be(make_run: Any) -> None:
    loops = {"tree": program(epochs(60, training(100), early_line=12)), "cpu": 1.0, "children_cpu": 0.0}
    forecast = forecast_full(measure(loops, make_run(wall_seconds=1.0, cpu_seconds=1.0)), make_run(), Calibration())
    assert (forecast.steps, forecast.steps_exact) == (6000, False)
    assert any(entry.startswith("early_end: line 12 may end the loop") for entry in forecast.unknown)
    assert forecast.cpu_seconds is not None and forecast.cpu_seconds.low < 0.1 * forecast.cpu_seconds.mid


def test_an_evaluation_of_unknown_length_leaves_the_time_unknown_also_where_the_steps_were_told(make_run: Any) -> None:
    stream = node(role="eval", line=7, entries=1, iterations=20, planned_unknown=1, cut=True, warm=clock(17, 0.05))
    loops = {"tree": program(epochs(60, training(100), stream)), "cpu": 1.0, "children_cpu": 0.0}
    forecast = forecast_full(measure(loops, make_run(), declared_steps=6000), make_run(), Calibration())
    assert forecast.steps == 6000 and forecast.seconds is None and forecast.cpu_seconds is None
    assert any(entry.startswith("seconds: how often the loop at") for entry in forecast.unknown)


@pytest.mark.parametrize(
    "broken", [{}, {"kind": "root"}, {**program(), "entries": "many"}, {**program(), "children": 5}]
)
def test_a_report_of_another_shape_is_refused(broken: dict[str, Any]) -> None:
    with pytest.raises(LoopTreeError):
        parse(broken)
