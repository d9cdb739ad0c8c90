"""Every check there is, and the asking of all of a rung's at once.

Invariant: every check of the rung gives an answer. One whose reports are missing or malformed could not tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...store.records import RungName
from . import (
    accumulation_scale,
    clip_order,
    future_window,
    gradients_cleared,
    leak_copies,
    leak_preprocessing,
    loader_slow,
    loader_stuck,
    loss_input,
    metric_arguments,
    rows_dropped,
    schedule_steps,
    seed_missing,
    selection,
)
from .accumulation import ACCUMULATION
from .against_trivial import PILOT_BASELINE, PILOT_NOISE, RESULT_BASELINE, RESULT_NOISE
from .baseline import BASELINES
from .check import Answer, Check, Evidence, Judgement, could_not_tell
from .checkpoint import CHECKPOINT
from .classes_missing import CLASSES_MISSING
from .clipping import CLIPPING
from .coverage import COVERAGE_OF_EVALUATION
from .decay import DECAY
from .dependence import POSITIONS, ROWS
from .evaluated_split import EVALUATED_SPLIT
from .evaluated_weights import EVALUATED_WEIGHTS
from .float_warnings import FLOAT_WARNINGS
from .found import Checked
from .graph import GRAPH
from .initialisation import INITIALISATION
from .key_columns import KEY_COLUMNS
from .learning_rate import LEARNING_RATE
from .losses import LOSSES
from .metric_calls import METRIC_CALLS
from .misaligned import MISALIGNED
from .modes import MODES
from .near_rows import NEAR_ROWS
from .numeric import NUMERIC
from .overlap import OVERLAP
from .padding import PADDING
from .paired import PAIRED
from .pilot_inputs import USES_INPUTS
from .pilot_numbers import PILOT_NUMBERS
from .preprocessing import PREPROCESSING
from .printed_metric import PRINTED_METRIC
from .random_rows import RANDOM_ROWS
from .rank_collectives import RANK_COLLECTIVES
from .rank_data import RANK_DATA
from .rank_gradients import RANK_GRADIENTS
from .rank_metrics import RANK_METRICS
from .rank_parameters import RANK_PARAMETERS
from .rank_reports import RANKS
from .rank_saves import RANK_SAVES
from .rank_slow import RANK_SLOW
from .recounted import RECOUNTED
from .remade import REMADE
from .schedule import SCHEDULE
from .seed import SEED
from .selected import SELECTED
from .target_column import TARGET_COLUMN
from .text_copies import TEXT_COPIES
from .unchanged import UNCHANGED
from .unshuffled import UNSHUFFLED
from .zero_grad import ZERO_GRAD

CHECKS: tuple[Check, ...] = (
    leak_preprocessing.CHECK,
    leak_copies.CHECK,
    rows_dropped.CHECK,
    future_window.CHECK,
    selection.CHECK,
    metric_arguments.CHECK,
    loss_input.CHECK,
    gradients_cleared.CHECK,
    clip_order.CHECK,
    schedule_steps.CHECK,
    accumulation_scale.CHECK,
    seed_missing.CHECK,
    loader_slow.CHECK,
    loader_stuck.CHECK,
    ACCUMULATION,
    CHECKPOINT,
    CLIPPING,
    DECAY,
    GRAPH,
    INITIALISATION,
    LEARNING_RATE,
    LOSSES,
    MODES,
    NUMERIC,
    FLOAT_WARNINGS,
    PADDING,
    POSITIONS,
    REMADE,
    ROWS,
    SCHEDULE,
    SEED,
    UNCHANGED,
    EVALUATED_WEIGHTS,
    ZERO_GRAD,
    OVERLAP,
    NEAR_ROWS,
    TEXT_COPIES,
    PREPROCESSING,
    TARGET_COLUMN,
    KEY_COLUMNS,
    UNSHUFFLED,
    CLASSES_MISSING,
    MISALIGNED,
    PAIRED,
    COVERAGE_OF_EVALUATION,
    EVALUATED_SPLIT,
    METRIC_CALLS,
    PRINTED_METRIC,
    RECOUNTED,
    SELECTED,
    RANDOM_ROWS,
    BASELINES,
    RANK_COLLECTIVES,
    RANK_DATA,
    RANK_PARAMETERS,
    RANK_GRADIENTS,
    RANK_METRICS,
    RANK_SAVES,
    RANK_SLOW,
    PILOT_NUMBERS,
    USES_INPUTS,
    PILOT_BASELINE,
    PILOT_NOISE,
    RESULT_BASELINE,
    RESULT_NOISE,
)


def ask_all(rung: RungName, evidence: Evidence, checks: Sequence[Check] = CHECKS) -> Checked:
    """The answers of all checks of a rung, as findings, what is verified, and what is not.

    Of ranks nobody is asked where there was one process.
    """
    asked = (check for check in checks if RANKS not in check.needs or RANKS in evidence.reports)
    answers = [(check, _ask(check, evidence)) for check in asked if check.rung is rung]
    return Checked(
        tuple(finding for _, one in answers for finding in one.findings),
        tuple(one.words for _, one in answers if one.answer is Answer.FINE),
        (
            *(one.words for _, one in answers if one.answer is Answer.COULD_NOT_TELL),
            *(words for _, one in answers for words in one.also_open),
        ),
    )


def _ask(check: Check, evidence: Evidence) -> Judgement:
    missing = [kind for kind in check.needs if kind not in evidence.reports]
    if missing:
        return could_not_tell(f"{check.name}: nothing was reported of {', '.join(missing)}")
    try:
        return check.judge(evidence)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        return could_not_tell(f"{check.name}: the report is not as expected ({type(problem).__name__})")
