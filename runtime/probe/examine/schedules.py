"""Learning-rate schedules: how long they mean to be, and where and how often they are stepped.

Invariant: a schedule's own functions are asked only after the script has ended.
"""

from __future__ import annotations

import linecache
import re
from typing import Any, ClassVar

from .looks import place_of
from .observer import Observer, Place

MOST_SCHEDULES = 40
LENGTHS = {
    "CosineAnnealingLR": "T_max", "OneCycleLR": "total_steps", "LinearLR": "total_iters", "PolynomialLR": "total_iters",
    "ConstantLR": "total_iters",
}  # fmt: skip
ENDLESS = 4_000_000
ASKED = sorted({*range(33), *(int(1.08**power) for power in range(45, 198))})
"""The steps at which a schedule's own function is asked."""
MAY_FAIL = (ArithmeticError, ValueError, TypeError, LookupError, AttributeError)


class _Schedule:
    """One scheduler."""

    def __init__(self, scheduler: Any, place: Place | None) -> None:
        self.scheduler = scheduler
        self.place = place
        self.calls = 0
        self.at_steps: list[int] = []
        self.step_place: Place | None = None
        self.loop: dict[str, Any] | None = None
        self.before_any_step = False
        optimizer = getattr(scheduler, "optimizer", None)
        groups = getattr(optimizer, "param_groups", None) or [{}]
        self.base = groups[0].get("initial_lr", groups[0].get("lr"))


class Schedules(Observer):
    """Follows every scheduler that is stepped by the script itself, not by another scheduler."""

    name: ClassVar[str] = "schedules"

    def __post_init__(self) -> None:
        self._schedules: dict[int, _Schedule] = {}
        self._steps: dict[int, int] = {}
        self._stepped: dict[int, Any] = {}
        self._scaled = False
        self._backwards = 0

    def on_scheduler(self, scheduler: Any, place: Place | None) -> None:
        if len(self._schedules) < MOST_SCHEDULES and id(scheduler) not in self._schedules:
            self._schedules[id(scheduler)] = _Schedule(scheduler, place)

    def on_unscale(self, optimizer: Any) -> None:
        self._scaled = True

    def after_step(self, optimizer: Any) -> None:
        self._steps[id(optimizer)] = self._steps.get(id(optimizer), 0) + 1
        self._stepped[id(optimizer)] = optimizer

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        self._backwards += 1

    def on_schedule(self, scheduler: Any, place: Place | None) -> None:
        one = self._schedules.get(id(scheduler))
        if one is None:
            return
        steps = self._steps.get(id(getattr(scheduler, "optimizer", None)), 0)
        one.before_any_step |= steps == 0
        one.calls += 1
        one.step_place = place
        if len(one.at_steps) < 200:
            one.at_steps.append(steps)
        loop = self.examiner.tracker._innermost_loop()
        site = loop.node.site if loop is not None else None
        if site is not None:
            one.loop = {"file": site.file, "line": site.line}

    def at_end(self) -> None:
        self._curves = {key: _curve(one.scheduler) for key, one in self._schedules.items()}

    def report(self) -> dict[str, Any] | None:
        inner = {id(held) for one in self._schedules.values() for held in _held_by(one.scheduler)}
        return {
            "steps": self.examiner.steps,
            "scaled": self._scaled,
            "schedules": [self._described(one) for key, one in self._schedules.items() if key not in inner],
        }

    def _described(self, one: _Schedule) -> dict[str, Any]:
        kind = type(one.scheduler).__name__
        length = getattr(one.scheduler, LENGTHS.get(kind, ""), None) if kind in LENGTHS else None
        return {
            "kind": kind,
            "place": place_of(one.place),
            "step_place": place_of(one.step_place),
            "loop": one.loop,
            "calls": one.calls,
            "optimizer_steps": self._steps.get(id(getattr(one.scheduler, "optimizer", None)), 0),
            "replaced": self._is_replaced(one.scheduler),
            "at_steps": one.at_steps[:40],
            "before_any_step": one.before_any_step,
            "length": length if isinstance(length, int) else None,
            "gamma": _number(getattr(one.scheduler, "gamma", None)),
            "step_size": _number(getattr(one.scheduler, "step_size", None)),
            "milestones": [int(one) for one in getattr(one.scheduler, "_milestones", ())],
            "curve": getattr(self, "_curves", {}).get(id(one.scheduler)),
            "stepped_in_text": _stepped_in_text(one.place),
        }

    def _is_replaced(self, scheduler: Any) -> bool:
        """Whether its optimizer never steps, and another one steps the same parameters."""
        optimizer = getattr(scheduler, "optimizer", None)
        if optimizer is None or id(optimizer) in self._stepped:
            return False
        groups, own = _groups(optimizer), _members(optimizer)
        # A wrapper, such as accelerate's, shows the groups of the optimizer that it holds.
        others = [other for other in self._stepped.values() if own & _members(other)]
        return bool(others) and not any(groups & _groups(other) for other in others)


def _members(optimizer: Any) -> set[int]:
    """The parameters that an optimizer holds."""
    groups: list[dict[str, Any]] = getattr(optimizer, "param_groups", [])
    return {id(one) for group in groups for one in group["params"]}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def _held_by(scheduler: Any) -> list[Any]:
    """Schedulers that another one steps."""
    held = []
    for value in vars(scheduler).values():
        for one in value if isinstance(value, (list, tuple)) else [value]:
            if hasattr(one, "step") and hasattr(one, "last_epoch"):
                held.append(one)
    return held


def _curve(scheduler: Any) -> dict[str, Any] | None:
    """Of a function of the step: where it peaks first, and from where on it never changes."""
    functions = getattr(scheduler, "lr_lambdas", None)
    if not functions or type(scheduler).__name__ != "LambdaLR":
        return None
    values: list[tuple[int, float]] = []
    for step in ASKED:
        try:
            values.append((step, float(functions[0](step))))
        except MAY_FAIL:
            break
    if len(values) < len(ASKED) // 2:
        return None
    peak = max(value for _, value in values)
    last = values[-1][1]
    changing = [step for step, value in values if abs(value - last) > 1e-9]
    return {
        "first": values[0][1],
        "peak": peak,
        "peak_at": next(step for step, value in values if value >= 0.99 * peak),
        "last": last,
        "settled_at": changing[-1] + 1 if changing else 0,
        "ends": not changing or changing[-1] < ENDLESS // 2,
    }


def _stepped_in_text(place: Place | None) -> bool:
    """Whether the text of the file that makes it steps something that is called like a scheduler."""
    if place is None:
        return True
    text = "".join(linecache.getlines(place.file))
    return re.search(r"(sched|lr|warm|anneal|plateau|cosine)\w*(\[\w+\])?\.step\(", text, re.IGNORECASE) is not None


def _groups(optimizer: Any) -> set[int]:
    """The groups of an optimizer, as objects: its learning rates are theirs."""
    return {id(group) for group in getattr(optimizer, "param_groups", [])}
