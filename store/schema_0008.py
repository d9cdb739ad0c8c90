"""Migration 8: conversations, and what was said, called and found in each.

Invariant: released, so never edited again. A message is appended and never changed or deleted; each has its place in
its conversation, which nobody else can take, and a call has one result at most.
"""

from __future__ import annotations

from sqlite_utils import Database

_TABLES = """
CREATE TABLE conversations (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    workspace TEXT NOT NULL,
    created_at REAL NOT NULL
);
CREATE TABLE messages (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    conversation_id INTEGER NOT NULL REFERENCES conversations (id),
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,
    author TEXT NOT NULL,
    text TEXT NOT NULL,
    tool TEXT,
    arguments TEXT,
    answers INTEGER UNIQUE REFERENCES messages (id),
    outcome TEXT,
    facts TEXT NOT NULL,
    model TEXT,
    model_fingerprint TEXT,
    created_at REAL NOT NULL,
    UNIQUE (conversation_id, number)
);
CREATE TRIGGER conversations_keep_on_update BEFORE UPDATE ON conversations BEGIN
    SELECT RAISE(ABORT, 'a conversation is never changed');
END;
CREATE TRIGGER conversations_keep_on_delete BEFORE DELETE ON conversations BEGIN
    SELECT RAISE(ABORT, 'a conversation is never deleted');
END;
CREATE TRIGGER messages_keep_on_update BEFORE UPDATE ON messages BEGIN
    SELECT RAISE(ABORT, 'what was said is never changed');
END;
CREATE TRIGGER messages_keep_on_delete BEFORE DELETE ON messages BEGIN
    SELECT RAISE(ABORT, 'what was said is never deleted');
END;
"""


def create_conversations(database: Database) -> None:
    """Make the two tables."""
    database.executescript(_TABLES)
