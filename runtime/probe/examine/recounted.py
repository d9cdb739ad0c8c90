"""Printed metrics beside every definition of them that the evaluation's own answers allow.

The answers and labels of the latest passes are in the ledger; what is printed after them is looked up among their
definitions at once. Invariant: only what was computed is told: a number that no definition gives is not judged.
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from .definitions import definitions, of_guesses, of_losses
from .examiner import Examiner
from .ledger import ledger_of
from .naming import words_in
from .observer import LossCall, Observer
from .sets import Pass

AFTER_IT = 12
"""A result is printed within so many lines."""
SECONDS = 1.0
MOST_PRINTS, MOST_TOLD = 400, 60
METRIC = re.compile(
    r"(?P<name>(?:[A-Za-z]+[\s_/.-]+){0,3}"
    r"(?P<measure>top[-@ ]?\d+(?:[ _-]?acc(?:uracy)?)?|f1|r2|roc[-_ ]auc|auroc|auc|accuracy|acc|precision|recall|mse"
    r"|rmse|mae|perplexity|ppl|loss))(?:[-_ ]score)?(?P<between>[\s:=(]+)"
    r"(?P<value>\d*\.\d+(?:e[-+]?\d+)?)\s*(?P<percent>%?)",
    re.IGNORECASE,
)
SAME = {"acc": "accuracy", "ppl": "perplexity", "auroc": "auc"}
ALWAYS_LOSSES = ("perplexity", "loss")


@dataclass(frozen=True)
class Named:
    """A printed number that says what it measures."""

    name: str
    measure: str
    value: float
    slack: float
    """Half of the last digit's place."""


class Recounted(Observer):
    """Listens to ``print``, and looks numbers up."""

    name = "recounted"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._told: list[dict[str, Any]] = []
        self._losses: list[tuple[float, int]] = []
        self._losses_of: Any = None
        self._known: dict[int, tuple[Pass, int, dict[str, float], dict[str, float]]] = {}
        self._spent = 0.0
        self._prints = 0

    def on_loss(self, loss: LossCall) -> None:
        target: Any = loss.arguments.get("target")
        if loss.grad_enabled or loss.arguments.get("reduction") != "mean" or target is None:
            return
        key = loss.place, loss.step
        if key != self._losses_of:
            self._losses, self._losses_of = [], key
        counted = target.numel()
        if "ignore_index" in loss.arguments and not target.is_floating_point():
            counted = int((target != loss.arguments["ignore_index"]).sum())
        self._losses.append((float(loss.result), counted))

    def on_print(self, values: tuple[Any, ...]) -> None:
        self._prints += 1
        if self._prints > MOST_PRINTS or self._spent > SECONDS or len(self._told) >= MOST_TOLD:
            return
        began = time.monotonic()
        for named in named_metrics(" ".join(map(str, values))[:400]):
            self._look_up(named)
        self._spent += time.monotonic() - began

    def _look_up(self, named: Named) -> None:
        for whole, batches, rows, count, is_uneven in self._candidates(named.measure):
            fitting = [name for name, value in whole.items() if abs(value - named.value) <= named.slack]
            means = [name for name, value in batches.items() if abs(value - named.value) <= named.slack]
            if not fitting and not means:
                continue
            place = self.examiner.place()
            self._told.append(
                {
                    "name": named.name.strip()[-60:], "measure": named.measure,
                    "words": sorted(words_in(named.name)), "printed": named.value, "slack": named.slack,
                    "fits": fitting, "fits_mean_of_batches": means, "rows": rows, "batches": count,
                    "uneven": is_uneven, "definitions": {**whole},
                    "place": place.as_json() if place else None,
                }
            )  # fmt: skip
            return

    def _candidates(self, measure: str) -> Iterator[tuple[dict[str, float], dict[str, float], int, int, bool]]:
        if measure in ALWAYS_LOSSES and self._losses:
            counts = [count for _, count in self._losses]
            found = of_losses([value for value, _ in self._losses], counts)
            yield found, {}, sum(counts), len(counts), len(set(counts)) > 1
        ledger = ledger_of(self.examiner)
        for one in reversed(ledger.answered):
            if one.pieces and 0 <= ledger.printed - one.printed <= AFTER_IT and one.judged in (0, one.rows):
                whole, batches = self._definitions(one)
                sizes = {len(truth) for truth, _ in one.pieces}
                yield whole, batches, one.rows, len(one.pieces), len(sizes) > 1

    def _definitions(self, one: Pass) -> tuple[dict[str, float], dict[str, float]]:
        known = self._known.get(id(one))
        if known is not None and known[0] is one and known[1] == len(one.pieces):
            return known[2], known[3]
        import numpy as np

        define = of_guesses if one.chosen else definitions
        if len({scores.shape[1] for _, scores in one.pieces}) != 1:
            return {}, {}
        whole = define(
            np.concatenate([truth for truth, _ in one.pieces]), np.concatenate([scores for _, scores in one.pieces])
        )
        each = [define(truth, scores) for truth, scores in one.pieces] if len(one.pieces) > 1 else []
        shared = set(whole).intersection(*each) if each else set()
        batches = {name: sum(found[name] for found in each) / len(each) for name in whole if name in shared}
        self._known[id(one)] = one, len(one.pieces), whole, batches
        return whole, batches

    def report(self) -> dict[str, Any] | None:
        return {"told": self._told} if self._told else None


def named_metrics(text: str) -> Iterator[Named]:
    """Every metric of a line with its value as a share, and half of its last digit's place."""
    for found in METRIC.finditer(text):
        value, digits = float(found["value"]), found["value"].partition("e")[0].partition(".")[2]
        slack = 0.5 * 10.0 ** -len(digits)
        measure = re.sub(r"[\s_-]+", " ", found["measure"].lower())
        measure = SAME.get(measure, "auc" if measure == "roc auc" else measure)
        if measure.startswith("top"):
            measure = f"top-{int(re.sub('[^0-9]', '', measure))}"
        is_share = measure not in ("mse", "rmse", "mae", "loss", "perplexity")
        if is_share and (found["percent"] or value > 1.5):
            value, slack = value / 100, slack / 100
        yield Named(found["name"], measure, value, slack * 1.01 + 1e-6)
