"""The engine behind every face: climbs one experiment's ladder, and turns what ended into rungs, findings and
forecasts.

Invariant: it starts a rung that costs only with an approval recorded in the same transaction, whose token it alone
holds for the moment of the start. If it dies in between, the approval is spent on nothing and the next face asks
again.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Self

from ..planner import briefs, budget, inspections, ladder, prices, rank_count
from ..planner.accepted import standing_errors
from ..planner.alternatives import known_alternatives
from ..planner.checks import static_rung
from ..planner.confirm.wanted import Wanted
from ..planner.examination import judge_examination, with_answers
from ..planner.finding import FindingDraft
from ..planner.fit import why_it_cannot_run
from ..planner.forecasting import make_forecasts, measured_runs, reports_of, reprice
from ..planner.judge import judge
from ..planner.judge_dryrun import judge_dryrun
from ..planner.moves import Ask, Blocked, Move, Reached, RunRung, Wait
from ..planner.overview import overview
from ..planner.rungs import BUILT, FACTS, NOT_BUILT_WHY
from ..planner.shown import what_rung_showed
from ..planner.view import LadderView
from ..runtime import interpreters, launch
from ..runtime.budgets import Unit, accounts
from ..runtime.project import ScriptTarget, fingerprint, module_target, script_target
from ..runtime.room import RoomWatch
from ..store import Store
from ..store.experiments import ExperimentChanges
from ..store.records import (
    Acceptance,
    Decision,
    Experiment,
    Finding,
    Forecast,
    Json,
    Run,
    Rung,
    RungName,
    RungStatus,
    RunStatus,
    Severity,
)
from . import declining
from .confirming import Confirming
from .engine import NOTHING_SAID, Limits
from .probing import FREE_CEILING_SECONDS, free_ceiling, memory_room
from .starting import start_run, target_of


class ClimbError(RuntimeError):
    """A move that is not possible now, with what is."""


class StaleError(ClimbError):
    """The script is not any more what this climb began with."""


class Climb:
    """One experiment on its ladder. It belongs to one thread, like the store that it writes to."""

    def __init__(self, store: Store, home: Path, target: ScriptTarget, experiment: Experiment) -> None:
        self._store = store
        self._home = home
        self._target = target
        self.experiment = experiment
        self._price = prices.known(home)
        self._to = RungName.FULL
        self._why_no_confirm: str | None = None
        self._wanted = Wanted()
        self._room = RoomWatch()

    @classmethod
    def open(
        cls,
        store: Store,
        home: Path,
        target: ScriptTarget,
        *,
        python: Path,
        limits: Limits = NOTHING_SAID,
        fresh: bool = False,
        ranks: int | None = None,
    ) -> Self:
        """Take up the experiment where it stands, or begin it: other code, arguments or interpreter are another one."""
        code = fingerprint(target)
        found = None
        if not fresh:
            found = store.experiments.find(
                script=target.script,
                module=target.module,
                args=target.args,
                working_dir=target.working_dir,
                python=python,
                fingerprint=code,
            )
        if found is None or ranks not in (None, rank_count.said(store, found)):
            found = _begin(store, target, python, code, ranks)
        climb = cls(store, home, target, found)
        climb.change_limits(limits)
        return climb

    @classmethod
    def again(cls, store: Store, home: Path, experiment: Experiment) -> Self:
        """Climb a known experiment from the first rung, with its files as they are now. Raises ``TargetError``."""
        known = experiment
        if known.module is not None:
            target = module_target(known.module, known.args, working_dir=known.working_dir)
        else:
            target = script_target(known.script, known.args, working_dir=known.working_dir)
        return cls.open(store, home, target, python=known.python, fresh=True)

    @classmethod
    def of(cls, store: Store, home: Path, experiment: Experiment) -> Self:
        """Take up a known experiment as it was, whatever its files say now."""
        return cls(store, home, target_of(experiment), experiment)

    # -- looking -----------------------------------------------------------------------------------------------------

    def aim(self, to: RungName, wanted: Wanted | None = None) -> None:
        """How far to climb, and what a confirmation is to show."""
        self._to = to
        self._wanted = wanted or self._wanted

    def next(self, to: RungName = RungName.FULL) -> Move:
        """What can happen next on the way to ``to``; ended runs are settled first."""
        self.aim(to)
        self.settle()
        return self._move()

    def view(self) -> LadderView:
        """Everything there is to say about the experiment now."""
        move = self._move()
        room = self._room.look() if isinstance(move, Ask) else None
        return overview(self._store, self.experiment, self._to, move, room)

    def is_stale(self) -> bool:
        """Whether the script's code has changed since this climb began: then nothing of it starts."""
        return fingerprint(self._target) != self.experiment.fingerprint

    def _move(self) -> Move:
        rungs = self._store.rungs.all(self.experiment.id)
        standing = standing_errors(self._store, self.experiment, rungs)
        move = ladder.next_move(rungs, self._to, self._forecasts(), standing)
        if isinstance(move, Blocked) and move.rung is RungName.CONFIRM and self._why_no_confirm is not None:
            return Blocked(move.rung, self._why_no_confirm)
        return move

    @property
    def confirming(self) -> Confirming:
        """The last rung, which is many runs under one approval."""
        return Confirming(self._store, self._home, self.experiment)

    def _forecasts(self) -> Mapping[RungName, Forecast]:
        latest = {
            name: self._store.forecasts.latest(self.experiment.id, name) for name in RungName if FACTS[name].costs
        }
        return {name: forecast for name, forecast in latest.items() if forecast is not None}

    # -- deciding ----------------------------------------------------------------------------------------------------

    def change_limits(self, limits: Limits) -> None:
        """Take over what the person states about the whole run; forecasts follow."""
        changes = limits.changes(self.experiment)
        if not changes:
            return
        with self._store.transaction():
            self.experiment = self._store.experiments.update(self.experiment.id, **changes)
            self._event("experiment.limits", **changes)
            if "declared_steps" in changes:
                for run in measured_runs(self._store, self.experiment):
                    self._make_forecasts(run)

    def approve(self, rung: RungName, *, ceiling_seconds: float, by: str, forecast_id: int | None = None) -> Run:
        """Record the approval and start the rung. Raises :class:`ClimbError`, ``BudgetError`` or ``LaunchError``.

        ``forecast_id`` is the forecast that the person saw: another one that came meanwhile is another question.
        """
        self._refuse_what_changed(rung)
        if rung is RungName.CONFIRM:
            return self.confirming.approve_asked(
                self._wanted, ceiling_seconds=ceiling_seconds, by=by, forecast_id=forecast_id
            )
        token = secrets.token_hex(16)
        self.settle()
        room = self._room.look()
        with self._store.transaction():
            move = self._move()
            if not isinstance(move, Ask) or move.rung is not rung:
                raise ClimbError(f"{rung} does not ask for an approval now: {describe_move(move)}")
            if forecast_id is not None and forecast_id != move.forecast.id:
                raise ClimbError(f"the forecast of {rung} changed meanwhile, so nothing was approved: look at it again")
            if by == "flag" and move.forecast.seconds is None:
                raise ClimbError(f"the cost of {rung} is unknown, and an unknown cost is never approved ahead of time")
            if (why := why_it_cannot_run(move.forecast, room)) is not None:
                raise ClimbError(f"{rung} was not started: {why}")
            runs = self._store.runs.for_experiment(self.experiment.id)
            standing = accounts(self.experiment, runs)
            budget.check_ceiling(ceiling_seconds, move.forecast, standing, self._price)
            if by == "flag":
                budget.check_ahead(ceiling_seconds, move.forecast, standing)
            self._store.approvals.add(
                experiment_id=self.experiment.id,
                rung=rung,
                forecast_id=move.forecast.id,
                decision=Decision.APPROVED,
                ceiling_seconds=ceiling_seconds,
                reason=None,
                decided_by=by,
                token_hash=hashlib.sha256(token.encode()).hexdigest(),
            )
            self._event(
                "approval.given", rung=rung, ceiling_seconds=ceiling_seconds, by=by, forecast_id=move.forecast.id
            )
            run = self._add_run(rung, ceiling_seconds, planned_steps=move.forecast.steps)
        self._launch(run, token=token)
        return run

    def decline(self, rung: RungName, reason: str | None, *, by: str) -> None:
        """Record a no, with its reason and the forecast that it answers."""
        forecast = self._store.forecasts.latest(self.experiment.id, rung)
        answered = forecast.id if forecast else None
        declining.decline(self._store, self.experiment, rung, forecast_id=answered, reason=reason, by=by)

    def accept(self, finding_id: int, reason: str, *, by: str) -> Acceptance:
        """Record that a person takes a finding as it is, and why. Raises :class:`ClimbError`."""
        if not reason.strip():
            raise ClimbError("a finding is accepted with a reason, so that the report can tell it")
        return self._store.acceptances.accept(
            self.experiment.id, self._finding(finding_id), reason=reason.strip(), by=by
        )

    def withdraw(self, finding_id: int, *, by: str) -> bool:
        """Take an acceptance back; whether there was one. Raises :class:`ClimbError`."""
        return self._store.acceptances.withdraw(self.experiment.id, self._finding(finding_id), by=by)

    def _finding(self, finding_id: int) -> Finding:
        found = self._store.findings.find(finding_id)
        if found is None or found.experiment_id != self.experiment.id:
            raise ClimbError("the finding is not there any more: its rung was climbed again")
        return found

    def start(self, rung: RungName, *, ceiling_seconds: float | None = None) -> Run | None:
        """Climb a rung that needs no approval: ``static`` on the spot (``None``), the others as a run.

        Raises :class:`ClimbError` or ``LaunchError``.
        """
        self._refuse_what_changed(rung)
        with self._store.transaction():
            move = self._move()
            if not isinstance(move, RunRung) or move.rung is not rung or FACTS[rung].costs:
                raise ClimbError(f"{rung} cannot start now: {describe_move(move)}")
            self._store.findings.clear(self.experiment.id, rung)
            run = None if rung is RungName.STATIC else self._add_run(rung, free_ceiling(rung, ceiling_seconds))
        if run is None:
            self._climb_static()
            return None
        self._launch(run)
        return run

    # -- what ended --------------------------------------------------------------------------------------------------

    def settle(self) -> bool:
        """Turn every ended run into its rung's status, findings and forecasts, at the price as it is now; whether
        anything changed."""
        launch.reconcile(self._store)
        self._price = prices.known(self._home)
        changed = reprice(self._store, self.experiment, self._price)
        for rung in self._store.rungs.all(self.experiment.id).values():
            if rung.name is RungName.CONFIRM:
                if self._to is RungName.CONFIRM or rung.status is RungStatus.RUNNING:
                    self._why_no_confirm = self.confirming.settle(rung, self._wanted)
            elif rung.status is RungStatus.RUNNING and rung.run_id is not None:
                run = self._store.runs.get(rung.run_id)
                if run.status.is_over:
                    self._conclude(rung, run)
                    changed = True
        return changed

    def _conclude(self, rung: Rung, run: Run) -> None:
        reports = reports_of(self._store, run.id)
        first = self._store.reports.get(run.id, "first_look")
        if rung.name is RungName.DRYRUN:
            verdict = judge_dryrun(run, reports, self._memory_room())
        elif rung.name is RungName.OVERFIT:
            verdict = judge_examination(run, reports)
        else:
            verdict = judge(
                run,
                reports,
                self._store.metrics.last(run.id),
                first_crash=first,
                alternatives=known_alternatives(self._store, self.experiment, self._memory_room()),
            )
        if verdict.look_again:
            self._look_again(run, reports)
            return
        verdict = with_answers(verdict, self._store, self.experiment, run, reports)
        with self._store.transaction():
            if self._store.rungs.all(self.experiment.id)[rung.name].run_id != run.id:
                return  # another face was faster
            self._store.rungs.set(
                self.experiment.id, rung.name, verdict.status, why=verdict.why, run_id=run.id, seconds=run.wall_seconds
            )
            self._add_findings(rung.name, verdict.findings, run.id)
            verified, open_ = what_rung_showed(rung.name, verdict, reports)
            self._event(
                "rung.settled",
                run_id=run.id,
                rung=rung.name,
                status=verdict.status,
                why=verdict.why,
                verified=list(verified),
                not_verified=list(open_),
            )
            if rung.name in (RungName.REHEARSAL, RungName.PILOT):
                self._make_forecasts(run)

    def _memory_room(self) -> Mapping[str, int]:
        return memory_room(self._room.look(), self.experiment)

    def _make_forecasts(self, run: Run) -> None:
        crash = self._store.reports.get(run.id, "crash")
        ended_at = None if run.status is RunStatus.DONE else f"when it was {run.status}"
        if crash is not None:
            ended_at = f"at {self._shown_path(crash.get('file'))}:{crash.get('line')}"
        make_forecasts(self._store, self.experiment, run, ended_at=ended_at, price=self._price)

    def _look_again(self, run: Run, reports: Mapping[str, Json]) -> None:
        """The crash may come from the cutting: rehearse once more with what the script collects left whole."""
        left = (run.ceiling_seconds or FREE_CEILING_SECONDS) - (run.wall_seconds or 0.0)
        with self._store.transaction():
            if self._store.rungs.all(self.experiment.id)[RungName.REHEARSAL].run_id != run.id:
                return  # another face was faster
            second = self._add_run(RungName.REHEARSAL, max(left, 1.0))
            self._store.reports.put(second.id, "first_look", {**reports["crash"], "run_id": run.id})
        self._launch(second, thorough=True)

    # -- starting ----------------------------------------------------------------------------------------------------

    def _refuse_what_changed(self, rung: RungName) -> None:
        if self.is_stale():
            name = self.experiment.script.name
            raise StaleError(f"{name} changed since this climb began, so {rung} was not started: climb it as it is now")

    def _climb_static(self) -> None:
        self._store.rungs.set(self.experiment.id, RungName.STATIC, RungStatus.RUNNING)
        experiment = self.experiment
        report = interpreters.inspect(
            experiment.python,
            script=None if experiment.module else experiment.script,
            module=experiment.module,
            working_dir=experiment.working_dir,
        )
        runs, believed = static_rung.judge(report, working_dir=experiment.working_dir)
        status = RungStatus.FAILED if runs.has_errors else RungStatus.PASSED
        why = next((found.message for found in runs.findings if found.severity is Severity.ERROR), None)
        verdict = static_rung.together(runs, believed)
        with self._store.transaction():
            self._store.rungs.set(
                experiment.id, RungName.STATIC, status, why=why, seconds=float(report.get("seconds") or 0.0)
            )
            self._add_findings(RungName.STATIC, verdict.findings, None)
            self._event(inspections.INSPECTED, hyperparameters=inspections.told(report, experiment.script.parent))
            self._event(
                "rung.settled",
                rung=RungName.STATIC,
                status=status,
                why=why,
                verified=list(verdict.verified),
                not_verified=list(verdict.not_verified),
            )

    def _add_run(self, rung: RungName, ceiling: float, *, planned_steps: int | None = None) -> Run:
        run = self._store.runs.add(
            experiment_id=self.experiment.id, rung=rung, ceiling_seconds=ceiling, folder_root=self._home
        )
        run = self._store.runs.update(
            run.id,
            planned_steps=planned_steps,
            usd_per_hour=self._price.usd_per_hour,
            usd_per_kwh=self._price.usd_per_kwh,
        )
        self._store.rungs.set(self.experiment.id, rung, RungStatus.RUNNING, run_id=run.id)
        self._event("run.created", run_id=run.id, rung=rung, ceiling_seconds=ceiling)
        return run

    def _launch(self, run: Run, *, token: str | None = None, thorough: bool = False) -> None:
        start_run(
            self._home,
            run,
            self.experiment,
            args=self.experiment.args,
            look_for_room=self._room.look,
            hidden=self._store.labels.files(self.experiment.script),
            token=token,
            thorough=thorough,
            processes=rank_count.for_rung(self._store, self.experiment, run.rung),
        )

    def _add_findings(self, rung: RungName, drafts: tuple[FindingDraft, ...], run_id: int | None) -> None:
        for draft in drafts:
            self._store.findings.add(
                experiment_id=self.experiment.id,
                run_id=run_id,
                code=draft.code,
                severity=draft.severity,
                rung=rung,
                message=draft.message,
                evidence=draft.evidence,
                file=self._shown_path(draft.file),
                line=draft.line,
                fix=draft.fix,
            )

    def _shown_path(self, file: str | None) -> str | None:
        """A path as the person would write it: from where the script runs, when it is below."""
        if file is None:
            return None
        path = Path(file)
        return (
            str(path.relative_to(self._target.working_dir)) if path.is_relative_to(self._target.working_dir) else file
        )

    def _event(self, kind: str, *, run_id: int | None = None, **data: object) -> None:
        self._store.events.append(kind, experiment_id=self.experiment.id, run_id=run_id, **data)


def _begin(store: Store, target: ScriptTarget, python: Path, code: str, ranks: int | None) -> Experiment:
    """A new experiment, with the limits and ranks of the one before it and what is left of its budget."""
    with store.transaction():
        before = store.experiments.find(
            script=target.script,
            module=target.module,
            args=target.args,
            working_dir=target.working_dir,
            python=python,
        )
        experiment = store.experiments.add(
            name=target.name,
            script=target.script,
            module=target.module,
            args=target.args,
            working_dir=target.working_dir,
            python=python,
            fingerprint=code,
        )
        if before is not None:
            experiment = store.experiments.update(experiment.id, **_limits_after(store, before, code))
        store.events.append("experiment.opened", experiment_id=experiment.id, script=str(target.script))
        rank_count.settle(store, experiment, target, given=ranks, before=before)
        briefs.take_up(store, experiment)
        for name in RungName:
            if name not in BUILT:
                store.rungs.set(experiment.id, name, RungStatus.NOT_BUILT, why=NOT_BUILT_WHY)
    return experiment


def _limits_after(store: Store, before: Experiment, code: str) -> ExperimentChanges:
    """What a person said of an experiment holds for the next one; of other code nobody has said how many steps."""
    left = {unit: one.left for unit, one in accounts(before, store.runs.for_experiment(before.id)).items()}
    return {
        "declared_steps": before.declared_steps if before.fingerprint == code else None,
        "budget_seconds": left[Unit.SECONDS],
        "budget_gpu_seconds": left[Unit.GPU_SECONDS],
        "budget_joules": left[Unit.ENERGY],
        "budget_usd": left[Unit.USD],
        "host_limit_bytes": before.host_limit_bytes,
        "disk_limit_bytes": before.disk_limit_bytes,
        "device_limit_bytes": before.device_limit_bytes,
    }


def describe_move(move: Move) -> str:
    """A move in words."""
    match move:
        case RunRung(rung):
            return f"{rung} can start, and needs no approval"
        case Ask(rung=rung, why=why):
            return f"{rung} asks for an approval: {why}"
        case Wait(rung=rung, run_id=run_id):
            return f"run {run_id} climbs {rung}"
        case Blocked(rung=rung, why=why):
            return f"{rung}: {why}"
        case Reached(rung=rung):
            return f"{rung} is passed"
