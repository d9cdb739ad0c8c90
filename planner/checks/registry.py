"""Every check there is, and the asking of all of a rung's at once.

Invariant: every check of the rung gives an answer. One whose reports are missing or malformed could not tell.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...store.records import RungName
from .baseline import BASELINES
from .check import Answer, Check, Evidence, Judgement, could_not_tell
from .coverage import COVERAGE_OF_EVALUATION
from .evaluated_split import EVALUATED_SPLIT
from .found import Checked
from .key_columns import KEY_COLUMNS
from .metric_calls import METRIC_CALLS
from .misaligned import MISALIGNED
from .near_rows import NEAR_ROWS
from .overlap import OVERLAP
from .preprocessing import PREPROCESSING
from .printed_metric import PRINTED_METRIC
from .random_rows import RANDOM_ROWS
from .selection import SELECTED
from .target_column import TARGET_COLUMN
from .unshuffled import UNSHUFFLED

CHECKS: tuple[Check, ...] = (
    OVERLAP,
    NEAR_ROWS,
    PREPROCESSING,
    TARGET_COLUMN,
    KEY_COLUMNS,
    UNSHUFFLED,
    MISALIGNED,
    COVERAGE_OF_EVALUATION,
    EVALUATED_SPLIT,
    METRIC_CALLS,
    PRINTED_METRIC,
    SELECTED,
    RANDOM_ROWS,
    BASELINES,
)


def ask_all(rung: RungName, evidence: Evidence, checks: Sequence[Check] = CHECKS) -> Checked:
    """The answers of all checks of a rung, as findings, what is verified, and what is not."""
    answers = [(check, _ask(check, evidence)) for check in checks if check.rung is rung]
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
        return could_not_tell(f"{check.question} nothing was reported of {', '.join(missing)}")
    try:
        return check.judge(evidence)
    except (KeyError, TypeError, ValueError, AttributeError, IndexError) as problem:
        return could_not_tell(f"{check.question} the report is not as expected ({type(problem).__name__})")
