"""Quantities: what people write is read exactly or refused with an example; what is shown carries its unit."""

from __future__ import annotations

import pytest
from mlintern.store.records import Interval
from mlintern.tui import units


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("90s", 90), ("30m", 1800), ("2h", 7200), ("1d12h", 129_600), ("1.5h", 5400), (" 2h30m ", 9000), ("0.5s", 0.5)],
)
def test_duration_is_read(written: str, seconds: float) -> None:
    assert units.parse_duration(written) == seconds


@pytest.mark.parametrize(
    "written",
    ["", "soon", "90", "-3s", "3 s", "1h1h", "30s2h", "0s", "1e9s", "2 hours", "٣s", "s", "∞", "90s; rm -rf /"],
)
def test_anything_else_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(units.UnitError, match="for example"):
        units.parse_duration(written)


def test_sizes() -> None:
    assert units.parse_size("8GB") == 8_000_000_000
    assert units.parse_size("512MiB") == 512 * 1024**2
    for written in ("8", "8 gigs", "GB", "-8GB", "0GB", ""):
        with pytest.raises(units.UnitError, match="for example 8GB"):
            units.parse_size(written)
    with pytest.raises(units.UnitError, match="more than any machine"):
        units.parse_size(f"{'9' * 400}TB")


def test_money() -> None:
    assert units.parse_money("$5") == 5
    assert units.parse_money("$0.50") == 0.5
    for written in ("5", "€5", "$-5", "$", ""):
        with pytest.raises(units.UnitError, match=r"for example \$5"):
            units.parse_money(written)


def test_steps() -> None:
    assert units.parse_steps("48 400") == 48_400
    for written in ("-3", "0", "1.5", "many", "", "9" * 30):
        with pytest.raises(units.UnitError, match="positive whole number"):
            units.parse_steps(written)


@pytest.mark.parametrize(
    ("seconds", "shown"),
    [
        (0.61, "0.6 s"), (9.96, "10 s"), (21.2, "21 s"), (59.6, "1m"), (365, "6m05s"), (3599.7, "1h"),
        (7830, "2h10m"), (129_600, "1d12h"), (None, "unknown"), (float("nan"), "unknown"), (-3, "−3.0 s"),
    ],
)  # fmt: skip
def test_duration_is_shown_in_two_units_at_most(seconds: float | None, shown: str) -> None:
    assert units.duration(seconds) == shown


def test_sizes_money_and_counts_are_shown_with_their_unit() -> None:
    assert units.size(212 * 1024**2) == "212 MiB"
    assert units.size(0.7 * 1024**3) == "717 MiB"
    assert units.size(19 * 1024**3) == "19 GiB"
    assert units.size(None) == "unknown"
    assert units.money(0) == "$0"
    assert units.money(0.12) == "$0.12"
    assert units.money(None) == "unknown"
    assert units.count(48400) == "48 400"
    assert units.energy(None) == "unknown"
    assert units.energy(1_800_000) == "0.50 kWh"


def test_an_interval_writes_a_shared_unit_once() -> None:
    assert units.duration_interval(Interval(18, 21, 26)) == "21 s [18–26]"
    assert units.duration_interval(Interval(320, 365, 430)) == "6m05s [5m20s–7m10s]"
    assert units.duration_interval(None) == "unknown"
    assert units.size_interval(Interval(6e8, 7e8, 8e8)) == "668 MiB [572–763]"
    assert units.duration_interval(Interval(50, 70, 90)) == "1m10s [50 s–1m30s]"
