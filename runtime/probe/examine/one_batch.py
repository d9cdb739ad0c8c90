"""Whether one batch can be learned: the same turn of the training loop, again and again.

Invariant: only a turn with one step of the only optimizer, one backward pass and no evaluation is made again, and the
weights and the optimizer's state are put back afterwards.
"""

from __future__ import annotations

import time
from typing import Any, ClassVar

from .looks import place_of
from .observer import LossCall, ModelCall, Observer, Place
from .snapshot import Snapshot

BEGIN_AT_STEP = 8
MOST_TURNS = 60
MOST_SECONDS = 2.0
FIRST_INDEX = 2
MOST_MODELS = 8


class OneBatch(Observer):
    """Asks for one turn to be made again, once, and notes the losses."""

    name: ClassVar[str] = "one_batch"

    def __post_init__(self) -> None:
        self._optimizers: set[int] = set()
        self._losses: list[float] = []
        self._place: Place | None = None
        self._rates: list[float] = []
        self._highest_rate = 0.0
        self._began: float | None = None
        self._is_over = False
        self._optimizer: Any = None
        self._modules: dict[int, Any] = {}
        self._before: Snapshot | None = None
        self._why = "no turn of a training loop that could be made again was seen"
        self._clear()

    def _clear(self) -> None:
        self._steps_in_turn = self._backwards_in_turn = self._evaluations_in_turn = self._criteria_in_turn = 0

    def on_train_call(self, call: ModelCall) -> None:
        if len(self._modules) < MOST_MODELS:
            self._modules[id(call.module)] = call.module

    def on_eval_call(self, call: ModelCall) -> None:
        self._evaluations_in_turn += 1

    def on_loss(self, loss: LossCall) -> None:
        self._criteria_in_turn += loss.grad_enabled

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        self._backwards_in_turn += 1
        if self._began is not None and not self._is_over and hasattr(tensor, "numel") and tensor.numel() == 1:
            self._losses.append(float(tensor.detach()))
            self._place = place

    def before_step(self, optimizer: Any, place: Place | None) -> None:
        self._optimizers.add(id(optimizer))
        self._optimizer = optimizer
        self._steps_in_turn += 1
        rate = optimizer.param_groups[0].get("lr")
        if isinstance(rate, (int, float)):
            base = optimizer.param_groups[0].get("initial_lr", rate)
            self._highest_rate = max(self._highest_rate, float(rate), float(base))
            if self._began is not None and not self._is_over:
                self._rates.append(float(rate))

    def wants_again(self, loop: Any) -> bool:
        if self._is_over:
            return False
        if self._began is None:
            ready = self._is_ready(loop)
            self._clear()
            if ready:
                self._before = Snapshot(self.examiner.torch, self._optimizer, self._modules.values())
                self._began = time.monotonic()
            return ready
        self._is_over = len(self._losses) >= MOST_TURNS or time.monotonic() - self._began > MOST_SECONDS
        if self._is_over:
            self._put_back()
        return not self._is_over

    def _put_back(self) -> None:
        if self._before is not None:
            self._before.restore()
            self._before = None

    def _is_ready(self, loop: Any) -> bool:
        if not loop.iteration_stepped or self.examiner.steps < BEGIN_AT_STEP or loop.index < FIRST_INDEX or loop.final:
            return False
        if len(self._optimizers) != 1:
            self._why = f"{len(self._optimizers)} optimizers step"
            return False
        if self._steps_in_turn != 1 or self._backwards_in_turn != 1:
            self._why = f"a turn makes {self._backwards_in_turn} backward passes and {self._steps_in_turn} steps"
            return False
        if not Snapshot.fits(self._optimizer):
            self._why = "the model is too large to be put back afterwards"
            return False
        return self._evaluations_in_turn == 0 and self._criteria_in_turn > 0

    def report(self) -> dict[str, Any] | None:
        if self._began is None:
            return {"could_not": self._why}
        return {
            "losses": self._losses,
            "rate": self._rates[0] if self._rates else None,
            "highest_rate": self._highest_rate,
            "place": place_of(self._place),
        }
