"""A first look at a data set of any form that is known here."""

from __future__ import annotations

from pathlib import Path

from . import arrays, folders, table, text
from .report import DataReport, UnreadableDataError

_TABLES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"})
_ARRAYS = frozenset({".npy", ".npz"})
_TEXTS = frozenset({".txt", ".md", ".rst", ".tex", ""})


def look(path: Path, *, label: str | None = None) -> DataReport:
    """The report; ``label`` names a table's column that is to be told. Raises :class:`UnreadableDataError`."""
    try:
        if path.is_dir():
            return folders.look(path, label=label)
        if not path.is_file():
            raise UnreadableDataError(f"{path} does not exist.", "Name a file or a folder of data.")
        suffix = path.suffix.lower()
        if suffix in _TABLES:
            return table.look(path, label=label)
        if suffix in _ARRAYS:
            return arrays.look(path)
        if suffix in _TEXTS:
            return text.look(path)
    except OSError as error:
        raise UnreadableDataError(f"{path} cannot be read: {error.strerror}.", "Name what you may read.") from error
    raise UnreadableDataError(
        f"{path} is of a form that is not known here.",
        "Known are CSV, TSV, JSON lines, NumPy, parquet, text, and folders of images or texts.",
    )
