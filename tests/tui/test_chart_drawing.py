"""Drawing without a terminal: dots, axis marks, reduction that hides no extreme."""

from __future__ import annotations

import math

import pytest
from mlintern.store.records import Metric
from mlintern.tui.widgets.braille import Canvas, log_ticks, nice_ticks, overlaid, short
from mlintern.tui.widgets.chart_view import MOST_ZOOM, SMOOTHING, ChartView
from mlintern.tui.widgets.series import Series, bounds, extremes, spliced


def test_a_vertical_sets_exactly_its_dots() -> None:
    canvas = Canvas(1, 2)
    canvas.vertical(0, 0, 0)
    assert canvas.row_text(0) == "⠁"
    canvas.vertical(1, 2, 5)
    assert canvas.row_text(0) == "⢡"
    assert canvas.row_text(1) == "⠘"


def test_a_steep_curve_has_no_holes() -> None:
    canvas = Canvas(1, 4)
    canvas.curve([(15, 15), (0, 0)])
    assert canvas.row_text(0) == "⢸" and canvas.row_text(3) == "⣸".replace("⣸", "⡸")


def test_a_pattern_leaves_columns_out() -> None:
    canvas = Canvas(2, 1)
    canvas.curve([(0, 0)] * 4, pattern=(True, False))
    assert canvas.row_text(0) == "⠁⠁"


def test_curves_over_one_another_keep_all_dots_and_the_first_owns_the_cell() -> None:
    rows = [bytearray([0, 1, 0, 0]), bytearray([0, 2, 4, 0])]
    assert overlaid(rows) == [(" ⠃", 0), ("⠄", 1), (" ", 0)]
    assert overlaid([bytearray(3)]) == [("   ", 0)]


@pytest.mark.parametrize(
    ("low", "high", "ticks"),
    [(0, 10, [0, 5, 10]), (0, 18_240, [0, 5000, 10_000, 15_000]), (0.305, 0.365, [0.32, 0.34]), (5, 5, [5])],
)
def test_ticks_are_round(low: float, high: float, ticks: list[float]) -> None:
    assert nice_ticks(low, high, 4)[: len(ticks)] == ticks


def test_ticks_never_exceed_their_number_or_their_range() -> None:
    for exponent in range(-9, 10):
        low, high = 0.37 * 10.0**exponent, 7.9 * 10.0**exponent
        for most in range(1, 9):
            ticks = nice_ticks(low, high, most)
            assert len(ticks) <= most + 1 and all(low * 0.999 <= tick <= high * 1.001 for tick in ticks)
            assert len(log_ticks(low, high, most)) <= most
    assert nice_ticks(math.nan, 1, 3) == [] and log_ticks(-1, 1, 3) == []


@pytest.mark.parametrize(
    ("value", "shown"),
    [(0, "0"), (0.02, "0.02"), (2.5, "2.5"), (9_000, "9000"), (18_000, "18k"), (3e6, "3M"), (1e-7, "1e-07")],
)
def test_axis_marks_are_short(value: float, shown: str) -> None:
    assert short(value) == shown


def test_non_finite_values_are_dropped_and_counted() -> None:
    series = Series.of("loss", [Metric("loss", 2, math.nan), Metric("loss", 1, 1.0), Metric("loss", 3, math.inf)])
    assert (list(series.xs), list(series.ys), series.dropped) == ([1], [1.0], 2)


def test_a_log_scale_leaves_out_what_is_not_positive() -> None:
    series = Series("loss", [1, 2, 3], [1.0, 0.0, -1.0])
    assert list(series.positive().ys) == [1.0] and series.positive().dropped == 2
    sound = Series("loss", [1], [1.0])
    assert sound.positive() is sound


def test_smoothing_keeps_a_constant_and_follows_a_change() -> None:
    constant = Series("a", list(range(100)), [3.0] * 100).smoothed(10)
    assert all(abs(value - 3.0) < 1e-9 for value in constant.ys)
    step = Series("b", list(range(100)), [0.0] * 50 + [1.0] * 50).smoothed(5)
    assert step.ys[49] == 0 and 0 < step.ys[52] < 1 and step.ys[99] > 0.99


def test_smoothing_does_not_depend_on_how_densely_a_curve_was_sampled() -> None:
    dense = Series("a", list(range(1000)), [math.sin(x / 100) for x in range(1000)]).smoothed(50)
    sparse = Series("a", list(range(0, 1000, 5)), [math.sin(x / 100) for x in range(0, 1000, 5)]).smoothed(50)
    assert abs(dense.ys[-5] - sparse.ys[-1]) < 0.03


def test_reduction_keeps_every_extreme() -> None:
    ys = [1.0] * 100_000
    ys[77_777], ys[12_345] = 50.0, -50.0
    reduced = extremes(Series("loss", range(100_000), ys), 0, 99_999, 100)
    spans = [span for span in reduced if span]
    assert len(spans) == 100
    assert max(high for _, high in spans) == 50.0 and min(low for low, _ in spans) == -50.0


def test_a_sparse_curve_is_joined() -> None:
    reduced = extremes(Series("accuracy", [0, 100], [0.0, 1.0]), 0, 100, 11)
    assert [round(span[0], 3) for span in reduced if span] == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]


def test_a_window_sees_the_curve_pass_through_it() -> None:
    reduced = extremes(Series("accuracy", [0, 100], [0.0, 1.0]), 40, 60, 5)
    assert all(span is not None for span in reduced)


def test_one_point_and_none() -> None:
    assert extremes(Series("loss", [7], [2.0]), 7, 7, 4) == [(2.0, 2.0), None, None, None]
    assert extremes(Series("loss", [], []), 0, 10, 3) == [None] * 3
    assert bounds([Series("loss", [], [])], 0, 1) is None
    assert bounds([Series("loss", [1, 2, 3], [9.0, 1.0, 5.0])], 2, 3) == (1.0, 5.0)


def test_a_part_that_was_read_closely_replaces_the_thinned_one() -> None:
    coarse = Series("run 1", [0, 10, 20, 30], [4.0, 3.0, 2.0, 1.0], 1)
    whole = spliced(coarse, Series("", [9, 10, 11, 20], [3.1, 3.0, 2.9, 2.0]))
    assert list(whole.xs) == [0, 9, 10, 11, 20, 30] and list(whole.ys) == [4.0, 3.1, 3.0, 2.9, 2.0, 1.0]
    assert (whole.label, whole.dropped) == ("run 1", 1)
    assert spliced(coarse, Series("", [], [])) is coarse


def test_a_window_follows_until_it_is_moved_and_never_leaves_the_data() -> None:
    view = ChartView().zoomed(1).zoomed(1)
    assert view.window(0, 100) == (75, 100) and view.words == "1/4 of the steps, newest"
    assert view.window(0, 200) == (150, 200)
    moved = view.panned(-1, first=0, last=100)
    assert moved.window(0, 100) == (68.75, 93.75) == moved.window(0, 100) and "held" in moved.words
    assert moved.window(0, 200)[1] == 93.75, "what is held stays while the run goes on"
    for _ in range(40):
        moved = moved.panned(-1, first=0, last=100)
    assert moved.window(0, 100) == (0, 25)
    assert moved.panned(1, first=0, last=26).end is None, "reaching the newest step follows again"
    assert view.at_start(first=0, last=100).window(0, 100) == (0, 25)
    assert view.following().end is None and view.whole() == ChartView()
    assert ChartView().panned(-1, first=0, last=100) == ChartView()


def test_zoom_has_ends_and_smoothing_goes_round() -> None:
    view = ChartView()
    for _ in range(99):
        view = view.zoomed(1)
    assert view.zoom == MOST_ZOOM
    assert ChartView().zoomed(-1).zoom == 0
    smooth = ChartView()
    for _ in SMOOTHING:
        smooth = smooth.next_smoothing()
    assert smooth == ChartView()
