"""Energy, GPU-hours and money follow from the time and what a short run took; what nobody measured has a reason."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from mlintern.planner.prices import Price
from mlintern.planner.spending import NO_GPU, repriced, spending
from mlintern.store.records import Interval

TIME = Interval(80.0, 100.0, 120.0)
COUNTED = {"seconds": 20.0, "energy_source": "counter"}
SAMPLED = {"seconds": 20.0, "energy_source": "power"}


def test_the_power_of_the_short_run_for_the_whole_time_and_the_meters_error_besides(make_run: Any) -> None:
    run = make_run(gpu_seconds=40.0, energy_joules=6000.0)
    found = spending(TIME, run, COUNTED, Price())
    assert found.gpu_seconds == Interval(160.0, 200.0, 240.0)
    assert found.energy_joules == Interval(
        pytest.approx(80 * 300 * 0.94), pytest.approx(30_000.0), pytest.approx(120 * 300 * 1.06)
    )
    wider = spending(TIME, run, SAMPLED, Price()).energy_joules
    assert wider == Interval(pytest.approx(80 * 300 * 0.84), pytest.approx(30_000.0), pytest.approx(120 * 300 * 1.16))


def test_a_very_short_measurement_is_worth_less(make_run: Any) -> None:
    brief = {"seconds": 0.5, "energy_source": "counter"}
    energy = spending(TIME, make_run(gpu_seconds=0.5, energy_joules=150.0), brief, Price()).energy_joules
    assert energy is not None and energy.high == pytest.approx(120 * 300 * 1.45)
    nothing = {"seconds": 0.1, "energy_source": "power"}
    energy = spending(TIME, make_run(gpu_seconds=0.1, energy_joules=30.0), nothing, Price()).energy_joules
    assert energy is not None and energy.low == 0.0


def test_money_is_time_and_energy_at_their_prices(make_run: Any) -> None:
    run = make_run(gpu_seconds=20.0, energy_joules=6000.0)
    hours = spending(TIME, run, COUNTED, Price(usd_per_hour=36.0)).usd
    assert hours == Interval(pytest.approx(0.8), pytest.approx(1.0), pytest.approx(1.2))
    both = spending(TIME, run, COUNTED, Price(usd_per_hour=36.0, usd_per_kwh=3.6)).usd
    assert both is not None and both.mid == pytest.approx(1.0 + 0.03)


def test_a_machine_without_a_gpu_takes_no_gpu_time_and_has_no_meter(make_run: Any) -> None:
    found = spending(TIME, make_run(gpu_seconds=0.0), None, Price())
    assert (found.gpu_seconds, found.energy_joules, found.usd) == (NO_GPU, None, None)
    assert found.unknown == ("energy_joules: no meter; only GPUs have one", "usd: no price set")


@pytest.mark.parametrize(
    ("seconds", "changes", "use", "price", "unknown"),
    [
        (TIME, {}, None, Price(usd_per_hour=1.0), ["gpu_seconds: nobody tells", "energy_joules: no meter"]),
        (TIME, {"gpu_seconds": 9.0}, {"seconds": 9.0, "energy_source": None}, Price(usd_per_hour=1.0),
         ["energy_joules: no meter"]),
        (TIME, {"gpu_seconds": 0.0}, None, Price(1.0, 0.3), ["energy_joules: no", "usd: electricity has a price"]),
        (None, {"gpu_seconds": 9.0, "energy_joules": 5.0}, COUNTED, Price(usd_per_hour=1.0),
         ["gpu_seconds: the time is", "energy_joules: the time is", "usd: the time is"]),
        (TIME, {"gpu_seconds": 0.0}, None, Price(why_none="config.toml, line 3: broken", is_broken=True),
         ["energy_joules: no", "usd: config.toml, line 3: broken"]),
    ],
    ids=["nobody tells", "no meter", "electricity without a meter", "no time", "broken"],
)  # fmt: skip
def test_what_is_unknown_has_its_reason(
    make_run: Any, seconds: Interval | None, changes: dict[str, float], use: Any, price: Price, unknown: list[str]
) -> None:
    found = spending(seconds, make_run(**changes), use, price)
    assert len(found.unknown) == len(unknown)
    for entry, beginning in zip(found.unknown, unknown, strict=True):
        assert entry.startswith(beginning)


def test_another_price_makes_another_forecast_and_the_same_price_the_same(make_forecast: Any) -> None:
    unpriced = repriced(replace(make_forecast(), unknown=("energy_joules: no meter",)), Price())
    assert unpriced.unknown == ("energy_joules: no meter", "usd: no price set")
    assert repriced(unpriced, Price()) is unpriced
    priced = repriced(unpriced, Price(usd_per_hour=36.0))
    assert priced.usd == Interval(pytest.approx(0.8), pytest.approx(1.0), pytest.approx(1.2))
    assert priced.unknown == ("energy_joules: no meter",)
    assert repriced(priced, Price(usd_per_hour=36.0, source="another place")) is priced
    assert repriced(priced, Price(usd_per_hour=72.0)) is not priced
