"""Features of a forecast that know of later rows, and windows that do not."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mlintern.planner.checks.found import Checked
from mlintern.store.records import Severity

Look = Callable[..., Checked]

FORECAST = """\
import numpy as np
import pandas as pd
horizon = 7
frame = pd.DataFrame({"demand": np.arange(100.0)})
frame["mean"] = frame["demand"].rolling(7, center=True).mean()
"""


def told(checked: Checked) -> list[tuple[str, int | None]]:
    found = (one for one in checked.findings if one.severity is not Severity.INFO)
    return [(one.code, one.line) for one in found]


def test_a_centred_window_in_a_forecast_is_told(look: Look) -> None:
    assert told(look(FORECAST)) == [("data.leak.temporal", 5)]


@pytest.mark.parametrize(
    "sound",
    [
        FORECAST.replace(", center=True", ""),
        FORECAST.replace("horizon", "width"),
        FORECAST.replace('frame["mean"] =', "smooth ="),
    ],
    ids=["ends at its row", "no forecast", "no feature"],
)
def test_other_windows_are_not(look: Look, sound: str) -> None:
    assert told(look(sound)) == []
