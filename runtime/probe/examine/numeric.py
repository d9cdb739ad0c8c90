"""Losses and gradients that are not finite: when first, from which operation, and how gradients grow before.

Invariant: a step with broken gradients is held back, so that the weights stay as they were and the turn can be made
again with every operation watched. That changes the run only after it is broken.
"""

from __future__ import annotations

import math
from typing import Any, ClassVar

from .finite import Culprits, watching_mode
from .looks import place_of
from .observer import ModelCall, Observer, Place

MOST_NORMS = 400
MOST_WAITED = 10
"""Where a turn cannot be made again, so many of the following steps are watched."""


class Numeric(Observer):
    """Two scalars a step; one replay."""

    name: ClassVar[str] = "numeric"

    def __post_init__(self) -> None:
        self._found: dict[str, Any] | None = None
        self._culprits = Culprits()
        self._mode: Any = None
        self._is_replayed = False
        self._waited = 0
        self._norms: list[float] = []
        self._unscaled = 0
        self._steps = 0
        self._place: Place | None = None
        self._modules: dict[int, Any] = {}
        self._is_scaled = False

    def on_train_call(self, call: ModelCall) -> None:
        if len(self._modules) < 8:
            self._modules[id(call.module)] = call.module

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        self._place = place
        if self._found is None and hasattr(tensor, "numel") and tensor.numel() == 1:
            value = float(tensor.detach())
            if not math.isfinite(value) and not self._is_scaled:
                self._found = {"what": "loss", "value": str(value), "step": self.examiner.steps + 1,
                               "place": place_of(place), "weights": self._broken_weights()}  # fmt: skip

    def on_unscale(self, optimizer: Any) -> None:
        self._unscaled += 1
        self._is_scaled = True

    def before_step(self, optimizer: Any, place: Place | None) -> None:
        if self._mode is not None and self.examiner.only is None:
            self._wait()
        self._steps += 1
        parameters = [p for group in optimizer.param_groups for p in group["params"] if p.grad is not None]
        dense = [p for p in parameters if not p.grad.is_sparse]
        norms = [float(p.grad.detach().float().norm()) for p in dense]
        total = math.sqrt(sum(norm * norm for norm in norms)) if all(map(math.isfinite, norms)) else math.inf
        if len(self._norms) < MOST_NORMS and math.isfinite(total):
            self._norms.append(total)
        if math.isfinite(total):
            return
        if self._found is None:
            bad = [p for p, norm in zip(dense, norms) if not math.isfinite(norm)]
            self._found = {"what": "gradient", "value": "not finite", "step": self.examiner.steps + 1,
                           "place": place_of(self._place), "parameters": self._names(bad), "of": len(dense),
                           "weights": []}  # fmt: skip
        if not self._is_replayed:
            self._hold_back(parameters)

    def _hold_back(self, parameters: list[Any]) -> None:
        for parameter in parameters:
            parameter.grad = None
        if not self.examiner.repetition.is_possible and self.examiner.only is None and self._mode is None:
            self._enter()

    def _names(self, parameters: list[Any]) -> list[str]:
        known = {id(p): name for module in self._modules.values() for name, p in module.named_parameters()}
        return [known.get(id(p), "?") for p in parameters[:8]]

    def _broken_weights(self) -> list[str]:
        torch = self.examiner.torch
        return [
            name
            for module in self._modules.values()
            for name, p in module.named_parameters()
            if not bool(torch.isfinite(p.detach()).all())
        ][:8]

    # -- the replay --------------------------------------------------------------------------------------------------

    def wants_again(self, loop: Any) -> bool:
        return self._found is not None and not self._is_replayed and self._mode is None

    def before_again(self) -> None:
        self._enter()

    def after_again(self) -> None:
        self._leave()

    def _enter(self) -> None:
        self._mode = watching_mode(self.examiner.torch, self.examiner, self._culprits)
        self._mode.__enter__()

    def _leave(self) -> None:
        if self._mode is not None:
            self._mode.__exit__(None, None, None)
            self._mode = None
        self._is_replayed = True

    def _wait(self) -> None:
        """No turn could be made again: the following ones are watched until one breaks."""
        self._waited += 1
        if self._culprits.found or self._waited >= MOST_WAITED:
            self._leave()

    def report(self) -> dict[str, Any] | None:
        if not self._steps and self._found is None:
            return None
        if self._mode is not None:
            self._leave()
        return {
            "broken": self._found,
            "culprit": self._culprits.first(),
            "replayed": self._is_replayed,
            "norms": self._norms,
            "steps": self._steps,
            "unscaled": self._unscaled,
            "place": place_of(self._place),
        }
