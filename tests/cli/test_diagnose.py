"""`diagnose` on log files, folders and runs; what was tried is remembered and never proposed again."""

from __future__ import annotations

import math
import shutil
from pathlib import Path

import pytest
from mlintern.store import Store
from mlintern.store.records import Metric, RungName, RunStatus

from .conftest import ROOT, Mlintern

LOGS = ROOT / "tests" / "diagnosis" / "logs"


def test_a_failure_is_told_with_its_line_and_exit_code_1(mlintern: Mlintern) -> None:
    path = LOGS / "failed" / "nan_then_assert.log"
    done = mlintern("diagnose", path, "--json")
    told = done.json("diagnose")
    assert (done.code, told["cause"]["code"], told["cause"]["certainty"]) == (1, "numeric.nan", "certain")
    assert told["cause"]["evidence"][0]["line"] == 3
    assert [one["code"] for one in told["followed"]] == ["run.crash"]
    assert told["log"] == str(path) and told["run"] is None
    text = mlintern("diagnose", path).out
    assert "line 3: step 100: loss=nan" in text and "test: " in text and "fix 1: " in text


def test_a_sound_log_is_exit_code_0(mlintern: Mlintern, home: Path) -> None:
    done = mlintern("diagnose", LOGS / "sound" / "oom_caught.log", "--json")
    assert (done.code, done.json("diagnose")["cause"]) == (0, None)
    assert "the training went on" in mlintern("diagnose", LOGS / "sound" / "oom_caught.log").out
    assert not home.exists()


def test_a_folder_of_logs_names_the_file(mlintern: Mlintern, folder: Path) -> None:
    for rank, name in enumerate(("sound/bloom.log", "failed/cpu_target.log")):
        (folder / "logs" / str(rank)).mkdir(parents=True)
        shutil.copy(LOGS / name, folder / "logs" / str(rank) / "stderr.log")
    told = mlintern("diagnose", "logs", "--json").json("diagnose")
    assert told["cause"]["code"] == "run.crash.labels"
    assert told["cause"]["evidence"][0]["source"] == "1/stderr.log"


@pytest.mark.parametrize("words", [("missing.log",), (".",), ("x.log", "--tried", "y")])
def test_what_cannot_be_read_or_understood_is_exit_code_2(mlintern: Mlintern, words: tuple[str, ...]) -> None:
    done = mlintern("diagnose", *words, "--json")
    assert done.code == 2 and done.error["message"]


def test_nothing_is_proposed_twice_for_the_same_evidence(mlintern: Mlintern, folder: Path) -> None:
    shutil.copy(LOGS / "failed" / "no_kernel.log", folder / "a.log")
    first = mlintern("diagnose", "a.log", "--json").json("diagnose")["next"]
    assert first["remedy"].startswith("install a torch") and first["hypothesis"] and not first["used_up"]
    tried = mlintern("diagnose", "a.log", "--tried", "1", "--outcome", "did-not-help", "--json").json("diagnose")
    assert [(one["remedy"], one["outcome"]) for one in tried["tried"]] == [(first["remedy"], "did-not-help")]
    assert tried["next"]["used_up"] and tried["next"]["remedy"] is None and tried["next"]["test"]
    text = mlintern("diagnose", "a.log").out
    assert "every remedy for this evidence was tried" in text and "fix 1" not in text and "tried: install" in text


def test_a_remedy_of_ones_own_needs_a_hypothesis(mlintern: Mlintern) -> None:
    words = ("diagnose", LOGS / "failed" / "no_kernel.log", "--tried", "pray", "--outcome", "helped", "--json")
    assert mlintern(*words).code == 2
    told = mlintern(*words, "--hypothesis", "\x1b[31mit listens").json("diagnose")
    assert told["tried"][0]["remedy"] == "pray" and not told["next"]["used_up"]


@pytest.fixture
def failed_run(home: Path, folder: Path) -> int:
    """A full run of ours that died of a failed assertion after its loss had stopped being finite."""
    with Store.open(home) as store:
        experiment = store.experiments.add(
            name="train.py", script=folder / "train.py", module=None, args=(), working_dir=folder,
            python=Path("/env/bin/python"), fingerprint="f" * 64,
        )  # fmt: skip
        run = store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=9.0, folder_root=home)
        store.runs.update(run.id, status=RunStatus.FAILED, reason="AssertionError (train.py:9)", exit_code=1)
        values = (1.2, 1.1, math.nan, math.nan)
        store.metrics.add(run.id, [Metric("loss", step, value) for step, value in enumerate(values, start=1)])
        crash = {"type": "AssertionError", "message": "", "file": "train.py", "line": 9}
        store.reports.put(run.id, "crash", crash)
        run.log_path.write_text(
            'starting\nTraceback (most recent call last):\n  File "train.py", line 9, in <module>\n'
            "    assert ok\nAssertionError\n"
        )
        return run.id


def test_a_run_of_ours_is_told_from_its_record_and_its_log(mlintern: Mlintern, failed_run: int) -> None:
    done = mlintern("diagnose", str(failed_run), "--json")
    told = done.json("diagnose")
    assert (done.code, told["run"], told["cause"]["code"]) == (1, failed_run, "numeric.nan")
    assert told["cause"]["evidence"][0] == {"line": None, "source": None, "text": "loss nan at step 3"}
    assert [one["code"] for one in told["followed"]] == ["run.crash"]
    shown = mlintern("show", str(failed_run), "--json").json("show")["diagnosis"]
    assert shown == "certain: numeric.nan: loss stopped being finite, all at once, and stayed so"
    assert "diagnosis: certain: numeric.nan" in mlintern("show", str(failed_run)).out
    mlintern("diagnose", str(failed_run), "--tried", "1", "--outcome", "did-not-help")
    again = mlintern("diagnose", str(failed_run), "--json").json("diagnose")
    assert again["tried"][0]["run"] == failed_run
    assert again["next"]["remedy"] != told["next"]["remedy"]


def test_a_run_that_met_its_ceiling_and_one_that_is_done(mlintern: Mlintern, failed_run: int, home: Path) -> None:
    with Store.open(home) as store:
        for status, reason in ((RunStatus.STOPPED, "at its ceiling of 9s"), (RunStatus.DONE, None)):
            run = store.runs.add(experiment_id=1, rung=RungName.FULL, ceiling_seconds=9.0, folder_root=home)
            store.runs.update(run.id, status=status, reason=reason, steps=40)
            run.log_path.write_text("epoch 1 loss 0.5\n 40%|## | 40/100 [00:01<00:02, 40it/s]\n")
    stopped = mlintern("diagnose", str(failed_run + 1), "--json").json("diagnose")
    assert stopped["cause"]["code"] == "run.crash.time_limit" and "ceiling" in stopped["cause"]["what"]
    done = mlintern("diagnose", str(failed_run + 2), "--json")
    assert (done.code, done.json("diagnose")["cause"]) == (0, None)
    (home / "runs" / str(failed_run + 2) / "output.log").write_text("Traceback (most recent call last):\nKeyError: 1\n")
    done = mlintern("diagnose", str(failed_run + 2), "--json")
    assert (done.code, done.json("diagnose")["cause"]) == (0, None)
    assert "came to its end all the same" in done.json("diagnose")["ruled_out"][0]
