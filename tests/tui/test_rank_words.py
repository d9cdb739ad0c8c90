"""How far each rank is, in lines."""

from __future__ import annotations

from mlintern.tui.rank_words import lines


def test_each_rank_has_a_line_with_how_it_stands() -> None:
    ranks = [
        {"rank": 0, "steps": 120, "exit_code": None, "silent_seconds": 0.4},
        {"rank": 1, "steps": 119, "exit_code": -9, "silent_seconds": 8.0},
        {"rank": 2, "steps": 120, "exit_code": 0},
        {"rank": "x"}, 7,
    ]  # fmt: skip
    told = list(lines({"ranks": ranks}))

    assert told == [
        "rank 0: 120 steps, last heard of 0.4 s before",
        "rank 1: 119 steps, ended by signal 9",
        "rank 2: 120 steps",
    ]
    assert list(lines(None)) == list(lines({"ranks": 5})) == []
