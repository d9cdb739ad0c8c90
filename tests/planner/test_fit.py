"""It fits, it does not, or it is too close to tell."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from mlintern.planner.fit import Fit, fit_device, fit_host, why_it_cannot_run
from mlintern.runtime.room import Room, RoomWatch
from mlintern.store.records import Forecast, Interval

GIB = 1 << 30


def needs(low: float, high: float) -> Interval:
    return Interval(low * GIB, (low + high) / 2 * GIB, high * GIB)


@pytest.mark.parametrize(
    ("needed", "fit"),
    [
        (needs(1, 2), Fit.FITS),
        (needs(1, 8), Fit.FITS),
        (needs(7, 9), Fit.TOO_CLOSE),
        (needs(8, 9), Fit.TOO_CLOSE),
        (needs(8.1, 9), Fit.DOES_NOT_FIT),
        (None, None),
    ],
)
def test_the_host(needed: Interval | None, fit: Fit | None) -> None:
    assert fit_host(needed, Room(8 * GIB)) is fit


@pytest.mark.parametrize(
    ("needed", "fit"),
    [
        (needs(1, 8), Fit.FITS),
        (needs(9, 10), Fit.TOO_CLOSE),  # it may be spread over both
        (needs(11, 12), Fit.TOO_CLOSE),
        (needs(12.5, 13), Fit.DOES_NOT_FIT),
        (needs(0, 0), None),  # it does not use one
        (None, None),
    ],
)
def test_gpus(needed: Interval | None, fit: Fit | None) -> None:
    assert fit_device(needed, Room(GIB, (8 * GIB, 4 * GIB))) is fit
    assert fit_device(needed, Room(GIB)) is None


def test_only_what_cannot_fit_is_refused_and_says_why(make_forecast: Callable[..., Forecast]) -> None:
    room = Room(8 * GIB, (8 * GIB,))
    small, close, large = (
        replace(make_forecast(), peak_host_bytes=needed) for needed in (needs(1, 2), needs(7, 20), needs(10, 20))
    )
    assert why_it_cannot_run(small, room) is None
    assert why_it_cannot_run(close, room) is None
    words = why_it_cannot_run(large, room)
    assert words is not None and "at least 10.0 GiB of memory" in words and "8.0 GiB are free" in words
    on_gpu = why_it_cannot_run(replace(make_forecast(), peak_device_bytes=needs(10, 11)), room)
    assert on_gpu is not None and "GPU memory" in on_gpu
    assert why_it_cannot_run(make_forecast(), room) is None, "what is unknown is not refused"


def test_this_machine_has_room() -> None:
    room = RoomWatch().look()
    assert room.host_bytes > 64 << 20
