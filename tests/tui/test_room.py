"""The question says what is free beside what is needed, and what does not fit."""

from __future__ import annotations

from dataclasses import replace

from mlintern.runtime.room import Room
from mlintern.store.records import Interval
from mlintern.tui.plain_text import move_lines
from mlintern.tui.widgets import question
from synthetic import PILOT, asks, ladder_view

GIB = 1 << 30
ON_GPU = replace(PILOT, peak_device_bytes=Interval(6.0 * GIB, 7.0 * GIB, 9.0 * GIB))


def body(room: Room | None) -> str:
    ask = asks(ON_GPU)
    return "\n".join(line.text for line in question.lines(ask, ladder_view(ask, room=room)))


def test_what_is_free_stands_beside_what_is_needed() -> None:
    told = body(Room(19 * GIB, (24 * GIB, 8 * GIB)))
    assert "of 19 GiB free" in told and "GPU memory 7.0 GiB [6.0–9.0] of 24 GiB free" in told
    assert "fit" not in told and "too close" not in told


def test_what_may_not_fit_is_said() -> None:
    assert "GPU memory: too close to tell" in body(Room(19 * GIB, (8 * GIB,)))
    told = body(Room(1, (GIB,)))
    assert "\nmemory: does not fit" in told and "GPU memory: does not fit" in told


def test_without_a_look_at_the_machine_nothing_is_said_of_it() -> None:
    assert "free" not in body(None)


def test_plain_text_says_the_same() -> None:
    ask = asks(ON_GPU)
    told = list(move_lines(ladder_view(ask, room=Room(19 * GIB, (8 * GIB,)))))
    assert any("of 8.0 GiB free" in line for line in told)
    assert "GPU memory: too close to tell" in told
