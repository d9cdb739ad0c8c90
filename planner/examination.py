"""What the checks answer to what a run's probe saw, and what an ended examination means for its rung.

Invariant: what the checks find ends no rung: the climb goes on through all that is free, so that one look tells
everything, and errors keep what costs from being asked for. That the examination itself broke off, where the rehearsal
went through, says nothing against the script.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..runtime.printed import PREFIX
from ..store import Store
from ..store.records import Experiment, Json, Run, RungName, RungStatus, RunStatus
from .checks import curves
from .checks.check import Evidence
from .checks.rank_reports import RANKS
from .checks.registry import CHECKS, ask_all
from .forecasting import reports_of
from .judge import Verdict
from .judge_dryrun import ON_REQUEST

LOSSES = "losses"
"""The evidence that holds the losses of both short runs: ``{"rehearsal": [[step, value], …], "overfit": […]}``."""
BEFORE = "rehearsal."
"""What the rehearsal reported is evidence under its kind with this in front."""
EXAMINED = "overfit."
"""What the examination reported is evidence for later rungs, under its kind with this in front."""
MOST_LOSSES = 500
MOST_CURVES, MOST_POINTS = 60, 2000


def judge_examination(run: Run, reports: Mapping[str, Json]) -> Verdict:
    """Judge an ended examination: whether it could look."""
    if run.status is RunStatus.LOST or (run.status is RunStatus.STOPPED and run.reason == ON_REQUEST):
        return Verdict(RungStatus.STOPPED, run.reason or "its supervisor vanished, so nobody saw how it ended")
    if run.status is RunStatus.DONE and not reports.get("end", {}).get("broke_off"):
        return Verdict(RungStatus.PASSED)
    if run.status is RunStatus.DONE:
        return Verdict(RungStatus.SKIPPED, "the script was not over in its time: only what it did first was seen")
    return Verdict(RungStatus.SKIPPED, f"could not, because {_why(run, reports)}")


def with_answers(
    verdict: Verdict, store: Store, experiment: Experiment, run: Run, reports: Mapping[str, Json]
) -> Verdict:
    """The verdict with what the checks of the run's rung answer."""
    if not any(check.rung is run.rung for check in CHECKS):
        return verdict  # nobody would read the evidence
    checked = ask_all(run.rung, _evidence(store, experiment, run, reports))
    verified, not_verified = checked.verified, checked.not_verified
    if reports.get("end", {}).get("broke_off"):
        not_verified += tuple(f"{claim}: not seen to its end" for claim in verified)
        verified = ()
    return replace(
        verdict,
        findings=(*verdict.findings, *checked.findings),
        verified=(*verdict.verified, *verified),
        not_verified=(*verdict.not_verified, *not_verified),
    )


def _evidence(store: Store, experiment: Experiment, run: Run, reports: Mapping[str, Json]) -> Evidence:
    if run.rung in (RungName.PILOT, RungName.FULL):
        return Evidence({**reports, **_curves(store, experiment, run)}, Path(experiment.working_dir))
    known: dict[str, Json] = dict(reports)
    losses = {"overfit": _losses(store, run.id)}
    rehearsal = store.rungs.all(experiment.id)[RungName.REHEARSAL].run_id
    if rehearsal is not None:
        before = reports_of(store, rehearsal)
        known.update({BEFORE + kind: report for kind, report in before.items()})
        if RANKS not in before:  # else they are of one rank's share of each batch, and one process sees all of it
            losses["rehearsal"] = _losses(store, rehearsal)
    return Evidence({**known, LOSSES: losses}, Path(experiment.working_dir))


def _curves(store: Store, experiment: Experiment, run: Run) -> dict[str, Any]:
    """What a run on real data showed of its learning, with what the examination found out before it."""
    names = [name for name in store.metrics.names(run.id) if name.startswith(PREFIX)][:MOST_CURVES]
    examined = store.rungs.all(experiment.id)[RungName.OVERFIT].run_id
    before = reports_of(store, examined) if examined is not None else {}
    return {
        **{EXAMINED + kind: report for kind, report in before.items()},
        curves.PRINTED: {name: _points(store, run.id, name) for name in names},
        curves.LOSS: _points(store, run.id, "loss"),
    }


def _points(store: Store, run_id: int, name: str) -> list[list[float]]:
    return [[one.step, one.value] for one in store.metrics.series(run_id, name, max_points=MOST_POINTS)]


def _losses(store: Store, run_id: int) -> list[list[float]]:
    """``[[step, value], …]`` of the first optimizer, in order."""
    return [[one.step, one.value] for one in store.metrics.series(run_id, "loss", last_step=MOST_LOSSES)]


def _why(run: Run, reports: Mapping[str, Json]) -> str:
    crash = reports.get("crash")
    if crash is not None:
        return f"the script broke off in it: {crash.get('type')}: {str(crash.get('message'))[:200]}"
    return run.reason or "its process ended"
