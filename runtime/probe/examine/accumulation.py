"""Steps made of several backward passes: how many, from where, and whether each loss is its share.

Invariant: only a scalar loss is read, and compared with what the loss function last returned.
"""

from __future__ import annotations

import linecache
from typing import Any, ClassVar

from .looks import place_of
from .observer import LossCall, Observer, Place

MOST_STEPS = 200
MOST_CALLERS = 6
MOST_SUMMANDS = 20


class Accumulation(Observer):
    """Counts the backward passes of each step, and what each was given relative to the loss function's result."""

    name: ClassVar[str] = "accumulation"

    def __post_init__(self) -> None:
        self._criterion: tuple[float, str, Place | None] | None = None
        self._means: list[Any] = []
        """The graphs' nodes of what loss functions returned since the latest pass."""
        self._passes: list[tuple[Any, float | None, Any]] = []
        self._steps: list[dict[str, Any]] = []
        self._optimizers: set[int] = set()
        self._kinds: set[str] = set()
        self._is_stepping = False

    def on_loss(self, loss: LossCall) -> None:
        if loss.grad_enabled and hasattr(loss.result, "numel") and loss.result.numel() == 1:
            self._criterion = (float(loss.result.detach()), str(loss.arguments.get("reduction")), loss.place)
            if loss.arguments.get("reduction") == "mean":
                self._means.append(loss.result.grad_fn)

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        if self._is_stepping or len(self._steps) >= MOST_STEPS:
            return
        ratio = None
        if self._criterion is not None and hasattr(tensor, "numel") and tensor.numel() == 1:
            value, reduction, _ = self._criterion
            ratio = float(tensor.detach()) / value if value and reduction == "mean" else None
            ratio = 1.0 if self._adds_a_mean(tensor) else ratio
        self._means.clear()
        callers = tuple((frame.f_code.co_filename, frame.f_lineno) for frame in self.examiner.user_frames())
        where = (callers[:MOST_CALLERS], self._criterion[2] if self._criterion else None)
        self._passes.append((where, ratio, place))
        self._criterion = None

    def _adds_a_mean(self, tensor: Any) -> bool:
        """Whether a sum of several losses has one of them as the loss function gave it, not divided by anything."""
        found: list[Any] = []
        summands = [tensor.grad_fn]
        while summands and len(found) < MOST_SUMMANDS:
            node = summands.pop()
            if node is not None and node.name().startswith("AddBackward"):
                summands += [one for one, _ in node.next_functions]
            else:
                found.append(node)
        return len(found) > 1 and any(node is mean for node in found for mean in self._means if mean is not None)

    def before_step(self, optimizer: Any, place: Place | None) -> None:
        self._is_stepping = True
        self._optimizers.add(id(optimizer))
        self._kinds.add(type(optimizer).__name__)
        if not self._passes or len(self._steps) >= MOST_STEPS:
            return
        ratios = [ratio for _, ratio, _ in self._passes if ratio is not None]
        self._steps.append(
            {
                "passes": len(self._passes),
                "places": len({where for where, _, _ in self._passes}),
                "ratio": sum(ratios) / len(ratios) if len(ratios) == len(self._passes) else None,
                "place": place_of(self._passes[-1][2]),
                "by_the_script": _calls_backward(self._passes[-1][2]),
            }
        )
        self._passes.clear()

    def after_step(self, optimizer: Any) -> None:
        self._is_stepping = False

    def report(self) -> dict[str, Any] | None:
        if not self._steps:
            return None
        return {"steps": self._steps, "optimizers": len(self._optimizers), "kinds": sorted(self._kinds)}


def _calls_backward(place: Place | None) -> bool:
    """Whether the script's own line does, not a framework's."""
    return place is not None and "backward" in linecache.getline(place.file, place.line)
