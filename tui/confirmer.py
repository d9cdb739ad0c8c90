"""The process that conducts one confirmation: ``python -m mlintern.tui.confirmer HOME CONFIRMATION``.

Invariant: it keeps nothing to itself: what comes next follows from the store, so that another one goes on where this
one was killed. Each run is listed before it starts, has a fresh copy and a supervisor of its own, and no run starts
that the gate does not admit.
"""

from __future__ import annotations

import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from ..planner.confirm.differences import recorded_data
from ..planner.confirm.director import Next, Nothing, is_to_be_interrupted, next_run
from ..planner.confirm.state import Look, State, look
from ..planner.confirm.summary import summarise
from ..planner.verification import opened
from ..runtime import fresh_copy, launch
from ..runtime.room import RoomWatch
from ..runtime.scratch import remove
from ..store import Store
from ..store.confirmations import Confirmation, ConfirmationStatus, Purpose
from ..store.records import Experiment, Run, RungName, RungStatus, RunStatus
from . import conducting
from .confirming import add_run
from .starting import start_run

_RUNG = {
    ConfirmationStatus.DONE: RungStatus.PASSED,
    ConfirmationStatus.STOPPED: RungStatus.STOPPED,
    ConfirmationStatus.FAILED: RungStatus.FAILED,
}


def main() -> None:
    """Leave whoever started us, then conduct."""
    home, confirmation_id = conducting.leave()
    with Store.open(home, create=False) as store:
        if conducting.claim(store, store.confirmations, confirmation_id):
            conducting.conduct(store, Confirmer(store, home, confirmation_id).turn)


class Confirmer:
    """Starts the runs of one confirmation one after the other, and writes down what they allow to say."""

    def __init__(self, store: Store, home: Path, confirmation_id: int) -> None:
        self._store = store
        self._home = home
        self._id = confirmation_id
        self._room = RoomWatch()
        self._launched: set[int] = set()
        self._asked_to_end: set[int] = set()

    def turn(self) -> bool:
        """See to everything once; whether the confirmation is over."""
        launch.reconcile(self._store)
        state = look(self._store, self._store.confirmations.get(self._id))
        if state.confirmation.status.is_over:
            return self._wind_up(state)
        for one in state.running:
            if is_to_be_interrupted(state, one):
                self._end(one)
            self._launch(state, one)
        if state.running:
            return False
        match next_run(state):
            case Next() as found:
                self._begin(state, found)
                return False
            case Nothing() as nothing:
                self._conclude(state, *_status(nothing))
                return True

    def _begin(self, state: State, found: Next) -> None:
        with self._store.transaction():
            add_run(self._store, self._home, state.confirmation, found)
        state = look(self._store, state.confirmation)
        self._launch(state, state.looks[-1])

    def _launch(self, state: State, one: Look) -> None:
        """Start a listed run that nobody has started; a second start of it is refused by its supervisor."""
        run = one.run
        if run.status is not RunStatus.STARTING or run.supervisor_pid is not None or run.id in self._launched:
            return
        self._launched.add(run.id)
        experiment = state.baseline if one.repeat.purpose is Purpose.BASELINE else state.experiment
        assert experiment is not None
        try:
            folder = self._copy(state, one, experiment)
            start_run(
                self._home,
                run,
                fresh_copy.copied(experiment, folder),
                args=one.repeat.args,
                look_for_room=self._room.look,
                copy=folder,
                hidden=self._store.labels.files(experiment.script),
            )
        except (launch.LaunchError, OSError) as error:
            # The run's record says why, or it is found never to have started, and is lost.
            sys.stderr.write(f"{error}\n")

    def _copy(self, state: State, one: Look, experiment: Experiment) -> Path:
        """The copy that a run works in: a new one, or that of the run that it takes up again."""
        if one.repeat.purpose is Purpose.RESUMED:
            before = state.of(Purpose.INTERRUPTED, one.repeat.seed)
            return before[-1].run.folder / fresh_copy.FOLDER
        chosen = self._store.runs.get(state.confirmation.chosen_run_id)
        folder = one.run.folder / fresh_copy.FOLDER
        made = fresh_copy.make(experiment, recorded_data(self._store, chosen), folder)
        self._store.reports.put(one.run.id, fresh_copy.REPORT, made.to_json())
        return folder

    def _end(self, one: Look) -> None:
        if one.run.id not in self._asked_to_end:
            self._asked_to_end.add(one.run.id)
            with suppress(launch.LaunchError):
                launch.stop(self._store, one.run.id)

    def _wind_up(self, state: State) -> bool:
        """A confirmation that is over ends its run; whether it has ended."""
        for one in state.running:
            self._end(one)
        if state.running:
            return False
        if state.confirmation.ended_at is None:
            self._conclude(state, state.confirmation.status, state.confirmation.why)
        return True

    def _conclude(self, state: State, status: ConfirmationStatus, why: str | None) -> None:
        """Write down what the runs allow to say, and where the rung stands."""
        confirmation = state.confirmation
        self._open_labels(state)
        summary = summarise(self._store, confirmation)
        words = "; ".join(f"{one['answer']}: {one['because'][0]}" for one in summary["claims"])
        rung = _RUNG[status]
        told = words if rung is RungStatus.PASSED else why
        last = state.looks[-1].run if state.looks else None
        # The predictions are kept with their runs; what else was written into the copies was for the runs alone.
        for one in state.looks:
            remove(one.run.folder / fresh_copy.FOLDER)
        with self._store.transaction():
            self._store.confirmations.update(
                confirmation.id, status=status, why=why, summary=summary, ended_at=time.time()
            )
            self._store.rungs.set(
                confirmation.experiment_id, RungName.CONFIRM, rung, why=told,
                run_id=None if last is None else last.id, seconds=state.purse.spent,
            )  # fmt: skip
            self._event(
                confirmation, "confirmation.ended", status=status, why=why, spent_seconds=state.purse.spent,
                claims=[{"kind": one["kind"], "answer": one["answer"]} for one in summary["claims"]],
            )  # fmt: skip
            self._event(
                confirmation, "rung.settled", run=last, rung=RungName.CONFIRM, status=rung, why=told,
                verified=_verified(summary) if rung is RungStatus.PASSED else [], not_verified=summary["open"],
            )  # fmt: skip

    def _open_labels(self, state: State) -> None:
        """Hold the sealed labels against the predictions, once for this claim, and say so before anything is read."""
        confirmation = state.confirmation
        labels = self._store.labels.for_script(state.experiment.script)
        if labels is None or not opened.is_sealed(confirmation.metric):
            return
        events = self._store.events.of_experiment(opened.OPENED, confirmation.experiment_id)
        if not any(event.data["confirmation_id"] == confirmation.id for event in events):
            self._event(
                confirmation, opened.OPENED, labels=labels.id, sha256=labels.sha256, metric=confirmation.metric,
                target=confirmation.target, against=confirmation.against_run_id,
            )  # fmt: skip
        runs = [one.run for one in state.looks if one.run.status is RunStatus.DONE]
        for run_id, value in opened.values(runs, self._store, labels, confirmation.metric).items():
            self._store.reports.put(run_id, opened.REPORT, value.to_json(confirmation.metric, labels))

    def _event(self, confirmation: Confirmation, kind: str, *, run: Run | None = None, **data: Any) -> None:
        self._store.events.append(
            kind, experiment_id=confirmation.experiment_id, run_id=None if run is None else run.id,
            confirmation_id=confirmation.id, **data,
        )  # fmt: skip


def _status(nothing: Nothing) -> tuple[ConfirmationStatus, str | None]:
    if nothing.has_failed:
        return ConfirmationStatus.FAILED, nothing.why
    return (ConfirmationStatus.DONE, None) if nothing.is_whole else (ConfirmationStatus.STOPPED, nothing.why)


def _verified(summary: Any) -> list[str]:
    found = [f"the result on {len(summary['values'])} fresh seeds, in fresh copies"]
    if summary["again"]["answer"] == "equal":
        found.append("the same seed gives the same result")
    if summary["resumed"]["answer"] == "equal":
        found.append("a run that is interrupted and resumed gives the same result")
    return found


if __name__ == "__main__":
    main()
