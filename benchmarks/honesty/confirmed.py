"""Stories of confirmations: the configuration was chosen, and then run with fresh seeds against what was fixed before.

Invariant: as in :mod:`.stories`; a confirmation here is what its conductor would have left.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mlintern.planner.claims.looks import looked_at
from mlintern.planner.verification import opened
from mlintern.runtime import hiding
from mlintern.store.confirmations import Confirmation, Purpose
from mlintern.store.records import Decision, Experiment, Interval, Run, RungName, RunStatus
from mlintern.tui.sealing import seal_labels

from .stories import ACCURACY, NO, OPEN, YES, Key, Story, several, story
from .world import ROWS, World, guesses, seeds

CONFIRMED: list[Story] = []
SEALED = "sealed/accuracy"


def fixed(
    world: World, chosen: Run, *, metric: str = ACCURACY, target: float | None = None, against: Run | None = None,
    looks: int | None = None, count: int = 5,
) -> Confirmation:  # fmt: skip
    """What stands before the first run."""
    own = world.store.experiments.get(chosen.experiment_id)
    approval = world.store.approvals.add(
        experiment_id=own.id, rung=RungName.CONFIRM, forecast_id=None, decision=Decision.APPROVED,
        ceiling_seconds=5000.0, reason=None, decided_by="terminal", token_hash=None,
    )  # fmt: skip
    return world.store.confirmations.add(
        experiment_id=own.id, approval_id=approval.id, chosen_run_id=chosen.id,
        against_run_id=None if against is None else against.id, metric=metric, target=target,
        target_says=None if target is None else "a person", seed_flag="--seed", seeds=range(1001, 1001 + count),
        checks=(), resume_flag=None, looked_at=looks or looked_at(world.store, own, metric), ceiling_seconds=5000.0,
        run_seconds=Interval(80.0, 100.0, 120.0), differences=(),
    )  # fmt: skip


def repeat(
    world: World, confirmation: Confirmation, right: Sequence[int], *, purpose: Purpose = Purpose.SEED,
    status: RunStatus = RunStatus.DONE,
) -> Run:  # fmt: skip
    """One run for each fresh seed, with so many right predictions."""
    experiment = world.store.experiments.get(confirmation.experiment_id)
    for seed, count in zip(confirmation.seeds, right, strict=True):
        told = {"test accuracy": [count / ROWS]} if status is RunStatus.DONE else {}
        run = world.run(
            experiment, told, predictions=guesses(count, seed=seed), rung=RungName.CONFIRM, status=status
        )
        world.store.confirmations.add_repeat(
            confirmation_id=confirmation.id, purpose=purpose, seed=seed, args=("--seed", str(seed)), run_id=run.id
        )
    return run


def of(confirmation: Confirmation, kind: str) -> Key:
    """The claim of a confirmation."""
    return ("confirmed", confirmation.id, kind)


@story(YES, true=True, among=CONFIRMED)
def confirmed_target(world: World) -> Key:
    begun = fixed(world, several(world, [940]), target=0.92)
    repeat(world, begun, seeds(5, 0.94, 0.003, salt=1))
    return of(begun, "reached")


@story(YES, true=True, among=CONFIRMED)
def confirmed_against_a_baseline_on_the_same_seeds(world: World) -> Key:
    base = several(world, [905], "--lr", "0.1")
    begun = fixed(world, several(world, [940], "--lr", "0.2"), against=base)
    repeat(world, begun, seeds(5, 0.94, 0.003, salt=2))
    repeat(world, begun, seeds(5, 0.905, 0.003, salt=3), purpose=Purpose.BASELINE)
    return of(begun, "better")


@story(YES, true=True, among=CONFIRMED)
def chosen_value_that_holds(world: World) -> Key:
    begun = fixed(world, several(world, [902]))
    repeat(world, begun, [900, 905, 896, 903, 898])
    return of(begun, "holds")


@story(NO, among=CONFIRMED)
def lucky_seed_that_fresh_ones_do_not_repeat(world: World) -> Key:
    begun = fixed(world, several(world, [940]))
    repeat(world, begun, [900, 905, 896, 903, 898])
    return of(begun, "holds")


@story(NO, among=CONFIRMED)
def lucky_seed_is_in_no_mean(world: World) -> Key:
    begun = fixed(world, several(world, [990, 989, 991, 988, 992]), target=0.9)
    repeat(world, begun, [897, 893, 899, 895, 898])
    return of(begun, "reached")


@story(OPEN, among=CONFIRMED)
def two_fresh_seeds(world: World) -> Key:
    begun = fixed(world, several(world, [905]), target=0.9, count=2)
    repeat(world, begun, [903, 911])
    return of(begun, "reached")


@story(OPEN, among=CONFIRMED)
def best_of_two_hundred_looks_at_the_test_rows(world: World) -> Key:
    begun = fixed(world, several(world, [915]), target=0.9, looks=200)
    repeat(world, begun, [901, 907, 900, 905, 903])
    return of(begun, "reached")


@story(OPEN, NO, among=CONFIRMED)
def confirmed_again_until_it_was_good(world: World) -> Key:
    chosen = several(world, [905])
    for last in ([899, 903, 896, 902, 901], [902, 897, 903, 899, 900], [902, 905, 902, 907, 901]):
        begun = fixed(world, chosen, target=0.9)
        repeat(world, begun, last)
    return of(begun, "reached")


@story(NO, among=CONFIRMED)
def confirmed_with_a_leak(world: World) -> Key:
    chosen = several(world, [990])
    world.find(world.store.experiments.get(chosen.experiment_id), "data.leak.overlap")
    begun = fixed(world, chosen, target=0.97)
    repeat(world, begun, seeds(5, 0.99, 0.001, salt=4))
    return of(begun, "reached")


@story(OPEN, NO, among=CONFIRMED)
def fresh_seeds_that_failed_are_counted(world: World) -> Key:
    begun = fixed(world, several(world, [940]), target=0.92)
    repeat(world, begun, seeds(5, 0.94, 0.003, salt=1))
    repeat(world, begun, [1, 1, 1, 1, 1], status=RunStatus.FAILED)
    return of(begun, "reached")


@story(NO, told="metrics", among=CONFIRMED)
def confirmed_value_edited_in_the_database(world: World) -> Key:
    begun = fixed(world, several(world, [940]), target=0.92)
    run = repeat(world, begun, seeds(5, 0.91, 0.003, salt=1))
    of_run = "series_id IN (SELECT id FROM series WHERE run_id = ? AND name = ?)"
    for one in world.store.confirmations.repeats(begun.id):
        world.forge(f"UPDATE metrics SET value = value + 0.03 WHERE {of_run}", one.run_id, ACCURACY)
    assert run is not None
    return of(begun, "reached")


@story(OPEN, among=CONFIRMED)
def best_trial_of_a_sweep_that_chose_by_the_test(world: World) -> Key:
    base = several(world, [898, 905, 893, 902], "--lr", "0")
    experiment = world.store.experiments.get(base.experiment_id)
    approval = world.store.approvals.add(
        experiment_id=experiment.id, rung=RungName.SWEEP, forecast_id=None, decision=Decision.APPROVED,
        ceiling_seconds=5000.0, reason=None, decided_by="terminal", token_hash=None,
    )  # fmt: skip
    sweep = world.store.sweeps.add(
        experiment_id=experiment.id, approval_id=approval.id, space=[], metric="test accuracy", maximise=True,
        insisted=True, seeds=0, workers=1, ceiling_seconds=5000.0, trial_seconds=Interval(80.0, 100.0, 120.0),
        setup_seconds=0.0, length=None, seed_flag="--seed",
    )  # fmt: skip
    for number in range(28):
        run = world.run(experiment, {"test accuracy": [0.9]}, rung=RungName.SWEEP)
        world.store.sweeps.add_trial(
            sweep_id=sweep.id, origin="proposed", parameters={"lr": number}, length=None, seed=None, run_id=run.id
        )
    return ("better", several(world, [905, 911, 903, 907], "--lr", "29", first_seed=11).id, ACCURACY, base.id)


# --- sealed labels --------------------------------------------------------------------------------------------------


def sealed(world: World, right: Sequence[int], *, held: bool, looks: int = 1) -> Confirmation:
    """Labels are sealed, five fresh seeds predict the rows, and the labels are opened once."""
    source = world.project.parent / "labels.csv"
    labels = "".join(f"row{number},{label}\n" for number, (label, _) in enumerate(guesses(ROWS)))
    source.write_text(f"id,label\n{labels}", encoding="utf-8")
    kept = seal_labels(world.store, world.home, source, script=Path(world.project / "train.py"), move=True).labels
    chosen = several(world, [940])
    begun = fixed(world, chosen, metric=SEALED, target=0.92, looks=looks)
    repeat(world, begun, right)
    _open(world, begun, world.store.experiments.get(chosen.experiment_id), held=held)
    assert kept.rows == ROWS
    return begun


def _open(world: World, begun: Confirmation, experiment: Experiment, *, held: bool) -> None:
    labels = world.store.labels.for_script(experiment.script)
    assert labels is not None
    runs = [world.store.runs.get(one.run_id) for one in world.store.confirmations.repeats(begun.id)]
    for run_id, value in opened.values(runs, world.store, labels, SEALED).items():
        world.store.reports.put(run_id, opened.REPORT, value.to_json(SEALED, labels))
        report = {"holds": held, "by": "…", "readable": [] if held else [str(labels.path)], "refused": None}
        world.store.reports.put(run_id, hiding.REPORT, report)


@story(YES, true=True, among=CONFIRMED)
def sealed_labels_opened_once(world: World) -> Key:
    return of(sealed(world, seeds(5, 0.94, 0.003, salt=1), held=True), "reached")


@story(OPEN, among=CONFIRMED)
def sealed_labels_that_a_run_could_read(world: World) -> Key:
    return of(sealed(world, seeds(5, 0.99, 0.001, salt=1), held=False), "reached")


@story(OPEN, among=CONFIRMED)
def sealed_labels_opened_until_it_was_good(world: World) -> Key:
    return of(sealed(world, [921, 927, 920, 925, 923], held=True, looks=200), "reached")


@story(NO, told="predictions file", among=CONFIRMED)
def predictions_tampered_with_before_the_labels_were_opened(world: World) -> Key:
    begun = sealed(world, seeds(5, 0.94, 0.003, salt=1), held=True)
    last = world.store.runs.get(world.store.confirmations.repeats(begun.id)[-1].run_id)
    (path,) = (last.folder / "predictions").iterdir()
    path.write_text(path.read_text(encoding="utf-8").replace(",b,a", ",b,b"), encoding="utf-8")
    return of(begun, "reached")
