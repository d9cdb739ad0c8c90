"""The stories: what was done, what is claimed, whether it is true, and which answers are right.

Invariant: ``true`` is what an all-knowing reader would say; ``right`` are the answers that what can be known allows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mlintern.planner.claims.verdict import Answer
from mlintern.planner.verification.predictions import Predictions, definitions
from mlintern.runtime import seal
from mlintern.store.codec import encode_json
from mlintern.store.records import Run, RunStatus

from .world import ROWS, World, guesses, seeds

ACCURACY = "printed/test accuracy"
Key = tuple[str | int, ...]
YES, NO, OPEN = Answer.SUPPORTED, Answer.NOT_SUPPORTED, Answer.INCONCLUSIVE


@dataclass(frozen=True, slots=True)
class Story:
    """One story."""

    name: str
    true: bool
    right: frozenset[Answer]
    tell: Callable[[World], Key]
    """Builds it, and returns the claim: kind, run, metric, and the target or the other run."""
    told: str | None = None
    """What `verify` has to say differs, where something was tampered with."""
    edited: tuple[object, object] | None = None
    """A value that somebody changes in the report's file, and to what."""


STORIES: list[Story] = []


def story(
    *right: Answer,
    true: bool = False,
    told: str | None = None,
    edited: tuple[object, object] | None = None,
    among: list[Story] = STORIES,
) -> Callable[[Callable[[World], Key]], Callable[[World], Key]]:
    """Register a story under the function's name."""

    def add(tell: Callable[[World], Key]) -> Callable[[World], Key]:
        among.append(Story(tell.__name__, true, frozenset(right), tell, told, edited))
        return tell

    return add


def several(
    world: World, right: list[int], *args: str, first_seed: int = 1, predict: bool = True, steps: int = 400,
    examined: bool = True,
) -> Run:  # fmt: skip
    """One run for each seed; returns the last."""
    for number, count in enumerate(right):
        experiment = world.experiment(*args, "--seed", str(first_seed + number), examined=examined)
        predictions = guesses(count, seed=first_seed + number) if predict else None
        run = world.run(experiment, {"test accuracy": [count / ROWS]}, predictions=predictions, steps=steps)
    return run


def better(own: Run, other: Run, metric: str = ACCURACY) -> Key:
    """The claim that one is better."""
    return ("better", own.id, metric, other.id)


# --- sound ------------------------------------------------------------------------------------------------------------


@story(YES, true=True)
def sound_improvement(world: World) -> Key:
    base = several(world, seeds(5, 0.90, 0.003, salt=1), "--lr", "0.1")
    return better(several(world, seeds(5, 0.93, 0.003, salt=2), "--lr", "0.2", first_seed=11), base)


@story(YES, true=True)
def sound_improvement_on_the_same_seeds(world: World) -> Key:
    base = several(world, [880, 905, 893, 911, 886], "--lr", "0.1")
    return better(several(world, [889, 915, 901, 920, 896], "--lr", "0.2"), base)


@story(YES, true=True)
def sound_target(world: World) -> Key:
    run = several(world, seeds(5, 0.975, 0.001, salt=3))
    return ("reached", run.id, ACCURACY, "97.2")


@story(YES, true=True)
def sound_number(world: World) -> Key:
    run = several(world, [931])
    return ("reported", run.id, ACCURACY)


@story(YES, true=True)
def sound_lower_error(world: World) -> Key:
    runs = []
    for place, mean in enumerate((0.90, 0.94)):
        for number, right in enumerate(seeds(5, mean, 0.003, salt=place)):
            experiment = world.experiment("--lr", str(place), "--seed", str(number + 10 * place))
            told = {"test error": [round(1 - right / ROWS, 3)]}
            runs.append(world.run(experiment, told, predictions=guesses(right, seed=number)))
    return better(runs[-1], runs[0], "printed/test error")


@story(YES, true=True)
def sound_best_of_eight(world: World) -> Key:
    base = several(world, seeds(5, 0.90, 0.002, salt=20), "--lr", "0")
    for lr in range(1, 7):
        several(world, seeds(1, 0.90, 0.002, salt=20 + lr), "--lr", str(lr))
    return better(several(world, seeds(5, 0.95, 0.002, salt=40), "--lr", "7", first_seed=11), base)


@story(YES, OPEN, true=True)
def sound_with_one_failure_in_six(world: World) -> Key:
    base = several(world, seeds(6, 0.90, 0.003, salt=1), "--lr", "0.1")
    failed = world.experiment("--lr", "0.2", "--seed", "30")
    world.run(failed, {}, status=RunStatus.FAILED)
    return better(several(world, seeds(6, 0.94, 0.003, salt=2), "--lr", "0.2", first_seed=11), base)


# --- noise ------------------------------------------------------------------------------------------------------------


@story(OPEN)
def lucky_seed(world: World) -> Key:
    base = several(world, [898], "--lr", "0.1")
    return better(several(world, [909], "--lr", "0.2"), base)


@story(OPEN)
def lucky_seed_reaches_the_target(world: World) -> Key:
    return ("reached", several(world, [974]).id, ACCURACY, "97.2")


@story(NO)
def best_of_six_seeds_is_told(world: World) -> Key:
    lucky = several(world, [974], "--lr", "0.1", first_seed=9)
    several(world, [962, 958, 965, 960, 957], "--lr", "0.1")
    return ("reached", lucky.id, ACCURACY, "97.2")


@story(NO)
def improvement_inside_the_noise(world: World) -> Key:
    base = several(world, [898, 905, 891, 909, 900], "--lr", "0.1")
    return better(several(world, [903, 895, 910, 899, 904], "--lr", "0.2", first_seed=11), base)


@story(OPEN)
def improvement_inside_the_noise_of_two_seeds(world: World) -> Key:
    base = several(world, [898, 905], "--lr", "0.1")
    return better(several(world, [903, 909], "--lr", "0.2", first_seed=11), base)


@story(OPEN)
def seed_that_changes_nothing(world: World) -> Key:
    base = several(world, [900, 900, 900], "--lr", "0.1")
    return better(several(world, [903, 903, 903], "--lr", "0.2"), base)


@story(OPEN)
def one_seed_again_until_it_was_good(world: World) -> Key:
    base = several(world, [900, 898, 903], "--lr", "0.1")
    for right in (897, 902, 913):
        own = several(world, [right], "--lr", "0.2")
    return better(own, base)


@story(OPEN)
def best_of_thirty_configurations(world: World) -> Key:
    base = several(world, [898, 905, 893, 902], "--lr", "0")
    for lr in range(1, 29):
        several(world, [900], "--lr", str(lr))
    return better(several(world, [905, 911, 903, 907], "--lr", "29", first_seed=11), base)


@story(NO)
def worse_than_the_baseline(world: World) -> Key:
    base = several(world, seeds(5, 0.93, 0.003, salt=1), "--lr", "0.1")
    return better(several(world, seeds(5, 0.90, 0.003, salt=2), "--lr", "0.2", first_seed=11), base)


# --- choosing on the test ---------------------------------------------------------------------------------------------


def epochs(world: World, name: str, looks: list[float], last: float) -> Key:
    for seed in range(1, 6):
        told = {"test accuracy": looks, name: [last]} if name != "test accuracy" else {name: [*looks, last]}
        run = world.run(world.experiment("--seed", str(seed)), told, predictions=guesses(round(last * ROWS), seed=seed))
    return ("reported", run.id, f"printed/{name}")


@story(NO)
def epoch_chosen_on_the_test(world: World) -> Key:
    return epochs(world, "best test accuracy", [0.90, 0.93, 0.91], 0.93)


@story(OPEN, NO)
def epoch_chosen_on_the_test_and_not_called_so(world: World) -> Key:
    return epochs(world, "test accuracy", [0.90, 0.93, 0.91], 0.93)


@story(NO)
def selection_that_a_check_found(world: World) -> Key:
    run = several(world, seeds(5, 0.98, 0.001, salt=3))
    world.find(world.store.experiments.get(run.experiment_id), "eval.selection")
    return ("reached", run.id, ACCURACY, "97.2")


# --- leaks and metrics ------------------------------------------------------------------------------------------------


@story(NO)
def leaked_split(world: World) -> Key:
    run = several(world, seeds(5, 0.99, 0.001, salt=3))
    world.find(world.store.experiments.get(run.experiment_id), "data.leak.overlap")
    return ("reached", run.id, ACCURACY, "97.2")


@story(NO)
def leaked_split_that_a_person_accepted(world: World) -> Key:
    run = several(world, seeds(5, 0.99, 0.001, salt=3))
    world.find(world.store.experiments.get(run.experiment_id), "data.leak.overlap", accepted=True)
    return ("reached", run.id, ACCURACY, "97.2")


@story(OPEN)
def leak_that_nobody_looked_for(world: World) -> Key:
    run = several(world, seeds(5, 0.99, 0.001, salt=3), examined=False)
    return ("reached", run.id, ACCURACY, "97.2")


@story(NO)
def leak_in_the_baseline_only(world: World) -> Key:
    base = several(world, seeds(5, 0.90, 0.003, salt=1), "--lr", "0.1")
    world.find(world.store.experiments.get(base.experiment_id), "data.leak.target")
    return better(several(world, seeds(5, 0.94, 0.003, salt=2), "--lr", "0.2", first_seed=11), base)


@story(NO, told="metric")
def accuracy_that_is_something_else(world: World) -> Key:
    base = several(world, seeds(3, 0.90, 0.003, salt=1), "--lr", "0.1")
    for seed in range(3):
        rows = guesses(940 + seed, minority=0.05, seed=seed)
        hits = [label == guess for label, guess in rows if label == "a"]
        own = world.run(world.experiment("--lr", "0.2", "--seed", str(seed)), {"test accuracy": [sum(hits) / 900]},
                        predictions=rows)  # fmt: skip
    return better(own, base)


@story(OPEN)
def f1_averaged_differently_in_two_runs(world: World) -> Key:
    runs = []
    for lr, average in (("0.1", "macro f1"), ("0.2", "weighted f1")):
        for seed in range(4):
            rows = guesses(950 + seed, minority=0.05, seed=seed)
            ids = tuple(f"row{number}" for number in range(len(rows)))
            found = definitions(Predictions(ids, *(tuple(one) for one in zip(*rows, strict=True))))
            experiment = world.experiment("--lr", lr, "--seed", str(seed))
            runs.append(world.run(experiment, {"test f1": [found[average]]}, predictions=rows))
    return better(runs[-1], runs[0], "printed/test f1")


@story(OPEN)
def metric_redefined_in_the_code(world: World) -> Key:
    base = several(world, seeds(5, 0.90, 0.003, salt=1), "--lr", "0.1", predict=False)
    world.script("train.py", "import torch  # now with another metric\n")
    return better(several(world, seeds(5, 0.94, 0.003, salt=2), "--lr", "0.2", predict=False), base)


@story(OPEN)
def number_that_only_the_script_knows(world: World) -> Key:
    return ("reported", several(world, [931], predict=False).id, ACCURACY)


@story(NO, told="metric")
def rows_counted_twice(world: World) -> Key:
    ids = [f"row{number % 900}" for number in range(ROWS)]
    told = {"test accuracy": [0.95]}
    run = world.run(world.experiment(), told, predictions=guesses(950), ids=ids)
    return ("reported", run.id, ACCURACY)


@story(NO)
def value_that_is_not_a_number(world: World) -> Key:
    for seed in range(3):
        told = {"test accuracy": [float("nan")]}
        run = world.run(world.experiment("--seed", str(seed)), told)
    return ("reached", run.id, ACCURACY, "97.2")


# --- what was left out ------------------------------------------------------------------------------------------------


@story(OPEN)
def baseline_that_was_trained_for_less(world: World) -> Key:
    base = several(world, seeds(5, 0.90, 0.003, salt=1), "--lr", "0.1", steps=80)
    return better(several(world, seeds(5, 0.94, 0.003, salt=2), "--lr", "0.2", first_seed=11), base)


@story(OPEN)
def failed_runs_left_out(world: World) -> Key:
    run = several(world, seeds(5, 0.98, 0.001, salt=3), "--lr", "0.1")
    for seed in (21, 22, 23):
        world.run(world.experiment("--lr", "0.1", "--seed", str(seed)), {}, status=RunStatus.FAILED)
    return ("reached", run.id, ACCURACY, "97.2")


@story(OPEN)
def label_file_copied_into_the_workspace(world: World) -> Key:
    run = several(world, seeds(5, 0.98, 0.001, salt=3))
    labels = "".join(f"row{number},{label}\n" for number, (label, _) in enumerate(guesses(ROWS)))
    (world.project / "answers.csv").write_text(f"id,label\n{labels}", encoding="utf-8")
    return ("reached", run.id, ACCURACY, "97.2")


# --- tampering --------------------------------------------------------------------------------------------------------


def forged_value(world: World, run: Run) -> None:
    of_run = "series_id IN (SELECT id FROM series WHERE run_id = ? AND name = ?)"
    world.forge(f"UPDATE metrics SET value = 0.981 WHERE {of_run}", run.id, ACCURACY)


@story(NO, told="metrics")
def number_edited_in_the_database(world: World) -> Key:
    run = several(world, [931], predict=False)
    forged_value(world, run)
    return ("reported", run.id, ACCURACY)


@story(NO, told="log")
def number_edited_in_database_and_log(world: World) -> Key:
    run = several(world, [931], predict=False)
    forged_value(world, run)
    run.log_path.write_text(run.log_path.read_text().replace("0.931", "0.981"), encoding="utf-8")
    return ("reported", run.id, ACCURACY)


@story(NO, told="predictions file")
def number_edited_in_database_log_and_predictions(world: World) -> Key:
    run = several(world, [931])
    forged_value(world, run)
    run.log_path.write_text(run.log_path.read_text().replace("0.931", "0.981"), encoding="utf-8")
    tamper(run, guesses(981))
    return ("reported", run.id, ACCURACY)


@story(NO, told="predictions file")
def prediction_file_tampered_with(world: World) -> Key:
    run = several(world, [931])
    tamper(run, guesses(990))
    return ("reported", run.id, ACCURACY)


@story(YES, true=True, told="report", edited=(0.931, 0.981))
def number_edited_in_the_report(world: World) -> Key:
    return ("reported", several(world, [931]).id, ACCURACY)


@story(OPEN, told="report", edited=("inconclusive", "supported"))
def verdict_edited_in_the_report(world: World) -> Key:
    return ("reported", several(world, [931], predict=False).id, ACCURACY)


@story(NO, told="findings")
def finding_deleted_from_the_database(world: World) -> Key:
    experiment = world.experiment()
    world.find(experiment, "data.leak.overlap")
    run = world.run(experiment, {"test accuracy": [0.99]}, predictions=guesses(990))
    world.forge("DELETE FROM findings")
    return ("reported", run.id, ACCURACY)


@story(NO, told="record")
def run_that_failed_and_was_called_done(world: World) -> Key:
    run = world.run(world.experiment(), {"test accuracy": [0.98]}, status=RunStatus.FAILED)
    world.forge("UPDATE runs SET status = 'done', reason = NULL, exit_code = 0 WHERE id = ?", run.id)
    return ("reported", run.id, ACCURACY)


@story(NO, told="database")
def seal_rewritten_with_its_guard_taken_away(world: World) -> Key:
    run = several(world, [931], predict=False)
    forged_value(world, run)
    run.log_path.write_text(run.log_path.read_text().replace("0.931", "0.981"), encoding="utf-8")
    world.forge("DROP TRIGGER events_keep_on_update")
    digest, _ = world.store.metrics.digest(run.id)
    held = dict(seal.sealed(world.store, run.id) or {})
    held["metrics"]["sha256"], held["log"]["sha256"] = digest, seal.file_hash(run.log_path)
    world.forge("UPDATE events SET data = ? WHERE kind = ?", encode_json(held), seal.SEALED)
    return ("reported", run.id, ACCURACY)


def tamper(run: Run, rows: list[tuple[str, str]]) -> None:
    """Put other predictions where a run's are kept."""
    (path,) = (run.folder / seal.PREDICTIONS).iterdir()
    lines = [f"row{number},{label},{guess}\n" for number, (label, guess) in enumerate(rows)]
    path.write_text("id,label,prediction\n" + "".join(lines), encoding="utf-8")
