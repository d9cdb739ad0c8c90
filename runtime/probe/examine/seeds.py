"""Which random generators the script seeds."""

from __future__ import annotations

import functools
import random
from typing import Any, ClassVar

from .looks import place_of
from .observer import ModelCall, Observer, Place

MOST_CALLS = 20


class Seeds(Observer):
    """Notes the calls of the seeding functions of Python, NumPy and torch."""

    name: ClassVar[str] = "seeds"

    def __post_init__(self) -> None:
        self._calls: list[dict[str, Any]] = []
        self._first_model: Place | None = None
        self._evaluated_after: int | None = None
        """Steps done before the first evaluation, which two short runs cut at different places."""

    def begin(self, waiting: Any) -> None:
        self._watch(random, "seed", "random.seed")
        waiting.call("numpy", lambda numpy: self._watch(numpy.random, "seed", "numpy.random.seed"))

    def on_torch(self, torch: Any) -> None:
        self._watch(torch, "manual_seed", "torch.manual_seed")
        torch.random.manual_seed = torch.manual_seed

    def _watch(self, owner: Any, name: str, shown: str) -> None:
        original = getattr(owner, name)

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            self.examiner.guard(self, self._note, shown, [*args, *kwargs.values()])
            return original(*args, **kwargs)

        setattr(owner, name, watched)

    def _note(self, shown: str, given: list[Any]) -> None:
        place = self.examiner.place()
        if place is not None and len(self._calls) < MOST_CALLS:
            fixed = any(one is not None for one in given)
            self._calls.append({"name": shown, "fixed": fixed, "place": place_of(place)})

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        self._first_model = self._first_model or place

    def on_eval_call(self, call: ModelCall) -> None:
        if self._evaluated_after is None:
            self._evaluated_after = call.step

    def report(self) -> dict[str, Any] | None:
        return {"calls": self._calls, "place": place_of(self._first_model),
                "evaluated_after": self._evaluated_after}  # fmt: skip
