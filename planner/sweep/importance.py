"""Which hyperparameters matter: PED-ANOVA over what was tried.

Invariant: trials are compared at one length that enough of them reached, so that those that were stopped early count as
well. With too few it is not told, instead of told wrongly.
"""

from __future__ import annotations

from collections.abc import Sequence

import optuna

from .study import Observation, Search

LEAST_TRIALS = 20
_QUANTILE = 0.25


def importances(space_search: Search, observations: Sequence[Observation]) -> dict[str, float] | None:
    """The share of each parameter in being among the best quarter, the largest first; ``None`` with too few trials."""
    level = _common_level(observations)
    if level is None:
        return None
    study = optuna.create_study(direction=space_search.study.direction)
    for one in observations:
        if level in one.curve:
            trial = space_search.frozen_at(one, level)
            if trial is not None:
                study.add_trial(trial)
    if len(study.trials) < LEAST_TRIALS:
        return None
    evaluator = optuna.importance.PedAnovaImportanceEvaluator(target_quantile=_QUANTILE)
    found = optuna.importance.get_param_importances(study, evaluator=evaluator)
    return {name: float(share) for name, share in sorted(found.items(), key=lambda item: -item[1])}


def _common_level(observations: Sequence[Observation]) -> int | None:
    """The greatest length at which enough trials have a value."""
    counts: dict[int, int] = {}
    for one in observations:
        for level in one.curve:
            counts[level] = counts.get(level, 0) + 1
    return max((level for level, count in counts.items() if count >= LEAST_TRIALS), default=None)
