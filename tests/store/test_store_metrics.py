"""Metrics: nothing is lost in a batch, and thinning keeps what a person would look for."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from mlintern.store import Store, StoreRefused
from mlintern.store.records import Experiment, Metric, Run, RungName


def test_a_batch_is_read_back_by_name_and_in_order_of_steps(store: Store, run: Run) -> None:
    assert store.metrics.names(run.id) == ()
    assert store.metrics.last(run.id) == {}
    store.metrics.add(run.id, [Metric("loss", 2, 0.5), Metric("acc", 2, 0.9), Metric("loss", 1, 1.0)])
    store.metrics.add(run.id, (Metric("loss", step, 0.1) for step in (4, 3)))
    assert store.metrics.names(run.id) == ("loss", "acc")
    assert [metric.step for metric in store.metrics.series(run.id, "loss")] == [1, 2, 3, 4]
    assert store.metrics.last(run.id) == {"loss": Metric("loss", 4, 0.1), "acc": Metric("acc", 2, 0.9)}
    assert store.metrics.series(run.id, "no such") == ()


def test_values_at_the_same_step_are_all_kept_in_order(store: Store, run: Run) -> None:
    store.metrics.add(run.id, [Metric("acc", 0, value) for value in (0.1, 0.2)])
    store.metrics.add(run.id, [Metric("acc", 0, 0.3)])
    assert [metric.value for metric in store.metrics.series(run.id, "acc")] == [0.1, 0.2, 0.3]
    assert store.metrics.last(run.id)["acc"].value == 0.3


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e308, -1e308, 5e-324, 0.0])
def test_absurd_values_survive(store: Store, run: Run, value: float) -> None:
    store.metrics.add(run.id, [Metric("loss", -3, value)])
    assert store.metrics.series(run.id, "loss") == (Metric("loss", -3, value),)


def test_nan_survives(store: Store, run: Run) -> None:
    store.metrics.add(run.id, [Metric("loss", 1, math.nan), Metric("loss", 2, 1.0)])
    first, second = store.metrics.series(run.id, "loss")
    assert math.isnan(first.value)
    assert second.value == 1.0


def test_a_batch_that_cannot_be_stored_leaves_nothing_behind(store: Store, run: Run) -> None:
    with pytest.raises(StoreRefused):
        store.metrics.add(run.id, [Metric("loss", 1, 1.0), Metric("loss", 2**63, 1.0)])
    assert store.metrics.names(run.id) == ()


def test_the_runs_do_not_mix(store: Store, run: Run, experiment: Experiment, home: Path) -> None:
    other = store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=None, folder_root=home)
    store.metrics.add(run.id, [Metric("loss", 1, 1.0)])
    store.metrics.add(other.id, [Metric("loss", 1, 2.0)])
    assert store.metrics.series(run.id, "loss") == (Metric("loss", 1, 1.0),)
    assert store.metrics.series(other.id, "loss") == (Metric("loss", 1, 2.0),)


def test_a_stretch_of_steps_can_be_asked_for(store: Store, run: Run) -> None:
    store.metrics.add(run.id, [Metric("loss", step, float(step)) for step in range(0, 100, 10)])

    def steps(first: int | None, last: int | None) -> list[int]:
        return [metric.step for metric in store.metrics.series(run.id, "loss", first_step=first, last_step=last)]

    assert steps(15, 40) == [20, 30, 40]
    assert steps(75, None) == [80, 90]
    assert steps(None, 10) == [0, 10]
    assert steps(91, None) == []


@pytest.mark.parametrize("max_points", [1, 2, 3, 10, 99, 1000])
def test_a_thinned_series_is_short_and_in_order_and_made_of_real_points(
    store: Store, run: Run, max_points: int
) -> None:
    points = [Metric("loss", 7 * step, math.sin(step)) for step in range(1000)]
    store.metrics.add(run.id, points)
    thinned = store.metrics.series(run.id, "loss", max_points=max_points)
    assert 1 <= len(thinned) <= max(max_points, 4)
    assert set(thinned) <= set(points)
    assert list(thinned) == sorted(thinned, key=lambda metric: metric.step)
    assert (thinned[0], thinned[-1]) == (points[0], points[-1])


def test_thinning_loses_no_spike_and_no_nan(store: Store, run: Run) -> None:
    values = {321: 50.0, 654: -50.0, 777: math.nan}
    store.metrics.add(run.id, [Metric("loss", step, values.get(step, 1.0)) for step in range(1000)])
    thinned = {metric.step: metric.value for metric in store.metrics.series(run.id, "loss", max_points=40)}
    assert (thinned[321], thinned[654]) == (50.0, -50.0)
    assert math.isnan(thinned[777])


def test_thinning_stands_gaps_and_extreme_steps(store: Store, run: Run) -> None:
    far = [Metric("loss", step, 1.0) for step in (-(2**63), *range(100), 2**63 - 1)]
    store.metrics.add(run.id, far)
    thinned = store.metrics.series(run.id, "loss", max_points=20)
    assert (thinned[0], thinned[-1]) == (far[0], far[-1])
    assert len(thinned) <= 20
