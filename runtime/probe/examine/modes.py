"""Which layers behave as in training when the model is called: what was really active, not what flags say.

Invariant: dropout and batch norm are counted where they run, in ``torch.nn.functional``, so that a dropout that is
called as a function counts like a layer.
"""

from __future__ import annotations

import functools
import sys
import weakref
from typing import Any, ClassVar

from .looks import place_of, tensors_in
from .observer import ModelCall, Observer

DROPOUTS = ("dropout", "alpha_dropout", "feature_alpha_dropout", "dropout1d", "dropout2d", "dropout3d")
MOST_PLACES = 40
MOST_STEPS_NOTED = 400
MEANT = ("update_bn", "_get_batch_statistics")
"""Functions that run a model in training mode without training it, on purpose."""


class Modes(Observer):
    """Counts active dropout and batch norm in every outermost call, by place and phase."""

    name: ClassVar[str] = "modes"

    def __post_init__(self) -> None:
        self._active = _nothing()
        self._of_call: dict[int, dict[str, int]] = {}
        self._places: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._models: dict[int, int] = {}
        self._latest_inputs: dict[tuple[Any, ...], weakref.ref[Any]] = {}

    def on_torch(self, torch: Any) -> None:
        functional = torch.nn.functional
        for name in DROPOUTS:
            setattr(functional, name, self._watched(getattr(functional, name), "dropout"))
        functional.batch_norm = self._watched(functional.batch_norm, "batch_norm")

    def _watched(self, original: Any, kind: str) -> Any:
        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            if self.examiner.is_here():
                self.examiner.guard(self, self._count, kind, args, kwargs)
            return original(*args, **kwargs)

        return watched

    def _count(self, kind: str, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        """Count one call; not of a dropout of nothing, or of a batch norm without statistics to rest on."""
        if kind == "dropout":
            counts, training_at, default = bool(args[1] if len(args) > 1 else kwargs.get("p", 0.5)), 2, True
        else:
            kept = args[1] if len(args) > 1 else kwargs.get("running_mean")
            counts, training_at, default = kept is not None, 5, False
        if counts:
            training = args[training_at] if len(args) > training_at else kwargs.get("training", default)
            self._active[kind if training else "quiet"] += 1
            is_given = len(args) > training_at or "training" in kwargs
            self._active["forgotten"] += kind == "dropout" and not is_given

    def on_model_call(self, call: ModelCall) -> None:
        self._of_call[id(call)] = self._active
        self._active = _nothing()

    def on_train_call(self, call: ModelCall) -> None:
        self._models.setdefault(id(call.module), len(self._models))
        self._note(call, "train")

    def on_eval_call(self, call: ModelCall) -> None:
        active = self._of_call.get(id(call))
        if active and active["batch_norm"] and self._is_meant():
            self._of_call.pop(id(call), None)
            return
        self._note(call, "eval")

    def _is_meant(self) -> bool:
        frame = sys._getframe(1)
        while frame is not None:
            if frame.f_code.co_name in MEANT:
                return True
            frame = frame.f_back  # type: ignore[assignment]
        return False

    def _note(self, call: ModelCall, phase: str) -> None:
        active = self._of_call.pop(id(call), None)
        key = (phase, call.place, id(call.module))
        if active is None or (key not in self._places and len(self._places) >= MOST_PLACES):
            return
        facts = self._places.setdefault(
            key,
            {
                "phase": phase, "place": place_of(call.place), "model": id(call.module),
                "kind": type(call.module).__name__, "calls": 0, "same_input": 0, "no_grad": 0, "training_mode": 0,
                **_nothing(), "noisy": 0, "noisy_training": 0, "noisy_in_eval_mode": 0, "steps": [], "modes": [],
            },
        )  # fmt: skip
        facts["calls"] += 1
        facts["same_input"] += self._is_same_input(key, call)
        facts["no_grad"] += not call.grad_enabled
        facts["training_mode"] += bool(call.in_training_mode)
        is_noisy = bool(active["dropout"] or active["batch_norm"])
        facts["noisy"] += is_noisy
        facts["noisy_training"] += is_noisy and bool(call.in_training_mode)
        facts["noisy_in_eval_mode"] += is_noisy and not call.in_training_mode
        for kind in _nothing():
            facts[kind] += bool(active[kind])
        if len(facts["steps"]) < MOST_STEPS_NOTED:
            facts["steps"].append(call.step)
            facts["modes"].append(bool(call.in_training_mode))

    def _is_same_input(self, key: tuple[Any, ...], call: ModelCall) -> bool:
        """Whether the very tensor that the latest call there was given is given again."""
        given = next(tensors_in((call.args, call.kwargs)), None)
        latest = self._latest_inputs.get(key)
        if given is not None:
            self._latest_inputs[key] = weakref.ref(given)
        return given is not None and latest is not None and latest() is given

    def report(self) -> dict[str, Any] | None:
        if not self._places:
            return None
        places = [
            {**facts, "trained": facts["model"] in self._models, "model": self._models.get(facts["model"], -1)}
            for facts in self._places.values()
        ]
        return {"places": places, "trained_models": len(self._models), "steps": self.examiner.steps}


def _nothing() -> dict[str, int]:
    """Counts of one call: active layers by kind, resting ones, and dropouts that nobody told whether they rest."""
    return {"dropout": 0, "batch_norm": 0, "quiet": 0, "forgotten": 0}
