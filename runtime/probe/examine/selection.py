"""How often the same evaluation rows were looked at before the last time, and whether something was chosen by it."""

from __future__ import annotations

import re
from typing import Any

from .estimator_events import Used
from .examiner import Examiner
from .ledger import Ledger, ledger_of
from .naming import text_at, words_in
from .observer import Observer, Place
from .rows import column, hashes, matrix, numpy

CHOOSES = re.compile(r"\b(best\w*|argmax|argmin|max|sorted|nlargest)\b")
NEAR = 8
TEST = {"test", "te", "xtest", "xte", "ytest", "yte", "holdout", "heldout"}


class Selection(Observer):
    """Counts looks at evaluation rows."""

    name = "selection"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._metrics: dict[tuple[str, int, int], list[int]] = {}
        self._searched: list[tuple[str, Any, Place | None]] = []

    def on_estimator(self, moment: str, used: Used) -> None:
        if moment != "after":
            return
        if used.kind == "metric":
            self._metric(used)
        elif used.name == "fit" and type(used.owner).__name__.endswith("SearchCV"):
            rows = matrix(used.data)
            if rows is not None:
                self._searched.append((type(used.owner).__name__, hashes(rows), self.examiner.place()))

    def _metric(self, used: Used) -> None:
        place, truth, guess = self.examiner.place(), column(used.data), column(used.labels)
        if place is None or truth is None or guess is None or len(self._metrics) > 1000:
            return
        key = place.file, place.line, int(hashes(truth[None, :])[0])
        self._metrics.setdefault(key, []).append(int(hashes(guess[None, :])[0]))

    def report(self) -> dict[str, Any] | None:
        ledger = ledger_of(self.examiner)
        looks = [
            self._look(file, line, len(guesses))
            for (file, line, _), guesses in self._metrics.items()
            if len(set(guesses)) > 1
        ]
        looks += [self._look(*key, count) for key, count in _models_at(ledger).items()]
        searches = [one for found in self._searched for one in self._of_search(ledger, *found)]
        if not looks and not ledger.evaluations:
            return None
        again = [one for one in looks if one["count"] > 1]
        return {"looks": again, "searches": searches[:10], "random": _random(ledger)}

    def _look(self, file: str, line: int, count: int) -> dict[str, Any]:
        around = " ".join(text_at(file, one) for one in range(max(1, line - NEAR), line + NEAR + 1))
        says_test = bool(words_in(text_at(file, line)) & TEST)
        return {
            "file": file, "line": line, "text": text_at(file, line), "count": count,
            "chooses": sorted(set(CHOOSES.findall(around)))[:5], "says_test": says_test,
        }  # fmt: skip

    def _of_search(self, ledger: Ledger, kind: str, searched: Any, place: Place | None) -> list[dict[str, Any]]:
        """Evaluations, of other models, of rows that a search chose its configuration by."""
        np, found = numpy(), []
        for one in ledger.evaluations.values():
            rows = one.side.inputs.hashes
            shared = int(np.isin(rows, searched).sum())
            if one.called == "train" or one.kind == kind or one.method == "model" or 2 * shared < len(rows):
                continue
            trained = one.training.inputs.hashes if one.training is not None else rows
            if int(np.isin(rows, trained).sum()) * 2 < len(rows):
                file, line = one.lines[0]
                found.append({"kind": kind, "shared": shared, "rows": len(rows), "file": file, "line": line,
                              "searched_at": place.as_json() if place else None})  # fmt: skip
        return found


def _models_at(ledger: Ledger) -> dict[tuple[str, int], int]:
    """How many differently trained models were evaluated at a line, on one and the same set of rows."""
    found: dict[tuple[Any, int], set[int]] = {}
    for one in ledger.evaluations.values():
        if one.method != "model" and one.training is not None and one.called != "train":
            found.setdefault((one.lines[0], one.passes[-1].signature), set()).add(id(one.training))
    most: dict[tuple[str, int], int] = {}
    for (place, _), models in found.items():
        most[place] = max(most.get(place, 0), len(models))
    return most


def _random(ledger: Ledger) -> list[dict[str, Any]]:
    """Evaluations over one loader whose whole passes did not have the same rows."""
    found = []
    for one in ledger.evaluations.values():
        if one.loader is None or one.called == "train":
            continue
        try:
            total = len(one.loader.sampler)
        except (AttributeError, TypeError):
            continue
        whole = [each for each in one.passes if each.rows == total]
        if len(whole) > 1 and not getattr(one.loader.sampler, "replacement", False):
            file, line = one.lines[0]
            found.append({"file": file, "line": line, "text": text_at(file, line), "passes": len(whole), "rows": total,
                          "different": len({each.given for each in whole}), "tokens": one.tokens,
                          "steps": len({each.step for each in whole})})  # fmt: skip
    return found

