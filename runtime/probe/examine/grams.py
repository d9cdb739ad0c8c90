"""Runs of tokens that texts share: how much of each text stands word for word in others.

Invariant: a text is a row of whole numbers, one for each token; a run is hashed to 8 bytes, and at most so many tokens
are looked at as a bound says. Runs of one and the same token, such as padding, do not count.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterable, Sequence
from typing import Any

from .rows import numpy

WORDS, CHARACTERS = 8, 32
"""The length of a run, of words or pieces of words and of characters."""
FEWEST_WORDS = 1000
"""A vocabulary that is smaller is one of characters."""
WORD = re.compile(r"\w+")


def tokens_of(text: str) -> Any:
    """The words of a text as whole numbers, whatever their case and what stands between them."""
    found = [zlib.crc32(word.encode("utf-8", "replace")) for word in WORD.findall(text.lower())]
    return numpy().asarray(found, dtype=numpy().uint64)


def run_length(rows: Iterable[Any]) -> int:
    """How many tokens make a run, by the size of the vocabulary."""
    largest = max((float(one.max()) for one in rows if one.size), default=0.0)
    return WORDS if largest >= FEWEST_WORDS else CHARACTERS


def runs(row: Any, length: int) -> Any:
    """The hashes of all runs of a text, each once; of a text that is shorter than a run, of the whole."""
    np = numpy()
    if len(row) < length:
        length = len(row)
    if not length:
        return np.zeros(0, dtype=np.uint64)
    total, alike = _hashed(row, length)
    return np.unique(total[~alike])


def _hashed(rows: Any, length: int) -> tuple[Any, Any]:
    """The hash of each run of one row, or of rows of equal length; and which runs are of one token."""
    np = numpy()
    count = rows.shape[-1] - length + 1
    rows = rows.astype(np.uint64) + np.uint64(1)
    total = np.zeros((*rows.shape[:-1], count), dtype=np.uint64)
    factor, alike = 1, np.ones(total.shape, dtype=bool)
    for place in range(length):
        factor = factor * 0x9E3779B97F4A7C15 % (1 << 64)
        part = rows[..., place : place + count]
        total += (part ^ (part << np.uint64(21))) * np.uint64(factor | 1)
        alike &= part == rows[..., :count]
    return total, alike


def _all_runs(texts: Sequence[Any], length: int) -> Any:
    """The hashes of the runs of all texts, sorted, each once; texts of equal length are hashed together."""
    np = numpy()
    equal: dict[int, list[Any]] = {}
    for one in texts:
        equal.setdefault(len(one), []).append(one)
    found = [np.zeros(0, dtype=np.uint64)]
    for size, rows in equal.items():
        if size:
            total, alike = _hashed(np.stack(rows), min(length, size))
            found.append(total[~alike])
    return np.unique(np.concatenate(found))


def contained(texts: Sequence[Any], others: Sequence[Any], length: int) -> list[float]:
    """The share of each text's runs that stand in one of the others."""
    everything = _all_runs(others, length)
    return [_share(_in_sorted(found, everything)) for found in (runs(one, length) for one in texts)]


def contained_in_rest(texts: Sequence[Any], length: int, most: int) -> list[float]:
    """The share of the first ``most`` texts' runs that stand in another one of the same texts too."""
    np = numpy()
    found = [runs(one, length) for one in texts]
    if not found:
        return []
    different, counts = np.unique(np.concatenate(found), return_counts=True)
    again = different[counts > 1]
    return [_share(_in_sorted(one, again)) for one in found[:most]]


def _in_sorted(found: Any, known: Any) -> Any:
    """Which of these numbers stand in a sorted row, which may be thousands of times as long."""
    np = numpy()
    if not known.size:
        return np.zeros(len(found), dtype=bool)
    return known[np.minimum(np.searchsorted(known, found), len(known) - 1)] == found


def _share(inside: Any) -> float:
    return float(inside.mean()) if inside.size else 0.0
