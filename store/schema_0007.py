"""Migration 7: questions that were decided, every answer to them, and models that were tried on this machine.

Invariant: released, so never edited again. A question and an answer are appended and never changed or deleted, whoever
gave it; a person who overrules one adds another.
"""

from __future__ import annotations

from sqlite_utils import Database

_TABLES = """
CREATE TABLE decisions (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER REFERENCES experiments (id),
    run_id INTEGER REFERENCES runs (id),
    kind TEXT NOT NULL,
    asked TEXT NOT NULL,
    evidence TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE INDEX decisions_of_an_experiment ON decisions (experiment_id, kind);
CREATE TABLE answers (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    decision_id INTEGER NOT NULL REFERENCES decisions (id),
    answered_by TEXT NOT NULL,
    model TEXT,
    model_fingerprint TEXT,
    answer TEXT,
    reason TEXT,
    scores TEXT,
    attempts INTEGER NOT NULL,
    problem TEXT,
    seconds REAL,
    created_at REAL NOT NULL
);
CREATE INDEX answers_to_a_decision ON answers (decision_id);
CREATE TABLE model_trials (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    fingerprint TEXT NOT NULL,
    runtime TEXT NOT NULL,
    outcome TEXT NOT NULL,
    extra_buffers INTEGER NOT NULL,
    prompt_tokens_per_second REAL,
    tokens_per_second REAL,
    detail TEXT,
    created_at REAL NOT NULL
);
CREATE INDEX model_trials_of_a_model ON model_trials (fingerprint, runtime);
CREATE TRIGGER decisions_keep_on_update BEFORE UPDATE ON decisions BEGIN
    SELECT RAISE(ABORT, 'what was asked is never changed');
END;
CREATE TRIGGER decisions_keep_on_delete BEFORE DELETE ON decisions BEGIN
    SELECT RAISE(ABORT, 'what was asked is never deleted');
END;
CREATE TRIGGER answers_keep_on_update BEFORE UPDATE ON answers BEGIN
    SELECT RAISE(ABORT, 'an answer is overruled, never changed');
END;
CREATE TRIGGER answers_keep_on_delete BEFORE DELETE ON answers BEGIN
    SELECT RAISE(ABORT, 'an answer is overruled, never deleted');
END;
"""


def create_decisions(database: Database) -> None:
    """Make the three tables."""
    database.executescript(_TABLES)
