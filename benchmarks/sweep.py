"""What it costs to find a good configuration: the sweep's own search beside others, on a real table.

``python -m mlintern.benchmarks.sweep`` runs every method over 30 seeds on the table that :mod:`.sweep_table` makes, and
writes what it cost until a configuration among the best 1 % or 3 % had been trained to its end.
"""

from __future__ import annotations

import argparse
import json
import math
import statistics
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import optuna

from ..planner.sweep import halving
from ..planner.sweep.cost import CostModel
from ..planner.sweep.space import Parameter, Value
from ..planner.sweep.study import Ending, Observation, Search
from ..store.records import Interval
from .sweep_table import EPOCHS, GRID, Table, configurations, read

RESULTS = Path(__file__).parent / "results" / "sweep.json"
SHARES = (0.01, 0.03)
MOST_FULL_RUNS = 150
"""A search that has not found it for the price of so many mean trainings is counted with that price, as missed."""
MOST_TRIALS = 1_500
"""So is one that has made so many trials: it would go on for hours."""

SPACE = tuple(
    Parameter(name, f"--{name}", "choice", choices=choices, default=choices[len(choices) // 2])
    for name, choices in GRID.items()
)
INDEX = {values: number for number, values in enumerate(configurations())}

Decide = Callable[[int, float], bool]
"""Whether a training goes on after an epoch with a validation accuracy."""
Method = Callable[["Machine", int], Iterator[None]]


class Machine:
    """Trains configurations by looking them up, and counts what that would have cost."""

    def __init__(self, table: Table) -> None:
        self._table = table
        self.spent = 0.0
        self.best_complete = 0.0

    def train(self, values: tuple[Value, ...], goes_on: Decide) -> tuple[dict[int, float], float, bool]:
        """The curve, the seconds that it cost, and whether it came to its end."""
        row = INDEX[values]  # type: ignore[index]
        curve: dict[int, float] = {}
        each = float(self._table.seconds[row]) / EPOCHS
        for epoch in range(1, EPOCHS + 1):
            curve[epoch] = float(self._table.curves[row, epoch - 1])
            if epoch < EPOCHS and not goes_on(epoch, curve[epoch]):
                break
        seconds = each * len(curve)
        self.spent += seconds
        if len(curve) == EPOCHS:
            self.best_complete = max(self.best_complete, curve[EPOCHS])
        return curve, seconds, len(curve) == EPOCHS


def ours(machine: Machine, seed: int) -> Iterator[None]:
    """What `mlintern sweep` does with one worker."""
    whole = Interval(0.5, 1.0, 2.0)  # replaced by the first training, as a forecast is
    costs = CostModel(SPACE, whole)
    search = Search(SPACE, maximise=True, seed=seed, cost=lambda values: costs.predict(values).mid)
    levels = halving.levels(EPOCHS)
    at: dict[int, list[float]] = {level: [] for level in levels}
    chosen: dict[str, Value] | None = {one.name: one.default for one in SPACE if one.default is not None}
    while chosen is not None:
        values = tuple(chosen[one.name] for one in SPACE)

        def goes_on(epoch: int, value: float) -> bool:
            if epoch not in at:
                return True
            passed = halving.goes_on(value, at[epoch], maximise=True)
            at[epoch].append(value)
            return passed

        curve, seconds, complete = machine.train(values, goes_on)
        costs.learn(chosen, len(curve) / EPOCHS, seconds)
        ending = Ending.COMPLETE if complete else Ending.PRUNED
        search.learn([Observation(chosen, ending, curve)])
        yield
        chosen = search.propose()


def of_optuna(
    sampler: Callable[[int], optuna.samplers.BaseSampler], pruner: Callable[[], optuna.pruners.BasePruner]
) -> Method:
    """A sampler and a pruner of Optuna's, as its documentation uses them."""

    def search(machine: Machine, seed: int) -> Iterator[None]:
        study = optuna.create_study(direction="maximize", sampler=sampler(seed), pruner=pruner())
        while True:
            trial = study.ask()
            values = tuple(one.choices[trial.suggest_int(one.name, 0, len(one.choices) - 1)] for one in SPACE)

            def goes_on(epoch: int, value: float, trial: optuna.Trial = trial) -> bool:
                trial.report(value, epoch)
                return not trial.should_prune()

            curve, _, complete = machine.train(values, goes_on)
            if complete:
                study.tell(trial, curve[EPOCHS])
            else:
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
            yield

    return search


def plain_halving(machine: Machine, seed: int) -> Iterator[None]:
    """Successive halving in rounds: 27 at random for one epoch, the best 9 for three, 3 for nine, 1 to the end."""
    generator = np.random.default_rng(seed)
    every = list(INDEX)
    while True:
        alive = [every[number] for number in generator.choice(len(every), 27, replace=False)]
        stop, done = 1, 0
        while True:
            curves = {}
            for values in alive:
                # It goes on where it stood, as if training could be resumed: only the new epochs cost.
                before = machine.spent
                curve, seconds, _ = machine.train(values, lambda epoch, _, stop=stop: epoch < stop)  # type: ignore[misc]
                machine.spent = before + seconds * (len(curve) - done) / len(curve)
                curves[values] = curve[max(curve)]
                yield
            if stop == EPOCHS:
                break
            alive = sorted(alive, key=lambda values: -curves[values])[: max(1, len(alive) // 3)]
            stop, done = stop * 3, stop


def _random(seed: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.RandomSampler(seed=seed)


def _tpe(seed: int) -> optuna.samplers.BaseSampler:
    return optuna.samplers.TPESampler(seed=seed)


METHODS: dict[str, Method] = {
    "random search": of_optuna(_random, optuna.pruners.NopPruner),
    "mlintern sweep": ours,
    "successive halving in rounds": plain_halving,
    "Optuna's defaults (TPE + MedianPruner)": of_optuna(_tpe, optuna.pruners.MedianPruner),
    "TPE, never stopped": of_optuna(_tpe, optuna.pruners.NopPruner),
    "TPE + PercentilePruner(25)": of_optuna(_tpe, lambda: optuna.pruners.PercentilePruner(25.0)),
    "TPE + SuccessiveHalvingPruner": of_optuna(_tpe, optuna.pruners.SuccessiveHalvingPruner),
    "TPE + SuccessiveHalvingPruner(1, 3)": of_optuna(
        _tpe, lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    ),
    "TPE + HyperbandPruner": of_optuna(_tpe, lambda: optuna.pruners.HyperbandPruner(1, EPOCHS, 3)),
    "TPE + PatientPruner": of_optuna(_tpe, lambda: optuna.pruners.PatientPruner(optuna.pruners.MedianPruner(), 2)),
    "TPE + ThresholdPruner(0.5)": of_optuna(_tpe, lambda: optuna.pruners.ThresholdPruner(lower=0.5, n_warmup_steps=3)),
    "TPE + WilcoxonPruner": of_optuna(_tpe, lambda: optuna.pruners.WilcoxonPruner(p_threshold=0.1)),
    "random + SuccessiveHalvingPruner(1, 3)": of_optuna(
        _random, lambda: optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=3)
    ),
}


@dataclass(frozen=True, slots=True)
class Found:
    """Seconds until the target, by the target's share, for one seed; ``found`` says whether it came to that."""

    seconds: dict[float, float]
    found: dict[float, bool]


def run(table: Table, method: Method, seed: int, *, is_bounded: bool = True) -> Found:
    """One search, until the hardest target is found or, where it is bounded, the money is spent."""
    finals = np.sort(table.curves[:, -1])[::-1]
    targets = {share: float(finals[max(0, round(share * len(finals)) - 1)]) for share in SHARES}
    limit = MOST_FULL_RUNS * float(table.seconds.mean()) if is_bounded else math.inf
    machine = Machine(table)
    seconds: dict[float, float] = {}
    for trials, _ in enumerate(method(machine, seed)):
        for share, target in targets.items():
            if share not in seconds and machine.best_complete >= target:
                seconds[share] = machine.spent
        if len(seconds) == len(targets) or machine.spent > limit or (is_bounded and trials > MOST_TRIALS):
            break
    return Found({share: seconds.get(share, limit) for share in SHARES}, {share: share in seconds for share in SHARES})


Told = dict[str, dict[str, dict[str, list[float]]]]
"""By method and target, for each seed: ``seconds``, and ``missed`` (1 where it was not found)."""


def measure(table: Table, name: str, seeds: range) -> dict[str, dict[str, list[float]]]:
    """One method over all seeds."""
    # What all are measured by is never cut short.
    found = [run(table, METHODS[name], seed, is_bounded=name != "random search") for seed in seeds]
    return {
        str(share): {
            "seconds": [round(one.seconds[share], 3) for one in found],
            "missed": [float(not one.found[share]) for one in found],
        }
        for share in SHARES
    }


def line(name: str, told: Told) -> str:
    """One method for the terminal: its cost, and how many times less than random search that is."""
    parts = []
    for share in SHARES:
        cost = told[name][str(share)]["seconds"]
        base = told.get("random search", told[name])[str(share)]["seconds"]
        for kind, of in (("mean", statistics.mean), ("median", statistics.median)):
            parts.append(f"top {share:.0%} {kind} {of(cost):6.2f} s {of(base) / of(cost):4.1f}x")
        parts.append(f"missed {sum(told[name][str(share)]['missed']):.0f}")
    return f"{name:40} " + "  ".join(parts)


def main() -> None:
    """Measure, and keep what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=30)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--only", nargs="*", default=list(METHODS))
    parser.add_argument("--write", action="store_true", help="keep the result in benchmarks/results")
    options = parser.parse_args()
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    warnings.simplefilter("ignore", optuna.exceptions.ExperimentalWarning)
    table = read()
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    told: Told = json.loads(RESULTS.read_text(encoding="utf-8")) if options.write and RESULTS.exists() else {}
    for name in options.only:
        told[name] = measure(table, name, seeds)
        print(line(name, told), flush=True)
        if options.write:
            RESULTS.write_text(json.dumps(told) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
