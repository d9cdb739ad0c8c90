"""Everything of a run that can be counted again from what is stored, and what cannot.

Invariant: nothing of the user's is run, nothing is written, and what could not be compared is listed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...store import Store
from ...store.records import Run, RungName
from .checked import Answer, Checked, could_not, differs, matches
from .code import check_code
from .confirmed import check_repeat
from .printed import check_printed
from .recounted import check_predictions
from .sealed import check_seal
from .spent import check_spent

RESULTS = (RungName.PILOT, RungName.SWEEP, RungName.FULL, RungName.CONFIRM)
"""The rungs whose metrics are results."""


def verify(store: Store, run: Run) -> tuple[Checked, ...]:
    """Compare all that there is to compare."""
    if not run.status.is_over:
        return (could_not("run", f"it is still {run.status}"),)
    return tuple(_all(store, run))


def _all(store: Store, run: Run) -> Iterator[Checked]:
    experiment = store.experiments.get(run.experiment_id)
    yield _database(store)
    yield from check_seal(store, run, experiment)
    yield check_code(store, run, experiment)
    if run.rung in RESULTS:
        yield check_printed(store, run)
        yield from check_predictions(store, run)
        yield from check_repeat(store, run)
    yield from check_spent(store, run)
    yield could_not("training", "the run itself: that needs its compute once more (mlintern run --fresh)")


def _database(store: Store) -> Checked:
    compared = "the database's pages, references and triggers with what they have to be"
    problems = store.integrity.problems()
    return differs("database", compared, "; ".join(problems)) if problems else matches("database", compared)


def troubles(checked: Sequence[Checked]) -> tuple[Checked, ...]:
    """What does not agree; a script that changed since says nothing against what was measured before."""
    return tuple(one for one in checked if one.answer is Answer.DIFFERS and one.what != "code")
