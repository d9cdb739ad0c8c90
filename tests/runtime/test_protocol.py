"""The launch file survives its round trip, and nothing a probe can write makes the reader fail."""

from __future__ import annotations

import json
import math
from pathlib import Path

import pytest
from mlintern.runtime.protocol import (
    MAX_LINE_BYTES,
    AllocatorReport,
    Command,
    DeviceMemory,
    Isolation,
    LaunchFile,
    Limits,
    LineReader,
    MetricRows,
    ProbeMode,
    ProbeReport,
    ProbeSettings,
    Progress,
    launch_from_text,
    launch_text,
    parse_message,
    probe_environment,
)
from mlintern.store.records import Metric

COMMAND = Command(
    python=Path("/usr/bin/python3"),
    script=Path("/home/ada/odd \udcff name.py"),
    module=None,
    args=("--lr", "1e-3", "ünï"),
    working_dir=Path("/home/ada"),
    environment={"OMP_NUM_THREADS": "2", "PYTHONPATH": None},
)


def test_launch_file_comes_back_as_it_was() -> None:
    launch = LaunchFile(
        run_id=7,
        command=COMMAND,
        limits=Limits(wall_seconds=60.5, host_bytes=1 << 33, grace_seconds=2),
        isolation=Isolation.LANDLOCK,
        probe=ProbeSettings(ProbeMode.REHEARSE, stop_steps=3, roots=(Path("/home/ada"),), time_budget_seconds=15.0),
    )
    assert launch_from_text(launch_text(launch)) == launch


def test_probe_is_told_what_to_run_and_where_to_write() -> None:
    settings = ProbeSettings(ProbeMode.PILOT, stop_steps=100, roots=(Path("/home/ada"),))
    told = json.loads(probe_environment(settings, COMMAND, events_fd=5, redirect=Path("/scratch")))
    assert told["mode"] == "pilot"
    assert told["events_fd"] == 5
    assert told["redirect"] == "/scratch"
    assert told["script"] == str(COMMAND.script)
    assert told["args"] == ["--lr", "1e-3", "ünï"]


def test_isolation_falls_back_in_order_but_never_up() -> None:
    assert Isolation.OVERLAY.fallbacks == (Isolation.OVERLAY, Isolation.LANDLOCK, Isolation.AUDIT)
    assert Isolation.AUDIT.fallbacks == (Isolation.AUDIT,)
    assert Isolation.NONE.fallbacks == (Isolation.NONE,)


def test_metrics_are_read_with_what_json_cannot_hold() -> None:
    rows = b'[[1,"loss",2.5],[2,"loss",null],[3,"loss",null,"inf"],[4,"loss",null,"-inf"],[5,"lr",1]]'
    message = parse_message(b'{"e":"metrics","rows":' + rows + b"}")
    assert isinstance(message, MetricRows)
    assert message.rows[0] == Metric("loss", 1, 2.5)
    assert math.isnan(message.rows[1].value)
    assert [row.value for row in message.rows[2:]] == [math.inf, -math.inf, 1.0]


def test_progress_and_other_messages_are_read() -> None:
    assert parse_message(b'{"e":"progress","steps":3,"planned":null}') == Progress(3, None)
    assert parse_message(b'{"e":"progress","steps":3,"planned":40}') == Progress(3, 40)
    assert parse_message(b'{"e":"loops","tree":{"a":1}}') == ProbeReport("loops", {"tree": {"a": 1}})


def test_an_allocators_report_is_read() -> None:
    device = {"index": 0, "total": 80, "allocated": 7, "peak": 9, "reserved": 10, "retries": 1, "ooms": 0}
    line = {"e": "allocator", "step": 4, "resident": 100, "devices": [device]}
    assert parse_message(json.dumps(line).encode()) == AllocatorReport(4, 100, (DeviceMemory(**device),))
    bare = {"e": "allocator", "step": 4, "resident": None, "devices": []}
    assert parse_message(json.dumps(bare).encode()) == AllocatorReport(4, None, ())


@pytest.mark.parametrize(
    "change",
    [
        {"step": -1},
        {"step": "4"},
        {"resident": 1.5},
        {"devices": None},
        {"devices": [7]},
        {"devices": [{"index": 0}]},
        {"devices": [{"index": 0, "total": 80, "allocated": -7, "peak": 9, "reserved": 10, "retries": 1, "ooms": 0}]},
        {"devices": [{"index": 0, "total": 80, "allocated": True, "peak": 9, "reserved": 1, "retries": 1, "ooms": 0}]},
        {"devices": [dict.fromkeys(("index", "total", "allocated", "peak", "reserved", "retries", "ooms"), 1)] * 65},
    ],
    ids=range(9),
)
def test_an_allocators_report_that_is_not_one_is_dropped(change: dict[str, object]) -> None:
    line = {"e": "allocator", "step": 4, "resident": 100, "devices": [], **change}
    assert parse_message(json.dumps(line).encode()) is None


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"not json",
        b"\xff\xfe",
        b"[1,2]",
        b'{"no":"kind"}',
        b'{"e":""}',
        b'{"e":7}',
        b'{"e":"temporary","path":"/home/ada/mlintern-work"}',
        b'{"e":"first_look","run_id":1}',
        b'{"e":"memory_record","kills":0}',
        b'{"e":"metrics"}',
        b'{"e":"metrics","rows":[[1,"loss"]]}',
        b'{"e":"metrics","rows":[["1","loss",2]]}',
        b'{"e":"metrics","rows":[[-1,"loss",2]]}',
        b'{"e":"metrics","rows":[[99999999999999999999,"loss",2]]}',
        b'{"e":"metrics","rows":[[1,"loss",true]]}',
        b'{"e":"metrics","rows":[[1,"","2"]]}',
        b'{"e":"progress","steps":"3"}',
        b'{"e":"progress","steps":3,"planned":-4}',
        b'{"e":"loops","tree":' + b"[" * 100_000,
        b'{"e":"' + b"x" * 300 + b'"}',
        b'{"e":"note","text":"' + b"x" * MAX_LINE_BYTES + b'"}',
    ],
    ids=range(22),
)
def test_what_is_not_a_message_is_dropped(line: bytes) -> None:
    assert parse_message(line) is None


def test_lines_are_cut_across_pieces() -> None:
    reader = LineReader()
    assert reader.feed(b"one\n\ntw") == [b"one"]
    assert reader.feed(b"o") == []
    assert reader.feed(b"\nthree\nfour\n") == [b"two", b"three", b"four"]
    assert reader.dropped == 0


def test_line_without_end_is_dropped_once_and_in_bounded_memory() -> None:
    reader = LineReader()
    for _ in range(100):
        assert reader.feed(b"x" * (1 << 20)) == []
    assert reader.feed(b"the rest of it\nafter\n") == [b"after"]
    assert reader.dropped == 1
    assert reader.feed(b"again\n") == [b"again"]


def test_a_number_too_large_for_a_float_is_infinite() -> None:
    message = parse_message(b'{"e":"metrics","rows":[[1,"loss",1' + b"0" * 400 + b"]]}")
    assert message == MetricRows((Metric("loss", 1, math.inf),))
