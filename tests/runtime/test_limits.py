"""Each limit warns once, then stops the run once; a real run that goes over one is stopped and says why."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from mlintern.runtime.limits import Level, Usage, Watch
from mlintern.runtime.protocol import Isolation, Limits, ProbeMode, ProbeSettings
from mlintern.store.records import RungName, RunStatus

if TYPE_CHECKING:
    from conftest import Lab

MIB = 1 << 20


def levels(watch: Watch, usage: Usage) -> list[tuple[str, Level]]:
    return [(passed.name, passed.level) for passed in watch.check(usage)]


def test_warning_then_over_each_once() -> None:
    watch = Watch(Limits(wall_seconds=100))
    assert levels(watch, Usage(89.9)) == []
    assert levels(watch, Usage(90)) == [("wall_seconds", Level.WARNING)]
    assert levels(watch, Usage(95)) == []
    assert levels(watch, Usage(100)) == [("wall_seconds", Level.OVER)]
    assert levels(watch, Usage(200)) == []


def test_a_jump_over_the_limit_needs_no_warning_and_none_follows() -> None:
    watch = Watch(Limits(host_bytes=100))
    assert levels(watch, Usage(1, host_bytes=150)) == [("host_bytes", Level.OVER)]
    assert levels(watch, Usage(2, host_bytes=95)) == []


def test_unknown_figures_and_absent_limits_pass_nothing() -> None:
    assert levels(Watch(Limits()), Usage(1e9, 1 << 60, 1 << 60, 1 << 60)) == []
    assert levels(Watch(Limits(device_bytes=1)), Usage(1.0, device_bytes=None)) == []


@pytest.mark.parametrize(
    ("limits", "usage", "words"),
    [
        (Limits(wall_seconds=90), Usage(91), "ceiling: 90 s of time"),
        (Limits(host_bytes=8 << 30), Usage(1, host_bytes=9 << 30), "ceiling: 9 GiB of memory, 8 GiB allowed"),
        (Limits(disk_bytes=1000), Usage(1, disk_bytes=1 << 20), "ceiling: 1 MiB written to disk, 1e+03 B allowed"),
        (Limits(device_bytes=MIB), Usage(1, device_bytes=2 * MIB), "ceiling: 2 MiB of GPU memory, 1 MiB allowed"),
    ],
    ids=["wall", "host", "disk", "device"],
)
def test_words(limits: Limits, usage: Usage, words: str) -> None:
    (passed,) = Watch(limits).check(usage)
    assert passed.words == words


SAVES_WHEN_ASKED = """
import signal, sys
def save(*_):
    open("checkpoint", "w").write("saved")
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
print("up", flush=True)
"""


def limit_events(lab: Lab, run: object) -> list[tuple[str, str]]:
    return [(e.data["limit"], e.data["level"]) for e in lab.events(run) if e.kind == "run.limit"]  # type: ignore[arg-type]


def test_time_is_up(lab: Lab) -> None:
    run = lab.run(SAVES_WHEN_ASKED + "signal.pause()", ceiling=0.5)
    assert (run.status, run.reason, run.exit_code) == (RunStatus.STOPPED, "ceiling: 0.5 s of time", 0)
    assert (lab.project / "checkpoint").read_text() == "saved"
    assert limit_events(lab, run)[-1] == ("wall_seconds", "over")
    assert run.wall_seconds is not None and 0.5 <= run.wall_seconds < 5


def test_time_of_a_free_rung_is_up(lab: Lab) -> None:
    run = lab.run(
        "import signal; signal.pause()",
        rung=RungName.REHEARSAL,
        ceiling=None,
        token=None,
        limits=Limits(wall_seconds=0.4),
        isolation=Isolation.AUDIT,
        probe=ProbeSettings(ProbeMode.OFF),
    )
    assert (run.status, run.reason) == (RunStatus.STOPPED, "ceiling: 0.4 s of time")


def test_memory_of_the_whole_tree_counts(lab: Lab) -> None:
    run = lab.run(
        """
        import os, signal
        for _ in range(3):
            if os.fork() == 0:
                held = b"x" * (60 << 20)
                signal.pause()
        signal.pause()
        """,
        limits=Limits(host_bytes=150 << 20, grace_seconds=0.1),
    )
    assert run.status is RunStatus.STOPPED
    assert run.reason is not None and run.reason.endswith("of memory, 150 MiB allowed")
    assert run.peak_host_bytes is not None and run.peak_host_bytes >= 150 << 20


def test_memory_below_the_limit_is_let_alone(lab: Lab) -> None:
    """Four processes share 100 MiB: they hold it once, although each of them has it resident."""
    run = lab.start(
        """
        import os, signal
        held = b"x" * (100 << 20)
        for _ in range(3):
            if os.fork() == 0:
                held[::4096]
                signal.pause()
        print("up", flush=True)
        signal.pause()
        """,
        limits=Limits(host_bytes=250 << 20, grace_seconds=0.1),
        ceiling=2.5,
    )
    ended = lab.wait(run)
    assert ended.reason == "ceiling: 2.5 s of time"
    assert ended.peak_host_bytes is not None and 100 << 20 < ended.peak_host_bytes < 250 << 20


def test_disk_written_counts_also_by_those_that_have_ended(lab: Lab) -> None:
    run = lab.run(
        SAVES_WHEN_ASKED
        + """
import os
def write(name):
    with open(name, "wb") as file:
        for _ in range(20):
            file.write(bytes(1 << 20))
        os.fsync(file.fileno())
if os.fork() == 0:
    write("child")
    os._exit(0)
os.wait()
write("own")
signal.pause()
""",
        limits=Limits(disk_bytes=30 << 20, grace_seconds=5),
    )
    if (sample := lab.store.samples.latest(run.id)) is not None and sample.disk_written_bytes < 20 << 20:
        pytest.skip("the kernel does not account what is written on this file system")
    assert run.status is RunStatus.STOPPED
    assert run.reason is not None and run.reason.endswith(" written to disk, 30 MiB allowed")
    assert (lab.project / "checkpoint").exists()
