"""When gradients are clipped, and what the clipping cuts.

Invariant: the norm is computed before the script's own clipping changes it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .looks import is_due, place_of
from .observer import Observer, Place

MOST_PLACES = 20


class Clipping(Observer):
    """Collects, by place, what came before each clipping and how large the gradients were."""

    name: ClassVar[str] = "clipping"

    def __post_init__(self) -> None:
        self._places: dict[tuple[str, Place | None], dict[str, Any]] = {}
        self._used = False
        """A step has used the latest gradients."""
        self._clipped: list[tuple[dict[str, Any], set[int]]] = []

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        self._used = False

    def on_clip(self, kind: str, parameters: Any, limit: float, place: Place | None) -> None:
        key = (kind, place)
        if key not in self._places and len(self._places) >= MOST_PLACES:
            return
        facts = self._places.setdefault(
            key,
            {
                "kind": kind, "place": place_of(place), "limit": limit, "calls": 0, "after_step": 0,
                "before_unscaling": 0, "norms": [],
            },
        )  # fmt: skip
        facts["calls"] += 1
        facts["after_step"] += self._used
        parameters = [parameters] if hasattr(parameters, "numel") else parameters
        self._clipped.append((facts, {id(p) for p in parameters}))
        if kind == "norm" and is_due(facts["calls"] - 1):
            facts["norms"].append(self._norm(parameters))

    def _norm(self, parameters: Any) -> float:
        gradients = [p.grad.detach().float() for p in parameters if p.grad is not None and not p.grad.is_sparse]
        if not gradients:
            return 0.0
        return float(sum(float(gradient.norm()) ** 2 for gradient in gradients) ** 0.5)

    def on_unscale(self, optimizer: Any) -> None:
        mine = {id(p) for group in optimizer.param_groups for p in group["params"]}
        for facts, clipped in self._clipped:
            if clipped & mine:
                facts["before_unscaling"] += 1

    def after_step(self, optimizer: Any) -> None:
        self._used = True
        self._clipped.clear()

    def on_zero_grad(self, owner: Any, place: Place | None) -> None:
        self._clipped.clear()  # a step that the scaler skipped

    def report(self) -> dict[str, Any] | None:
        return {"places": list(self._places.values())}
