"""Evaluation rows that are nearly a training row: much nearer to one than to the next.

The ratio of the two smallest distances tells a copy from a neighbour. How often it is small by chance follows from the
number of dimensions that the rows really have, which the larger ratios show.
"""

from __future__ import annotations

import math
import time
from collections.abc import Iterator
from typing import Any

from .examiner import Examiner
from .ledger import ledger_of
from .naming import text_at
from .observer import Observer
from .rows import numpy, spread
from .tables import Pair, pairs_of

MOST_EVALUATED = 1000
MOST_TRAINED = 12_000
MOST_WIDTH = 4096
SECONDS = 3.0
RATIO = 0.5
FEWEST = 30
MOSTLY_ZERO = 0.9
FEWEST_PIXELS = 64


class Nearness(Observer):
    """Looks for near copies across the split."""

    name = "nearness"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._found: list[dict[str, Any]] = []

    def at_end(self) -> None:
        deadline = time.monotonic() + min(SECONDS, self.examiner.seconds_left / 2)
        for pair in pairs_of(ledger_of(self.examiner)):
            small = not 1 < pair.rows.shape[1] <= MOST_WIDTH or min(len(pair.rows), len(pair.train)) < FEWEST
            if not small and time.monotonic() < deadline:
                self._look(pair)

    def _look(self, pair: Pair) -> None:
        np = numpy()
        if pair.train.shape[1] > 100 and (pair.train[:200] == 0).mean() > MOSTLY_ZERO:
            return  # counts of words: few are there, and near is another thing among them
        step = max(1, len(pair.rows) // MOST_EVALUATED)
        rows, labels = pair.rows[::step], None if pair.labels is None else pair.labels[::step]
        thin = max(1, len(pair.train) // MOST_TRAINED)
        train = pair.train[::thin]
        places = np.zeros(len(rows), dtype=np.int64)
        best = np.ones(len(rows), dtype=np.float32)
        found_by = ["as it is"] * len(rows)
        plain = None
        for name, one, other in _views(np, rows, train):
            ratio, nearest = _ratios(np, one, other, copies=not name.startswith("as it is"))
            plain = ratio if plain is None else plain
            for row in np.flatnonzero(ratio < np.minimum(best, RATIO)):
                best[row], places[row], found_by[row] = ratio[row], nearest[row], name
        near = np.flatnonzero(best < RATIO)
        same = None
        if labels is not None and pair.train_labels is not None:
            same = int((labels[near] == pair.train_labels[::thin][places[near]]).sum())
        self._note(pair, len(rows), near, best, found_by, same, _by_chance(np, plain))

    def _note(
        self, pair: Pair, rows: int, near: Any, best: Any, found_by: list[str], same: int | None, chance: float
    ) -> None:
        file, line = pair.evaluation.lines[0]
        how: dict[str, int] = {}
        for row in near.tolist():
            how[found_by[row]] = how.get(found_by[row], 0) + 1
        self._found.append(
            {
                "rows": rows, "near": len(near), "same_label": same, "by_chance": chance, "how": how, "file": file,
                "line": line, "text": text_at(file, line), "train_rows": len(pair.train),
                "examples": [{"row": row, "ratio": round(float(best[row]), 3)} for row in near[:5].tolist()],
            }
        )  # fmt: skip

    def report(self) -> dict[str, Any] | None:
        return {"evaluations": self._found} if self._found else None


def _views(np: Any, rows: Any, train: Any) -> Iterator[tuple[str, Any, Any]]:
    """The rows on a common scale, and where they may be pictures, moved and mirrored as well."""
    middle, scale = train.mean(axis=0), spread(train)
    side = math.isqrt(rows.shape[1])
    if side * side != rows.shape[1] or rows.shape[1] < FEWEST_PIXELS:
        yield "as it is", (rows - middle) / scale, (train - middle) / scale
        return
    yield "as it is", rows, train
    pictures = rows.reshape(-1, side, side)
    trained = _normed(np, train)
    for name, moved in (
        ("as it is, up to brightness", pictures),
        ("mirrored", pictures[:, :, ::-1]),
        ("upside down", pictures[:, ::-1]),
        ("moved", np.roll(pictures, 1, axis=2)),
        ("moved", np.roll(pictures, -1, axis=2)),
        ("moved", np.roll(pictures, 1, axis=1)),
        ("moved", np.roll(pictures, -1, axis=1)),
    ):
        yield name, _normed(np, moved.reshape(len(rows), -1)), trained


def _normed(np: Any, rows: Any) -> Any:
    centred = rows - rows.mean(axis=1, keepdims=True)
    return centred / np.maximum(np.linalg.norm(centred, axis=1, keepdims=True), 1e-6)


def _ratios(np: Any, rows: Any, train: Any, *, copies: bool) -> tuple[Any, Any]:
    """For every row, how much nearer the nearest training row is than the next; 1 for a copy that is not to count."""
    squares = (train * train).sum(axis=1)
    ratios, places = [], []
    for start in range(0, len(rows), 250):
        part = rows[start : start + 250]
        distances = (part * part).sum(axis=1)[:, None] - 2 * part @ train.T + squares
        two = np.argpartition(distances, 1, axis=1)[:, :2]
        both = np.take_along_axis(distances, two, axis=1)
        order = np.argsort(both, axis=1)
        first = np.take_along_axis(two, order[:, :1], axis=1)[:, 0]
        exact = np.sqrt(((part - train[first]) ** 2).sum(axis=1))
        following = np.sqrt(np.maximum(np.take_along_axis(both, order[:, 1:], axis=1)[:, 0], 0))
        ratio = np.where(following > 1e-9, exact / np.maximum(following, 1e-9), 1.0)
        ratios.append(ratio if copies else np.where(exact <= 1e-6 * np.maximum(following, 1e-9), 1.0, ratio))
        places.append(first)
    return np.concatenate(ratios), np.concatenate(places)


def _by_chance(np: Any, ratios: Any) -> float:
    """The share of small ratios among rows without copies, as their larger ratios let expect.

    In m dimensions the ratio is below t with the chance t to the power m; the median of the larger ones shows m.
    """
    larger = ratios[(ratios >= RATIO) & (ratios < 1)]
    if len(larger) < 10:
        return 1.0
    middle, low, high = float(np.median(larger)), 0.3, 200.0
    for _ in range(40):
        power = (low + high) / 2
        expected = (0.5 * (1 + RATIO**power)) ** (1 / power)
        low, high = (power, high) if expected < middle else (low, power)
    return float(RATIO**low)
