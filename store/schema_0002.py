"""Migration 2: full-text search over experiments, over why runs ended, and over their logs.

Invariant: released, so never edited again. The first two indexes hold no text of their own and follow their tables by
triggers; the third keeps only where each piece of a log begins, because the log itself is a file.
"""

from __future__ import annotations

from sqlite_utils import Database

_TOKENS = "unicode61 remove_diacritics 2"

# Runs change many times while they run and their reason once, so only a change of the reason touches the index.
_REASONS = f"""
CREATE VIRTUAL TABLE run_reasons USING fts5 (reason, content = 'runs', content_rowid = 'id', tokenize = '{_TOKENS}');
CREATE TRIGGER run_reasons_insert AFTER INSERT ON runs WHEN NEW.reason IS NOT NULL BEGIN
    INSERT INTO run_reasons (rowid, reason) VALUES (NEW.id, NEW.reason);
END;
CREATE TRIGGER run_reasons_update AFTER UPDATE OF reason ON runs WHEN NEW.reason IS NOT OLD.reason BEGIN
    INSERT INTO run_reasons (run_reasons, rowid, reason)
        SELECT 'delete', OLD.id, OLD.reason WHERE OLD.reason IS NOT NULL;
    INSERT INTO run_reasons (rowid, reason) SELECT NEW.id, NEW.reason WHERE NEW.reason IS NOT NULL;
END;
CREATE TRIGGER run_reasons_delete AFTER DELETE ON runs WHEN OLD.reason IS NOT NULL BEGIN
    INSERT INTO run_reasons (run_reasons, rowid, reason) VALUES ('delete', OLD.id, OLD.reason);
END;
INSERT INTO run_reasons (rowid, reason) SELECT id, reason FROM runs WHERE reason IS NOT NULL;
"""

_LOGS = f"""
CREATE TABLE log_chunks (
    id INTEGER PRIMARY KEY,
    run_id INTEGER NOT NULL REFERENCES runs (id),
    byte_offset INTEGER NOT NULL,
    UNIQUE (run_id, byte_offset)
);
CREATE VIRTUAL TABLE log_texts USING fts5 (text, content = '', tokenize = '{_TOKENS}');
"""


def create_search(database: Database) -> None:
    """Make the indexes and fill them from what is there."""
    database.table("experiments").enable_fts(
        ["name", "script", "module", "args", "working_dir"], create_triggers=True, tokenize=_TOKENS
    )
    database.executescript(_REASONS)
    database.executescript(_LOGS)
