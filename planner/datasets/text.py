"""A first look at one plain text, as a language model would be trained on.

Invariant: at most ``MOST_BYTES`` are read, from the beginning.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from .columns import short
from .report import Array, DataReport, UnreadableDataError

MOST_BYTES = 16 << 20
_LINE_LEAST = 20
"""Characters below which a line that comes again tells nothing."""


def look(path: Path) -> DataReport:
    """A report; rows are lines."""
    size = path.stat().st_size
    with path.open("rb") as stream:
        raw = stream.read(MOST_BYTES)
    if b"\0" in raw:
        raise UnreadableDataError(f"{path} is binary, not text.", "Give CSV, TSV, JSON lines, NumPy, parquet or text.")
    text = raw.decode("utf-8-sig", errors="replace")
    if not text.strip():
        raise UnreadableDataError(f"{path} is empty.", "Give a text.")
    lines = text.splitlines()
    long = [line.strip() for line in lines if len(line.strip()) >= _LINE_LEAST]
    repeated = len(long) - len(set(long))
    is_whole = size <= MOST_BYTES
    return DataReport(
        path=str(path),
        form="text",
        size_bytes=size,
        rows=len(lines) if is_whole else None,
        rows_read=len(lines),
        arrays=(
            Array("characters", (len(text) if is_whole else None,), "text", None, None, None, None),
            Array("distinct characters", (len(set(text)),), "text", None, None, None, None),
            Array("words", (len(text.split()) if is_whole else None,), "text", None, None, None, None),
        ),
        duplicates=repeated,
        examples=tuple(short(line) for line in lines if line.strip())[:3],
        sampled=None if is_whole else f"the first {MOST_BYTES} of {size} bytes",
        warnings=tuple(_warnings(text, repeated, len(long))),
    )


def _warnings(text: str, repeated: int, lines: int) -> Iterator[str]:
    odd = text.count("\ufffd")
    if odd:
        yield f"{odd} places are not UTF-8"
    if lines and repeated > 0.05 * lines:
        yield f"{repeated} of {lines} longer lines repeat an earlier one: a split by place will share them"
