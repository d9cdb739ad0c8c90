"""Migration 5: findings that a person accepted, and remedies that were tried against what went wrong.

Invariant: released, so never edited again. Neither row is ever deleted: what was accepted or tried stays known.
"""

from __future__ import annotations

from sqlite_utils import Database

_TABLES = """
CREATE TABLE acceptances (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER NOT NULL REFERENCES experiments (id),
    fingerprint TEXT NOT NULL,
    code TEXT NOT NULL,
    file TEXT,
    message TEXT NOT NULL,
    reason TEXT NOT NULL,
    accepted_by TEXT NOT NULL,
    created_at REAL NOT NULL,
    withdrawn_at REAL
);
CREATE UNIQUE INDEX acceptances_that_hold ON acceptances (experiment_id, fingerprint) WHERE withdrawn_at IS NULL;
CREATE TABLE remedies (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    experiment_id INTEGER REFERENCES experiments (id),
    run_id INTEGER REFERENCES runs (id),
    subject TEXT NOT NULL,
    evidence TEXT NOT NULL,
    remedy TEXT NOT NULL,
    hypothesis TEXT NOT NULL,
    outcome TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE INDEX remedies_by_evidence ON remedies (subject, evidence);
CREATE TRIGGER remedies_keep_on_delete BEFORE DELETE ON remedies BEGIN
    SELECT RAISE(ABORT, 'what was tried is never forgotten');
END;
CREATE TRIGGER acceptances_keep_on_delete BEFORE DELETE ON acceptances BEGIN
    SELECT RAISE(ABORT, 'what was accepted is withdrawn, never deleted');
END;
"""


def create_judgements(database: Database) -> None:
    """Make the two tables."""
    database.executescript(_TABLES)
