"""The suite of planted faults: every patch fits, every program compiles, and none says what is wrong with it."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

import pytest
from mlintern.benchmarks.faults import effects, report
from mlintern.benchmarks.faults.build import DEVELOPMENT, HELD_OUT, PatchError, Program, Replacement, build, programs
from mlintern.benchmarks.faults.held_out.draw import drawn
from mlintern.benchmarks.faults.judge import judge

RUNGS = {"static", "dryrun", "rehearsal", "overfit", "pilot"}


NAMES = [one.id if one.part == DEVELOPMENT else f"held-out {number}" for number, one in enumerate(programs())]


@pytest.mark.parametrize("program", programs(), ids=NAMES)
def test_a_program_can_be_built_and_does_not_name_its_fault(program: Program, tmp_path: Path) -> None:
    folder = build(program, tmp_path / "project").parent

    for path in folder.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        compile(text, str(path), "exec")
        assert program.id not in text
    text = (folder / program.file).read_text(encoding="utf-8")
    assert [place for place in program.at if place not in text] == []
    assert program.is_sound or program.at
    assert program.rung in RUNGS


def test_the_suite_is_large_enough_and_ids_are_unique() -> None:
    every = programs()

    assert sum(not one.is_sound for one in every) >= 60
    assert sum(one.is_sound for one in every) >= 40
    assert [name for name, count in Counter(one.id for one in every).items() if count > 1] == []


def test_what_was_drawn_is_held_out() -> None:
    bases, kinds = drawn()

    wrong = sum((one.base in bases or one.kind in kinds) != (one.part == HELD_OUT) for one in programs())

    assert wrong == 0, "count only: whoever writes a check is not to read their names"


def test_families_stand_in_the_contract() -> None:
    known = {
        *("run.crash", "run.arguments", "data.leak", "data.unshuffled", "data.filtered", "data.misaligned"),
        *("eval.split", "eval.selection", "eval.mode", "eval.metric", "eval.baseline", "eval.noise"),
        *("model.frozen", "model.detached", "model.unregistered", "model.loss", "model.causal", "model.init"),
        *("model.batchmix", "optim.zero_grad", "optim.lr", "optim.schedule", "optim.clip", "optim.accumulation"),
        *("optim.decay", "numeric.nan", "numeric.exploding", "numeric.overflow", "memory.oom", "memory.leak"),
        *("loader.slow", "loader.deadlock", "repro.seed", "checkpoint.incomplete", "checkpoint.unwritable"),
    }
    said = {".".join(code.split(".")[:2]) for one in programs() for code in one.families}

    assert said - known == set()


def test_a_replacement_that_fits_nowhere_is_refused(tmp_path: Path) -> None:
    broken = Program("x/y", "digits_mlp", DEVELOPMENT, (Replacement("train.py", "no such text", ""),), True, ())

    with pytest.raises(PatchError, match="stands 0 times"):
        build(broken, tmp_path / "project")


@pytest.fixture
def planted(tmp_path: Path) -> tuple[Program, Path]:
    program = next(one for one in programs(DEVELOPMENT) if one.id == "digits_mlp/double_softmax")
    return program, build(program, tmp_path / "project").parent


def finding(**changed: object) -> dict[str, object]:
    told = {"code": "model.loss.double", "severity": "warning", "rung": "rehearsal", "message": "", "evidence": []}
    return {**told, "file": "train.py", "line": None, **changed}


def test_the_right_family_near_the_line_is_a_catch(planted: tuple[Program, Path]) -> None:
    program, folder = planted
    line = program.lines(folder)[0]

    verdict = judge(program, folder, [finding(line=line + 3)])

    assert (verdict.caught, verdict.right_code, verdict.right_place, verdict.rung) == (True, True, True, "rehearsal")


@pytest.mark.parametrize(
    "changed", [{"severity": "info"}, {"code": "model.frozen"}], ids=["info never counts", "another family"]
)
def test_what_is_no_catch(planted: tuple[Program, Path], changed: dict[str, object]) -> None:
    program, folder = planted

    assert not judge(program, folder, [finding(**changed)]).caught


def test_a_line_far_away_is_not_the_place(planted: tuple[Program, Path]) -> None:
    program, folder = planted

    verdict = judge(program, folder, [finding(line=1)])

    assert (verdict.caught, verdict.right_place) == (True, False)


def test_the_metric_is_the_last_number_of_the_last_line() -> None:
    assert effects.metric("epoch 3 loss 0.5\ntest accuracy: 0.97\n") == 0.97
    assert effects.metric("f1 0.5\ntest macro f1 1.5e-3") == 0.0015
    assert effects.metric("loss nan") is None
    assert effects.metric("") is None


def test_an_effect_is_a_difference_of_pairs() -> None:
    measured = effects.effect([0.9, 0.8, None], [0.95, 0.87], higher_is_better=True)

    assert measured is not None
    assert measured["difference"] == pytest.approx(0.06)
    assert (measured["seeds"], measured["looks"]) == (2, "better")


def test_the_figures_count_alarms_on_sound_programs_against_the_product() -> None:
    clean = next(one for one in programs(DEVELOPMENT) if one.is_sound)
    alarm = {"code": "eval.mode", "severity": "error"}
    result = {"alarms": [alarm], "caught": False, "right_code": False, "right_place": False, "rung": None}
    raw = {clean.id: {**result, "check_seconds": 5.0, "share_of_full": 0.5, "share_of_full_cpu": 0.4, "problem": None}}

    told = {goal.what: goal for goal in report.goals([clean], raw)}

    assert not told["sound programs with a finding at level error"].is_met
    assert told["sound programs with a finding at level warning"].is_met
    json.dumps(raw)
