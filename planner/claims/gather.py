"""Gathers the evidence of a claim from the store and from what the runs left; judges nothing.

Invariant: every run of the configuration is in it, as a measurement or as left out.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence

from ...store import Store
from ...store.acceptances import fingerprint_of
from ...store.confirmations import Confirmation, Purpose
from ...store.records import Experiment, Run, RungName, RungStatus, RunStatus, Severity
from ..verification import metric_names, opened
from ..verification.checked import Checked
from ..verification.labels import bare_labels, unguarded
from ..verification.verify import troubles, verify
from .configurations import RESULTS, count_configurations, repetitions, seed_of
from .evidence import Evidence, Fault, Kind, Measurement, Side
from .looks import configurations_seen, evaluations

EXAMINED = (RungName.STATIC, RungName.OVERFIT)
"""The rungs whose checks look for leaks, selection and wrong metrics."""

_FEWEST_LOOKS = 3


class Gatherer:
    """Gathers from one store; each run is verified once."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._verified: dict[int, tuple[Checked, ...]] = {}
        self._labels: dict[int, tuple[str, ...]] = {}

    def verified(self, run: Run) -> tuple[Checked, ...]:
        """What was counted again of a run."""
        if run.id not in self._verified:
            self._verified[run.id] = verify(self._store, run)
        return self._verified[run.id]

    def metrics(self, run: Run) -> tuple[str, ...]:
        """The metrics of a run that something can be claimed of."""
        return tuple(name for name in self._store.metrics.names(run.id) if metric_names.is_of_evaluation(name))

    def reported(self, run: Run, metric: str) -> Evidence:
        """That one run's number is what it says."""
        return self._evidence(Kind.REPORTED, run, metric, self._side(run, metric, alone=True))

    def reached(self, run: Run, metric: str, target: float) -> Evidence:
        """That a run's configuration reaches a target; one in per cent is turned into the unit of the values."""
        side = self._side(run, metric)
        return self._evidence(Kind.REACHED, run, metric, side, target=in_unit_of(side.values, target))

    def repetitions(self, run: Run) -> tuple[Run, ...]:
        """The run and all others that differ from it in their seed alone."""
        pairs = repetitions(self._store, self._store.experiments.get(run.experiment_id))
        return tuple(each for _, each in pairs)

    def reached_by(
        self, run: Run, metric: str, values: Mapping[int, float], definition: str, target: float
    ) -> Evidence:
        """That values of runs of one configuration, counted from their predictions by a definition, reach a target."""
        experiment = self._store.experiments.get(run.experiment_id)
        pairs = [pair for pair in repetitions(self._store, experiment) if pair[1].id in values]
        side = Side(
            run=run.id,
            fingerprint=experiment.fingerprint,
            measurements=tuple(
                Measurement((each.id,), seed_of(self._store, one, each), values[each.id], each.steps, definition)
                for one, each in pairs
            ),
            left_out=(),
            faults=tuple(fault for one, _ in pairs for fault in self._faults(one)),
            unexamined=self._unexamined(experiment),
            labels_in_reach=tuple(sorted({path for _, each in pairs for path in self._bare_labels(each)})),
        )
        return self._evidence(Kind.REACHED, run, metric, side, target=target)

    def better(self, run: Run, other: Run, metric: str) -> Evidence:
        """That a run's configuration is better than another's."""
        return self._evidence(
            Kind.BETTER, run, metric, self._side(run, metric), against=self._side(other, metric)
        )

    def confirmed(self, confirmation: Confirmation, kind: Kind) -> Evidence:
        """What a confirmation was to show, by its own fresh seeds alone: the value that chose is in no mean."""
        chosen = self._store.runs.get(confirmation.chosen_run_id)
        experiment = self._store.experiments.get(confirmation.experiment_id)
        metric, target, against = confirmation.metric, confirmation.target, None
        if kind is Kind.HOLDS:
            target = self._last(chosen, metric)
        own = self._side_of(chosen, experiment, self._fresh(confirmation, Purpose.SEED, experiment), metric)
        if kind is Kind.BETTER and confirmation.against_run_id is not None:
            target, other = None, self._store.runs.get(confirmation.against_run_id)
            baseline = self._store.experiments.get(other.experiment_id)
            pairs = self._fresh(confirmation, Purpose.BASELINE, baseline)
            against = self._side_of(other, baseline, pairs, metric)
        return Evidence(
            kind=kind,
            metric=metric,
            higher_is_better=metric_names.higher_is_better(metric),
            own=own,
            configurations=confirmation.looked_at,
            target=target if kind is Kind.HOLDS else in_unit_of(own.values, target),
            against=against,
            evaluations=self._evaluated(experiment, metric),
        )

    def _evaluated(self, experiment: Experiment, metric: str) -> int:
        """How often the rows were evaluated: sealed ones when opened, others by each run that told of them."""
        labels = self._store.labels.for_script(experiment.script)
        if opened.is_sealed(metric) and labels is not None:
            return opened.openings(self._store, labels)
        return evaluations(self._store, experiment, metric)

    def _fresh(
        self, confirmation: Confirmation, purpose: Purpose, experiment: Experiment
    ) -> tuple[tuple[Experiment, Run], ...]:
        """The runs for a purpose. One that was lost says nothing of the configuration where its seed ran again."""
        repeats = [one for one in self._store.confirmations.repeats(confirmation.id) if one.purpose is purpose]
        runs = [(one.seed, self._store.runs.get(one.run_id)) for one in repeats]
        done = {seed for seed, run in runs if run.status is RunStatus.DONE}
        return tuple((experiment, run) for seed, run in runs if run.status is not RunStatus.LOST or seed not in done)

    def _evidence(
        self, kind: Kind, run: Run, metric: str, own: Side, *, target: float | None = None, against: Side | None = None
    ) -> Evidence:
        experiment = self._store.experiments.get(run.experiment_id)
        tried = count_configurations(self._store, experiment), configurations_seen(self._store, experiment, metric)
        return Evidence(
            kind=kind,
            metric=metric,
            higher_is_better=metric_names.higher_is_better(metric),
            own=own,
            configurations=1 if kind is Kind.REPORTED else max(tried),
            target=target,
            against=against,
            evaluations=self._evaluated(experiment, metric),
        )

    def _side(self, run: Run, metric: str, *, alone: bool = False) -> Side:
        experiment = self._store.experiments.get(run.experiment_id)
        whole = alone or run.rung not in RESULTS
        pairs = ((experiment, run),) if whole else repetitions(self._store, experiment)
        return self._side_of(run, experiment, pairs, metric)

    def _side_of(
        self, run: Run, experiment: Experiment, pairs: Sequence[tuple[Experiment, Run]], metric: str
    ) -> Side:
        told = [(one, each) for one, each in pairs if self._has_told(each, metric)]
        runs = [each for _, each in told]
        experiments = {one.id: one for one, _ in pairs}.values()
        return Side(
            run=run.id,
            fingerprint=experiment.fingerprint,
            measurements=self._measurements(told, metric),
            left_out=tuple(each.id for _, each in pairs if each not in runs and each.status.is_over),
            faults=tuple(fault for one in experiments for fault in self._faults(one)),
            unexamined=self._unexamined(experiment),
            tampered=tuple(one.what for each in runs for one in troubles(self.verified(each)) if _is_of(one, metric)),
            chosen_on_test=any(self._is_chosen(each, metric) for each in runs),
            maybe_chosen=any(self._may_be_chosen(each, metric) for each in runs),
            labels_in_reach=tuple(sorted({path for each in runs for path in self._bare_labels(each)})),
        )

    def _measurements(self, told: Sequence[tuple[Experiment, Run]], metric: str) -> tuple[Measurement, ...]:
        by_seed: dict[str, list[Run]] = defaultdict(list)
        for experiment, run in told:
            seed = seed_of(self._store, experiment, run)
            by_seed[f"run {run.id}" if seed is None else f"seed {seed}"].append(run)
        return tuple(self._measurement(name, runs, metric) for name, runs in by_seed.items())

    def _measurement(self, name: str, runs: Sequence[Run], metric: str) -> Measurement:
        values = [value for run in runs if (value := self._last(run, metric)) is not None]
        steps = {run.steps for run in runs}
        definitions = {self._definition(run, metric) for run in runs}
        return Measurement(
            runs=tuple(run.id for run in runs),
            seed=name.removeprefix("seed ") if name.startswith("seed ") else None,
            value=math.fsum(values) / len(values),
            steps=steps.pop() if len(steps) == 1 else None,
            recomputed=definitions.pop() if len(definitions) == 1 else None,
        )

    def _has_told(self, run: Run, metric: str) -> bool:
        return run.status is RunStatus.DONE and self._last(run, metric) is not None

    def _last(self, run: Run, metric: str) -> float | None:
        if opened.is_sealed(metric):
            return opened.told(self._store, run, metric)
        found = self._store.metrics.last(run.id).get(metric)
        return None if found is None else found.value

    def _definition(self, run: Run, metric: str) -> str | None:
        if opened.is_sealed(metric):
            return metric.removeprefix(opened.SEALED)
        return next((one.definition for one in self.verified(run) if one.metric == metric and one.definition), None)

    def _faults(self, experiment: Experiment) -> list[Fault]:
        holding = self._store.acceptances.holding(experiment.id)
        return [
            Fault(finding.id, finding.code, fingerprint_of(finding) in holding)
            for finding in self._store.findings.for_experiment(experiment.id)
            if finding.severity is Severity.ERROR
        ]

    def _bare_labels(self, run: Run) -> tuple[str, ...]:
        if run.id not in self._labels:
            self._labels[run.id] = (*bare_labels(self._store, run), *unguarded(self._store, run))
        return self._labels[run.id]

    def _unexamined(self, experiment: Experiment) -> tuple[str, ...]:
        """A seed changes nothing that these rungs look at: one passed climb of the configuration speaks for all."""
        climbs = {one.id for one, _ in repetitions(self._store, experiment)} | {experiment.id}
        ladders = [self._store.rungs.all(one) for one in climbs]
        return tuple(
            str(name) for name in EXAMINED if not any(one[name].status is RungStatus.PASSED for one in ladders)
        )

    def _looks(self, run: Run, metric: str) -> tuple[float, ...]:
        """Every value that was told of the same measure and split, one metric after the other."""
        same = (metric_names.measure(metric), metric_names.split(metric))
        return tuple(
            one.value
            for name in self._store.metrics.names(run.id)
            if name != metric and (metric_names.measure(name), metric_names.split(name)) == same
            for one in self._store.metrics.series(run.id, name)
        )

    def _is_chosen(self, run: Run, metric: str) -> bool:
        """Whether the metric calls itself the best, and its rows were looked at more than once."""
        own = self._store.metrics.series(run.id, metric)
        return metric_names.is_best(metric) and len(own) + len(self._looks(run, metric)) > 1

    def _may_be_chosen(self, run: Run, metric: str) -> bool:
        """Whether the last look repeats the best of all the looks before, and not the one right before it."""
        values = [one.value for one in self._store.metrics.series(run.id, metric)]
        if len(values) < _FEWEST_LOOKS or metric_names.split(metric) == "validation":
            return False
        best = min if metric_names.higher_is_better(metric) is False else max
        return values[-1] == best(values[:-1]) and values[-1] != values[-2]


def in_unit_of(values: Sequence[float], target: float | None) -> float | None:
    """A target in per cent is turned into a share where the values are shares."""
    if target is not None and target > 1.5 and values and all(0 <= value <= 1 for value in values):
        return target / 100
    return target


def _is_of(one: Checked, metric: str) -> bool:
    """Whether a disagreement is about this metric, or about the whole record."""
    return one.metric is None or one.metric == metric
