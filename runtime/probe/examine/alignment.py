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
FEWEST_NEIGHBOURS, MOST_NEIGHBOURS = 150, 900
ALIKE = 0.5
"""How much the label of the nearest row says of a row's own, from where on it should say something still."""
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
            whole = side.source.table()
            pairs = [
                (labels[one], label)
                for one, label in zip(hashes(held[0]).tolist(), held[1].tolist())
                if one in labels and one not in twice
            ]
            if len(pairs) >= FEWEST:
                before, now = np.asarray([one for one, _ in pairs]), np.asarray([one for _, one in pairs])
                self._note(side, len(pairs), _agreement(np, before, now), by="row")
            else:
                self._by_neighbours(side, raw, whole if whole is not None and whole[1] is not None else held)

    def _by_neighbours(self, side: Any, raw: tuple[Any, Any], held: tuple[Any, Any]) -> None:
        """Rows that were scaled are no raw rows any more; but like rows still have like labels, if they had before."""
        if held[0].shape[1] < 2 or min(len(held[0]), len(raw[0])) < FEWEST_NEIGHBOURS:
            return
        before, now = (_likeness(numpy(), *one) for one in (raw, held))
        if _are_the_same_labels(numpy(), raw[1], held[1]) and before >= ALIKE:
            self._note(side, len(held[0]), now / before, by="neighbours")

    def _note(self, side: Any, pairs: int, agreement: float, *, by: str) -> None:
        place = side.place
        words = words_at([(place.file, place.line)]) if place else frozenset()
        text = text_at(place.file, place.line) if place else ""
        self._found.append(
            {
                "pairs": pairs,
                "agreement": agreement,
                "by": by,
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


def _likeness(np: Any, rows: Any, labels: Any) -> float:
    """How far the label of the nearest other row tells a row's own: 0 for by chance, 1 for always."""
    step = max(1, len(rows) // MOST_NEIGHBOURS)
    rows, labels = np.nan_to_num(rows[::step].astype(np.float64)), labels[::step]
    rows = rows / np.where(rows.std(axis=0) > 1e-9, rows.std(axis=0), 1)
    squares = (rows**2).sum(axis=1)
    distances = squares[:, None] + squares[None, :] - 2 * rows @ rows.T
    np.fill_diagonal(distances, np.inf)
    nearest = labels[distances.argmin(axis=1)]
    classes, counts = np.unique(labels, return_counts=True)
    if len(classes) > MOST_CLASSES:
        spread = labels.std() * nearest.std()
        return float(((labels - labels.mean()) * (nearest - nearest.mean())).mean() / spread) if spread > 0 else 0.0
    chance = float(((counts / len(labels)) ** 2).sum())
    return float(((nearest == labels).mean() - chance) / (1 - chance)) if chance < 1 else 0.0


def _are_the_same_labels(np: Any, raw: Any, held: Any) -> bool:
    """Whether the training's labels are the raw ones: the same classes in like shares."""
    classes, counts = np.unique(raw, return_counts=True)
    if len(classes) > MOST_CLASSES:
        return bool(np.isin(held, raw).mean() > 0.99)
    there, seen = np.unique(held, return_counts=True)
    if len(there) != len(classes) or (there != classes).any():
        return False
    return bool(np.abs(counts / len(raw) - seen / len(held)).max() < 0.1)
