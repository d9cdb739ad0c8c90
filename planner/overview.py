"""Gathers the ladder's view from the store: the one fold that every face renders."""

from __future__ import annotations

from collections.abc import Mapping

from ..runtime import gpu_use
from ..runtime.budgets import accounts
from ..runtime.room import Room
from ..store import Store
from ..store.records import Event, Experiment, Forecast, Run, Rung, RungName, RungStatus, Severity
from .accepted import accepted_findings
from .briefs import follows
from .forecasting import reforecast
from .moves import Move
from .rungs import BUILT, FACTS, as_built
from .view import LadderView, RungView


def overview(
    store: Store, experiment: Experiment, target: RungName, move: Move, room: Room | None = None
) -> LadderView:
    """Everything there is to say about one experiment now; ``room`` is what an approval would have to fit into."""
    rungs = as_built(store.rungs.all(experiment.id))
    runs = store.runs.for_experiment(experiment.id)
    findings = store.findings.for_experiment(experiment.id)
    settled = _settled(store, experiment)
    accepted = accepted_findings(store, experiment, findings)
    counted = [one for one in findings if one.severity is not Severity.INFO and one.id not in accepted]
    counts = {name: sum(1 for one in counted if one.rung is name) for name in RungName}
    by_id = {run.id: run for run in runs}
    return LadderView(
        experiment=experiment,
        target=target,
        rungs=tuple(
            _rung_view(store, rung, by_id, store.forecasts.latest(experiment.id, rung.name), counts[rung.name])
            for rung in rungs.values()
        ),
        findings=findings,
        verified=tuple(_words(rungs, settled, "verified")),
        not_verified=tuple(_not_verified(rungs, settled)),
        budgets=tuple(accounts(experiment, runs).values()),
        move=move,
        accepted=accepted,
        follows_brief=follows(store, experiment),
        room=room,
    )


def energy_source(store: Store, run_id: int) -> str | None:
    """What a run's energy was measured with: ``counter``, ``power`` or nothing."""
    report = store.reports.get(run_id, gpu_use.REPORT)
    source = None if report is None else report.get("energy_source")
    return None if source is None else str(source)


def _rung_view(
    store: Store, rung: Rung, runs: Mapping[int, Run], forecast: Forecast | None, findings: int
) -> RungView:
    run = runs.get(rung.run_id) if rung.run_id is not None else None
    return RungView(
        name=rung.name,
        status=rung.status,
        forecast=forecast if FACTS[rung.name].costs else None,
        actual_seconds=rung.seconds,
        shows=_shows(rung, forecast),
        why=rung.why,
        run=run,
        reforecast=None if run is None or run.status.is_over else reforecast(store, run),
        findings=findings,
    )


def _shows(rung: Rung, forecast: Forecast | None) -> str:
    if rung.name is RungName.PILOT and forecast is not None and forecast.steps is not None:
        return f"{forecast.steps} real steps: {FACTS[rung.name].shows}"
    return FACTS[rung.name].shows


def _settled(store: Store, experiment: Experiment) -> Mapping[RungName, Event]:
    """The last word on each rung."""
    last: dict[RungName, Event] = {}
    after = 0
    while events := store.events.after(after, experiment_id=experiment.id):
        after = events[-1].id
        for event in events:
            if event.kind == "rung.settled":
                last[RungName(event.data["rung"])] = event
    return last


def _words(rungs: Mapping[RungName, Rung], settled: Mapping[RungName, Event], key: str) -> list[str]:
    over = (RungStatus.PASSED, RungStatus.FAILED, RungStatus.STOPPED, RungStatus.SKIPPED)
    return [
        word for name in RungName if name in settled and rungs[name].status in over for word in settled[name].data[key]
    ]


def _not_verified(rungs: Mapping[RungName, Rung], settled: Mapping[RungName, Event]) -> list[str]:
    words = _words(rungs, settled, "not_verified")
    for name in RungName:
        if name not in BUILT:
            words.append(f"{', '.join(FACTS[name].verifies)} ({name}: not built yet)")
        elif name not in settled:
            words.extend(f"{word} ({name})" for word in FACTS[name].verifies)
    return words
