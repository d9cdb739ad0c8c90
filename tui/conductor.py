"""The process that conducts one sweep: ``python -m mlintern.tui.conductor HOME SWEEP``.

Invariant: it belongs to no terminal, and there is one for a sweep at a time. It keeps nothing to itself: what it
decides follows from the store, so that another one goes on where this one was killed. Each trial is a run with a
supervisor of its own, which goes on without it; no trial starts that the gate does not admit.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..planner import rank_count
from ..planner.fit import why_it_cannot_run
from ..planner.prices import known
from ..planner.sweep import outcome
from ..planner.sweep.director import Next, Nothing, next_trial, why_behind
from ..planner.sweep.space import arguments, from_json
from ..planner.sweep.state import State, look
from ..planner.sweep.summary import summarise
from ..runtime import launch
from ..runtime.budgets import Unit, used_by
from ..runtime.options import with_values
from ..runtime.room import RoomWatch
from ..store import Store
from ..store.records import Experiment, Run, RungName, RungStatus, Sweep, SweepStatus, Trial
from . import conducting
from .starting import start_run

_GRACE_SECONDS = 2.0
_MOST_FAILURES = 3


def main() -> None:
    """Leave whoever started us, then conduct."""
    home, sweep_id = conducting.leave()
    with Store.open(home, create=False) as store:
        if conducting.claim(store, store.sweeps, sweep_id):
            conducting.conduct(store, Conductor(store, home, sweep_id).turn)


class Conductor:
    """Starts the trials of one sweep, ends those that fall behind, and writes down what came of them."""

    def __init__(self, store: Store, home: Path, sweep_id: int) -> None:
        self._store = store
        self._home = home
        self._sweep_id = sweep_id
        self._experiment = store.experiments.get(store.sweeps.get(sweep_id).experiment_id)
        self._room = RoomWatch()
        self._asked_to_end: set[int] = set()

    def turn(self) -> bool:
        """See to everything once; whether the sweep is over."""
        launch.reconcile(self._store)
        state = self._settle(self._state())
        if not state.sweep.status.is_over:
            self._end_those_behind(state)
            why = outcome.why_it_fails(state, most_failures=_MOST_FAILURES)
            if why is not None:
                self._conclude(SweepStatus.FAILED, why)
                state = self._state()
        if state.sweep.status.is_over:
            return self._wind_up(state)
        return self._start(state)

    def _state(self) -> State:
        return look(self._store, self._store.sweeps.get(self._sweep_id))

    # -- what ended --------------------------------------------------------------------------------------------------

    def _settle(self, state: State) -> State:
        """Write down what came of every trial whose run is over."""
        ended = [one for one in state.running if one.run.status.is_over]
        for one in ended:
            found = outcome.of_trial(one, state.sweep.metric, self._store.metrics.names(one.run.id))
            with self._store.transaction():
                trial = self._store.sweeps.end_trial(
                    one.trial.id,
                    found.state,
                    value=found.value,
                    cost_seconds=used_by(one.run, Unit.SECONDS),
                    why=found.why,
                )
                self._say("trial.ended", one.run, trial, state=trial.state, value=trial.value, why=trial.why)
        if not ended:
            return state
        state = self._state()
        self._store.sweeps.update(self._sweep_id, summary=summarise(state))
        return state

    def _end_those_behind(self, state: State) -> None:
        for one in state.running:
            why = why_behind(state, one)
            if why is not None and one.run.id not in self._asked_to_end:
                self._asked_to_end.add(one.run.id)
                self._say("trial.behind", one.run, one.trial, why=why)
                with suppress(launch.LaunchError):
                    launch.stop(self._store, one.run.id)

    def _wind_up(self, state: State) -> bool:
        """A sweep that is over ends its trials; whether all of them are."""
        for one in state.running:
            if one.run.id not in self._asked_to_end:
                self._asked_to_end.add(one.run.id)
                with suppress(launch.LaunchError):
                    launch.stop(self._store, one.run.id)
        if state.running:
            return False
        if state.sweep.ended_at is None:
            self._conclude(state.sweep.status, state.sweep.why)
        return True

    def _conclude(self, status: SweepStatus, why: str | None) -> None:
        """Write down how the sweep ended, and where its rung stands."""
        state = self._state()
        over = not state.running
        summary = summarise(state)
        rung = {
            SweepStatus.DONE: RungStatus.PASSED,
            SweepStatus.STOPPED: RungStatus.STOPPED,
            SweepStatus.FAILED: RungStatus.FAILED,
        }[status]
        verified = ["which knobs matter"] if summary["importance"] else []
        with self._store.transaction():
            self._store.sweeps.update(
                self._sweep_id, status=status, why=why, summary=summary, ended_at=time.time() if over else None
            )
            if over:
                self._store.rungs.set(
                    self._experiment.id, RungName.SWEEP, rung, why=why, seconds=state.purse.spent
                )
                self._event("sweep.ended", status=status, why=why, spent_seconds=state.purse.spent)
                self._event(
                    "rung.settled",
                    rung=RungName.SWEEP,
                    status=rung,
                    why=why,
                    verified=verified,
                    not_verified=list(summary["open"]),
                )

    # -- what begins -------------------------------------------------------------------------------------------------

    def _start(self, state: State) -> bool:
        """Start what there is room for; whether the sweep is over because nothing more can start."""
        while len(state.running) < max(1, state.sweep.workers):
            found = next_trial(state)
            if isinstance(found, Nothing):
                if found.is_final and not state.running:
                    self._conclude(SweepStatus.DONE, found.why)
                    return True
                return False
            if state.running and not self._has_room():
                return False
            self._launch(state.sweep, found)
            state = self._state()
        return False

    def _has_room(self) -> bool:
        """Whether one more trial surely has memory beside those under way."""
        forecast = self._store.forecasts.latest(self._experiment.id, RungName.FULL)
        room = self._room.look()
        if forecast is None or forecast.peak_host_bytes is None:
            return False
        return forecast.peak_host_bytes.high <= room.host_bytes and why_it_cannot_run(forecast, room) is None

    def _launch(self, sweep: Sweep, found: Next) -> None:
        price = known(self._home)
        with self._store.transaction():
            run = self._store.runs.add(
                experiment_id=self._experiment.id,
                rung=RungName.SWEEP,
                ceiling_seconds=found.ceiling_seconds,
                folder_root=self._home,
            )
            run = self._store.runs.update(run.id, usd_per_hour=price.usd_per_hour, usd_per_kwh=price.usd_per_kwh)
            trial = self._store.sweeps.add_trial(
                sweep_id=sweep.id,
                origin=found.origin,
                parameters=found.values,
                length=found.length,
                seed=found.seed,
                run_id=run.id,
            )
            self._say("trial.began", run, trial, origin=found.origin, parameters=dict(found.values))
        try:
            start_run(
                self._home,
                run,
                self._experiment,
                args=trial_args(self._experiment, sweep, found),
                look_for_room=self._room.look,
                processes=rank_count.for_rung(self._store, self._experiment, run.rung),
                grace_seconds=_GRACE_SECONDS,
                hidden=self._store.labels.files(self._experiment.script),
            )
        except launch.LaunchError as error:
            # The run's record says why; it is settled like any other.
            sys.stderr.write(f"{error}\n")

    def _say(self, kind: str, run: Run, trial: Trial, **data: Any) -> None:
        self._store.events.append(
            kind, experiment_id=run.experiment_id, run_id=run.id, sweep_id=self._sweep_id, trial=trial.number, **data
        )

    def _event(self, kind: str, **data: Any) -> None:
        self._store.events.append(kind, experiment_id=self._experiment.id, sweep_id=self._sweep_id, **data)


def trial_args(experiment: Experiment, sweep: Sweep, found: Next) -> tuple[str, ...]:
    """The command line of a trial: the experiment's, with the values, the length and the seed of the trial."""
    flags = arguments([from_json(one) for one in sweep.space], found.values)
    if found.length is not None and sweep.length is not None:
        flags[str(sweep.length["flag"])] = str(found.length)
    if found.seed is not None and sweep.seed_flag is not None:
        flags[sweep.seed_flag] = str(found.seed)
    return with_values(experiment.args, flags)


if __name__ == "__main__":
    main()
