"""Whether the weights that are evaluated are the trained ones: a copy that is never brought forward, or a new model,
is not.

Invariant: a call that comes with the steps is a part of the training (a teacher, a reference) and no evaluation; of
parameters only fingerprints are kept.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .looks import place_of
from .observer import ModelCall, Observer, Place
from .parameters import Parameters, fingerprint

MOST_MODELS = 16
FEWEST_STEPS = 4
MOST_STEPS_NOTED = 400


class _Evaluated:
    """One model that is called without gradients."""

    def __init__(self, module: Any) -> None:
        self.module = module
        self.first = _fingerprints(module)
        self.steps: list[int] = []
        self.place: Place | None = None
        self.last = 0
        self.has_changed = self.is_random = self.is_as_begun = False


class EvaluatedWeights(Observer):
    """Follows the models that are evaluated and were not trained themselves."""

    name: ClassVar[str] = "evaluated_weights"

    def __post_init__(self) -> None:
        self._trained: dict[int, Any] = {}
        self._trained_parameters: set[int] = set()
        self._evaluated: dict[int, _Evaluated] = {}
        self._calls = 0

    @property
    def _parameters(self) -> Parameters:
        return next(one for one in self.examiner.observers if isinstance(one, Parameters))

    def on_train_call(self, call: ModelCall) -> None:
        if id(call.module) not in self._trained and len(self._trained) < MOST_MODELS:
            self._trained[id(call.module)] = call.module
            self._trained_parameters.update(id(one) for one in call.module.parameters())

    def on_eval_call(self, call: ModelCall) -> None:
        if call.grad_enabled or call.step < FEWEST_STEPS:
            return
        known = self._evaluated.get(id(call.module))
        if known is None:
            if len(self._evaluated) >= MOST_MODELS:
                return
            known = self._evaluated[id(call.module)] = _Evaluated(call.module)
        self._calls += 1
        known.last, known.place = self._calls, call.place
        if len(known.steps) < MOST_STEPS_NOTED and known.steps[-1:] != [call.step]:
            known.steps.append(call.step)
            self._look(known)

    def _look(self, known: _Evaluated) -> None:
        """Now, not at the end: what is read afterwards may have been changed since."""
        now = _fingerprints(known.module)
        known.has_changed = known.has_changed or now != known.first
        known.is_random = self._parameters.all_random(known.module)
        known.is_as_begun = self._parameters.began_as(known.module)

    def _is_trained(self, known: _Evaluated) -> bool:
        return any(id(one) in self._trained_parameters for one in known.module.parameters())

    def report(self) -> dict[str, Any] | None:
        if not self._trained or not self._evaluated:
            return None
        kinds = {type(one).__name__ for one in self._trained.values()}
        every = list(self._evaluated.values())
        latest = max(one.last for one in every)
        return {
            "models": [
                {"kind": type(one.module).__name__, "place": place_of(one.place), "steps": one.steps,
                 "trained": self._is_trained(one), "like_trained": type(one.module).__name__ in kinds,
                 "changed": one.has_changed, "random": one.is_random, "as_begun": one.is_as_begun,
                 "last": one.last == latest}
                for one in every
            ],
            "steps": self.examiner.steps,
        }  # fmt: skip


def _fingerprints(module: Any) -> list[Any]:
    return [fingerprint(one)[1:] for one in module.parameters()]
