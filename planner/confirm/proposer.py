"""Makes the plan of a confirmation from what a person said and what the store knows.

Invariant: reads only; what a person did not say is proposed, with where it comes from.
"""

from __future__ import annotations

from ...runtime.options import resume_switch, script_options
from ...runtime.project import SETTINGS
from ...runtime.seal import target_of
from ...store import Store
from ...store.labels import SealedLabels
from ...store.records import Experiment, Run, RungName, RunStatus
from ..claims.configurations import RESULTS, repetitions, seed_of, split_seed
from ..claims.gather import Gatherer, in_unit_of
from ..claims.looks import looked_at
from ..noise import spread
from ..sweep.metric import plain
from ..sweep.space import seed_flag_of
from ..verification import metric_names, opened
from . import plan as planning
from .differences import differences
from .plan import Goal, NotConfirmableError, Plan
from .targets import stated_target
from .wanted import Wanted


class Proposer:
    """Proposes a confirmation of one experiment."""

    def __init__(self, store: Store, experiment: Experiment) -> None:
        self._store = store
        self._experiment = experiment
        self._target = target_of(experiment)

    def plan(self, wanted: Wanted) -> Plan:
        """What a confirmation would do. Raises ``NotConfirmableError`` with what would do."""
        options = script_options(self._target)
        flag = seed_flag_of(options)
        if flag is None:
            raise NotConfirmableError(
                "the script has no option for its seed, so it cannot be run with fresh seeds. Give it a --seed, or run"
                " it several times where each run draws its own (mlintern run --fresh): mlintern report counts them all"
            )
        chosen = self._chosen(wanted)
        metric = self._metric(chosen, wanted.metric)
        goal = self._goal(metric, chosen, wanted)
        looks = self._looks(metric)
        known = self._needed(goal, chosen, looks)
        took = planning.run_seconds([chosen, *self._whole_runs()])
        if took is None:
            raise NotConfirmableError(f"what run {chosen.id} took was not measured: run it once more (mlintern run)")
        resume_flag, no_resume = resume_switch(self._target)
        checks, unchecked = planning.checks(resume_flag=resume_flag, no_resume=no_resume, wanted=wanted.checks)
        default = next((one.default for one in options if one.flag == flag), None)
        return Plan(
            chosen=chosen,
            goal=goal,
            seed_flag=flag,
            seeds=planning.fresh_seeds(planning.seeds_to_run(wanted.seeds, known), self._used_seeds(default)),
            needed=known,
            checks=checks,
            unchecked=unchecked,
            resume_flag=resume_flag,
            looked_at=looks,
            run_seconds=took[0],
            basis=took[1],
            differences=differences(self._store, self._experiment, chosen),
        )

    def _looks(self, metric: str) -> int:
        """Sealed rows were looked at as often as they were opened, and are once more now."""
        labels = self._store.labels.for_script(self._experiment.script)
        if opened.is_sealed(metric) and labels is not None:
            return 1 + opened.openings(self._store, labels)
        return looked_at(self._store, self._experiment, metric)

    def _chosen(self, wanted: Wanted) -> Run:
        """The run that was named, or the latest finished one of the configuration."""
        if wanted.chosen is not None:
            run = self._store.runs.get(wanted.chosen)
            if run.status is not RunStatus.DONE:
                raise NotConfirmableError(f"run {run.id} is {run.status}: name one that finished")
            then = self._store.experiments.get(run.experiment_id)
            if then.fingerprint != self._experiment.fingerprint:
                raise NotConfirmableError(
                    f"the code has changed since run {run.id}, so it is another program: run it as it is now first"
                )
            return run
        runs = [run for run in self._store.runs.for_experiment(self._experiment.id) if run.rung is RungName.FULL]
        done = [run for run in runs if run.status is RunStatus.DONE]
        if not done:
            raise NotConfirmableError(
                "no full run of this configuration has finished: run it first (mlintern run), or name a trial of a"
                " sweep by its run"
            )
        return done[-1]

    def _whole_runs(self) -> list[Run]:
        return [run for _, run in repetitions(self._store, self._experiment) if run.status is RunStatus.DONE]

    def _metric(self, chosen: Run, named: str | None) -> str:
        labels = self._store.labels.for_script(self._experiment.script)
        if labels is not None and (named is None or opened.is_sealed(named)):
            return self._sealed(labels, named)
        names = Gatherer(self._store).metrics(chosen)
        if named is not None:
            found = next((name for name in names if plain(name) == plain(named)), None)
            if found is None:
                told = ", ".join(map(plain, names)) or "none of an evaluation"
                raise NotConfirmableError(f"run {chosen.id} told no “{named}”: it told {told}")
            return found
        of_test = [name for name in names if metric_names.split(name) == "test"]
        if not names:
            raise NotConfirmableError(
                f"run {chosen.id} printed no metric of an evaluation, so there is nothing to confirm: print one, such"
                " as “test accuracy 0.93”"
            )
        return (of_test or list(names))[-1]

    def _sealed(self, labels: SealedLabels, named: str | None) -> str:
        """A metric that the harness computes when it opens the labels; which one is fixed now."""
        try:
            known = opened.measures(opened.read_labels(labels.path))
        except opened.LabelsError as error:
            raise NotConfirmableError(str(error)) from error
        metric = named or f"{opened.SEALED}{'accuracy' if 'accuracy' in known else 'rmse'}"
        if metric.removeprefix(opened.SEALED) not in known:
            raise NotConfirmableError(f"no {metric} follows from the sealed labels: there are {', '.join(known)}")
        return metric

    def _goal(self, metric: str, chosen: Run, wanted: Wanted) -> Goal:
        against = None if wanted.against is None else self._store.runs.get(wanted.against)
        if against is not None:
            self._refuse_baseline(against)
        if opened.is_sealed(metric) and wanted.target is None and against is None:
            raise NotConfirmableError(
                "the labels are sealed, so what is to be shown is fixed before they are opened: give --target VALUE or"
                " --against RUN"
            )
        if wanted.target is not None:
            return Goal(metric, wanted.target, "a person", against)
        stated = stated_target(self._experiment.script.parent / SETTINGS, metric)
        if stated is None:
            return Goal(metric, against=against)
        return Goal(metric, stated.value, stated.says, against)

    def _refuse_baseline(self, against: Run) -> None:
        baseline = self._store.experiments.get(against.experiment_id)
        if against.rung not in RESULTS:
            raise NotConfirmableError(f"run {against.id} is a {against.rung} run: name a full run of the baseline")
        if (baseline.script, baseline.fingerprint) != (self._experiment.script, self._experiment.fingerprint):
            raise NotConfirmableError(
                f"run {against.id} is of another program, which this approval cannot repeat: confirm each by itself,"
                " then compare them with mlintern report --against"
            )
        if split_seed(baseline.args)[0] == split_seed(self._experiment.args)[0]:
            raise NotConfirmableError(f"run {against.id} is of the same configuration: name one of another")

    def _needed(self, goal: Goal, chosen: Run, looks: int) -> planning.Needed:
        deviation, source = self._noise(goal.metric)
        value, against = self._last(chosen, goal.metric), goal.against
        if value is None:
            return planning.Needed(None, f"what run {chosen.id} reaches is not known before the labels are opened")
        target = in_unit_of([value], goal.target)
        other = target if against is None else self._last(against, goal.metric)
        gain = None if other is None else value - other
        if gain is not None and metric_names.higher_is_better(goal.metric) is False:
            gain = -gain
        return planning.needed(
            deviation, gain, against_baseline=goal.against is not None, looked_at=looks, source=source
        )

    def _noise(self, metric: str) -> tuple[float | None, str | None]:
        """How much a seed changes: from runs of this configuration, or from a sweep by the same metric."""
        by_seed = {}
        for experiment, run in repetitions(self._store, self._experiment):
            value = self._last(run, metric) if run.status is RunStatus.DONE else None
            if value is not None:
                by_seed[seed_of(self._store, experiment, run)] = value
        if len(by_seed) > 1:
            return spread(list(by_seed.values())).sd, "the runs of this configuration"
        for experiment in self._store.experiments.for_script(self._experiment.script):
            for sweep in self._store.sweeps.for_experiment(experiment.id)[::-1]:
                told = (sweep.summary or {}).get("noise")
                if told is not None and plain(metric) == sweep.metric:
                    return float(told["deviation"]), f"sweep {sweep.id}"
        return None, None

    def _last(self, run: Run, metric: str) -> float | None:
        found = self._store.metrics.last(run.id).get(metric)
        return None if found is None else found.value

    def _used_seeds(self, default: object) -> set[int]:
        """Every seed that any run of the script had, and the one that it takes by itself."""
        words = {str(default)}
        for one in self._store.experiments.for_script(self._experiment.script):
            words.add(str(split_seed(one.args)[1]))
            for sweep in self._store.sweeps.for_experiment(one.id):
                words |= {str(trial.seed) for trial in self._store.sweeps.trials(sweep.id)}
            for confirmation in self._store.confirmations.for_experiment(one.id):
                words |= set(map(str, confirmation.seeds))
        return {int(word) for word in words if word.isascii() and word.isdigit()}
