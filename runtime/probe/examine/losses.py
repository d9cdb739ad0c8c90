"""What loss functions are given: the facts that tell a loss that is computed on the wrong thing.

Invariant: of each place where a loss is computed only numbers are kept, and only as many looks are taken as needed.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .differences import spread_difference
from .looks import is_due, place_of
from .observer import LossCall, Observer, Place

MOST_PLACES = 40
MOST_ELEMENTS = 1 << 20
CLASSIFYING = ("cross_entropy", "nll_loss")
BINARY = ("binary_cross_entropy", "binary_cross_entropy_with_logits")
PASSED_THROUGH = ("View", "Reshape", "Squeeze", "Unsqueeze", "Slice", "Select", "ToCopy", "Transpose", "Permute",
                  "Clone")  # fmt: skip
"""Operations that leave the values as they are; the one before them gave the values."""


class Losses(Observer):
    """Collects facts about the calls of loss functions with gradients, by place."""

    name: ClassVar[str] = "losses"

    def __post_init__(self) -> None:
        self._places: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._counts: dict[tuple[Any, ...], int] = {}
        self._spread: dict[Place | None, dict[str, Any]] = {}
        self._looks_for_spread = 0

    def on_loss(self, loss: LossCall) -> None:
        if not loss.grad_enabled:
            return
        key = (loss.name, loss.place)
        count = self._counts[key] = self._counts.get(key, 0) + 1
        if not is_due(count - 1) or len(self._places) >= MOST_PLACES:
            return
        value: Any = loss.arguments.get("input")
        target: Any = loss.arguments.get("target")
        if not (hasattr(value, "dim") and hasattr(target, "dim")) or value.numel() == 0:
            return
        facts = self._places.get(key)
        if facts is None:
            facts = self._places[key] = self._describe(loss, value)
        facts["looks"] += 1
        with self.examiner.torch.no_grad():
            self._shapes(facts, value, target, loss.result)
            self._values(facts, loss.name, value.detach(), target.detach())

    def _describe(self, loss: LossCall, value: Any) -> dict[str, Any]:
        return {
            "name": loss.name,
            "place": place_of(loss.place),
            "reduction": loss.arguments.get("reduction"),
            "log_target": bool(loss.arguments.get("log_target", False)),
            "made_by": maker(value),
            "looks": 0,
            "spread_shapes": 0,
            "low": float("inf"),
            "high": float("-inf"),
            "target_low": float("inf"),
            "target_high": float("-inf"),
            "furthest_row_sum": 0.0,
            "furthest_log_sum": 0.0,
            "rows": 0,
            "furthest_target_sum": 0.0,
            "whole_targets": True,
        }

    def _shapes(self, facts: dict[str, Any], value: Any, target: Any, result: Any) -> None:
        facts["shape"], facts["target_shape"] = list(value.shape), list(target.shape)
        if facts["name"] in CLASSIFYING or value.shape == target.shape:
            return
        spread = self.examiner.torch.broadcast_shapes(value.shape, target.shape)
        if spread.numel() > max(value.numel(), target.numel()):
            facts["spread_shapes"] += 1
            facts["spread_shape"] = list(spread)

    def _values(self, facts: dict[str, Any], name: str, value: Any, target: Any) -> None:
        is_shared = target.is_floating_point() and target.shape == value.shape and target.dim() > 1
        value, target = value.float(), target.float()
        if value.numel() > MOST_ELEMENTS:
            rows = max(1, MOST_ELEMENTS * value.shape[0] // value.numel())
            value, target = value[:rows], target[:rows] if target.dim() and len(target) >= rows else target
        facts["low"] = min(facts["low"], float(value.min()))
        facts["high"] = max(facts["high"], float(value.max()))
        facts["target_low"] = min(facts["target_low"], float(target.min()))
        facts["target_high"] = max(facts["target_high"], float(target.max()))
        if name in (*CLASSIFYING, "kl_div") and value.dim():
            axis = (1 if value.dim() > 1 else 0) if name in CLASSIFYING else -1
            facts["classes"] = value.shape[axis]
            facts["rows"] += value.numel() // max(1, value.shape[axis])
            off = (value.sum(axis) - 1.0).abs().max()
            facts["furthest_row_sum"] = max(facts["furthest_row_sum"], float(off))
            if name == "cross_entropy" and is_shared:
                target_off = (target.sum(axis) - 1.0).abs().max()
                facts["furthest_target_sum"] = max(facts["furthest_target_sum"], float(target_off))
                facts["whole_targets"] &= bool(((target == 0) | (target == 1)).all())
            log_off = value.logsumexp(axis).abs().max()
            facts["furthest_log_sum"] = max(facts["furthest_log_sum"], float(log_off))

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        self._looks_for_spread += 1
        found = spread_difference(tensor) if is_due(self._looks_for_spread) else None
        if found is not None:
            told = self._spread.setdefault(place, {**found, "place": place_of(place), "seen": 0})
            told["seen"] += 1

    def report(self) -> dict[str, Any] | None:
        if not self._looks_for_spread:
            return None
        for key, facts in self._places.items():
            facts["calls"] = self._counts[key]
        return {"places": list(self._places.values()), "differences": list(self._spread.values())}


def maker(value: Any) -> str | None:
    """The operation that gave a tensor its values, such as ``Softmax``; ``None`` for a leaf."""
    node = value.grad_fn
    for _ in range(20):
        if node is None:
            return None
        name = str(node.name()).partition("Backward")[0]
        if not name.endswith(PASSED_THROUGH) and name not in ("UnsafeView", "SafeView"):
            return name
        node = node.next_functions[0][0] if node.next_functions else None
    return None
