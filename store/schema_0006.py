"""Migration 6: sweeps, and the trials that each is made of.

Invariant: released, so never edited again. A run belongs to one trial at most, an approval to one sweep at most, and
neither a trial nor a sweep is ever deleted: how many configurations were looked at stays known.
"""

from __future__ import annotations

from sqlite_utils import Database

_TABLES = """
CREATE TABLE sweeps (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    approval_id INTEGER NOT NULL UNIQUE REFERENCES approvals (id),
    status TEXT NOT NULL,
    why TEXT,
    space TEXT NOT NULL,
    metric TEXT NOT NULL,
    maximise INTEGER NOT NULL,
    insisted INTEGER NOT NULL,
    seeds INTEGER NOT NULL,
    workers INTEGER NOT NULL,
    ceiling_seconds REAL NOT NULL,
    trial_seconds TEXT NOT NULL,
    setup_seconds REAL NOT NULL,
    length TEXT,
    seed_flag TEXT,
    created_at REAL NOT NULL,
    ended_at REAL,
    conductor_pid INTEGER,
    conductor_started REAL,
    summary TEXT
);
CREATE INDEX sweeps_by_experiment ON sweeps (experiment_id);
CREATE TABLE trials (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    sweep_id INTEGER NOT NULL REFERENCES sweeps (id),
    number INTEGER NOT NULL,
    state TEXT NOT NULL,
    origin TEXT NOT NULL,
    parameters TEXT NOT NULL,
    length INTEGER,
    seed INTEGER,
    run_id INTEGER NOT NULL UNIQUE REFERENCES runs (id),
    value REAL,
    cost_seconds REAL,
    why TEXT,
    created_at REAL NOT NULL,
    ended_at REAL,
    UNIQUE (sweep_id, number)
);
CREATE TRIGGER sweeps_keep_on_delete BEFORE DELETE ON sweeps BEGIN
    SELECT RAISE(ABORT, 'a sweep is never forgotten');
END;
CREATE TRIGGER sweeps_keep_on_update BEFORE UPDATE OF
    id, experiment_id, approval_id, space, metric, maximise, insisted, ceiling_seconds, created_at
ON sweeps BEGIN
    SELECT RAISE(ABORT, 'what was approved is never changed');
END;
CREATE TRIGGER trials_keep_on_delete BEFORE DELETE ON trials BEGIN
    SELECT RAISE(ABORT, 'a trial is never forgotten');
END;
CREATE TRIGGER trials_keep_on_update BEFORE UPDATE OF sweep_id, number, parameters, length, seed, run_id ON trials BEGIN
    SELECT RAISE(ABORT, 'what was tried is never changed');
END;
"""


def create_sweeps(database: Database) -> None:
    """Make the two tables."""
    database.executescript(_TABLES)
