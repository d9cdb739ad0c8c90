"""Whether training rows still have the labels that they had in the raw data."""

from __future__ import annotations

from typing import Any

from .examiner import Examiner
from .interference import Interference
from .ledger import ledger_of
from .naming import text_at, words_at
from .observer import Observer
from .rows import hashes, numpy

MOST_CLASSES = 50
FEWEST = 30
ON_PURPOSE = {"shuffled", "permuted", "permutation", "control", "perm"}


class Alignment(Observer):
    """Compares pairs of rows and labels with the raw ones."""

    name = "alignment"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._found: list[dict[str, Any]] = []

    def at_end(self) -> None:
        raw = next(one for one in self.examiner.observers if isinstance(one, Interference)).raw_pairs()
        if raw is None:
            return
        np, table = numpy(), hashes(raw[0]).tolist()
        twice = {one for one in table if table.count(one) > 1} if len(table) < 3000 else set()
        labels = dict(zip(table, raw[1].tolist()))
        for side in ledger_of(self.examiner).trainings.values():
            held = side.inputs.table()
            if held is None or held[1] is None:
                continue
            pairs = [
                (labels[one], label)
                for one, label in zip(hashes(held[0]).tolist(), held[1].tolist())
                if one in labels and one not in twice
            ]
            if len(pairs) >= FEWEST:
                before, now = np.asarray([one for one, _ in pairs]), np.asarray([one for _, one in pairs])
                self._note(side, before, now)

    def _note(self, side: Any, before: Any, now: Any) -> None:
        np, place = numpy(), side.place
        words = words_at([(place.file, place.line)]) if place else frozenset()
        text = text_at(place.file, place.line) if place else ""
        self._found.append(
            {
                "pairs": len(before),
                "agreement": _agreement(np, before, now),
                "place": place.as_json() if place else None,
                "text": text,
                "on_purpose": bool((words | set(text.lower().replace("_", " ").split())) & ON_PURPOSE),
            }
        )

    def report(self) -> dict[str, Any] | None:
        return {"trainings": self._found} if self._found else None


def _agreement(np: Any, before: Any, now: Any) -> float:
    """1 where the labels now follow from the raw ones, 0 where they have nothing to do with each other."""
    classes = np.unique(before)
    if len(classes) > MOST_CLASSES:
        spread = before.std() * now.std()
        return float(abs(((before - before.mean()) * (now - now.mean())).mean() / spread)) if spread > 0 else 1.0
    _, counts = np.unique(now, return_counts=True)
    chance = counts.max() / len(now)
    right = sum(np.unique(now[before == one], return_counts=True)[1].max() for one in classes) / len(now)
    return float((right - chance) / (1 - chance)) if chance < 1 else 1.0
