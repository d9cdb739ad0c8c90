"""Numbers that left their range in numpy, as its warnings say, and losses that were printed as no number.

A script of numpy alone has no optimizer to look at, but numpy says where a number overflowed or was none. What a script
silences (``errstate``, a filter) is silent here too. Invariant: every warning is shown as it would have been.
"""

from __future__ import annotations

import re
import warnings
from typing import Any

from ..after_import import AfterImport
from .naming import text_at, words_in
from .observer import Observer

MOST = 20
LOSSES = {"loss", "nll", "cost", "perplexity", "ppl", "mse", "rmse", "mae", "elbo", "bce"}
KINDS = ("overflow", "invalid value", "divide by zero")
HELD_OUT = {"val", "valid", "validation", "test", "eval", "dev"}
"""An evaluation that did not come yet may be printed as nan."""
NOT_A_NUMBER = re.compile(r"(?P<name>[A-Za-z][\w @/-]*?)[\s:=(]*(?<![\w.])(?P<value>nan)(?!\w)", re.IGNORECASE)


class FloatWarnings(Observer):
    """Listens to warnings and to ``print``."""

    name = "float_warnings"

    def __post_init__(self) -> None:
        self._warned: list[dict[str, Any]] = []
        self._printed: dict[str, Any] | None = None

    def begin(self, waiting: AfterImport) -> None:
        show = warnings.showwarning

        def shown(message: Any, category: Any, *rest: Any, **options: Any) -> None:
            if self.examiner.is_here():
                self.examiner.guard(self, self._note, str(message), category)
            show(message, category, *rest, **options)

        warnings.showwarning = shown

    def _note(self, message: str, category: Any) -> None:
        place = self.examiner.place()
        kind = next((one for one in KINDS if message.startswith(one)), None)
        if kind is None or place is None or category is not RuntimeWarning or len(self._warned) >= MOST:
            return
        text = text_at(place.file, place.line)
        self._warned.append({"kind": kind, "message": message[:120], "place": place.as_json(), "text": text})

    def on_print(self, values: tuple[Any, ...]) -> None:
        if self._printed is not None:
            return
        text = " ".join(map(str, values))[:400]
        for found in NOT_A_NUMBER.finditer(text):
            place = self.examiner.place()
            words = words_in(found["name"])
            is_to_come = bool(words & HELD_OUT) and not self._warned
            if words & LOSSES and place is not None and not is_to_come:
                self._printed = {"line": text[:120], "name": found["name"].strip()[-40:], "place": place.as_json()}
                return

    def report(self) -> dict[str, Any] | None:
        if not self._warned and self._printed is None:
            return {"warned": [], "printed": None}
        return {"warned": self._warned, "printed": self._printed}
