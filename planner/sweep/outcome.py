"""What a trial's ended run means for the sweep, and when a sweep has failed. Pure.

Invariant: running out of memory and values that are not numbers make a region infeasible; they are no bad values.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...runtime.printed import PREFIX
from ...store.records import RunStatus, TrialState
from .metric import plain
from .state import GIVEN, Look, State, is_finite

_OUT_OF_MEMORY = re.compile(r"out ?of ?memory|no memory left|nothing was left of its control group", re.IGNORECASE)
# Words of runtime/outcome.py and runtime/watched_run.py: nobody can tell that the configuration was to blame.
_KILLED = re.compile(r"someone killed it|someone asked it to end|the process that kept the training was killed")
_ON_REQUEST = "stopped on request"


@dataclass(frozen=True, slots=True)
class TrialOutcome:
    """The state, and a value where it may be compared."""

    state: TrialState
    value: float | None = None
    why: str | None = None


def of_trial(look: Look, metric: str, reported: Sequence[str]) -> TrialOutcome:
    """What became of a trial whose run is over; ``reported`` are the names of all metrics of the run."""
    run, reason = look.run, look.run.reason or ""
    if run.status is RunStatus.LOST or (run.status is RunStatus.FAILED and _KILLED.search(reason)):
        return TrialOutcome(TrialState.LOST, why=run.reason)
    if run.status in (RunStatus.FAILED, RunStatus.STOPPED) and _OUT_OF_MEMORY.search(reason):
        return TrialOutcome(TrialState.INFEASIBLE, why=f"out of memory: {reason}")
    if not is_finite(look.curve) or (run.last_loss is not None and not math.isfinite(run.last_loss)):
        return TrialOutcome(TrialState.INFEASIBLE, why="its values are not numbers any more")
    if run.status is RunStatus.FAILED:
        return TrialOutcome(TrialState.FAILED, why=run.reason)
    if run.status is RunStatus.STOPPED:
        return TrialOutcome(TrialState.PRUNED, why=None if reason == _ON_REQUEST else run.reason)
    if not look.curve:
        names = ", ".join(plain(name) for name in reported if name.startswith(PREFIX)) or "nothing that can be read"
        return TrialOutcome(TrialState.FAILED, why=f"it reported no {metric}; it printed {names}")
    return TrialOutcome(TrialState.COMPLETE, look.curve[-1])


def why_it_fails(state: State, *, most_failures: int) -> str | None:
    """Why the sweep cannot go on; ``None`` where it can."""
    over = [look.trial for look in state.looks if look.trial.state.is_over and look.trial.state is not TrialState.LOST]
    if over and over[0].origin == GIVEN and over[0].state is TrialState.FAILED:
        return f"the script's own configuration failed: {over[0].why}"
    last = over[-most_failures:]
    if len(last) == most_failures and all(trial.state is TrialState.FAILED for trial in last):
        return f"the last {most_failures} trials failed, at last: {last[-1].why}"
    lost = [look.trial for look in state.looks][-most_failures:]
    if len(lost) == most_failures and all(trial.state is TrialState.LOST for trial in lost):
        return f"the last {most_failures} runs were lost, at last: {lost[-1].why}"
    return None
