"""`mlintern confirm`: the chosen configuration on fresh seeds, approved once as a whole, watched from any terminal."""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ...planner.budget import BudgetError
from ...planner.confirm.plan import NotConfirmableError, Plan
from ...planner.confirm.state import State, look
from ...planner.confirm.wanted import Wanted
from ...planner.moves import Ask
from ...planner.sweep.space import arguments, from_json
from ...runtime import launch
from ...runtime.options import with_values
from ...runtime.project import TargetError, module_target, script_target
from ...store import Store
from ...store.confirmations import Confirmation, ConfirmationStatus
from ...store.records import Experiment, RungName
from .. import confirm_words, output_json
from ..climb import Climb
from ..conducting import is_conducted
from ..confirming import ConfirmError, Confirming, go_on, stop
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..terminal import Answer, Terminal
from ..units import duration
from .climbing import Climbing, Order
from .opening import home_folder, opened, require_config
from .target import wanted as wanted_script

POLL_SECONDS = 0.2
_MOST_RESTARTS = 5


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Plan, ask, start and watch a confirmation; or come back to one, or stop it."""
    home = home_folder(options)
    run_id = _run_named(options)
    if options.resume or options.stop:
        with opened(home, create=False) as store:
            confirmation = _known(store, options, run_id)
            if options.stop:
                _stop(store, confirmation, output)
            return watch(store, home, confirmation, output)
    require_config(home)
    want = None if run_id is not None else wanted_script(options, output)
    with opened(home, create=run_id is None) as store:
        chosen = None
        if want is not None:
            climb = want.open(store, home, options, fresh=False)
        else:
            assert run_id is not None
            climb, chosen = _climb_of(store, home, run_id)
        climbing = Climbing(store, climb, Order(RungName.OVERFIT), output)
        return _Confirm(store, home, climb.experiment, options, chosen, output).go(climbing)


def _climb_of(store: Store, home: Path, run_id: int) -> tuple[Climb, int | None]:
    """The configuration of a run: an experiment as it is, or that of a sweep's trial, as an experiment of its own."""
    run = store.runs.get(run_id)
    experiment = store.experiments.get(run.experiment_id)
    trial = store.sweeps.trial_of_run(run_id)
    if trial is None:
        chosen = run_id if run.rung is RungName.FULL else None
        return Climb.of(store, home, experiment), chosen
    if trial.length is not None:
        raise CommandError("confirm", f"Run {run_id} is a shortened trial.", "Name one that ran to its end.")
    space = [from_json(one) for one in store.sweeps.get(trial.sweep_id).space]
    args = with_values(experiment.args, arguments(space, trial.parameters))
    try:
        if experiment.module is not None:
            target = module_target(experiment.module, args, working_dir=experiment.working_dir)
        else:
            target = script_target(experiment.script, args, working_dir=experiment.working_dir)
    except TargetError as error:
        raise CommandError("script.unreadable", str(error)) from error
    return Climb.open(store, home, target, python=experiment.python), run_id


@dataclass(slots=True)
class _Confirm:
    """One confirmation from its plan to its end."""

    store: Store
    home: Path
    experiment: Experiment
    options: argparse.Namespace
    chosen: int | None
    output: Output
    _engine: Confirming = field(init=False)

    def __post_init__(self) -> None:
        self._engine = Confirming(self.store, self.home, self.experiment)

    def go(self, climbing: Climbing) -> ExitCode:
        """Climb what is free, then plan, ask and watch."""
        going = self._engine.under_way()
        if going is not None:
            words = f"Confirmation {going.id} of this experiment is under way."
            raise CommandError("confirm", words, "`mlintern confirm --resume` goes on with it.")
        code = climbing.go()
        if code is not ExitCode.DONE:
            why = "what is free has not passed without errors: mlintern check tells more"
            self.output.say(f"the confirmation was not started: {why}")
            self.output.object(content(self.experiment, None, None, None, why=why))
            return code
        try:
            plan = self._engine.plan(self._wanted())
        except NotConfirmableError as error:
            raise CommandError("confirm", f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
        return self._decide(plan, self._engine.ask(plan))

    def _wanted(self) -> Wanted:
        options = self.options
        return Wanted(
            seeds=options.seeds,
            metric=options.metric,
            target=options.target,
            against=options.against,
            checks=not options.no_checks,
            chosen=self.chosen,
        )

    def _decide(self, plan: Plan, ask: Ask) -> ExitCode:
        ceiling, by = self.options.approve, "flag"
        if ceiling is None and self.output.has_person:
            answer = self._ask_person(plan, ask)
            if answer.ceiling_seconds is None:
                said = "declined" if answer.is_no else "nothing was decided"
                self.output.say(f"the confirmation was not started: {said}")
                return ExitCode.NEEDS_APPROVAL
            ceiling, by = answer.ceiling_seconds, "terminal"
        if ceiling is None:
            return self._leave_open(plan, ask, "nobody approved it")
        try:
            confirmation = self._engine.approve(plan, ask, ceiling_seconds=ceiling, by=by)
        except (BudgetError, ConfirmError) as error:
            return self._leave_open(plan, ask, str(error))
        self.output.say(f"confirmation {confirmation.id} began, approved within {duration(ceiling)}")
        if by == "flag":
            for line in confirm_words.plan_lines(plan):
                self.output.say(line)
        return watch(self.store, self.home, confirmation, self.output)

    def _ask_person(self, plan: Plan, ask: Ask) -> Answer:
        from ..plain_text import forecast_line

        terminal = Terminal(self.output.narration, sys.stdin)
        terminal.say([*confirm_words.plan_lines(plan), forecast_line(ask.forecast)])
        answer = terminal.ask(ask)
        if answer.is_no:
            self._engine.decline(ask, answer.reason, by="terminal")
        return answer

    def _leave_open(self, plan: Plan, ask: Ask, why: str) -> ExitCode:
        self.output.say(f"the confirmation was not started: {why}")
        self.output.object(content(self.experiment, plan, ask, None, why=why))
        self.output.lines(confirm_words.plan_lines(plan))
        return ExitCode.NEEDS_APPROVAL


def _run_named(options: argparse.Namespace) -> int | None:
    """The run that is meant, where the word is a number and no file."""
    word = options.script
    return int(word) if word is not None and word.isascii() and word.isdigit() and not Path(word).exists() else None


def _known(store: Store, options: argparse.Namespace, run_id: int | None) -> Confirmation:
    """The confirmation to come back to: the latest, of the experiment of a run where one is named."""
    if run_id is not None:
        found = store.confirmations.for_experiment(store.runs.get(run_id).experiment_id)[::-1]
    else:
        found = store.confirmations.recent()
    if options.script is not None and run_id is None:
        script = Path(options.script).expanduser().absolute()
        found = tuple(one for one in found if store.experiments.get(one.experiment_id).script == script)
    if not found:
        raise CommandError("confirm", "There is no confirmation to come back to.", "`mlintern confirm RUN` begins one.")
    return next((one for one in found if one.ended_at is None), found[0])


def _stop(store: Store, confirmation: Confirmation, output: Output) -> None:
    try:
        stop(store, confirmation)
    except ConfirmError as error:
        raise CommandError("confirm", f"{str(error)[:1].upper()}{str(error)[1:]}.") from error
    output.say(f"stopping confirmation {confirmation.id}")


def watch(store: Store, home: Path, confirmation: Confirmation, output: Output) -> ExitCode:
    """Until it is over, telling each run as it ends, then all that it allows to say."""
    confirmation = wait(store, home, confirmation, output)
    state = look(store, confirmation)
    output.object(content(state.experiment, None, None, state, why=None))
    output.lines(confirm_words.result_lines(confirmation))
    if confirmation.status is ConfirmationStatus.FAILED:
        return ExitCode.FAULTS
    covered = confirmation.status is ConfirmationStatus.DONE or confirmation.why == "stopped on request"
    return ExitCode.DONE if covered else ExitCode.CEILING


def wait(store: Store, home: Path, confirmation: Confirmation, output: Output) -> Confirmation:
    """Until it is over; a conductor that was killed is replaced."""
    told: set[int] = set()
    restarts = 0
    try:
        while True:
            state = look(store, store.confirmations.get(confirmation.id))
            for one in state.looks:
                if one.is_over and one.run.id not in told:
                    told.add(one.run.id)
                    output.say(confirm_words.run_line(one, state.confirmation.metric))
            if state.confirmation.ended_at is not None:
                break
            if not is_conducted(state.confirmation):
                restarts += 1
                if restarts > _MOST_RESTARTS:
                    raise CommandError(
                        "confirm", f"Confirmation {confirmation.id} has no conductor, and none stays.",
                        f"See {home}/confirmations/{confirmation.id}/conductor.log.", exit_code=ExitCode.FAULTS,
                    )  # fmt: skip
                launch.reconcile(store)
                go_on(store, home, state.confirmation)
            output.draw(lambda state=state: confirm_words.standing_line(state))  # type: ignore[misc]
            time.sleep(POLL_SECONDS)
    except KeyboardInterrupt:
        output.say(
            f"confirmation {confirmation.id} goes on; mlintern confirm --resume comes back, mlintern confirm --stop"
            " ends it"
        )
        raise
    output.erase()
    return state.confirmation


def content(
    experiment: Experiment, plan: Plan | None, ask: Ask | None, state: State | None, *, why: str | None
) -> dict[str, Any]:
    """The one object of ``--json``."""
    return {
        "schema": SCHEMA,
        "experiment": experiment.id,
        "plan": None if plan is None else _plan(plan),
        "asks": None if ask is None else output_json.asks(ask, why),
        "confirmation": None if state is None else _confirmation(state.confirmation),
        "runs": [] if state is None else [
            {"run": one.run.id, "purpose": str(one.repeat.purpose), "seed": one.repeat.seed,
             "args": list(one.repeat.args), "status": str(one.run.status),
             "value": one.told.get(state.confirmation.metric), "wall_seconds": one.run.wall_seconds}
            for one in state.looks
        ],
        "why": why,
    }  # fmt: skip


def _plan(plan: Plan) -> dict[str, Any]:
    goal = plan.goal
    return {
        "claim": plan.claim,
        "chosen": plan.chosen.id,
        "metric": goal.metric.removeprefix("printed/"),
        "target": goal.target,
        "target_says": goal.target_says,
        "against": None if goal.against is None else goal.against.id,
        "seed_flag": plan.seed_flag,
        "seeds": list(plan.seeds),
        "seeds_needed": plan.needed.seeds,
        "seeds_needed_why": plan.needed.why,
        "checks": list(plan.checks),
        "unchecked": list(plan.unchecked),
        "looked_at": plan.looked_at,
        "runs": plan.runs,
        "run_seconds": output_json.interval(plan.run_seconds),
        "differences": list(plan.differences),
    }


def _confirmation(one: Confirmation) -> dict[str, Any]:
    return {
        "confirmation": one.id,
        "status": str(one.status),
        "why": one.why,
        "chosen": one.chosen_run_id,
        "against": one.against_run_id,
        "metric": one.metric.removeprefix("printed/"),
        "target": one.target,
        "target_says": one.target_says,
        "seeds": list(one.seeds),
        "looked_at": one.looked_at,
        "ceiling_seconds": one.ceiling_seconds,
        "differences": list(one.differences),
        "created_at": one.created_at,
        "ended_at": one.ended_at,
        "summary": None if one.summary is None else dict(one.summary),
    }
