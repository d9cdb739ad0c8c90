"""How forecasts have turned out, on the History screen and in words."""

from __future__ import annotations

import pytest
from harness import running, shown, until
from mlintern.planner.calibration import RungCalibration
from mlintern.store.records import RungName
from mlintern.tui.calibration_words import calibration_line, calibration_sentence
from synthetic import FakeBackend

FULL = RungCalibration(RungName.FULL, count=9, inside=8, median_error=0.034, bias=0.012)
PILOT = RungCalibration(RungName.PILOT, count=1200, inside=1090, median_error=0.021, bias=-0.2)


def test_a_line_for_the_screen() -> None:
    assert calibration_line([PILOT, FULL]) == "forecasts: pilot 1 090/1 200 inside, off 2% · full 8/9 inside, off 3%"
    assert "none" in calibration_line([])


@pytest.mark.parametrize(
    ("bias", "words"), [(0.012, "1% too long"), (-0.2, "20% too short"), (0.004, "neither too long nor too short")]
)
def test_which_way_forecasts_lean(bias: float, words: str) -> None:
    told = calibration_sentence(RungCalibration(RungName.FULL, 9, 8, 0.03, bias))
    assert told.endswith(words) and "8 of 9 actual times" in told


async def test_the_history_says_when_nothing_was_tested_yet(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await pilot.press("tab", "4")
        await until(lambda: "forecasts: none has been tested" in shown(pilot.app))
