"""In which order each optimizer's gradients are cleared, made, unscaled, clipped and used.

Invariant: whether gradients were cleared is read from the gradients themselves at the beginning of a backward pass, so
that any way of clearing them counts. Of a gradient only its being zero is looked at.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, ClassVar

from .looks import place_of
from .observer import Observer, Place

SAMPLED = 4
"""So many of an optimizer's parameters stand for all when it is asked whether gradients are there."""
MOST_STEPS = 400
MOST_CALLERS = 6


class _Ledger:
    """One optimizer."""

    def __init__(self, kind: str, place: Place | None) -> None:
        self.kind = kind
        self.place = place
        self.step_place: Place | None = None
        self.steps = 0
        self.carried = 0
        """Steps whose gradients still held those of the step before."""
        self.carried_in_a_row = self.longest_carried = 0
        self.empty = self.empty_in_a_row = self.longest_empty = 0
        """Steps at which no gradient was there."""
        self.idle = 0
        """Steps without a backward pass since the step before."""
        self.cleared = False
        self.backwards = 0
        self.is_stepping = self.has_closure = False
        self.passes: Counter[int] = Counter()
        """How many backward passes a step used: how often."""

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": self.kind,
            "place": place_of(self.place),
            "step_place": place_of(self.step_place),
            "steps": self.steps,
            "carried": self.carried,
            "longest_carried": self.longest_carried,
            "empty": self.empty,
            "longest_empty": self.longest_empty,
            "idle": self.idle,
            "closure": self.has_closure,
            "passes": {str(passes): count for passes, count in self.passes.items()},
        }


class Order(Observer):
    """Keeps one ledger an optimizer."""

    name: ClassVar[str] = "order"

    def __post_init__(self) -> None:
        self._ledgers: dict[int, _Ledger] = {}
        self._kept: list[Any] = []  # so that an id stays one optimizer's

    def on_optimizer(self, optimizer: Any, place: Place | None) -> None:
        if id(optimizer) not in self._ledgers and len(self._kept) < MOST_STEPS:
            self._ledgers[id(optimizer)] = _Ledger(type(optimizer).__name__, place)
            self._kept.append(optimizer)

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        for optimizer in self._kept:
            ledger = self._ledgers[id(optimizer)]
            ledger.backwards += 1
            if ledger.is_stepping:
                ledger.has_closure = True
            elif not ledger.cleared and ledger.steps < MOST_STEPS:
                ledger.cleared = not self._has_gradients(optimizer)

    def before_step(self, optimizer: Any, place: Place | None) -> None:
        ledger = self._ledgers.get(id(optimizer))
        if ledger is None:
            return
        ledger.is_stepping = True
        ledger.step_place = place
        if ledger.steps >= MOST_STEPS:
            return
        ledger.passes[ledger.backwards] += 1
        is_carried = ledger.steps > 0 and ledger.backwards > 0 and not ledger.cleared
        ledger.carried += is_carried
        ledger.carried_in_a_row = ledger.carried_in_a_row + 1 if is_carried else 0
        ledger.longest_carried = max(ledger.longest_carried, ledger.carried_in_a_row)
        ledger.idle += ledger.steps > 0 and ledger.backwards == 0
        is_empty = ledger.backwards > 0 and not self._has_gradients(optimizer, all_of_them=True)
        ledger.empty += is_empty
        ledger.empty_in_a_row = ledger.empty_in_a_row + 1 if is_empty else 0
        ledger.longest_empty = max(ledger.longest_empty, ledger.empty_in_a_row)

    def after_step(self, optimizer: Any) -> None:
        ledger = self._ledgers.get(id(optimizer))
        if ledger is not None:
            ledger.is_stepping = ledger.cleared = False
            ledger.steps += 1
            ledger.backwards = 0

    def on_zero_grad(self, owner: Any, place: Place | None) -> None:
        ledger = self._ledgers.get(id(owner))
        if ledger is not None:
            ledger.cleared = True

    def _has_gradients(self, optimizer: Any, *, all_of_them: bool = False) -> bool:
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.requires_grad]
        looked_at = 0
        for parameter in parameters:
            if parameter.grad is None:
                continue
            if bool(parameter.grad.detach().any() if not parameter.grad.is_sparse else True):
                return True
            looked_at += 1
            if looked_at >= SAMPLED and not all_of_them:
                return False
        return False

    def report(self) -> dict[str, Any] | None:
        ledgers = [self._ledgers[id(optimizer)].as_json() for optimizer in self._kept]
        stepped = [ledger for ledger in ledgers if ledger["steps"]]
        return {"optimizers": stepped} if stepped else None
