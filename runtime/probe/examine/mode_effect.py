"""What training mode does to an evaluation: the latest evaluated rows once more, in both modes, with the same weights.

Invariant: both are tried after the script's end, with the weights that it left, and the buffers are put back.
"""

from __future__ import annotations

from collections import deque
from typing import Any, ClassVar

from .definitions import definitions
from .ledger import ledger_of
from .looks import place_of
from .observer import ModelCall, Observer, Place
from .rows import column
from .seen import Seen, answered
from .trial import Trial

MOST_CALLS, MOST_PLACES = 8, 6
MOST_TRIED = 3
"""Training mode draws at random: so many tries are averaged."""
TOLD = ("accuracy", "mse")


class ModeEffect(Observer):
    """Keeps the latest calls of each place that evaluates in training mode."""

    name: ClassVar[str] = "mode_effect"

    def __post_init__(self) -> None:
        self._calls: dict[Place | None, deque[tuple[Trial, Seen]]] = {}
        self._steps: dict[Place | None, int] = {}
        self._told: list[dict[str, Any]] = []

    def on_eval_call(self, call: ModelCall) -> None:
        if call.grad_enabled or not call.in_training_mode:
            return
        if call.place not in self._calls and len(self._calls) >= MOST_PLACES:
            return
        trial = Trial.of(self.examiner.torch, call)
        seen = ledger_of(self.examiner).latest
        if trial is None or seen is None:
            return
        calls = self._calls.setdefault(call.place, deque(maxlen=MOST_CALLS))
        if self._steps.get(call.place) != call.step:
            calls.clear()  # the next pass, over the same rows
        self._steps[call.place] = call.step
        calls.append((trial, seen))

    def at_end(self) -> None:
        for place, calls in self._calls.items():
            if self.examiner.seconds_left > 1:
                found = self._tried([(trial, column(seen.target)) for trial, seen in calls])
                if found is not None:
                    self._told.append({"place": place_of(place), **found})

    def _tried(self, calls: list[tuple[Trial, Any]]) -> dict[str, Any] | None:
        import numpy as np

        known = [(trial, target) for trial, target in calls if target is not None]
        if not known:
            return None
        module = known[-1][0].module
        buffers = {name: one.detach().clone() for name, one in module.named_buffers()}
        quiet = [answered(trial.run()) for trial, _ in known]
        noisy = [[answered(trial.run(training=True)) for trial, _ in known] for _ in range(MOST_TRIED)]
        with self.examiner.torch.no_grad():
            for name, one in module.named_buffers():
                one.copy_(buffers[name])
        if any(one is None for one in [*quiet, *(each for tried in noisy for each in tried)]):
            return None
        truth = np.concatenate([target for _, target in known])
        in_eval = definitions(truth, np.concatenate(quiet))
        in_training = [definitions(truth, np.concatenate(tried)) for tried in noisy]
        measure = next((one for one in TOLD if one in in_eval), None)
        if measure is None:
            return None
        values = [one[measure] for one in in_training]
        return {"measure": measure, "rows": len(truth), "in_evaluation_mode": in_eval[measure],
                "in_training_mode": sum(values) / len(values), "tried": values}  # fmt: skip

    def report(self) -> dict[str, Any] | None:
        return {"places": self._told}
