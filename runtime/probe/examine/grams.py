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
    count = len(row) - length + 1
    row = row.astype(np.uint64) + np.uint64(1)
    total = np.zeros(count, dtype=np.uint64)
    factor, alike = 1, np.ones(count, dtype=bool)
    for place in range(length):
        factor = factor * 0x9E3779B97F4A7C15 % (1 << 64)
        part = row[place : place + count]
        total += (part ^ (part << np.uint64(21))) * np.uint64(factor | 1)
        alike &= part == row[:count]
    return np.unique(total[~alike])


def contained(texts: Sequence[Any], others: Sequence[Any], length: int) -> list[float]:
    """The share of each text's runs that stand in one of the others."""
    np = numpy()
    known = [runs(one, length) for one in others]
    everything = np.unique(np.concatenate(known)) if known else np.zeros(0, dtype=np.uint64)
    return [_share(np.isin(found, everything)) for found in (runs(one, length) for one in texts)]


def contained_in_rest(texts: Sequence[Any], length: int, most: int) -> list[float]:
    """The share of the first ``most`` texts' runs that stand in another one of the same texts too."""
    np = numpy()
    found = [runs(one, length) for one in texts]
    if not found:
        return []
    different, counts = np.unique(np.concatenate(found), return_counts=True)
    again = different[counts > 1]
    return [_share(np.isin(one, again)) for one in found[:most]]


def _share(inside: Any) -> float:
    return float(inside.mean()) if inside.size else 0.0
