"""What a run has used of the GPUs, from made-up readings: counted once, and unknown where nobody measured."""

from __future__ import annotations

import pytest
from mlintern.runtime.gpu_use import MOST_UNSEEN_SECONDS, EnergySource, GpuUse, Reading


def use_of(*looks: tuple[float, bool | None, float | None, float | None]) -> GpuUse:
    """One GPU; each look is a moment, whether it is held, its counter and its power."""
    use = GpuUse()
    for moment, held, counter, watts in looks:
        use.look(moment, [Reading(0, held, counter, watts)])
    return use


def test_the_counter_goes_before_the_power_reading() -> None:
    use = use_of((1, True, 1000.0, 500.0), (2, True, 1310.0, 500.0), (3, True, 1600.0, 500.0))
    assert (use.energy_joules, use.energy_source) == (600.0, EnergySource.COUNTER)
    assert (use.gpu_seconds, use.held_seconds) == (2.0, 2.0)


def test_power_is_integrated_by_the_trapezoid_where_there_is_no_counter() -> None:
    use = use_of((1, True, None, 100.0), (3, True, None, 300.0), (4, True, None, 100.0))
    assert (use.energy_joules, use.energy_source) == (400.0 + 200.0, EnergySource.POWER)


def test_only_intervals_with_the_gpu_held_at_either_end_count() -> None:
    looks = ((1, False, 0.0, 50.0), (2, False, 50.0, 50.0), (3, True, 150.0, 250.0), (4, True, 400.0, 250.0),
             (5, False, 500.0, 50.0), (6, False, 550.0, 50.0))  # fmt: skip
    use = use_of(*looks)
    assert use.energy_joules == 450.0
    assert (use.gpu_seconds, use.held_seconds) == (3.0, 3.0)


def test_a_gpu_that_is_never_held_takes_nothing_of_ours() -> None:
    use = use_of((1, False, 0.0, 50.0), (2, False, 50.0, 50.0))
    assert (use.gpu_seconds, use.energy_joules, use.energy_source) == (0.0, None, None)


@pytest.mark.parametrize("after", [5.0, 9e9])
def test_a_counter_that_was_reset_or_is_absurd_is_bridged_by_the_power(after: float) -> None:
    use = use_of((1, True, 1000.0, 200.0), (2, True, 1200.0, 200.0), (3, True, after, 200.0), (4, True, after + 210, 1))
    assert (use.energy_joules, use.energy_source) == (200.0 + 200.0 + 210.0, EnergySource.POWER)


def test_a_reset_that_nothing_bridges_makes_the_energy_unknown() -> None:
    use = use_of((1, True, 1000.0, None), (2, True, 1200.0, None), (3, True, 5.0, None), (4, True, 205.0, None))
    assert (use.energy_joules, use.energy_source) == (None, None)
    assert use.gpu_seconds == 3.0


def test_a_counter_tells_afterwards_what_a_driver_that_did_not_answer_missed() -> None:
    looks = ((1, True, 1000.0, None), (2, None, None, None), (3, True, 1500.0, None))
    assert use_of(*looks).energy_joules == 500.0
    assert use_of(*looks).gpu_seconds == 2.0
    lost = use_of(*looks, (4 + MOST_UNSEEN_SECONDS, None, None, None))
    assert lost.energy_joules is None


def test_a_gpu_of_which_nobody_tells_whether_it_is_held_makes_the_time_unknown() -> None:
    use = use_of((1, None, 10.0, 100.0), (2, None, 110.0, 100.0))
    assert (use.gpu_seconds, use.energy_joules) == (None, None)
    assert GpuUse().gpu_seconds is None


def test_gpus_add_up_and_the_less_sure_meter_names_the_sum() -> None:
    use = GpuUse()
    for moment in (1.0, 2.0, 3.0):
        use.look(moment, [Reading(0, True, moment * 100, 9.0), Reading(1, True, None, 50.0)])
    assert (use.gpu_seconds, use.held_seconds) == (4.0, 2.0)
    assert (use.energy_joules, use.energy_source) == (200.0 + 100.0, EnergySource.POWER)
