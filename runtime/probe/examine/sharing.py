"""How many rows of an evaluation had trained the model, and how many would be equal by chance."""

from __future__ import annotations

from typing import Any

from .definitions import definitions, of_guesses
from .naming import text_at
from .rows import numpy
from .sets import Evaluation, RowSet

MOST_EXAMPLES = 5
FEWEST = 10
"""A metric of fewer rows says nothing."""
SAMPLE = 3000


def shared(evaluation: Evaluation) -> dict[str, Any] | None:
    """The facts of one evaluation; ``None`` where nothing had trained its model."""
    training = evaluation.training
    if training is None:
        return None
    pairs = [(evaluation.side.inputs, training.inputs), (evaluation.side.source, training.source)]
    told = [_compared(left, right) for left, right in pairs if left.held and right.held]
    best = max(told, key=lambda one: one["in_train"] / one["rows"], default=None)
    if best is None:
        return None
    file, line = evaluation.lines[0] if evaluation.lines else ("", 0)
    return {
        **best,
        "model": evaluation.kind,
        "number": evaluation.model,
        "method": evaluation.method,
        "called": evaluation.called,
        "file": file,
        "line": line,
        "text": text_at(file, line),
        "lines": [list(one) for one in evaluation.lines],
        "trained_at": training.place.as_json() if training.place else None,
        "tokens": evaluation.tokens,
        "passes": len(evaluation.passes),
        "steps": sorted({one.step for one in evaluation.passes})[:50],
        "pass_rows": evaluation.passes[-1].rows,
        "whole": training.whole,
        "effect": _effect(evaluation, training.inputs) if best["in_train"] else None,
    }


def _effect(evaluation: Evaluation, trained: RowSet) -> dict[str, Any] | None:
    """The metric of the latest answers with the rows that had trained the model, and without them."""
    np = numpy()
    one = next((each for each in reversed(evaluation.passes) if each.pieces), None)
    if one is None or len(one.pieces) != len(one.piece_rows):
        return None
    truth, answers = (np.concatenate(each) for each in zip(*one.pieces))
    fresh = ~np.isin(np.concatenate(one.piece_rows), trained.hashes)
    if len(fresh) != len(truth) or not FEWEST <= fresh.sum() < len(truth):
        return None
    define = of_guesses if one.chosen else definitions
    everything, without = define(truth, answers), define(truth[fresh], answers[fresh])
    measure = next((name for name in ("accuracy", "mse") if name in everything and name in without), None)
    if measure is None:
        return None
    return {"measure": measure, "with": everything[measure], "without": without[measure], "rows": int(fresh.sum())}


def _compared(evaluated: RowSet, trained: RowSet) -> dict[str, Any]:
    np = numpy()
    left, right = np.unique(evaluated.hashes), np.unique(trained.hashes)
    both = np.isin(evaluated.hashes, right)
    places = np.flatnonzero(both)[:MOST_EXAMPLES].tolist()
    return {
        "rows": len(evaluated.hashes),
        "distinct": len(left),
        "in_train": int(both.sum()),
        "train_rows": len(trained.hashes),
        "train_distinct": len(right),
        "train_repeats": trained.repeats,
        "examples": [
            {
                "evaluation_row": place,
                "training_row": int(np.flatnonzero(trained.hashes == evaluated.hashes[place])[0]),
                "hash": f"{int(evaluated.hashes[place]):016x}",
            }
            for place in places
        ],
        **_labels_of_shared(evaluated, trained),
        **_chance(evaluated, trained),
    }


def _labels_of_shared(evaluated: RowSet, trained: RowSet) -> dict[str, Any]:
    """How many of the shared rows have the same label on both sides, where both are known."""
    from .rows import hashes

    left, right = evaluated.table(), trained.table()
    if left is None or right is None or left[1] is None or right[1] is None:
        return {"labelled": 0, "same_label": 0}
    known = dict(zip(hashes(right[0]).tolist(), right[1].tolist()))
    pairs = [(known[one], label) for one, label in zip(hashes(left[0]).tolist(), left[1].tolist()) if one in known]
    return {"labelled": len(pairs), "same_label": sum(one == other for one, other in pairs)}


def _chance(evaluated: RowSet, trained: RowSet) -> dict[str, Any]:
    """How many rows would be in both if every column were drawn on its own from what it holds."""
    np = numpy()
    left, right = evaluated.table(), trained.table()
    if right is None or left is None:
        return {"chance": None, "width": None}
    rows = right[0][:: max(1, len(right[0]) // SAMPLE)]
    logarithm = 0.0
    for place in range(rows.shape[1]):
        _, counts = np.unique(rows[:, place], return_counts=True)
        share = counts / counts.sum()
        logarithm += float(np.log(max(float((share * share).sum()) - (1 / len(rows) if len(counts) > 1 else 0), 1e-9)))
    expected = len(left[0]) * min(1.0, len(right[0]) * float(np.exp(max(logarithm, -200.0))))
    return {"chance": expected, "width": int(rows.shape[1])}
