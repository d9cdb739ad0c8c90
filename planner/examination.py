"""What an ended examination means for its rung: what the checks answered to what its observers saw.

Invariant: it fails a script only by findings at level error. That the examination itself broke off, where the
rehearsal went through, says nothing against the script.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

from ..store import Store
from ..store.records import Experiment, Json, Run, RungName, RungStatus, RunStatus, Severity
from .checks.check import Evidence
from .checks.registry import ask_all
from .forecasting import reports_of
from .judge import Verdict
from .judge_dryrun import ON_REQUEST

LOSSES = "losses"
"""The evidence that holds the losses of both short runs: ``{"rehearsal": [[step, value], …], "overfit": […]}``."""
BEFORE = "rehearsal."
"""What the rehearsal reported is evidence under its kind with this in front."""
MOST_LOSSES = 500


def judge_examination(store: Store, experiment: Experiment, run: Run, reports: Mapping[str, Json]) -> Verdict:
    """Judge an ended examination from what its observers reported and from the rehearsal before it."""
    if run.status is RunStatus.LOST or (run.status is RunStatus.STOPPED and run.reason == ON_REQUEST):
        return Verdict(RungStatus.STOPPED, run.reason or "its supervisor vanished, so nobody saw how it ended")
    evidence = _evidence(store, experiment, run, reports)
    checked = ask_all(RungName.OVERFIT, evidence)
    errors = [finding for finding in checked.findings if finding.severity is Severity.ERROR]
    if errors:
        status, why = RungStatus.FAILED, errors[0].message
    elif any(math.isnan(value) for _, value in evidence.reports[LOSSES].get("rehearsal", ())):
        status, why = RungStatus.FAILED, "the loss was NaN in the rehearsal"
    elif run.status is RunStatus.DONE:
        status, why = RungStatus.PASSED, None
    else:
        status, why = RungStatus.SKIPPED, f"could not, because {_why(run, reports)}"
    return Verdict(status, why, checked.findings, verified=checked.verified, not_verified=checked.not_verified)


def _evidence(store: Store, experiment: Experiment, run: Run, reports: Mapping[str, Json]) -> Evidence:
    known: dict[str, Json] = dict(reports)
    losses = {"overfit": _losses(store, run.id)}
    rehearsal = store.rungs.all(experiment.id)[RungName.REHEARSAL].run_id
    if rehearsal is not None:
        known.update({BEFORE + kind: report for kind, report in reports_of(store, rehearsal).items()})
        losses["rehearsal"] = _losses(store, rehearsal)
    return Evidence({**known, LOSSES: losses}, Path(experiment.working_dir))


def _losses(store: Store, run_id: int) -> list[list[float]]:
    """``[[step, value], …]`` of the first optimizer, in order."""
    return [[one.step, one.value] for one in store.metrics.series(run_id, "loss", last_step=MOST_LOSSES)]


def _why(run: Run, reports: Mapping[str, Json]) -> str:
    crash = reports.get("crash")
    if crash is not None:
        return f"the script broke off in it: {crash.get('type')}: {str(crash.get('message'))[:200]}"
    return run.reason or "its process ended"
