"""`mlintern sweep`: a bounded search over hyperparameters, approved once as a whole, and watched from any terminal."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...planner import prices
from ...planner.budget import BudgetError
from ...planner.moves import Ask
from ...planner.sweep.metric import MetricError
from ...planner.sweep.money import seconds_for
from ...planner.sweep.plan import Plan, PlanError
from ...planner.sweep.space import SpaceError
from ...runtime import launch
from ...store import Store
from ...store.records import Experiment, RungName, Sweep, SweepStatus
from .. import output_json, sweep_words
from ..conducting import is_conducted
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..sweeping import SweepError, Sweeping, Wanted, go_on, stop
from ..terminal import Answer, Terminal
from ..units import duration
from .climbing import Climbing, Order
from .opening import home_folder, opened, require_config
from .target import wanted as wanted_script

POLL_SECONDS = 0.2
_MOST_RESTARTS = 5


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Plan, ask, start and watch a sweep; or come back to one, or stop it."""
    home = home_folder(options)
    if options.resume or options.stop:
        with opened(home, create=False) as store:
            sweep = _known(store, options)
            if options.stop:
                _stop(store, sweep, output)
            return _watch(store, home, sweep, output)
    require_config(home)
    run_id = _run_named(options)
    want = None if run_id is not None else wanted_script(options, output)
    with opened(home, create=run_id is None) as store:
        if want is not None:
            climb = want.open(store, home, options, fresh=False)
        else:
            from ..climb import Climb

            assert run_id is not None
            climb = Climb.of(store, home, store.experiments.get(store.runs.get(run_id).experiment_id))
        climbing = Climbing(store, climb, Order(RungName.OVERFIT), output)
        return _Sweep(store, home, climb.experiment, options, output).go(climbing)


@dataclass(slots=True)
class _Sweep:
    """One sweep from its plan to its end."""

    store: Store
    home: Path
    experiment: Experiment
    options: argparse.Namespace
    output: Output
    _engine: Sweeping = field(init=False)

    def __post_init__(self) -> None:
        self._engine = Sweeping(self.store, self.home, self.experiment)

    def go(self, climbing: Climbing) -> ExitCode:
        """Climb what is free, then plan, ask and watch."""
        going = self._engine.under_way()
        if going is not None:
            words = f"Sweep {going.id} of this experiment is under way."
            raise CommandError("sweep", words, "`mlintern sweep --resume` goes on with it.")
        code = climbing.go()
        if code is not ExitCode.DONE:
            return self._blocked(climbing, code)
        try:
            plan = self._engine.plan(_wanted(self.options, self.home))
            ask = self._engine.ask(plan)
        except (SpaceError, MetricError, PlanError) as error:
            raise CommandError("sweep", f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
        return self._decide(plan, ask)

    def _blocked(self, climbing: Climbing, code: ExitCode) -> ExitCode:
        """Errors stand, or a free rung failed: there is nothing to sweep yet."""
        from .ladder_report import report_lines

        view = climbing.climb.view()
        self.output.object(self._content(None, None, None, why="what is free has not passed without errors"))
        self.output.lines(report_lines(view, (RungName.STATIC, RungName.DRYRUN, RungName.REHEARSAL, RungName.OVERFIT)))
        return code

    def _decide(self, plan: Plan, ask: Ask) -> ExitCode:
        ceiling, by = self.options.approve, "flag"
        if ceiling is None and self.output.has_person:
            answer = self._ask_person(plan, ask)
            if answer.ceiling_seconds is None:
                self.output.say(f"the sweep was not started: {'declined' if answer.is_no else 'nothing was decided'}")
                return ExitCode.NEEDS_APPROVAL
            ceiling, by = answer.ceiling_seconds, "terminal"
        if ceiling is None:
            return self._leave_open(plan, ask, "nobody approved it")
        try:
            sweep = self._engine.approve(plan, ask, ceiling_seconds=ceiling, by=by)
        except (BudgetError, PlanError, SweepError) as error:
            return self._leave_open(plan, ask, str(error))
        self.output.say(f"sweep {sweep.id} began, approved within {duration(ceiling)}")
        if by == "flag":
            for line in sweep_words.plan_lines(plan):
                self.output.say(line)
        return _watch(self.store, self.home, sweep, self.output)

    def _ask_person(self, plan: Plan, ask: Ask) -> Answer:
        from ..plain_text import forecast_line

        terminal = Terminal(self.output.narration, sys.stdin)
        terminal.say([*sweep_words.plan_lines(plan), forecast_line(ask.forecast)])
        answer = terminal.ask(ask)
        if answer.is_no:
            self._engine.decline(ask, answer.reason, by="terminal")
        return answer

    def _leave_open(self, plan: Plan, ask: Ask, why: str) -> ExitCode:
        self.output.say(f"the sweep was not started: {why}")
        self.output.object(self._content(plan, ask, None, why=why))
        self.output.lines(sweep_words.plan_lines(plan))
        return ExitCode.NEEDS_APPROVAL

    def _content(self, plan: Plan | None, ask: Ask | None, sweep: Sweep | None, *, why: str | None) -> dict[str, Any]:
        return {
            "schema": SCHEMA,
            "experiment": self.experiment.id,
            "plan": None if plan is None else _plan(plan),
            "asks": None if ask is None else output_json.asks(ask, why),
            "sweep": None if sweep is None else _sweep(sweep),
            "trials": [],
        }


def _wanted(options: argparse.Namespace, home: Path) -> Wanted:
    """What was said; money is turned into the time that it pays for. Raises ``PlanError``."""
    budget, usd = options.within or (None, None)
    if usd is not None:
        budget = seconds_for(usd, prices.known(home))
    if options.approve is not None:
        budget = min(options.approve, budget) if budget is not None else options.approve
    return Wanted(
        parameters=tuple(options.param),
        metric=options.metric,
        insists=options.insist,
        budget_seconds=budget,
        seeds=options.seeds,
        workers=options.workers,
    )


def _run_named(options: argparse.Namespace) -> int | None:
    """The run whose experiment is meant, where the word is a number and no file."""
    word = options.script
    return int(word) if word is not None and word.isascii() and word.isdigit() and not Path(word).exists() else None


def _known(store: Store, options: argparse.Namespace) -> Sweep:
    """The sweep to come back to: the latest, of the experiment of a run where one is named."""
    run_id = _run_named(options)
    if run_id is not None:
        sweeps = store.sweeps.for_experiment(store.runs.get(run_id).experiment_id)[::-1]
    else:
        sweeps = store.sweeps.recent()
    if options.script is not None and run_id is None:
        script = Path(options.script).expanduser().absolute()
        sweeps = tuple(one for one in sweeps if store.experiments.get(one.experiment_id).script == script)
    if not sweeps:
        raise CommandError("sweep", "There is no sweep to come back to.", "`mlintern sweep SCRIPT` begins one.")
    return next((one for one in sweeps if not one.status.is_over), sweeps[0])


def _stop(store: Store, sweep: Sweep, output: Output) -> None:
    try:
        stop(store, sweep)
    except SweepError as error:
        raise CommandError("sweep", f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    output.say(f"stopping sweep {sweep.id}")


def _watch(store: Store, home: Path, sweep: Sweep, output: Output) -> ExitCode:
    """Until the sweep is over, telling each trial as it ends; a conductor that was killed is replaced."""
    told: set[int] = set()
    restarts = 0
    try:
        while True:
            sweep, trials = store.sweeps.get(sweep.id), store.sweeps.trials(sweep.id)
            for trial in trials:
                if trial.state.is_over and trial.id not in told:
                    told.add(trial.id)
                    output.say(sweep_words.trial_line(trial))
            if sweep.ended_at is not None:
                break
            if not is_conducted(sweep):
                restarts += 1
                if restarts > _MOST_RESTARTS:
                    raise CommandError(
                        "sweep", f"Sweep {sweep.id} has no conductor, and none stays.",
                        f"See {home}/sweeps/{sweep.id}/conductor.log.", exit_code=ExitCode.FAULTS,
                    )  # fmt: skip
                _take_up(store, home, sweep)
            line = sweep_words.standing_line(sweep, trials)
            output.draw(lambda line=line: line)  # type: ignore[misc]  # a default holds the value
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        output.say(
            f"sweep {sweep.id} goes on; mlintern sweep --resume comes back, mlintern sweep --stop ends it"
        )
        raise
    output.erase()
    output.object(
        {
            "schema": SCHEMA,
            "experiment": sweep.experiment_id,
            "plan": None,
            "asks": None,
            "sweep": _sweep(sweep),
            "trials": [output_json.trial(one) for one in trials],
        }
    )
    output.lines(sweep_words.result_lines(sweep, trials))
    taking = sweep_words.taking_line(sweep, store.experiments.get(sweep.experiment_id))
    output.lines([] if taking is None else [taking])
    return ExitCode.FAULTS if sweep.status is SweepStatus.FAILED else ExitCode.DONE


def _take_up(store: Store, home: Path, sweep: Sweep) -> None:
    launch.reconcile(store)
    go_on(store, home, sweep)


def _plan(plan: Plan) -> dict[str, Any]:
    least, most = plan.trials
    return {
        "space": [dict(one.to_json()) | {"choices": list(one.choices)} for one in plan.space],
        "metric": plan.objective.metric,
        "maximise": plan.objective.maximise,
        "insisted": plan.objective.insisted,
        "note": plan.objective.note,
        "length": None if plan.length is None else {"flag": plan.length.flag, "full": plan.length.full},
        "seed_flag": plan.seed_flag,
        "seeds": plan.seeds,
        "workers": plan.workers,
        "trial_seconds": output_json.interval(plan.whole),
        "budget_seconds": plan.budget_seconds,
        "kept_for_seeds_seconds": plan.seeds_seconds,
        "configurations": {"whole": least, "at_most": most},
    }


def _sweep(sweep: Sweep) -> dict[str, Any]:
    return {
        "sweep": sweep.id,
        "status": str(sweep.status),
        "why": sweep.why,
        "space": [dict(one) for one in sweep.space],
        "metric": sweep.metric,
        "maximise": sweep.maximise,
        "insisted": sweep.insisted,
        "seeds": sweep.seeds,
        "workers": sweep.workers,
        "ceiling_seconds": sweep.ceiling_seconds,
        "created_at": sweep.created_at,
        "ended_at": sweep.ended_at,
        "summary": None if sweep.summary is None else dict(sweep.summary),
    }
