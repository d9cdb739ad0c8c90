"""How far each step moves the weights relative to their size, and which parameters weight decay pulls at.

Invariant: of the weights only a bounded part is copied, for one step at a time.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .looks import is_due, place_of
from .observer import Observer, Place

MOST_ELEMENTS = 2_000_000
MOST_OPTIMIZERS = 6
MOST_LOOKS = 60
MOST_TENSORS = 40


class _Moves:
    """One optimizer."""

    def __init__(self, optimizer: Any, place: Place | None) -> None:
        self.optimizer = optimizer
        self.place = place
        self.steps = 0
        self.before: list[tuple[Any, Any]] = []
        self.looks: list[dict[str, Any]] = []
        self.first_members = [id(p) for group in optimizer.param_groups for p in group["params"]][:1]
        self.held = optimizer.param_groups[0]["params"][:1]  # so that the id stays this parameter's


class Updates(Observer):
    """Compares a part of the weights before and after a step."""

    name: ClassVar[str] = "updates"

    def __post_init__(self) -> None:
        self._moves: dict[int, _Moves] = {}
        self._made: list[dict[str, Any]] = []

    def on_optimizer(self, optimizer: Any, place: Place | None) -> None:
        if id(optimizer) in self._moves:
            return
        moves = _Moves(optimizer, place)
        first = moves.first_members[0] if moves.first_members else 0
        if len(self._made) < 200:
            self._made.append({"kind": type(optimizer).__name__, "place": place_of(place), "first": first})
        if len(self._moves) < MOST_OPTIMIZERS:
            self._moves[id(optimizer)] = moves
        else:
            self._kept = [*getattr(self, "_kept", ()), moves.held][-200:]

    def before_step(self, optimizer: Any, place: Place | None) -> None:
        moves = self._moves.get(id(optimizer))
        if moves is None:
            return
        moves.steps += 1
        if not is_due(moves.steps - 1) or len(moves.looks) >= MOST_LOOKS:
            return
        left = MOST_ELEMENTS
        for group in optimizer.param_groups:
            for parameter in group["params"]:
                small = parameter.dim() >= 2 and parameter.numel() <= left and len(moves.before) < MOST_TENSORS
                if parameter.requires_grad and parameter.grad is not None and small:
                    left -= parameter.numel()
                    moves.before.append((parameter, parameter.detach().clone()))

    def after_step(self, optimizer: Any) -> None:
        moves = self._moves.get(id(optimizer))
        if moves is None or not moves.before:
            return
        before, moves.before = moves.before, []
        ratios = []
        for parameter, was in before:
            size = float(was.float().norm())
            if size > 0:
                ratios.append(float((parameter.detach().float() - was.float()).norm()) / size)
        ratios.sort()
        if ratios:
            rate = optimizer.param_groups[0].get("lr")
            moves.looks.append(
                {
                    "step": moves.steps,
                    "median": ratios[len(ratios) // 2],
                    "largest": ratios[-1],
                    "lr": float(rate) if isinstance(rate, (int, float)) else None,
                }
            )

    def report(self) -> dict[str, Any] | None:
        stepped = [one for one in self._moves.values() if one.steps]
        if not stepped:
            return None
        numbers: dict[int, int] = {}
        made = [{**one, "first": numbers.setdefault(one["first"], len(numbers))} for one in self._made]
        return {"optimizers": [self._described(one) for one in stepped], "made": made}

    def _described(self, moves: _Moves) -> dict[str, Any]:
        groups = moves.optimizer.param_groups
        decayed = [p for group in groups if group.get("weight_decay") for p in group["params"]]
        return {
            "kind": type(moves.optimizer).__name__,
            "place": place_of(moves.place),
            "steps": moves.steps,
            "looks": moves.looks,
            "momentum": any(group.get("momentum") or group.get("betas") for group in groups),
            "decay": max((float(group.get("weight_decay") or 0) for group in groups), default=0.0),
            "decayed": len(decayed),
            "decayed_vectors": sum(p.dim() < 2 for p in decayed),
        }
