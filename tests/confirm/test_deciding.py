"""Planning and directing a confirmation: decisions on values and records, no process is started."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlintern.planner.claims.evidence import Evidence, Kind, Measurement, Side
from mlintern.planner.claims.looks import evaluations, looked_at
from mlintern.planner.claims.verdict import Answer, judge
from mlintern.planner.confirm.director import Next, Nothing, is_to_be_interrupted, next_run
from mlintern.planner.confirm.plan import NotConfirmableError, fresh_seeds, needed, seeds_to_run
from mlintern.planner.confirm.state import Look, State
from mlintern.planner.confirm.summary import DIFFERS, EQUAL, NOT_VERIFIED, _compared, _resumed
from mlintern.planner.confirm.targets import stated_target
from mlintern.planner.confirm.wanted import Wanted
from mlintern.planner.sweep.space import Parameter
from mlintern.runtime.fresh_copy import make
from mlintern.runtime.gate import admit
from mlintern.runtime.options import resume_switch
from mlintern.runtime.project import script_target
from mlintern.runtime.protocol import Isolation, Limits
from mlintern.store import NotApproved
from mlintern.store.confirmations import Confirmation, ConfirmationStatus, Purpose, Repeat
from mlintern.store.records import Decision, Experiment, Interval, Metric, Run, RungName, RunStatus
from mlintern.tui.commands.confirm import _climb_of
from mlintern.tui.output import CommandError

if TYPE_CHECKING:
    from conftest import Lab

ACCURACY = "printed/test accuracy"


# --- the plan ------------------------------------------------------------------------------------------------


def test_a_fresh_seed_is_one_that_nobody_had() -> None:
    assert fresh_seeds(3, {1002, 5}) == (1001, 1003, 1004)


def test_how_many_seeds_are_run() -> None:
    unknown = needed(None, 0.1, against_baseline=False, looked_at=1, source=None)
    assert unknown.seeds is None and seeds_to_run(None, unknown) == 5 and seeds_to_run(2, unknown) == 2
    short = needed(0.01, -0.1, against_baseline=False, looked_at=1, source="runs")
    assert short.seeds is None and "falls short" in short.why
    one, many = (needed(0.01, 0.012, against_baseline=False, looked_at=n, source="runs") for n in (1, 50))
    assert one.seeds is not None and many.seeds is not None and 5 < one.seeds < many.seeds
    assert seeds_to_run(None, one) == one.seeds and seeds_to_run(None, many) == 10
    with pytest.raises(NotConfirmableError, match="say nothing of the noise"):
        seeds_to_run(1, one)


def test_seeds_of_other_runs_are_not_fresh_and_what_changed_is_told(lab: Lab) -> None:
    experiment = lab.experiment("--lr", "0.1")
    chosen = lab.full(experiment)
    lab.full(lab.experiment("--lr", "0.2", "--seed", "1001"))
    plan = lab.plan(experiment)
    assert plan.seeds == (1002, 1003, 1004) and plan.differences == () and plan.looked_at == 2
    assert plan.claim == f"test accuracy of run {chosen.id} is what fresh seeds give"
    (lab.project / "data" / "rows.txt").write_text("1 2 3 4 5 6")
    (told,) = lab.plan(experiment).differences
    assert told.endswith("rows.txt was changed since")


@pytest.mark.parametrize(
    ("text", "wanted", "told"),
    [
        ("print('test accuracy 0.9')", Wanted(), "no option for its seed"),
        (None, Wanted(metric="f1"), "it told test accuracy"),
        (None, Wanted(against=1), "the same configuration"),
        (None, Wanted(seeds=0), "say nothing of the noise"),
    ],
)
def test_what_cannot_be_confirmed_says_what_can(lab: Lab, text: str | None, wanted: Wanted, told: str) -> None:
    experiment = lab.experiment() if text is None else lab.experiment(text=text)
    lab.full(experiment)
    with pytest.raises(NotConfirmableError, match=told):
        lab.plan(experiment, wanted)


def test_without_a_finished_run_there_is_nothing_to_confirm(lab: Lab) -> None:
    with pytest.raises(NotConfirmableError, match="no full run of this configuration"):
        lab.plan(lab.experiment())


def test_a_target_is_of_the_same_measure_and_split(tmp_path: Path) -> None:
    settings = tmp_path / "experiment.toml"
    settings.write_text(
        '[[targets]]\nmetric = "F1"\nvalue = 0.5\n[[targets]]\nmetric = "accuracy"\nvalue = 90.1\n'
        'split = "validation"\n'
        '[[targets]]\nmetric = "accuracy"\nvalue = 97.2\nsplit = "test"\nsays = "reaches 97.2 %"\n'
    )
    found = stated_target(settings, ACCURACY)
    assert found is not None and (found.value, found.says) == (97.2, "reaches 97.2 %")
    assert stated_target(settings, "printed/test loss") is None
    assert stated_target(tmp_path / "none.toml", ACCURACY) is None


@pytest.mark.parametrize(
    ("line", "flag"),
    [
        ('p.add_argument("--resume", action="store_true")', "--resume"),
        ('p.add_argument("--resume", type=str)', None),
        ('p.add_argument("--fast", action="store_true")', None),
    ],
)
def test_a_switch_that_resumes_is_read_from_the_code(tmp_path: Path, line: str, flag: str | None) -> None:
    script = tmp_path / "train.py"
    script.write_text(f"import argparse\np = argparse.ArgumentParser()\n{line}\n")
    found, why = resume_switch(script_target(script, (), working_dir=tmp_path))
    assert found == flag and (why is None) == (flag is not None)


# --- the order ------------------------------------------------------------------------------------------------

CONFIRMATION = Confirmation(
    id=1, experiment_id=1, approval_id=1, chosen_run_id=1, against_run_id=None, status=ConfirmationStatus.RUNNING,
    why=None, metric=ACCURACY, target=0.8, target_says="a person", seed_flag="--seed", seeds=(7, 8),
    checks=("again", "resumed"), resume_flag="--resume", looked_at=1, ceiling_seconds=1000.0,
    run_seconds=Interval(8.0, 10.0, 12.0), differences=(), created_at=0.0,
)  # fmt: skip
EXPERIMENT = Experiment(
    id=1, name="train", script=Path("/p/train.py"), module=None, args=("--lr", "0.1", "--seed", "0"),
    working_dir=Path("/p"), python=Path("/usr/bin/python3"), fingerprint="", declared_steps=None, budget_seconds=None,
    created_at=0.0,
)  # fmt: skip
RUN = Run(
    id=1, experiment_id=1, rung=RungName.CONFIRM, status=RunStatus.DONE, reason=None, created_at=0.0, started_at=1.0,
    ended_at=11.0, supervisor_pid=None, supervisor_started=None, ceiling_seconds=30.0, exit_code=0, signal=None,
    isolation="landlock", folder=Path("/h/1"), steps=100, planned_steps=100, last_loss=None, wall_seconds=10.0,
    cpu_seconds=None, peak_host_bytes=None, peak_device_bytes=None, energy_joules=None, usd=None,
)  # fmt: skip


def one(number: int, purpose: Purpose, seed: int, status: RunStatus = RunStatus.DONE, **changes: object) -> Look:
    run = replace(RUN, id=number, status=status, **changes)  # type: ignore[arg-type]
    return Look(Repeat(number, 1, number, purpose, seed, (), number, 0.0), run, {ACCURACY: 0.9})


def state(*looks: Look, **changes: object) -> State:
    return State(replace(CONFIRMATION, **changes), EXPERIMENT, None, looks)  # type: ignore[arg-type]


def test_seeds_come_first_then_the_same_again_then_interrupted_and_resumed() -> None:
    looks: list[Look] = []
    order = []
    while isinstance(found := next_run(state(*looks)), Next):
        order.append((found.purpose, found.seed))
        is_cut = found.purpose is Purpose.INTERRUPTED
        looks.append(one(len(looks) + 1, found.purpose, found.seed, RunStatus.STOPPED if is_cut else RunStatus.DONE))
    assert order == [(Purpose.SEED, 7), (Purpose.SEED, 8), (Purpose.AGAIN, 7), (Purpose.INTERRUPTED, 7),
                     (Purpose.RESUMED, 7)]  # fmt: skip
    assert found.is_whole and not found.has_failed


def test_the_seed_stands_in_the_place_of_the_scripts_own_and_a_resumed_run_says_so() -> None:
    first = next_run(state())
    assert isinstance(first, Next) and first.args == ("--lr", "0.1", "--seed=7")
    cut = [one(1, Purpose.SEED, 7), one(2, Purpose.SEED, 8), one(3, Purpose.AGAIN, 7),
           one(4, Purpose.INTERRUPTED, 7, RunStatus.STOPPED)]  # fmt: skip
    last = next_run(state(*cut))
    assert isinstance(last, Next) and last.args[-1] == "--resume" and last.in_copy_of == 4


def test_a_bad_value_is_never_run_again_and_a_lost_run_is() -> None:
    failed = next_run(state(one(1, Purpose.SEED, 7, RunStatus.FAILED)))
    assert isinstance(failed, Next) and failed.seed == 8
    lost = next_run(state(one(1, Purpose.SEED, 7, RunStatus.LOST)))
    assert isinstance(lost, Next) and lost.seed == 7
    thrice = next_run(state(*(one(n, Purpose.SEED, 7, RunStatus.LOST) for n in (1, 2, 3))))
    assert isinstance(thrice, Nothing) and thrice.has_failed
    both = next_run(state(one(1, Purpose.SEED, 7, RunStatus.FAILED), one(2, Purpose.SEED, 8, RunStatus.FAILED)))
    assert isinstance(both, Nothing) and both.has_failed


def test_nothing_starts_that_the_ceiling_does_not_cover() -> None:
    found = next_run(state(one(1, Purpose.SEED, 7), ceiling_seconds=20.0))
    assert isinstance(found, Nothing) and not found.is_whole
    enough = next_run(state(one(1, Purpose.SEED, 7), ceiling_seconds=30.0))
    assert isinstance(enough, Next) and enough.ceiling_seconds <= 20.0


def test_a_run_is_interrupted_half_way() -> None:
    whole = one(1, Purpose.SEED, 7)
    early, late = (one(2, Purpose.INTERRUPTED, 7, RunStatus.RUNNING, steps=steps) for steps in (40, 60))
    assert not is_to_be_interrupted(state(whole, early), early)
    assert is_to_be_interrupted(state(whole, late), late)


def test_equal_differs_and_not_verified() -> None:
    whole, other = one(1, Purpose.SEED, 7), one(2, Purpose.AGAIN, 7)
    assert _compared(whole, other)["answer"] == EQUAL
    assert _compared(whole, replace(other, told={ACCURACY: 0.9000001}))["answer"] == DIFFERS
    cut = one(3, Purpose.INTERRUPTED, 7, RunStatus.STOPPED, steps=50)
    resumed = one(4, Purpose.RESUMED, 7, steps=50)
    assert _resumed(state(whole, cut, resumed))["answer"] == EQUAL
    anew = one(4, Purpose.RESUMED, 7, steps=100)
    assert _resumed(state(whole, cut, anew)) == {
        "answer": NOT_VERIFIED, "why": "the resumed run made as many steps as a whole one, so it began from the start"
    }  # fmt: skip
    assert _resumed(state(whole, replace(cut, run=replace(cut.run, steps=100)), resumed))["answer"] == NOT_VERIFIED


# --- the verdict ------------------------------------------------------------------------------------------------


def evidence(values: list[float], chosen: float) -> Evidence:
    measured = tuple(Measurement((n,), str(n), value, 100, None) for n, value in enumerate(values))
    return Evidence(Kind.HOLDS, ACCURACY, True, Side(1, "f", measured, ()), 1, target=chosen)


@pytest.mark.parametrize(
    ("values", "chosen", "answer"),
    [
        ([0.90, 0.91, 0.89, 0.905, 0.895], 0.905, Answer.SUPPORTED),
        ([0.90, 0.91, 0.89, 0.905, 0.895], 0.93, Answer.NOT_SUPPORTED),
        ([0.90, 0.91, 0.89], 0.905, Answer.INCONCLUSIVE),
        ([0.90, 0.90, 0.90, 0.90, 0.90], 0.90, Answer.INCONCLUSIVE),
    ],
)
def test_whether_the_value_that_chose_holds(values: list[float], chosen: float, answer: Answer) -> None:
    assert judge(evidence(values, chosen)).answer is answer


def test_looks_are_counted_by_the_rows_that_chose(lab: Lab) -> None:
    own = lab.experiment("--lr", "0.1")
    lab.full(own)
    lab.full(lab.experiment("--lr", "0.2"))
    lab.full(lab.experiment("--lr", "0.2", "--seed", "4"))
    validated = lab.full(lab.experiment("--lr", "0.3"))
    lab.store._connection.write(
        "UPDATE series SET name = 'printed/val accuracy' WHERE run_id = ?", (validated.id,)
    )
    assert looked_at(lab.store, own, ACCURACY) == 2, "a seed is no configuration, and validation rows are no test rows"
    assert looked_at(lab.store, own, "printed/val accuracy") == 1
    assert evaluations(lab.store, own, ACCURACY) == 3


# --- the copy and the gate ------------------------------------------------------------------------------------------


def test_a_copy_holds_what_was_recorded_and_nothing_else(lab: Lab, tmp_path: Path) -> None:
    experiment = lab.experiment(text="import helper\nimport argparse\n")
    (lab.project / "helper.py").write_text("x = 1\n")
    (lab.project / "other.py").write_text("x = 2\n")
    (lab.project / "settings.toml").write_text("a = 1\n")
    rows, gone = lab.project / "data" / "rows.txt", lab.project / "data" / "gone.txt"
    made = make(experiment, [{"path": str(rows)}, {"path": str(gone)}], tmp_path / "copy")
    inside = tmp_path / "copy" / lab.project.relative_to("/")
    assert sorted(path.name for path in inside.iterdir()) == ["data", "helper.py", "settings.toml", "train.py"]
    assert (inside / "data" / "rows.txt").readlink() == rows and made.missing == (str(gone),)
    (inside / "train.py").write_text("changed")
    assert "import helper" in experiment.script.read_text()


def test_the_gate_charges_every_run_to_the_one_approval(lab: Lab) -> None:
    experiment = lab.experiment("--pause", "0")
    lab.full(experiment)
    begun = lab.begin(experiment, ceiling=30.0)
    done = lab.finish(begun)
    stranger = lab.store.runs.add(
        experiment_id=experiment.id, rung=RungName.CONFIRM, ceiling_seconds=1.0, folder_root=lab.home
    )

    def admitted(run: Run, isolation: Isolation = Isolation.LANDLOCK) -> None:
        admit(lab.store, run, token="any", limits=Limits(), isolation=isolation)

    with pytest.raises(NotApproved, match="no confirmation knows it"):
        admitted(stranger)
    with pytest.raises(NotApproved, match="is over"):
        admitted(done.looks[0].run)
    with pytest.raises(NotApproved, match="kept from the user's files"):
        admitted(done.looks[0].run, Isolation.NONE)
    lab.store._connection.write("UPDATE confirmations SET status = 'running', ended_at = NULL")
    big = lab.store.runs.add(
        experiment_id=experiment.id, rung=RungName.CONFIRM, ceiling_seconds=29.9, folder_root=lab.home
    )
    lab.store.confirmations.add_repeat(
        confirmation_id=begun.id, purpose=Purpose.SEED, seed=9, args=(), run_id=big.id
    )
    with pytest.raises(NotApproved, match="used or held by the others"):
        admitted(big)
    lab.store._connection.write(
        "UPDATE confirmations SET status = 'done', ended_at = ?", (time.time(),)
    )


def test_a_metric_that_is_told_by_no_run_is_no_value(lab: Lab) -> None:
    experiment = lab.experiment()
    run = lab.full(experiment)
    lab.store.metrics.add(run.id, [Metric("printed/train loss", 1, 0.1)])
    assert lab.plan(experiment).goal.metric == ACCURACY


def test_a_trial_of_a_sweep_is_confirmed_with_its_own_values(lab: Lab) -> None:
    experiment = lab.experiment("--pause", "0")
    approval = lab.store.approvals.add(
        experiment_id=experiment.id, rung=RungName.SWEEP, forecast_id=None, decision=Decision.APPROVED,
        ceiling_seconds=60.0, reason=None, decided_by="flag", token_hash=None,
    )  # fmt: skip
    sweep = lab.store.sweeps.add(
        experiment_id=experiment.id, approval_id=approval.id, metric="val accuracy", maximise=True, insisted=False,
        space=[Parameter("lr", "--lr", "float", low=0.0, high=1.0, default=0.5).to_json()], seeds=0, workers=1,
        ceiling_seconds=60.0, trial_seconds=Interval(1.0, 2.0, 3.0), setup_seconds=0.0, length=None, seed_flag="--seed",
    )  # fmt: skip
    run = lab.full(experiment)
    lab.store.sweeps.add_trial(
        sweep_id=sweep.id, origin="proposed", parameters={"lr": 0.25}, length=None, seed=None, run_id=run.id
    )
    climb, chosen = _climb_of(lab.store, lab.home, run.id)
    assert climb.experiment.args == ("--pause", "0", "--lr=0.25") and chosen == run.id
    plan = lab.plan(climb.experiment, Wanted(seeds=3, chosen=chosen))
    assert plan.chosen == run and plan.run_seconds.mid == 2.0
    short = lab.full(experiment)
    lab.store.sweeps.add_trial(
        sweep_id=sweep.id, origin="proposed", parameters={"lr": 0.25}, length=3, seed=None, run_id=short.id
    )
    with pytest.raises(CommandError, match="shortened"):
        _climb_of(lab.store, lab.home, short.id)
