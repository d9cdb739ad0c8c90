"""Whose file it is and which schema it has, as told by two numbers in SQLite's header.

Invariant: ``SCHEMA_VERSION`` is the number of the last migration; opening a file that has it needs nothing else.
"""

from __future__ import annotations

APPLICATION_ID = 0x6D6C696E
"""``mlin``: ``PRAGMA application_id`` of every database of ours."""

SCHEMA_VERSION = 9
