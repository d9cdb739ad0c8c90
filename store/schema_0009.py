"""Migration 10: confirmations, the runs that each is made of, and labels that are kept from every run.

Invariant: released, so never edited again. What is to be claimed (metric, target, baseline, seeds) is written with the
approval, before any of the runs, and is never changed afterwards; neither a confirmation nor a repeat is ever deleted.
"""

from __future__ import annotations

from sqlite_utils import Database

_TABLES = """
CREATE TABLE confirmations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    approval_id INTEGER NOT NULL UNIQUE REFERENCES approvals (id),
    chosen_run_id INTEGER NOT NULL REFERENCES runs (id),
    against_run_id INTEGER REFERENCES runs (id),
    status TEXT NOT NULL,
    why TEXT,
    metric TEXT NOT NULL,
    target REAL,
    target_says TEXT,
    seed_flag TEXT NOT NULL,
    seeds TEXT NOT NULL,
    checks TEXT NOT NULL,
    resume_flag TEXT,
    looked_at INTEGER NOT NULL,
    ceiling_seconds REAL NOT NULL,
    run_seconds TEXT NOT NULL,
    differences TEXT NOT NULL,
    created_at REAL NOT NULL,
    ended_at REAL,
    conductor_pid INTEGER,
    conductor_started REAL,
    summary TEXT
);
CREATE INDEX confirmations_by_experiment ON confirmations (experiment_id);
CREATE TABLE repeats (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    confirmation_id INTEGER NOT NULL REFERENCES confirmations (id),
    number INTEGER NOT NULL,
    purpose TEXT NOT NULL,
    seed INTEGER NOT NULL,
    args TEXT NOT NULL,
    run_id INTEGER NOT NULL UNIQUE REFERENCES runs (id),
    created_at REAL NOT NULL,
    UNIQUE (confirmation_id, number)
);
CREATE TABLE sealed_labels (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    script TEXT NOT NULL,
    path TEXT NOT NULL,
    sha256 TEXT NOT NULL,
    "rows" INTEGER NOT NULL,
    created_at REAL NOT NULL
);
CREATE TRIGGER sealed_labels_keep_on_update BEFORE UPDATE ON sealed_labels BEGIN
    SELECT RAISE(ABORT, 'sealed labels are never exchanged');
END;
CREATE TRIGGER sealed_labels_keep_on_delete BEFORE DELETE ON sealed_labels BEGIN
    SELECT RAISE(ABORT, 'sealed labels are never forgotten');
END;
CREATE TRIGGER confirmations_keep_on_delete BEFORE DELETE ON confirmations BEGIN
    SELECT RAISE(ABORT, 'a confirmation is never forgotten');
END;
CREATE TRIGGER confirmations_keep_on_update BEFORE UPDATE OF
    id, experiment_id, approval_id, chosen_run_id, against_run_id, metric, target, seed_flag, seeds, checks, looked_at,
    ceiling_seconds, created_at
ON confirmations BEGIN
    SELECT RAISE(ABORT, 'what is to be claimed is never changed after it was approved');
END;
CREATE TRIGGER repeats_keep_on_delete BEFORE DELETE ON repeats BEGIN
    SELECT RAISE(ABORT, 'a run of a confirmation is never forgotten');
END;
CREATE TRIGGER repeats_keep_on_update BEFORE UPDATE ON repeats BEGIN
    SELECT RAISE(ABORT, 'a run of a confirmation is never changed');
END;
"""


def create_confirmations(database: Database) -> None:
    """Make the three tables."""
    database.executescript(_TABLES)
