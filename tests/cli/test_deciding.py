"""Decisions on the command line: by the rules alone, beside a model, and overruled by a person."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.tests.models import tiny

from .conftest import Mlintern

LOG = "step 1 loss 2.31\nstep 2 loss 9.8\nstep 3 loss 4e9\nstep 4 loss nan\nstep 5 loss nan\n"


@pytest.fixture
def log(folder: Path) -> Path:
    path = folder / "train.log"
    path.write_text(LOG)
    return path


def test_without_a_model_the_rules_decide_and_it_is_said(mlintern: Mlintern, log: Path) -> None:
    done = mlintern("diagnose", log, "--decide")
    assert done.code == 1 and "the built-in rules decide: no model is chosen" in done.err
    assert done.out.endswith("rules: remedy 1\n")
    decision = mlintern("diagnose", log, "--decide", "--json").json("diagnose")["decision"]
    assert (decision["holds"], decision["disagrees"], len(decision["answers"])) == ("remedy 1", False, 1)
    assert mlintern("diagnose", log, "--json").json("diagnose")["decision"] is None


def test_a_model_answers_beside_the_rules_and_a_person_overrules_both(
    mlintern: Mlintern, log: Path, home: Path
) -> None:
    pytest.importorskip("llama_cpp")
    (home / "models").mkdir(parents=True)
    words = [f"remedy {number}" for number in range(1, 7)]
    table = {"\n": {"remedy 1": 0.1, "remedy 2": 0.8, "remedy 3": 0.1}}
    tiny.write_scripted(home / "models" / "judge.gguf", words, table, context=8192)

    done = mlintern("diagnose", log, "--decide")
    assert "rules: remedy 1\nmodel (judge): remedy 2 (80%), which holds\nthey disagree" in done.out, done.err
    told = mlintern("overrule", "1", "remedy 3", "--reason", "known data", "--json").json("overrule")["decision"]
    assert told["holds"] == "remedy 3" and [one["by"] for one in told["answers"]] == ["rules", "model", "person"]
    assert told["answers"][1]["scores"]["remedy 2"] == pytest.approx(0.8, abs=0.01)
    assert "person: remedy 3, which holds" in mlintern("overrule", "1").out


def test_a_model_that_cannot_be_had_leaves_the_rules(mlintern: Mlintern, log: Path, home: Path) -> None:
    home.mkdir()
    (home / "config.toml").write_text('[model]\nserver = "http://127.0.0.1:9"\n')
    done = mlintern("diagnose", log, "--decide", "--json").json("diagnose")["decision"]
    assert done["holds"] == "remedy 1" and "No server answers" in done["answers"][1]["problem"]


def test_what_cannot_be_overruled_is_told(mlintern: Mlintern, log: Path) -> None:
    mlintern("diagnose", log, "--decide")
    assert "none of the options" in mlintern("overrule", "1", "prayer", "--json").error["message"]
    assert "no decision 7" in mlintern("overrule", "7", "--json").error["message"]
    assert mlintern("overrule", "x").code == 2
