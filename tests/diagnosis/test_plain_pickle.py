"""A pickle is a program: only what builds plain values is followed, and nothing that it names is touched."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest
from mlintern.planner.diagnosis.ranks.plain_pickle import NotPlainError, loads

PLAIN = {
    "version": "2.10", "none": None, "yes": True, "no": False, "float": 1.5, "big": 1 << 80, "negative": -7,
    "list": [1, [2, "three", b"four"], (), (5,), (6, 7), (8, 9, 10), tuple(range(12))],
    "same": "version", "ü": {"": []},
}  # fmt: skip


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_plain_values_come_back(protocol: int) -> None:
    plain = PLAIN if protocol > 2 else {**PLAIN, "list": [1, [2, "three"], (), (5,), (6, 7), (8, 9, 10)]}

    assert loads(pickle.dumps(plain, protocol)) == plain


class Attack:
    """What would run a command where it was unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.system, (f"touch {self.mark}",)


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
def test_nothing_is_executed(tmp_path: Path, protocol: int) -> None:
    mark = tmp_path / "executed"

    with pytest.raises(NotPlainError, match="instruction that plain values do not need"):
        loads(pickle.dumps({"entries": [Attack(mark)]}, protocol))
    assert not mark.exists()


@pytest.mark.parametrize(
    "damaged",
    [
        b"", b"\x80\x02", b"\x80\x02}", b"no pickle at all", pickle.dumps(PLAIN)[:-9],
        b"\x80\x04a.", b"\x80\x04e.", b"\x80\x04h\x07.", b"\x80\x04]u.",
        b"\x80\x04\x8e\xff\xff\xff\xff\xff\xff\xff\x7fabc.",  # claims eight exabytes
        b"\x80\x02Nr\xff\xff\xff\xff0.",  # a memo of four thousand million places
        b"\x80\x02](\x85e0.", b"\x80\x02}(Ku.", b"\x80\x02})s.", b"\x80\x02}]]s.",
    ],
)  # fmt: skip
def test_what_is_damaged_or_boasts_is_refused(damaged: bytes) -> None:
    with pytest.raises(NotPlainError):
        loads(damaged)
