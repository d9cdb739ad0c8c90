"""What goes in comes out, for every kind of record and for the awkward values."""

from __future__ import annotations

import math
import threading
from pathlib import Path

import pytest
from mlintern.store import NotFound, Store, StoreCorrupt, StoreRefused
from mlintern.store.records import (
    Experiment,
    GpuSample,
    Interval,
    Run,
    RungName,
    RungStatus,
    RunStatus,
    Sample,
    Severity,
)


def test_an_experiment_is_found_again_only_when_everything_fits(store: Store, experiment: Experiment) -> None:
    def find(fingerprint: str, args: tuple[str, ...]) -> Experiment | None:
        return store.experiments.find(
            script=experiment.script,
            module=None,
            args=args,
            working_dir=experiment.working_dir,
            python=experiment.python,
            fingerprint=fingerprint,
        )

    assert find("f" * 64, ("--epochs", "60")) == experiment
    assert find("e" * 64, ("--epochs", "60")) is None
    assert find("f" * 64, ("--epochs", "6")) is None


def test_the_latest_of_equal_experiments_is_found(store: Store, experiment: Experiment) -> None:
    again = _copy_of(store, experiment)
    found = store.experiments.find(
        script=experiment.script,
        module=None,
        args=experiment.args,
        working_dir=experiment.working_dir,
        python=experiment.python,
        fingerprint=experiment.fingerprint,
    )
    assert found == again != experiment
    assert store.experiments.recent() == (again, experiment)
    assert store.experiments.recent(limit=1) == (again,)


def test_what_a_person_declared_can_change_and_nothing_else(store: Store, experiment: Experiment) -> None:
    changed = store.experiments.update(experiment.id, declared_steps=500, budget_seconds=1800.0)
    assert (changed.declared_steps, changed.budget_seconds) == (500, 1800.0)
    assert store.experiments.update(experiment.id, declared_steps=None).declared_steps is None
    assert store.experiments.get(experiment.id).budget_seconds == 1800.0
    with pytest.raises(TypeError, match="script"):
        store.experiments.update(experiment.id, script=Path("/x"))  # type: ignore[call-arg]


@pytest.mark.parametrize(
    "text",
    [
        "caf\udce9.py",  # a file name in Latin-1
        "\ud800 from JSON",
        "日本語/🙂.py",
        "a\0b",
        "'; DROP TABLE runs; --",
        "[red]\x1b[31m",
    ],
)
def test_any_text_survives(store: Store, home: Path, text: str) -> None:
    experiment = store.experiments.add(
        name=text,
        script=Path("/x") / text,
        module=None,
        args=(text,),
        working_dir=Path(text),
        python=Path("/p"),
        fingerprint="f",
    )
    run = store.runs.add(experiment_id=experiment.id, rung=RungName.STATIC, ceiling_seconds=None, folder_root=home)
    store.runs.update(run.id, reason=text)
    store.events.append(text, run_id=run.id, words=text)
    store.reports.put(run.id, text, {text: [text]})
    store.logs.index(run.id, 0, text)

    assert store.experiments.get(experiment.id) == experiment
    assert (experiment.name, experiment.script, experiment.args) == (text, Path("/x") / text, (text,))
    assert store.runs.get(run.id).reason == text
    assert store.events.after(0)[0].kind == text
    assert store.events.after(0)[0].data == {"words": text}
    assert store.reports.get(run.id, text) == {text: [text]}
    (row,) = store.runs.page()
    assert (row.experiment_name, row.script) == (text, Path("/x") / text)


@pytest.mark.parametrize("value", [math.inf, -math.inf, 1e308, -5e-324, 0.0, -1.5])
def test_absurd_numbers_survive(store: Store, run: Run, value: float) -> None:
    assert store.runs.update(run.id, last_loss=value, wall_seconds=value).last_loss == value
    forecast = store.forecasts.add(
        experiment_id=run.experiment_id, rung=RungName.FULL, seconds=Interval(value, value, value)
    )
    assert forecast.seconds == Interval(value, value, value)


def test_nan_is_a_value_and_none_is_unknown(store: Store, run: Run) -> None:
    loss = store.runs.update(run.id, last_loss=math.nan).last_loss
    assert loss is not None
    assert math.isnan(loss)
    assert store.runs.update(run.id, last_loss=None).last_loss is None


def test_a_whole_number_beyond_64_bits_is_refused_and_changes_nothing(store: Store, run: Run) -> None:
    assert store.runs.update(run.id, steps=2**63 - 1).steps == 2**63 - 1
    with pytest.raises(StoreRefused, match="64 bits"):
        store.runs.update(run.id, steps=2**63)
    assert store.runs.get(run.id).steps == 2**63 - 1


def test_a_run_has_a_folder_of_its_own_from_the_start(store: Store, run: Run, home: Path) -> None:
    assert run.folder == home / "runs" / str(run.id)
    assert run.folder.is_dir()
    assert run.status is RunStatus.STARTING
    assert run.ceiling_seconds == 60.0
    assert run.wall_seconds is None


def test_a_folder_left_by_another_database_is_not_taken_over(store: Store, experiment: Experiment, home: Path) -> None:
    (home / "runs" / "1").mkdir(parents=True)
    run = store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=None, folder_root=home)
    assert run.folder == home / "runs" / "1-2"
    assert run.folder.is_dir()


def test_runs_are_unfinished_until_they_are_over(store: Store, run: Run) -> None:
    assert store.runs.unfinished() == (run,)
    running = store.runs.update(run.id, status=RunStatus.RUNNING, supervisor_pid=7, supervisor_started=1.5)
    assert store.runs.unfinished() == (running,)
    for status in RunStatus:
        changed = store.runs.update(run.id, status=status)
        assert store.runs.unfinished() == (() if status.is_over else (changed,))


def test_only_known_fields_of_a_run_change(store: Store, run: Run) -> None:
    with pytest.raises(TypeError, match="folder"):
        store.runs.update(run.id, folder=Path("/elsewhere"))  # type: ignore[call-arg]
    assert store.runs.update(run.id) == run


def test_every_rung_has_a_state_in_climbing_order(store: Store, run: Run) -> None:
    before = store.rungs.all(run.experiment_id)
    assert list(before) == list(RungName)
    assert {rung.status for rung in before.values()} == {RungStatus.PLANNED}

    failed = store.rungs.set(run.experiment_id, RungName.FULL, RungStatus.FAILED, why="x", run_id=run.id, seconds=2.5)
    assert store.rungs.all(run.experiment_id)[RungName.FULL] == failed
    again = store.rungs.set(run.experiment_id, RungName.FULL, RungStatus.RUNNING)
    assert store.rungs.all(run.experiment_id)[RungName.FULL] == again
    assert (again.why, again.run_id, again.seconds) == (None, None, None)


def test_the_latest_forecast_is_the_one_that_counts(store: Store, experiment: Experiment) -> None:
    assert store.forecasts.latest(experiment.id, RungName.FULL) is None
    first = store.forecasts.add(experiment_id=experiment.id, rung=RungName.FULL, unknown=("usd: no price set",))
    second = store.forecasts.add(
        experiment_id=experiment.id, rung=RungName.FULL, seconds=Interval(1, 2, 3), steps=10, steps_exact=True
    )
    pilot = store.forecasts.add(experiment_id=experiment.id, rung=RungName.PILOT)
    assert store.forecasts.latest(experiment.id, RungName.FULL) == second
    assert store.forecasts.get(first.id) == first
    assert store.forecasts.for_experiment(experiment.id) == (first, second, pilot)
    assert first.unknown == ("usd: no price set",)
    assert (first.steps_exact, second.steps_exact) == (False, True)


def test_the_findings_of_a_rung_go_when_it_is_climbed_again(store: Store, run: Run) -> None:
    def add(rung: RungName) -> None:
        store.findings.add(
            experiment_id=run.experiment_id,
            run_id=run.id,
            code="eval.split",
            severity=Severity.ERROR,
            rung=rung,
            message="evaluated on training rows",
            evidence=[{"rows": [1, 2], "share": math.inf}],
            file="train.py",
            line=88,
            fix="use the test split",
        )

    add(RungName.STATIC)
    add(RungName.REHEARSAL)
    store.findings.clear(run.experiment_id, RungName.REHEARSAL)
    (left,) = store.findings.for_experiment(run.experiment_id)
    assert left.rung is RungName.STATIC
    assert left.evidence == ({"rows": [1, 2], "share": math.inf},)


def test_samples_keep_their_gpus_and_their_peak_when_thinned(store: Store, run: Run) -> None:
    gpu = GpuSample(0, "H200", 1, None, 0.5, None, 41.0, None)
    samples = [Sample(float(second), 0.5, 100 + (900 if second == 37 else 0), 2, 3, (gpu,)) for second in range(100)]
    assert store.samples.latest(run.id) is None
    for sample in samples:
        store.samples.add(run.id, sample)
    assert store.samples.latest(run.id) == samples[-1]
    assert store.samples.for_run(run.id) == tuple(samples)
    thinned = store.samples.for_run(run.id, max_points=10)
    assert len(thinned) == 10
    assert samples[37] in thinned


def test_a_report_takes_the_place_of_the_one_before(store: Store, run: Run) -> None:
    assert store.reports.get(run.id, "loops") is None
    store.reports.put(run.id, "loops", {"tree": [1]})
    store.reports.put(run.id, "loops", {"tree": [1, {"value": -math.inf}]})
    store.reports.put(run.id, "crash", {"line": 3})
    assert store.reports.get(run.id, "loops") == {"tree": [1, {"value": -math.inf}]}


@pytest.mark.parametrize("area", ["experiments", "runs", "forecasts", "approvals"])
def test_a_record_that_does_not_exist_is_said_to(store: Store, area: str) -> None:
    with pytest.raises(NotFound, match="99"):
        getattr(store, area).get(99)


def test_nothing_hangs_on_a_run_that_does_not_exist(store: Store) -> None:
    with pytest.raises(StoreRefused, match="FOREIGN KEY"):
        store.reports.put(99, "loops", {})


def test_a_row_that_no_record_can_hold_is_told_as_damage(store: Store, run: Run) -> None:
    store._connection.write("UPDATE runs SET status = 'dxne'")
    with pytest.raises(StoreCorrupt, match="dxne"):
        store.runs.get(run.id)
    assert store.experiments.get(run.experiment_id)


def test_a_store_belongs_to_its_thread(store: Store) -> None:
    raised: list[str] = []

    def use() -> None:
        try:
            store.events.last_id()
        except Exception as error:  # noqa: BLE001 - the test asks which one it is
            raised.append(type(error).__name__)

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert raised == ["ProgrammingError"]


def _copy_of(store: Store, experiment: Experiment) -> Experiment:
    return store.experiments.add(
        name=experiment.name,
        script=experiment.script,
        module=experiment.module,
        args=experiment.args,
        working_dir=experiment.working_dir,
        python=experiment.python,
        fingerprint=experiment.fingerprint,
    )
