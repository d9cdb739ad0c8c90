"""The guard in a supervisor's hands: from when on it watches, how closely, and what it leaves behind."""

from __future__ import annotations

from collections import deque
from pathlib import Path
from typing import Any

import pytest
from mlintern.runtime.guard import COLUMNS
from mlintern.runtime.host import HostUse
from mlintern.runtime.limits import Usage
from mlintern.runtime.memory_watch import SET_UP_SECONDS, MemoryWatch
from mlintern.runtime.pressure import Allowance
from mlintern.runtime.protocol import AllocatorReport, Limits, ProbeMode
from mlintern.store.records import Sample

MIB = 1 << 20


class Notes:
    """Stands for the recorder."""

    def __init__(self, steps: int) -> None:
        self.steps = steps
        self.allocators: deque[AllocatorReport] = deque()
        self.events: list[dict[str, Any]] = []

    def event(self, kind: str, **data: Any) -> None:
        assert kind == "run.memory"
        self.events.append(data)


def watch(home: Path, notes: Notes, mode: ProbeMode) -> MemoryWatch:
    return MemoryWatch(
        home, Limits(), mode, keeper=None, recorder=notes, stop=lambda _: None, clock=lambda: 0.0  # type: ignore[arg-type]
    )


def grow(memory: MemoryWatch, seconds: range, pace: int = 10 * MIB) -> None:
    """A run that takes so much of 1000 MiB a second."""
    for moment in seconds:
        used = pace * moment
        host = HostUse(used, 1.0, 0, Allowance(1000 * MIB, 1000 * MIB - used, "the machine"), {7: used})
        memory.look(Sample(float(moment), 1.0, used, 1000 * MIB - used, 0), Usage(float(moment), used), host)


@pytest.mark.parametrize(
    ("steps", "mode", "is_told"),
    [(0, ProbeMode.WATCH, False), (1, ProbeMode.WATCH, True), (0, ProbeMode.PILOT, False), (0, ProbeMode.OFF, True)],
)
def test_what_grows_before_the_first_step_is_no_leak(
    tmp_path: Path, steps: int, mode: ProbeMode, is_told: bool
) -> None:
    notes = Notes(steps)
    grow(watch(tmp_path, notes, mode), range(95))
    assert [event["level"] for event in notes.events] == ["warning"] * is_told


def test_a_script_that_never_steps_is_watched_in_the_end(tmp_path: Path) -> None:
    notes = Notes(0)
    grow(watch(tmp_path, notes, ProbeMode.WATCH), range(int(SET_UP_SECONDS) + 340), pace=MIB)
    assert [event["level"] for event in notes.events] == ["warning"]


def test_it_looks_more_closely_while_the_end_is_near(tmp_path: Path) -> None:
    memory = watch(tmp_path, Notes(1), ProbeMode.WATCH)
    assert memory.pause(1.0) == 1.0
    grow(memory, range(60))
    assert memory.pause(1.0) == 0.25


def test_the_record_is_bounded_spans_all_and_has_every_step_that_was_told(tmp_path: Path) -> None:
    notes = Notes(1)
    memory = watch(tmp_path, notes, ProbeMode.WATCH)
    notes.allocators.extend(AllocatorReport(step, 50 * MIB + step, ()) for step in range(1, 6))
    grow(memory, range(1))
    record = memory.report()
    assert record["columns"] == COLUMNS
    assert [point[1] for point in record["points"]] == [1, 2, 3, 4, 5]
    assert record["points"][-1][3] == 50 * MIB + 5
    grow(memory, range(1, 2000), pace=1)
    points = memory.report()["points"]
    assert 50 <= len(points) <= 200 and points[-1][0] > 1900
