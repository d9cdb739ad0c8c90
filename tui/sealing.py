"""Puts labels where no run of a script can read them: into the home folder, for its owner alone.

Invariant: the file is written whole and for its owner only before it counts; nothing of the user's is removed unless
that was asked for.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from ..planner.verification.opened import LabelsError, measures, read_labels
from ..runtime import seal
from ..store import Store
from ..store.labels import SealedLabels


@dataclass(frozen=True, slots=True)
class Sealing:
    """What was sealed, and what still lies open."""

    labels: SealedLabels
    measures: tuple[str, ...]
    left: Path | None
    """The user's own file, where it was left: a script can read it."""


def seal_labels(store: Store, home: Path, source: Path, *, script: Path, move: bool) -> Sealing:
    """Take a file of ids and labels for a script. Raises ``LabelsError`` or ``OSError``."""
    labels = read_labels(source)
    if not labels:
        raise LabelsError(f"{source} has no rows")
    content = source.read_bytes()
    folder = home / "sealed"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    folder.chmod(0o700)
    path = folder / f"{os.urandom(8).hex()}{source.suffix}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    digest = seal.file_hash(path) or ""
    with store.transaction():
        kept = store.labels.add(script=script, path=path, sha256=digest, rows=len(labels))
        store.events.append(
            "labels.sealed", script=str(script), labels=kept.id, sha256=digest, rows=len(labels), source=str(source)
        )
    if move:
        source.unlink()
    return Sealing(kept, measures(labels), None if move else source)
