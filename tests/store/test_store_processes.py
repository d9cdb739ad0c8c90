"""Several processes on one database: nothing is lost, nothing is half there, and opening is light."""

from __future__ import annotations

import shutil
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest
from mlintern.store import DATABASE_NAME, Store, StoreLocked
from mlintern.store.records import Experiment, Run

WRITERS = 4
BATCHES = 60
BATCH = 25

_WRITER = """
    import sys
    from pathlib import Path
    from mlintern.store import Store
    from mlintern.store.records import Metric, RungName, Sample
    home, experiment_id = Path(sys.argv[1]), int(sys.argv[2])
    with Store.open(home, patience_seconds=60) as store:
        print("ready", flush=True)
        sys.stdin.readline()
        run = store.runs.add(experiment_id=experiment_id, rung=RungName.FULL, ceiling_seconds=None, folder_root=home)
        for batch in range(int(sys.argv[3])):
            with store.transaction():
                store.metrics.add(run.id, [Metric("loss", batch * 25 + step, 1.0) for step in range(25)])
                store.events.append("run.batch", run_id=run.id, batch=batch)
            store.samples.add(run.id, Sample(float(batch), 1.0, 1, 1, 1))
            store.runs.update(run.id, steps=batch + 1)
            print(batch, flush=True)
"""


def test_writers_at_once_lose_nothing(store: Store, experiment: Experiment, home: Path) -> None:
    writers = [_start(_WRITER, home, experiment.id, BATCHES) for _ in range(WRITERS)]
    for writer in writers:
        assert _line(writer) == "ready"
    for writer in writers:
        _say(writer)
    for writer in writers:
        _, errors = writer.communicate(timeout=120)
        assert writer.returncode == 0, errors

    runs = store.runs.for_experiment(experiment.id)
    assert len({run.folder for run in runs}) == len(runs) == WRITERS
    for run in runs:
        assert run.steps == BATCHES
        assert [metric.step for metric in store.metrics.series(run.id, "loss")] == list(range(BATCHES * BATCH))
        assert len(store.samples.for_run(run.id)) == BATCHES
        events = store.events.after(0, run_id=run.id)
        assert [event.data["batch"] for event in events] == list(range(BATCHES))
    assert store.events.last_id() == WRITERS * BATCHES


def test_a_writer_that_is_killed_leaves_only_whole_batches(store: Store, experiment: Experiment, home: Path) -> None:
    writer = _start(_WRITER, home, experiment.id, 10_000)
    assert _line(writer) == "ready"
    _say(writer)
    while _line(writer) != "20":
        pass
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=30)

    (run,) = store.runs.for_experiment(experiment.id)
    events = store.events.after(0, run_id=run.id, limit=10_000)
    assert len(events) >= 21
    assert len(store.metrics.series(run.id, "loss")) == len(events) * BATCH
    assert store.runs.update(run.id, reason="killed").reason == "killed"


def test_processes_that_open_a_new_home_at_once_make_one_database(home: Path) -> None:
    code = """
        import sys
        from pathlib import Path
        print("ready", flush=True)
        sys.stdin.readline()
        from mlintern.store import Store
        with Store.open(Path(sys.argv[1]), patience_seconds=60) as store:
            store.events.append("opened")
    """
    openers = [_start(code, home) for _ in range(WRITERS)]
    for opener in openers:
        assert _line(opener) == "ready"
    for opener in openers:
        _say(opener)
    for opener in openers:
        _, errors = opener.communicate(timeout=120)
        assert opener.returncode == 0, errors
    with Store.open(home) as store:
        assert store.events.last_id() == WRITERS


_HOLDER = """
    import sqlite3, sys
    raw = sqlite3.connect(sys.argv[1] + "/mlintern.db", isolation_level=None)
    for statement in sys.argv[2].split(";"):
        raw.execute(statement)
    print("held", flush=True)
    sys.stdin.readline()
"""


def test_a_locked_database_can_be_read_and_written_again_once_it_is_free(store: Store, run: Run, home: Path) -> None:
    holder = _start(_HOLDER, home, "BEGIN IMMEDIATE")
    assert _line(holder) == "held"
    try:
        with Store.open(home, patience_seconds=0.1) as other:
            with pytest.raises(StoreLocked, match="in use") as caught:
                other.runs.update(run.id, steps=5)
            assert "Try again" in caught.value.hint
            with pytest.raises(StoreLocked), other.transaction():
                pytest.fail("the lock is taken before the first statement")
            assert other.runs.get(run.id) == run
            _say(holder)
            holder.communicate(timeout=30)
            assert other.runs.update(run.id, steps=5).steps == 5
    finally:
        holder.kill()
        holder.communicate()


def test_a_new_file_that_someone_is_about_to_fill_is_waited_for(home: Path) -> None:
    """SQLite itself does not wait here: it says at once that the file is locked."""
    home.mkdir()
    holder = _start(_HOLDER, home, "BEGIN IMMEDIATE")
    assert _line(holder) == "held"
    try:
        began = time.monotonic()
        with pytest.raises(StoreLocked):
            Store.open(home, patience_seconds=0.2)
        assert time.monotonic() - began >= 0.2
    finally:
        holder.kill()
        holder.communicate()
    Store.open(home).close()


def test_a_database_that_is_held_whole_is_said_to_be(home: Path) -> None:
    Store.open(home).close()
    holder = _start(_HOLDER, home, "PRAGMA locking_mode = EXCLUSIVE; BEGIN IMMEDIATE; CREATE TABLE held (x)")
    assert _line(holder) == "held"
    try:
        with pytest.raises(StoreLocked, match="in use"):
            Store.open(home, patience_seconds=0.1)
    finally:
        holder.kill()
        holder.communicate()
    with Store.open(home) as store:
        assert store.events.last_id() == 0


def test_only_an_old_database_loads_sqlite_utils(home: Path, tmp_path: Path) -> None:
    code = """
        import sys
        from pathlib import Path
        from mlintern.store import Store
        with Store.open(Path(sys.argv[1])) as store:
            store.runs.page()
            store.search("x")
        print("sqlite_utils" in sys.modules, "numpy" in sys.modules)
    """
    new_home, old_home = home, tmp_path / "old"
    old_home.mkdir()
    shutil.copy(Path(__file__).parent / "data" / "v1.db", old_home / DATABASE_NAME)
    assert _run(code, new_home) == "False False"
    assert _run(code, new_home) == "False False"
    assert _run(code, old_home).startswith("True")
    assert _run(code, old_home) == "False False"


def _run(code: str, *arguments: object) -> str:
    process = _start(code, *arguments)
    output, errors = process.communicate(timeout=60)
    assert process.returncode == 0, errors
    return output.strip()


def _start(code: str, *arguments: object) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(code), *map(str, arguments)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    line = process.stdout.readline()
    assert line, "the process ended early"
    return line.strip()


def _say(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()
