"""Files that hold the bare labels of the evaluated rows, lying where the script could read them.

A script that evaluates itself reads its labels from a data set, with the inputs or with the training rows beside them.
A file of nothing but ids and labels, of hardly more than the evaluated rows, is what a sealed evaluation keeps away.
Invariant: reads only, and only up to a bound.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from ...runtime import hiding, seal
from ...store import Store
from ...store.records import Run
from .predictions import Predictions, PredictionsError, read
from .recounted import kept_files

_MOST_FILES = 200
_MOST_BYTES = 8 * 1024 * 1024
_SHARE = 0.9
_MOST_COLUMNS = 3
_MOST_ROWS = 1.5
"""Lines of a file for each evaluated row."""


def bare_labels(store: Store, run: Run) -> tuple[str, ...]:
    """The files; empty also where there are no predictions to know the labels by."""
    rows: set[tuple[str, str]] = set()
    own = set()
    for copy, path in kept_files(store, run):
        own.add(path)
        with suppress(PredictionsError):
            rows |= _pairs(read(copy))
    if not rows:
        return ()
    folder = store.experiments.get(run.experiment_id).working_dir
    return tuple(str(path) for path in _candidates(folder) if str(path) not in own and _holds(path, rows))


def unguarded(store: Store, run: Run) -> tuple[str, ...]:
    """Sealed labels of the script that nothing but their mode kept from this run, or that nobody tried to read."""
    files = store.labels.files(store.experiments.get(run.experiment_id).script)
    report = store.reports.get(run.id, hiding.REPORT)
    return () if report is not None and report["holds"] else tuple(map(str, files))


def _pairs(one: Predictions) -> set[tuple[str, str]]:
    return set(zip(one.ids, one.labels, strict=True))


def _candidates(folder: Path) -> Iterator[Path]:
    found = 0
    for place in [folder, *_below(folder)]:
        with suppress(OSError), os.scandir(place) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                is_small = entry.is_file() and entry.stat().st_size <= _MOST_BYTES
                if is_small and entry.name.endswith((".csv", ".tsv", ".txt")) and found < _MOST_FILES:
                    found += 1
                    yield Path(entry.path)


def _below(folder: Path) -> list[Path]:
    with suppress(OSError), os.scandir(folder) as entries:
        return sorted(Path(one.path) for one in entries if one.is_dir(follow_symlinks=False) and one.name[0] != ".")
    return []


def _holds(path: Path, rows: set[tuple[str, str]]) -> bool:
    if path.name.startswith(seal.PREDICTIONS):
        return False  # an earlier run's
    found: set[tuple[str, str]] = set()
    try:
        with path.open(encoding="utf-8", errors="replace") as file:
            for number, line in enumerate(file):
                if number > _MOST_ROWS * len(rows) + 1:
                    return False  # a data set, with training rows
                cells = [cell.strip().strip('"') for cell in line.replace("\t", ",").replace(";", ",").split(",")]
                if len(cells) > _MOST_COLUMNS:
                    return False
                found.update((one, other) for one in cells[:1] for other in cells[1:])
    except OSError:
        return False
    return len(found & rows) >= _SHARE * len(rows)
