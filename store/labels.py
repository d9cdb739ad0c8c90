"""Labels that are kept from every run of a script: where they lie, and what they were when they were sealed.

Invariant: never exchanged and never forgotten; the labels themselves are in the file, not here.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

from .area import Area
from .codec import Shape
from .errors import NotFound


@dataclass(frozen=True, slots=True)
class SealedLabels:
    """A file of row ids and labels that only the harness reads."""

    id: int
    script: Path
    """Whose predictions it is held against."""
    path: Path
    sha256: str
    rows: int
    created_at: float


_SHAPE = Shape(SealedLabels)
_COLUMNS = ", ".join(f'"{name}"' for name in _SHAPE.names)


class Labels(Area):
    """The sealed labels, oldest first by id."""

    def add(self, *, script: Path, path: Path, sha256: str, rows: int) -> SealedLabels:
        """Remember a file that was sealed."""
        values = {"script": script, "path": path, "sha256": sha256, "rows": rows, "created_at": time.time()}
        labels_id = self._database.insert("sealed_labels", values)
        row = self._database.row(f"SELECT {_COLUMNS} FROM sealed_labels WHERE id = ?", (labels_id,))
        if row is None:
            raise NotFound(f"There are no sealed labels {labels_id}.")
        return _SHAPE.load(row)

    def for_script(self, script: Path) -> SealedLabels | None:
        """The labels that hold for a script: the latest that were sealed."""
        found = self._all(script)
        return found[-1] if found else None

    def files(self, script: Path) -> tuple[Path, ...]:
        """Every file that a run of the script may not read."""
        return tuple(one.path for one in self._all(script))

    def _all(self, script: Path) -> tuple[SealedLabels, ...]:
        rows = self._database.rows(f"SELECT {_COLUMNS} FROM sealed_labels WHERE script = ? ORDER BY id", (str(script),))
        return tuple(map(_SHAPE.load, rows))
