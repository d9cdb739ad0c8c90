"""A first look at folders: images or texts with a folder for each class, and tables for each split.

Invariant: at most ``MOST_FILES`` files are listed and ``MOST_OPENED`` opened (of a picture, its header).
"""

from __future__ import annotations

import hashlib
import itertools
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from . import table
from .images import size_of
from .report import Array, Count, DataReport, UnreadableDataError

IMAGES = frozenset({".png", ".jpg", ".jpeg", ".bmp", ".gif", ".webp"})
TABLES = frozenset({".csv", ".tsv", ".jsonl", ".ndjson", ".parquet"})
TEXTS = frozenset({".txt", ".md"})
MOST_FILES = 100_000
MOST_OPENED = 2_000
MOST_HASHED_BYTES = 64 << 20
SPLITS = ("train", "training", "val", "valid", "validation", "dev", "test", "testing")


def look(folder: Path, *, label: str | None = None) -> DataReport:
    """A report on a folder."""
    files = list(itertools.islice(_files(folder), MOST_FILES + 1))
    is_whole = len(files) <= MOST_FILES
    files = sorted(files[:MOST_FILES])
    kinds = Counter(_kind(path) for path in files)
    main = max(("images", "tables", "texts"), key=lambda kind: kinds[kind])
    if not kinds[main]:
        raise UnreadableDataError(
            f"{folder} holds no images, tables or texts.", "Name a CSV, TSV, JSON-lines, NumPy or parquet file."
        )
    chosen = [path for path in files if _kind(path) == main]
    if main == "tables":
        return _tables(folder, chosen, label)
    return _classified(folder, chosen, main, is_whole)


def _files(folder: Path) -> Iterator[Path]:
    for place, names, found in os.walk(folder):
        names[:] = sorted(name for name in names if not name.startswith("."))
        yield from (Path(place, name) for name in sorted(found) if not name.startswith("."))


def _kind(path: Path) -> str:
    suffix = path.suffix.lower()
    return "images" if suffix in IMAGES else "tables" if suffix in TABLES else "texts" if suffix in TEXTS else "other"


def _tables(folder: Path, files: list[Path], label: str | None) -> DataReport:
    by_split = {path.stem.lower(): path for path in files if path.stem.lower() in SPLITS}
    first = by_split.get("train") or by_split.get("training") or files[0]
    report = table.look(first, label=label)
    counts = []
    for name, path in by_split.items():
        counts.append(Count(name, len(table.read(path).rows)))
    others = [path.name for path in files if path != first]
    sampled = f"{first.name}; {len(others)} other tables were not described" if others else report.sampled
    return replace(
        report,
        path=str(folder),
        form=f"folder of tables ({report.form})",
        size_bytes=sum(path.stat().st_size for path in files),
        splits=tuple(counts),
        sampled=sampled,
        warnings=(*report.warnings, *_shared_rows(by_split)),
    )


def _shared_rows(by_split: dict[str, Path]) -> Iterator[str]:
    rows = {name: set(table.read(path).rows) for name, path in by_split.items()}
    for one, other in itertools.combinations(rows, 2):
        shared = len(rows[one] & rows[other])
        if shared:
            yield f"{shared} rows of {one} are in {other} too"


def _classified(folder: Path, files: list[Path], form: str, is_whole: bool) -> DataReport:
    parts = [path.relative_to(folder).parts for path in files]
    has_splits = all(len(part) > 2 and part[0].lower() in SPLITS for part in parts)
    depth = 1 if has_splits else 0
    classes = Counter(part[depth] for part in parts if len(part) > depth + 1)
    opened = files[:: max(1, len(files) // MOST_OPENED)][:MOST_OPENED]
    copies, hashed = _copies(opened)
    sizes = Counter(size_of(path) for path in opened) if form == "images" else Counter()
    unreadable = sizes.pop(None, 0)
    return DataReport(
        path=str(folder),
        form=f"folder of {form}",
        size_bytes=sum(path.stat().st_size for path in files),
        rows=len(files) if is_whole else None,
        rows_read=len(files),
        arrays=tuple(Array(f"{count} images", (high, wide), "pixels", None, None, None, None)
                     for (wide, high), count in ((size, count) for size, count in sizes.most_common(5) if size)),
        classes=tuple(Count(name, count) for name, count in classes.most_common(1000)),
        splits=tuple(Count(name, count) for name, count in Counter(part[0] for part in parts).most_common())
        if has_splits else (),
        duplicates=copies if hashed == len(files) else None,
        examples=tuple(str(path.relative_to(folder)) for path in files[:3]),
        sampled=_sampled(len(opened), hashed, len(files), is_whole),
        warnings=tuple(_warnings(classes, len(sizes), unreadable, copies)),
    )  # fmt: skip


def _sampled(opened: int, hashed: int, total: int, is_whole: bool) -> str | None:
    told = []
    if not is_whole:
        told.append(f"the first {total} files")
    if opened < total:
        told.append(f"{opened} of {total} files were opened")
    if hashed < opened:
        told.append(f"{hashed} were compared for copies")
    return "; ".join(told) or None


def _copies(files: list[Path]) -> tuple[int, int]:
    """How many files repeat an earlier one, and how many were compared."""
    seen: set[bytes] = set()
    copies = hashed = left = 0
    left = MOST_HASHED_BYTES
    for path in files:
        left -= path.stat().st_size
        if left < 0:
            break
        digest = hashlib.blake2b(path.read_bytes(), digest_size=16).digest()
        copies += digest in seen
        seen.add(digest)
        hashed += 1
    return copies, hashed


def _warnings(classes: Counter[str], sizes: int, unreadable: int, copies: int) -> Iterator[str]:
    if not classes:
        yield "there is no folder for each class, so nothing tells the labels"
    if sizes > 1:
        yield f"the images have {sizes} different sizes"
    if unreadable:
        yield f"{unreadable} files are not the images that their names say"
    if copies:
        yield f"{copies} files repeat another one: keep copies on one side of the split"
    if len(classes) > 1 and min(classes.values()) < 0.05 * classes.total():
        name, count = classes.most_common()[-1]
        yield f"class “{name}” has {count} of {classes.total()} files: accuracy alone would tell little"
