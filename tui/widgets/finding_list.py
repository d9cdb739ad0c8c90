"""What the checks found, one line a finding; Enter shows the evidence."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from pathlib import PurePath

from rich.cells import cell_len

from ...store.records import Finding, Severity
from ..text import clean, fit
from .painted import Piece
from .rows import Rows

SEVERITY: dict[Severity, tuple[str, str]] = {
    Severity.ERROR: ("✗ error  ", "bad"),
    Severity.WARNING: ("! warning", "warn"),
    Severity.INFO: ("i info   ", "muted"),
}
ACCEPTED = ("✓ taken  ", "muted")
"""In the severity's place once a person has accepted the finding."""
_ORDER = {severity: position for position, severity in enumerate(Severity)}


def in_order(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Errors first, then warnings, then what is worth knowing; otherwise as they were found."""
    return tuple(sorted(findings, key=lambda finding: _ORDER[finding.severity]))


def place(finding: Finding) -> str:
    """Where it is: ``train.py:31``."""
    if finding.file is None:
        return ""
    name = clean(PurePath(finding.file).name)
    return name if finding.line is None else f"{name}:{finding.line}"


class FindingList(Rows):
    """The findings of an experiment."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.findings: tuple[Finding, ...] = ()
        self._accepted: frozenset[int] = frozenset()

    def show(self, findings: Sequence[Finding], accepted: Collection[int] = ()) -> None:
        """Draw these from now on, the gravest first; ``accepted`` are the ids of those that a person takes as they
        are.
        """
        ordered, taken = in_order(findings), frozenset(accepted)
        if (ordered, taken) != (self.findings, self._accepted):
            self.findings, self._accepted = ordered, taken
            self.rows_changed()

    @property
    def in_hand(self) -> Finding | None:
        """The finding at the cursor."""
        return self.findings[self.cursor] if self.findings else None

    def row_count(self) -> int:
        return len(self.findings)

    def shows_cursor(self) -> bool:
        return self.has_focus

    def draw(self, index: int, width: int) -> list[Piece]:
        finding = self.findings[index]
        word, ink = ACCEPTED if finding.id in self._accepted else SEVERITY[finding.severity]
        code, where = clean(finding.code), place(finding)
        room = width - cell_len(word) - cell_len(code) - cell_len(where) - 5
        return [
            (word, ink),
            (" ", ""),
            (code, "strong"),
            ("  ", ""),
            (fit(clean(finding.message), max(8, room)), ""),
            ("  ", ""),
            (where, "muted"),
        ]
