"""What a supervisor writes down survives a database that is locked, and foreign values that do not fit."""

from __future__ import annotations

import math
import sqlite3
from typing import TYPE_CHECKING

import pytest
from mlintern.runtime.protocol import MetricRows, ProbeMode, ProbeReport, ProbeSettings, Progress
from mlintern.runtime.recorder import Recorder
from mlintern.store import Store
from mlintern.store.records import Metric, RungName, RunStatus

if TYPE_CHECKING:
    from conftest import Lab


def test_what_the_probe_says_is_stored_together(lab: Lab) -> None:
    run = lab.new_run(lab.script(""))
    recorder = Recorder(lab.store, run)
    recorder.hear(MetricRows((Metric("loss", 1, 2.5), Metric("loss", 2, math.nan), Metric("lr", 2, 0.1))))
    recorder.hear(Progress(2, 40))
    recorder.hear(Progress(3, None))
    recorder.hear(ProbeReport("loops", {"tree": 1}))
    recorder.hear(ProbeReport("loops", {"tree": 2}))
    assert recorder.is_waiting
    assert recorder.flush()
    assert not recorder.is_waiting
    stored = lab.store.runs.get(run.id)
    assert (stored.steps, stored.planned_steps) == (3, 40)
    assert stored.last_loss is not None and math.isnan(stored.last_loss)
    assert lab.store.metrics.names(run.id) == ("loss", "lr")
    assert lab.store.reports.get(run.id, "loops") == {"tree": 2}


def test_locked_database_delays_and_loses_nothing(lab: Lab) -> None:
    run = lab.new_run(lab.script(""))
    with Store.open(lab.home, patience_seconds=0.05) as store:
        recorder = Recorder(store, run)
        other = sqlite3.connect(lab.store.path, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        recorder.measured((Metric("loss", 1, 1.0),))
        recorder.event("run.started")
        assert not recorder.flush()
        recorder.measured((Metric("loss", 2, 2.0),))
        other.execute("ROLLBACK")
        other.close()
        assert recorder.flush()
    assert [metric.value for metric in lab.store.metrics.series(run.id, "loss")] == [1.0, 2.0]
    assert lab.kinds(run) == ["run.started"]


def test_foreign_values_that_do_not_fit_do_not_keep_the_end_from_being_told(lab: Lab) -> None:
    run = lab.new_run(lab.script(""))
    recorder = Recorder(lab.store, run)
    recorder.measured((Metric("loss", 2**70, 1.0),))
    end = {"status": RunStatus.DONE, "reason": None}
    assert not recorder.end(end)  # type: ignore[arg-type]
    assert recorder.end(end)  # type: ignore[arg-type]
    assert lab.store.runs.get(run.id).status is RunStatus.DONE
    assert lab.kinds(run) == ["run.ended"]


PROBE = """
import json, os
events = int(json.loads(os.environ["MLINTERN_PROBE"])["events_fd"])
def say(**message):
    os.write(events, json.dumps(message).encode() + b"\\n")
"""


@pytest.fixture
def stand_in(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A probe of our own in the place of the real one: it runs the script with ``say``, to talk to the supervisor."""
    probe = lab.home / "probe.py"
    text = PROBE + 'exec(open(json.loads(os.environ["MLINTERN_PROBE"])["script"]).read())\n'
    probe.write_text(text)
    site = lab.home / "site"
    site.mkdir()
    (site / "sitecustomize.py").write_text(
        "import sys\n"
        "if 'mlintern.runtime.supervisor' in sys.orig_argv:\n"
        "    from pathlib import Path\n"
        "    import mlintern.runtime.keeper_link as link\n"
        f"    link._PROBE = Path({str(probe)!r})\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))


@pytest.mark.usefixtures("stand_in")
def test_probe_of_a_real_run(lab: Lab) -> None:
    run = lab.run(
        """
        settings = json.loads(os.environ["MLINTERN_PROBE"])
        say(e="hello", pid=os.getpid(), python="3", torch=None)
        for step in range(1, 101):
            say(e="metrics", rows=[[step, "loss", 1 / step]])
        say(e="progress", steps=100, planned=400)
        os.write(events, b"\\xff not a message\\n" + b"x" * (5 << 20) + b"\\n")
        say(e="note", **settings)
        say(e="temporary", path="/home/ada")
        say(e="crash", type="ValueError", message="at the end", file="train.py", line=9)
        say(e="end", ok=False, steps=100)
        raise SystemExit(1)
        """,
        probe=ProbeSettings(ProbeMode.WATCH, stop_steps=5),
    )
    assert (run.status, run.reason) == (RunStatus.FAILED, "ValueError: at the end (train.py:9)")
    assert (run.steps, run.planned_steps, run.last_loss) == (100, 400, 0.01)
    assert len(lab.store.metrics.series(run.id, "loss")) == 100
    assert lab.store.reports.get(run.id, "probe_lines") == {"dropped": 3}
    assert lab.store.reports.get(run.id, "temporary") is None, "only the supervisor says that"
    settings = lab.store.reports.get(run.id, "note")
    assert settings is not None
    assert (settings["mode"], settings["stop_steps"], settings["redirect"]) == ("watch", 5, None)
    assert lab.store.reports.get(run.id, "end") == {"ok": False, "steps": 100}


@pytest.mark.usefixtures("stand_in")
def test_probe_is_told_where_to_write_when_the_kernel_refuses(lab: Lab) -> None:
    from mlintern.runtime.protocol import Isolation

    run = lab.run(
        """
        redirect = json.loads(os.environ["MLINTERN_PROBE"])["redirect"]
        open(os.path.join(redirect, "out"), "w").write("fine")
        open(os.path.join(os.environ["TMPDIR"], "out"), "w").write("fine")
        print(redirect)
        """,
        rung=RungName.REHEARSAL,
        ceiling=None,
        token=None,
        isolation=Isolation.LANDLOCK,
        probe=ProbeSettings(ProbeMode.REHEARSE),
    )
    assert run.status is RunStatus.DONE, lab.log(run)
    assert run.isolation is not None
    assert lab.log(run).decode().strip() == str(run.folder / "scratch" / run.isolation)


def test_ranks_that_wait_for_one_another_are_an_event_and_so_is_that_they_went_on(lab: Lab) -> None:
    run = lab.new_run(lab.script(""))
    recorder = Recorder(lab.store, run)
    for hang in (None, {"seconds": 40.0, "went_on": False}, {"seconds": 40.0, "went_on": True}):
        recorder.hear(ProbeReport("ranks", {"world": 2, "hang": hang, "ranks": []}))
    assert recorder.flush()
    told = [event.data for event in lab.store.events.of_kind("run.hang", run_id=run.id)]
    assert told == [{"seconds": 40.0, "went_on": False}, {"seconds": 40.0, "went_on": True}]
