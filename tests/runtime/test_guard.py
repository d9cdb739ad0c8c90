"""Whose the memory is that runs out: each cause is named from the figures, and none without them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import pytest
from mlintern.runtime.guard import Alarm, Cause, Guard, Part, Reading, cause_of
from mlintern.runtime.host import HostUse
from mlintern.runtime.limits import Usage
from mlintern.runtime.pressure import Allowance
from mlintern.runtime.protocol import AllocatorReport, DeviceMemory, Limits
from mlintern.runtime.readings import Readings, matched
from mlintern.runtime.trend import Level
from mlintern.store.records import GpuSample, Sample

GIB = 1 << 30


def reading(resource: str, **parts: int) -> Reading:
    return Reading(resource, GIB, 80 * GIB, "the device", {Part(name): size for name, size in parts.items()})


@pytest.mark.parametrize(
    ("resource", "grown", "cause"),
    [
        ("host", {"tree": 100, "training": 90}, Cause.HOST_LEAK),
        ("host", {"tree": 100, "training": 10}, Cause.WORKERS),
        ("host", {"tree": 10, "training": 10}, Cause.OTHER_PROCESS),
        ("host", {"tree": 100}, Cause.GROWTH),
        ("gpu 0", {"ours": 100, "allocated": 90, "reserved": 100, "peak": 90}, Cause.LEAK),
        ("gpu 0", {"ours": 100, "allocated": 5, "reserved": 100, "peak": 90}, Cause.LONG_BATCH),
        ("gpu 0", {"ours": 100, "allocated": 5, "reserved": 100, "peak": 5}, Cause.FRAGMENTATION),
        ("gpu 0", {"ours": 0, "allocated": 0, "reserved": 0, "peak": 0}, Cause.OTHER_PROCESS),
        ("gpu 0", {"allocated": 0, "reserved": 0, "peak": 0}, Cause.OTHER_PROCESS),
        ("gpu 0", {"ours": 100}, Cause.GROWTH),
        ("gpu 0", {}, Cause.GROWTH),
        ("allocator 0", {"allocated": 100, "reserved": 0, "peak": 0}, Cause.LEAK),
    ],
)
def test_cause(resource: str, grown: Mapping[str, int], cause: Cause) -> None:
    told = reading(resource, tree=500, training=400, ours=500, allocated=100, reserved=500, peak=300)
    assert cause_of(told, {Part(name): size for name, size in grown.items()}, 100) is cause


def run_of(readings: Iterable[Reading]) -> list[Alarm]:
    guard = Guard()
    return [alarm for moment, one in enumerate(readings) for alarm in guard.look(float(moment), [one])]


def test_an_alarm_tells_the_pace_by_step_and_by_second_and_the_time_left() -> None:
    def at(moment: int) -> Reading:
        used = (10 + moment) * GIB
        parts = {Part.TREE: used, Part.TRAINING: used, Part.STEPS: 4 * moment}
        return Reading("host", 80 * GIB - used, 80 * GIB, "the machine", parts)

    first = run_of(map(at, range(70)))[0]
    assert first.cause is Cause.HOST_LEAK
    assert first.bytes_per_step == pytest.approx(GIB / 4)
    assert "grows by 1 GiB a second (256 MiB a step)" in first.words
    assert f"{80 - first.used_bytes // GIB} GiB of 80 GiB are left (the machine)" in first.words
    assert first.as_data()["seconds_left"] == pytest.approx(80 - first.used_bytes / GIB, abs=1)
    assert not first.is_imminent(60)
    last = run_of(map(at, range(69)))[-1]
    assert last.is_imminent(5) and not last.is_imminent(0.5)


def test_a_leak_behind_memory_that_was_reserved_long_ago_is_seen() -> None:
    """The driver sees 70 of 80 GiB in use all the time; what a step leaves behind grows."""
    readings = Readings(Limits())
    host = HostUse(GIB, 1.0, 0, Allowance(100 * GIB, 90 * GIB, "the machine"), {7: GIB})
    gpu = GpuSample(0, "A100", 70 * GIB, 80 * GIB, 0.9, 300.0, 60.0, 69 * GIB)

    def looks(growth: float) -> list[Alarm]:
        guard, found = Guard(), []
        for moment in range(60):
            sample = Sample(float(moment), 1.0, GIB, 90 * GIB, 0, (gpu,))
            memory = DeviceMemory(0, 80 * GIB, int((20 + growth * moment) * GIB), 65 * GIB, 68 * GIB, 0, 0)
            report = AllocatorReport(moment, GIB, (memory,))
            told = readings.of(
                sample, Usage(float(moment)), host, training_pid=7, steps=moment, allocator=report
            )
            found += guard.look(float(moment), told)
        return found

    assert looks(0.0) == []
    first = looks(0.5)[0]
    assert (first.reading.resource, first.cause) == ("allocator 0", Cause.LEAK)
    assert first.bytes_per_step == pytest.approx(GIB / 2)


def test_an_allocator_that_must_give_back_what_it_kept_is_at_its_end() -> None:
    def at(moment: int) -> Reading:
        used = 20 * GIB + moment * GIB // 2
        parts = {Part.ALLOCATED: used, Part.RESERVED: used, Part.PEAK: used}
        return Reading("gpu 0", 80 * GIB - used, 80 * GIB, "the device", parts, retries=int(moment > 30))

    levels = [alarm.growth.level for alarm in run_of(map(at, range(33)))]
    assert levels[0] is Level.HARD


def test_a_ceiling_of_a_person_is_a_resource_of_its_own() -> None:
    readings = Readings(Limits(host_bytes=8 * GIB, device_bytes=20 * GIB))
    host = HostUse(2 * GIB, 1.0, 0, Allowance(64 * GIB, 60 * GIB, "the machine"), {7: 2 * GIB})
    told = {
        one.resource: one
        for one in readings.of(
            Sample(1.0, 1.0, 2 * GIB, 60 * GIB, 0), Usage(1.0, 2 * GIB, 0, 5 * GIB), host,
            training_pid=7, steps=0, allocator=None,
        )
    }  # fmt: skip
    assert told.keys() == {"host", "host limit", "gpu limit"}
    assert told["host limit"].left_bytes == 6 * GIB and told["host limit"].is_ceiling
    assert told["gpu limit"].left_bytes == 15 * GIB and not told["host"].is_ceiling


def test_devices_are_matched_by_who_holds_memory_and_not_at_all_in_doubt() -> None:
    def gpu(index: int, ours: int | None) -> GpuSample:
        return GpuSample(index, "A100", 9 * GIB, 80 * GIB, None, None, None, ours)

    memory = DeviceMemory(0, 80 * GIB, GIB, GIB, GIB, 0, 0)
    assert dict(matched((gpu(0, 0), gpu(3, GIB)), (memory,))) == {3: memory}
    assert dict(matched((gpu(0, None), gpu(1, None)), (memory,))) == {}
    assert dict(matched((gpu(0, None),), (memory,))) == {0: memory}
