"""Migration 1: experiments, rungs, runs, decisions, measurements and the event log.

Invariant: released, so never edited again.
"""

from __future__ import annotations

from sqlite_utils import Database

_TABLES = """
CREATE TABLE experiments (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    name TEXT NOT NULL,
    script TEXT NOT NULL,
    module TEXT,
    args TEXT NOT NULL,
    working_dir TEXT NOT NULL,
    python TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    declared_steps INTEGER,
    budget_seconds REAL,
    created_at REAL NOT NULL
);
CREATE TABLE runs (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    rung TEXT NOT NULL,
    status TEXT NOT NULL,
    reason TEXT,
    created_at REAL NOT NULL,
    started_at REAL,
    ended_at REAL,
    supervisor_pid INTEGER,
    supervisor_started REAL,
    ceiling_seconds REAL,
    exit_code INTEGER,
    signal INTEGER,
    isolation TEXT,
    folder TEXT NOT NULL,
    steps INTEGER,
    planned_steps INTEGER,
    last_loss REAL,
    wall_seconds REAL,
    cpu_seconds REAL,
    peak_host_bytes INTEGER,
    peak_device_bytes INTEGER,
    energy_joules REAL,
    usd REAL
);
CREATE TABLE rungs (
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    name TEXT NOT NULL,
    status TEXT NOT NULL,
    why TEXT,
    run_id INTEGER REFERENCES runs (id),
    seconds REAL,
    updated_at REAL NOT NULL,
    PRIMARY KEY (experiment_id, name)
) WITHOUT ROWID;
CREATE TABLE forecasts (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    rung TEXT NOT NULL,
    source_run_id INTEGER REFERENCES runs (id),
    created_at REAL NOT NULL,
    seconds TEXT,
    cpu_seconds TEXT,
    steps INTEGER,
    steps_exact INTEGER NOT NULL,
    peak_host_bytes TEXT,
    peak_device_bytes TEXT,
    energy_joules TEXT,
    usd TEXT,
    unknown TEXT NOT NULL
);
CREATE TABLE approvals (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    rung TEXT NOT NULL,
    forecast_id INTEGER REFERENCES forecasts (id),
    decision TEXT NOT NULL,
    ceiling_seconds REAL,
    reason TEXT,
    decided_by TEXT NOT NULL,
    decided_at REAL NOT NULL,
    used_by_run_id INTEGER UNIQUE REFERENCES runs (id),
    token_hash TEXT
);
CREATE TABLE findings (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    run_id INTEGER REFERENCES runs (id),
    code TEXT NOT NULL,
    severity TEXT NOT NULL,
    rung TEXT NOT NULL,
    message TEXT NOT NULL,
    evidence TEXT NOT NULL,
    file TEXT,
    line INTEGER,
    fix TEXT
);
CREATE TABLE series (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    name TEXT NOT NULL,
    UNIQUE (run_id, name)
);
CREATE TABLE metrics (
    series_id INTEGER NOT NULL REFERENCES series (id),
    step INTEGER NOT NULL,
    nth INTEGER NOT NULL,
    value REAL NOT NULL,
    PRIMARY KEY (series_id, step, nth)
) WITHOUT ROWID;
CREATE TABLE samples (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    elapsed_seconds REAL NOT NULL,
    cpu_cores REAL NOT NULL,
    host_bytes INTEGER NOT NULL,
    host_available_bytes INTEGER NOT NULL,
    disk_written_bytes INTEGER NOT NULL,
    gpus TEXT NOT NULL,
    PRIMARY KEY (run_id, elapsed_seconds)
) WITHOUT ROWID;
CREATE TABLE reports (
    run_id INTEGER NOT NULL REFERENCES runs (id),
    kind TEXT NOT NULL,
    data TEXT NOT NULL,
    PRIMARY KEY (run_id, kind)
);
CREATE TABLE events (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    at REAL NOT NULL,
    experiment_id INTEGER REFERENCES experiments (id),
    run_id INTEGER REFERENCES runs (id),
    kind TEXT NOT NULL,
    data TEXT NOT NULL
);
"""

# Every index ends in the row id, so each of those on runs gives one order of the history without sorting.
_INDEXES = """
CREATE INDEX experiments_by_script ON experiments (script);
CREATE INDEX experiments_by_name ON experiments (name);
CREATE INDEX runs_by_experiment ON runs (experiment_id);
CREATE INDEX runs_by_status ON runs (status);
CREATE INDEX runs_by_rung ON runs (rung);
CREATE INDEX runs_by_end ON runs (ended_at);
CREATE INDEX runs_by_wall ON runs (wall_seconds);
CREATE INDEX runs_by_loss ON runs (last_loss);
CREATE INDEX runs_by_usd ON runs (usd);
CREATE INDEX forecasts_by_rung ON forecasts (experiment_id, rung);
CREATE INDEX approvals_by_rung ON approvals (experiment_id, rung);
CREATE INDEX findings_by_rung ON findings (experiment_id, rung);
CREATE INDEX events_by_experiment ON events (experiment_id);
CREATE INDEX events_by_run ON events (run_id);
"""

# REPLACE deletes without firing delete triggers, hence the guard on INSERT too.
_TRIGGERS = """
CREATE TRIGGER events_keep_on_update BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER events_keep_on_delete BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER events_keep_on_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE id = NEW.id) BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER approvals_keep_on_update BEFORE UPDATE OF
    id, experiment_id, rung, forecast_id, decision, ceiling_seconds, reason, decided_by, decided_at, token_hash
ON approvals BEGIN
    SELECT RAISE(ABORT, 'a decision is never changed');
END;
CREATE TRIGGER approvals_spent_once BEFORE UPDATE OF used_by_run_id ON approvals
WHEN OLD.used_by_run_id IS NOT NULL OR OLD.decision != 'approved' BEGIN
    SELECT RAISE(ABORT, 'an approval is spent once');
END;
CREATE TRIGGER approvals_keep_on_delete BEFORE DELETE ON approvals BEGIN
    SELECT RAISE(ABORT, 'a decision is never deleted');
END;
"""


def create_core(database: Database) -> None:
    """Make everything but the full-text search."""
    for script in (_TABLES, _INDEXES, _TRIGGERS):
        database.executescript(script)
