"""Data, checkpoints and checkouts in folders that a person names."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from pathlib import Path

from ..datasets.folders import IMAGES
from .files import Walk, beginning, licence_in, size
from .item import Item, Kind, Place

_TABLES = {".csv": "CSV", ".tsv": "TSV", ".jsonl": "JSON lines", ".parquet": "parquet"}
_ARRAYS = {".npy": "NumPy array", ".npz": "NumPy archive"}
_TEXT_LEAST = 50_000
"""Bytes below which a text is rather a note than data."""
_CHECKPOINTS = {
    ".safetensors": "safetensors", ".gguf": "GGUF", ".pt": "PyTorch", ".pth": "PyTorch", ".ckpt": "checkpoint",
}  # fmt: skip


def look(folder: Path) -> Place:
    """Everything that is known here in the folder and below it."""
    if not folder.is_dir():
        return Place(f"folder {folder}", folder, (), "it is not there")
    walk = Walk(folder)
    items = tuple(_items(walk))
    return Place(f"folder {folder}", folder, items, None if walk.is_whole else f"{len(items)} items, and not all of it")


def _items(walk: Walk) -> Iterator[Item]:
    in_pictures: set[Path] = set()
    for place, folders, files in walk:
        if place.parent in in_pictures:
            in_pictures.add(place)
            continue
        if ".git" in folders or (place / ".git").is_file():
            yield _checkout(place)
        classes = [name for name in folders if _has_images(place / name)]
        if len(classes) > 1:
            in_pictures.add(place)
            about = f"folder of images, {len(classes)} classes"
            yield Item(
                Kind.DATASET, place.name, place, size(place), licence_in(place), about, " ".join(classes[:200])
            )
        for name in files:
            item = _file(place / name)
            if item is not None:
                yield item


def _file(path: Path) -> Item | None:
    suffix = path.suffix.lower()
    if suffix in _TABLES:
        words = " ".join(_columns(path)) if suffix in (".csv", ".tsv") else beginning(path, 500)
        return Item(Kind.DATASET, path.name, path, size(path), None, _TABLES[suffix], words)
    if suffix in _ARRAYS:
        return Item(Kind.DATASET, path.name, path, size(path), None, _ARRAYS[suffix], "")
    if suffix in _CHECKPOINTS:
        return Item(Kind.CHECKPOINT, path.name, path, size(path), None, _CHECKPOINTS[suffix], "")
    if suffix == ".txt" and (size(path) or 0) >= _TEXT_LEAST:
        return Item(Kind.DATASET, path.name, path, size(path), None, "text", beginning(path, 500))
    return None


def _columns(path: Path) -> list[str]:
    lines = beginning(path).splitlines()
    if not lines:
        return []
    delimiter = max(",;\t|", key=lines[0].count)
    try:
        return next(csv.reader(lines[:1], delimiter=delimiter), [])
    except csv.Error:
        return []


def _has_images(folder: Path) -> bool:
    try:
        names = (path.suffix.lower() for path, _ in zip(folder.iterdir(), range(20), strict=False))
        return any(suffix in IMAGES for suffix in names)
    except OSError:
        return False


def _checkout(place: Path) -> Item:
    readme = next((beginning(path) for path in sorted(place.glob("README*"))), "")
    return Item(Kind.REFERENCE, place.name, place, None, licence_in(place), "git checkout", readme)
