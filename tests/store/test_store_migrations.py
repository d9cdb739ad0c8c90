"""A database from the first version opens today, with everything that was in it.

``data/v1.db`` was written by migration 1 alone, with the values that are easiest to lose. It is never written again.
"""

from __future__ import annotations

import math
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest
from mlintern.store import DATABASE_NAME, NotApproved, Store, StoreRefused, migrations
from mlintern.store.connection import Connection, connect
from mlintern.store.migrations import MIGRATIONS, migrate, migrated_schema
from mlintern.store.records import (
    Decision,
    Interval,
    LogHit,
    Metric,
    RungName,
    RungStatus,
    RunStatus,
    Severity,
)
from mlintern.store.schema import STATEMENTS
from mlintern.store.version import APPLICATION_ID, SCHEMA_VERSION
from sqlite_utils import Database

V1 = Path(__file__).parent / "data" / "v1.db"


@pytest.fixture
def old_home(tmp_path: Path) -> Path:
    shutil.copy(V1, tmp_path / DATABASE_NAME)
    return tmp_path


def test_the_stored_file_is_version_1(old_home: Path) -> None:
    with closing(sqlite3.connect(old_home / DATABASE_NAME)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (1,)
        assert raw.execute("SELECT name FROM sqlite_master WHERE name LIKE '%fts%'").fetchall() == []


def test_opening_brings_it_up_to_date_once(old_home: Path) -> None:
    for _ in range(2):
        Store.open(old_home).close()
        assert _header(old_home / DATABASE_NAME) == (APPLICATION_ID, SCHEMA_VERSION)


def test_everything_that_was_in_it_is_there(old_home: Path) -> None:
    with Store.open(old_home) as store:
        gpt, digits = store.experiments.recent()
        assert (digits.name, digits.args, digits.budget_seconds) == ("digits", ("--epochs", "60"), 1800.0)
        assert (digits.host_limit_bytes, digits.disk_limit_bytes, digits.device_limit_bytes) == (None, None, None)
        assert (gpt.script, gpt.module) == (Path("/home/ada/gpt/\udce9t\udce9.py"), "gpt.train")

        rehearsal, full = store.runs.for_experiment(digits.id)
        assert (rehearsal.status, rehearsal.wall_seconds, rehearsal.folder) == (
            RunStatus.DONE,
            8.5,
            Path("/data/runs/1"),
        )
        assert full.last_loss is not None
        assert math.isnan(full.last_loss)
        assert full.reason == "CUDA out of memory in evaluate, train.py line 88"
        (pilot,) = store.runs.unfinished()
        assert (pilot.supervisor_pid, pilot.supervisor_started) == (4242, 1770000029.5)

        assert store.rungs.all(digits.id)[RungName.REHEARSAL].status is RungStatus.PASSED
        forecast = store.forecasts.latest(digits.id, RungName.FULL)
        assert forecast is not None
        assert (forecast.seconds, forecast.steps, forecast.steps_exact) == (Interval(320.0, 365.0, 430.0), 3740, True)
        assert forecast.unknown == ("energy_joules: no meter",)
        (approval,) = store.approvals.for_experiment(digits.id)
        assert (approval.decision, approval.forecast_id, approval.used_by_run_id) == (Decision.APPROVED, 1, full.id)
        (finding,) = store.findings.for_experiment(digits.id)
        assert (finding.code, finding.severity, finding.evidence) == (
            "memory.oom",
            Severity.ERROR,
            ({"peak_bytes": 9e9},),
        )

        *_, third, fourth = store.metrics.series(full.id, "loss")
        assert [metric.value for metric in store.metrics.series(full.id, "loss", last_step=2)] == [2.3, 1.1, 1.05]
        assert third == Metric("loss", 2, 1.05)
        assert math.isnan(fourth.value)
        assert store.metrics.last(full.id)["accuracy"].value == math.inf
        sample = store.samples.latest(full.id)
        assert sample is not None
        assert (sample.cpu_cores, sample.gpus[0].name) == (1.6, "H200")
        assert store.reports.get(full.id, "crash") == {"type": "OutOfMemoryError", "line": 88}
        assert [event.kind for event in store.events.after(0)] == ["run.started", "run.ended"]


def test_what_was_stored_before_there_was_a_search_is_found(old_home: Path) -> None:
    with Store.open(old_home) as store:
        assert list(store.runs.ids("memory")) == [2]
        assert list(store.runs.ids("digits status:done")) == [1]
        assert list(store.runs.ids("gpt")) == [3]


def test_it_goes_on_working(old_home: Path) -> None:
    with Store.open(old_home) as store:
        run = store.runs.add(experiment_id=2, rung=RungName.FULL, ceiling_seconds=None, folder_root=old_home)
        assert run.id == 4
        with pytest.raises(NotApproved):
            store.approvals.use(run.id, "first")
        assert store.approvals.use(run.id, "second").used_by_run_id == run.id
        store.logs.index(run.id, 0, "epoch 1")
        assert store.logs.search("epoch") == (LogHit(run.id, 0),)
        assert store.events.append("run.started", run_id=run.id).id == 3
        with pytest.raises(StoreRefused, match="append-only"):
            store._connection.write("DELETE FROM events")
        assert replace(store.runs.update(run.id, reason="done early"), reason=None) == run
        assert list(store.runs.ids("early")) == [run.id]


def test_migration_1_still_makes_what_the_stored_file_has(tmp_path: Path) -> None:
    """A released migration is never edited: this is what notices."""
    with closing(Connection(tmp_path / "new.db", connect(tmp_path / "new.db", mode="rwc", patience_seconds=1))) as new:
        migrate(new, to=1)
        assert _schema(new.raw) == _schema_of(V1, tmp_path)


def test_a_new_file_and_a_migrated_one_have_the_same_schema(old_home: Path, home: Path) -> None:
    with Store.open(old_home) as old, Store.open(home) as new:
        assert _schema(old._connection.raw) == _schema(new._connection.raw)


def test_the_schema_for_new_files_is_what_the_migrations_make() -> None:
    assert migrated_schema() == tuple(statement.strip() for statement in STATEMENTS), "see the top of migrations.py"


def test_the_numbers_follow_one_another_up_to_the_version() -> None:
    assert list(MIGRATIONS) == list(range(1, SCHEMA_VERSION + 1))


def test_a_migration_that_fails_leaves_the_old_database(old_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(database: Database) -> None:
        MIGRATIONS[2](database)
        database.execute("CREATE TABLE experiments (x)")

    with monkeypatch.context() as patch:
        patch.setattr(migrations, "MIGRATIONS", {**MIGRATIONS, 2: fail})
        with pytest.raises(Exception, match="already exists"):
            Store.open(old_home)
    with closing(sqlite3.connect(old_home / DATABASE_NAME)) as raw:
        assert raw.execute("PRAGMA user_version").fetchone() == (1,)
        assert _schema(raw) == _schema_of(V1, old_home)
    with Store.open(old_home) as store:
        assert store.runs.count("memory") == 1


def _header(path: Path) -> tuple[int, int]:
    with closing(sqlite3.connect(path)) as raw:
        return raw.execute("PRAGMA application_id").fetchone()[0], raw.execute("PRAGMA user_version").fetchone()[0]


def _schema(raw: sqlite3.Connection) -> list[tuple[str, str]]:
    return raw.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY name").fetchall()


def _schema_of(path: Path, folder: Path) -> list[tuple[str, str]]:
    """Read from a copy, because even reading leaves files beside the database."""
    copied = folder / f"copy of {path.name}"
    shutil.copy(path, copied)
    with closing(sqlite3.connect(copied)) as raw:
        return _schema(raw)
