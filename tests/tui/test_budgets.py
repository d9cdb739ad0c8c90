"""Budgets in four units: read exactly or refused, shown with what is spent of each, and warned of where unknown."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from mlintern.runtime.budgets import Account, Unit
from mlintern.tui.budgets import budget_words, parse_budgets, short_budget_words, written_budgets
from mlintern.tui.plain_text import progress_line, view_lines
from mlintern.tui.screens.ladder_prompts import read_limits
from mlintern.tui.units import UnitError
from mlintern.tui.widgets import question
from mlintern.tui.widgets.meters import Meter
from mlintern.tui.widgets.spending_meters import spending_meters
from synthetic import EXPERIMENT, NOW, PILOT, accounts_of, asks, interval, ladder_view, run_record


@pytest.mark.parametrize(
    ("written", "budgets"),
    [
        (["30m"], {"budget_seconds": 1800.0}),
        (["$5"], {"budget_usd": 5.0}),
        (["$0.50"], {"budget_usd": 0.5}),
        (["2kWh"], {"budget_joules": 7.2e6}),
        (["500 Wh"], {"budget_joules": 1.8e6}),
        (["3gpuh"], {"budget_gpu_seconds": 10_800.0}),
        (["1.5GPUh"], {"budget_gpu_seconds": 5400.0}),
        (["2h, $5"], {"budget_seconds": 7200.0, "budget_usd": 5.0}),
        (["1d12h,$5", "2kWh,3gpuh"], {"budget_seconds": 129_600.0, "budget_usd": 5.0, "budget_joules": 7.2e6,
                                      "budget_gpu_seconds": 10_800.0}),
        ([], {}),
    ],
)  # fmt: skip
def test_budgets_are_read(written: list[str], budgets: dict[str, float]) -> None:
    assert parse_budgets(written) == budgets


@pytest.mark.parametrize(
    "written",
    ["", ",", "5", "€5", "$", "$-5", "-$5", "$0", "0kWh", "0gpuh", "2kwh", "2KWH", "3gpu", "3 hours", "2h,", "$1,000",
     "2h,30m", "$5,$6", "1kWh,500Wh", f"${'9' * 400}", f"{'9' * 400}kWh", "1e3kWh", "٣kWh", "nankWh", "2h;$5"],
)  # fmt: skip
def test_anything_else_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(UnitError, match="for example"):
        parse_budgets([written])


def test_two_of_one_unit_are_refused_also_from_two_options() -> None:
    with pytest.raises(UnitError, match="two budgets in money"):
        parse_budgets(["$5", "2h,$6"])


def test_budgets_are_shown_as_they_can_be_written_again() -> None:
    all_four = {"budget_seconds": 9000.0, "budget_usd": 4.75, "budget_joules": 1.8e6, "budget_gpu_seconds": 5400.0}
    experiment = replace(EXPERIMENT, **all_four)  # type: ignore[arg-type]
    assert written_budgets(experiment) == "2h30m, 1.5gpuh, 0.5kWh, $4.75"
    assert parse_budgets([written_budgets(experiment)]) == all_four
    used_up = replace(EXPERIMENT, budget_seconds=0.0, budget_usd=0.0)
    assert written_budgets(used_up) == ""
    (limits,) = read_limits(["", "2h,$5", "", "", ""])
    assert (limits.budget_seconds, limits.budget_usd, limits.budget_joules) == (7200.0, 5.0, None)


def test_every_budget_is_told_with_what_is_spent_of_it() -> None:
    money = Account(Unit.USD, 5.0, spent=0.25, reserved=0.0)
    energy = Account(Unit.ENERGY, 3.6e6, spent=12_000.0, reserved=math.inf, unknown_runs=(3,))
    words = budget_words(accounts_of(52.0, reserved=26.0, usd=money, energy_joules=energy))
    assert words == (
        "budget 52 s of 30m, 26 s reserved · at least 12.0 kJ of 1.00 kWh, the rest reserved · $0.25 of $5"
    )
    short = accounts_of(52.0, usd=money)
    assert short_budget_words(short) == "52 s/30m · $0.25/$5"
    assert short_budget_words(accounts_of(52.0)) == "budget 52 s of 30m"
    none = tuple(replace(account, budget=None) for account in accounts_of(52.0))
    assert budget_words(none) == "no budget set · spent 52 s"


def test_the_question_says_where_budgets_end_the_run_and_which_may_not_hold() -> None:
    money = Account(Unit.USD, 5.0, spent=0.25, reserved=0.0)
    view = ladder_view(budgets=accounts_of(52.0, usd=money))
    lines = [line.text for line in question.lines(asks(), view)]
    assert lines[0].endswith("; stopped at 26 s or $4.75")
    assert "the budget in money may not hold: what pilot takes of it is unknown" in lines
    assert any("may not hold" in line for line in view_lines(view))
    priced = replace(PILOT, usd=interval(0.1, 0.2, 0.3))
    assert not [line for line in question.lines(asks(priced), view) if "may not hold" in line.text]


RUN = run_record(usd=0.02, usd_per_hour=1.2, energy_joules=12_000.0, gpu_seconds=60.0)


def test_what_a_run_costs_so_far_and_how_fast() -> None:
    meters = spending_meters(RUN, accounts_of(0.0), elapsed=60.0)
    assert meters == [
        Meter("money", None, "$0.02 at $1.20/h"),
        Meter("energy", None, "12.0 kJ at 200 W"),
        Meter("gpus", None, "0.0167 GPU-h"),
    ]
    electric = replace(RUN, usd_per_kwh=0.5)
    assert spending_meters(electric, accounts_of(0.0), elapsed=60.0)[0].words == "$0.02 at $1.30/h"


def test_a_budget_gives_the_meter_a_bar() -> None:
    money = Account(Unit.USD, 0.04, spent=0.01, reserved=0.02)
    (meter, *_) = spending_meters(RUN, accounts_of(0.0, usd=money), elapsed=60.0)
    assert (meter.share, meter.words) == (pytest.approx(0.75), "$0.02 of $0.04 at $1.20/h")


def test_what_is_not_measured_or_priced_says_why() -> None:
    bare = run_record()
    assert [meter.words for meter in spending_meters(bare, accounts_of(0.0), elapsed=60.0)] == [
        "unknown: no price set",
        "unknown: no meter",
    ]
    unmeasured = run_record(usd_per_hour=1.0, usd_per_kwh=0.3)
    (meter, *_) = spending_meters(unmeasured, accounts_of(0.0), elapsed=60.0)
    assert meter.words == "unknown: energy not measured"


def test_the_plain_text_tells_it_too() -> None:
    assert "energy 12.0 kJ, money $0.02, ceiling" in progress_line(RUN, NOW)
    assert "money" not in progress_line(run_record(), NOW)
