"""Where the command line writes: data on standard output, narration on standard error, one JSON object with ``--json``.

Invariant: with ``--json`` exactly one object reaches standard output, also when something fails; foreign text never
carries control codes to a terminal, and progress is drawn on a terminal only.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Any, TextIO

from .text import clean

SCHEMA = 1


class ExitCode(IntEnum):
    """What a command ends with; other programs rely on these numbers."""

    DONE = 0
    FAULTS = 1
    """Findings at level error, or the run failed."""
    USAGE = 2
    """Bad usage or unreadable input."""
    NEEDS_APPROVAL = 3
    CEILING = 4
    INTERRUPTED = 130


class CommandError(Exception):
    """A command that cannot go on: what happened, and what to do next."""

    def __init__(
        self,
        code: str,
        message: str,
        hint: str = "",
        *,
        exit_code: ExitCode = ExitCode.USAGE,
        facts: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.code = code
        self.hint = hint
        self.exit_code = exit_code
        self.facts = dict(facts or {})
        """More keys for the JSON object."""


@dataclass(slots=True)
class Output:
    """The two streams of a command."""

    as_json: bool = False
    data: TextIO = field(default_factory=lambda: sys.stdout)
    narration: TextIO = field(default_factory=lambda: sys.stderr)
    _drawn: bool = False

    @property
    def has_person(self) -> bool:
        """Whether somebody can be asked: at a terminal, and not while another program reads the answer as JSON."""
        return not self.as_json and sys.stdin.isatty() and self.narration.isatty()

    def lines(self, lines: Iterable[str]) -> None:
        """Data for people; with ``--json`` the object stands for it."""
        if not self.as_json:
            self.data.writelines(f"{line}\n" for line in lines)
            self.data.flush()

    def object(self, content: Mapping[str, Any]) -> None:
        """The one JSON object; without ``--json`` the lines stand for it."""
        if self.as_json:
            self._write_object(content)

    def say(self, words: str) -> None:
        """One line of narration."""
        self.erase()
        self.narration.write(f"{clean(words)}\n")
        self.narration.flush()

    def draw(self, words: Callable[[], str]) -> None:
        """One line that the next one replaces; on a terminal only, and asked for only there."""
        if self.narration.isatty():
            self.narration.write(f"\r\x1b[K{clean(words())}")
            self.narration.flush()
            self._drawn = True

    def erase(self) -> None:
        """Take the line of progress away."""
        if self._drawn:
            self.narration.write("\r\x1b[K")
            self._drawn = False

    def fail(self, error: CommandError) -> ExitCode:
        """Tell an error on the stream that it belongs to; returns its exit code."""
        self.erase()
        message = clean(str(error))
        if self.as_json:
            told = {"code": error.code, "message": message, "hint": clean(error.hint)}
            self._write_object({"schema": SCHEMA, "error": told, **error.facts})
        else:
            self.say(f"mlintern: {message}{f' {error.hint}' if error.hint else ''}")
        return error.exit_code

    def _write_object(self, content: Mapping[str, Any]) -> None:
        self.data.write(json.dumps(content, allow_nan=False) + "\n")
        self.data.flush()
