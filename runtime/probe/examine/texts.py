"""Texts that train and texts that are evaluated, and how much of the second stands word for word in the first.

Texts are strings that an estimator is given, itself or through a vectorizer, and rows of tokens that enter a model.
Invariant: which texts trained is known only where the very matrix that a vectorizer made of them was fitted.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

from .estimator_events import FITS, Used
from .examiner import Examiner
from .grams import WORDS, contained, contained_in_rest, run_length, tokens_of
from .ledger import ledger_of
from .naming import Line, called, lines_of, text_at
from .observer import Observer
from .rows import is_frame, numpy
from .sets import RowSet

MOST_TOKENS, MOST_EVALUATED_TOKENS = 500_000, 150_000
MOST_TEXTS, MOST_SAMPLED = 20_000, 300
SECONDS = 1.5
FEWEST = 5
COPIED = 0.5
"""From this share of its runs on a text is a copy."""
NEAR = 0.3
"""The same for a whole document, of which the beginning or the end may be others."""
OF_TRAINING = 0.6
"""A batch of which more are copies."""
SHORTEST = 12
"""Tokens of a text that can be told from another by its runs."""


@dataclass(eq=False)
class _Compared:
    """An evaluation's texts beside those that trained the same model."""

    texts: list[str]
    trained: list[str]
    lines: tuple[Line, ...]


class Texts(Observer):
    """Gathers strings while the script runs, and compares once it is over."""

    name = "texts"

    def __init__(self, examiner: Examiner) -> None:
        super().__init__(examiner)
        self._behind: dict[int, tuple[Any, list[str]]] = {}
        """The texts that a vectorizer made a matrix of, by the matrix's id."""
        self._trained: dict[int, list[str]] = {}
        self._compared: dict[Any, _Compared] = {}
        self._found: list[dict[str, Any]] = []

    def on_estimator(self, moment: str, used: Used) -> None:
        if moment != "after" or used.kind != "estimator":
            return
        texts = _strings(used.data)
        if texts is None and id(used.data) in self._behind:
            texts = self._behind[id(used.data)][1]
        if texts is None:
            return
        if not hasattr(type(used.owner), "predict"):
            if used.name in ("transform", "fit_transform") and len(self._behind) < 50:
                self._behind[id(used.result)] = used.result, texts
            return
        number = ledger_of(self.examiner).number(used.owner)
        if used.name in FITS:
            self._trained[number] = texts
        elif number in self._trained and len(self._compared) < 20:
            lines = lines_of(self.examiner.user_frames())
            self._compared[number, lines[:1], len(texts)] = _Compared(texts, self._trained[number], lines)

    def at_end(self) -> None:
        deadline = time.monotonic() + min(SECONDS, self.examiner.seconds_left / 2)
        for one in self._compared.values():
            if called(one.lines) != "train" and time.monotonic() < deadline:
                self._documents(one)
        for evaluation in ledger_of(self.examiner).evaluations.values():
            training = evaluation.training
            is_text = evaluation.tokens and training is not None and evaluation.called != "train"
            if is_text and training is not None and time.monotonic() < deadline:
                self._rows(evaluation.side.inputs, training.inputs, evaluation.lines)

    def _documents(self, one: _Compared) -> None:
        texts = _bounded([tokens_of(text) for text in one.texts], MOST_EVALUATED_TOKENS)
        trained = _bounded([tokens_of(text) for text in one.trained], MOST_TOKENS)
        length = WORDS
        shares = contained(texts, trained, length)
        long_ones = [place for place, text in enumerate(texts) if len(text) >= SHORTEST]
        copies = [place for place in long_ones if shares[place] >= NEAR]
        among = contained_in_rest(trained, length, MOST_SAMPLED)
        natural = [share for text, share in zip(trained, among) if len(text) >= SHORTEST]
        self._note(
            "documents", one.lines, len(long_ones), copies, shares, len(trained), length,
            sum(share >= NEAR for share in natural) / len(natural) if natural else 0.0,
            [one.texts[place][:120] for place in copies[:3]],
        )  # fmt: skip

    def _rows(self, evaluated: RowSet, trained: RowSet, lines: tuple[Line, ...]) -> None:
        """Windows of a text; a batch of nearly all copies, beside others that are not, is of the training split."""
        length = run_length(evaluated.values)
        others = _bounded([row for piece in trained.values for row in piece], MOST_TOKENS)
        pieces: list[list[float]] = []
        left = MOST_EVALUATED_TOKENS
        for piece in evaluated.values:
            if left > 0 and piece.shape[1] >= 2 * length:
                pieces.append(contained(_bounded(list(piece), left), others, length))
                left -= piece.size
        parts = [sum(share >= COPIED for share in piece) / len(piece) for piece in pieces if piece]
        if not parts or not others or min(parts) > OF_TRAINING:
            return  # all of it is of the training split, which other checks judge
        shares = [share for piece, part in zip(pieces, parts) if part <= OF_TRAINING for share in piece]
        copies = [place for place, share in enumerate(shares) if share >= COPIED]
        self._note("tokens", lines, len(shares), copies, shares, len(others), length, None, [])

    def _note(
        self, kind: str, lines: tuple[Line, ...], count: int, copies: list[int], shares: list[float], trained: int,
        length: int, natural: float | None, examples: list[str],
    ) -> None:  # fmt: skip
        if count < FEWEST or not lines:
            return
        file, line = lines[0]
        self._found.append(
            {
                "kind": kind, "file": file, "line": line, "text": text_at(file, line), "texts": count,
                "copies": len(copies), "training_texts": trained, "run": length, "among_training": natural,
                "rows": [{"row": place, "share": round(shares[place], 3)} for place in copies[:5]],
                "examples": examples,
            }
        )  # fmt: skip

    def report(self) -> dict[str, Any] | None:
        return {"evaluations": self._found} if self._found else None


def _strings(data: Any) -> list[str] | None:
    """Texts, where that is what was given."""
    if not (isinstance(data, (list, tuple)) or is_frame(data) or type(data).__name__ == "ndarray"):
        return None
    if getattr(data, "ndim", 1) != 1 or not 0 < len(data) <= MOST_TEXTS:
        return None
    texts = list(data)
    return texts if all(isinstance(one, str) for one in texts) else None


def _bounded(rows: list[Any], most: int) -> list[Any]:
    """The first rows that have no more tokens together."""
    np, kept, count = numpy(), [], 0
    for row in rows:
        count += len(row)
        if count > most:
            break
        kept.append(np.asarray(row))
    return kept
