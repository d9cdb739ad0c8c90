"""`read`: a checklist for a person, one JSON object for a program, an error with exit code 2 for what cannot be
read."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from mlintern.benchmarks.reading.typeset import typeset

from .conftest import ROOT, Mlintern

DOCUMENTS = ROOT / "benchmarks" / "reading"


@pytest.mark.parametrize(
    "name", ["first/charlm_task.md", "first/translation.tex", "first/speech.html", "first/churn_mail.txt"]
)
def test_a_document_is_told_as_the_schema_says(mlintern: Mlintern, name: str, home: Path) -> None:
    told = mlintern("read", DOCUMENTS / name, "--json").json("read")

    assert told["source"] == str(DOCUMENTS / name)
    assert told["hyperparameters"] and told["targets"] and told["requirements"] and told["unsaid"]
    assert not home.exists()


def test_a_paper_is_told_to_a_person_with_places(mlintern: Mlintern, folder: Path) -> None:
    source = (DOCUMENTS / "first" / "patchmixer.paper").read_text(encoding="utf-8")
    (folder / "paper.pdf").write_bytes(typeset(source))
    done = mlintern("read", "paper.pdf")

    assert done.code == 0
    assert "[ ] learning_rate = 0.002  (page 1, section 4.2, line" in done.out
    assert "accuracy 95.4 ± 0.2 %" in done.out and "Not said" in done.out and "? epsilon: 1e-08" in done.out
    assert done.err == ""


def test_contradictions_are_told(mlintern: Mlintern) -> None:
    name = DOCUMENTS / "first" / "conflict_readme.md"

    assert [one["name"] for one in mlintern("read", name, "--json").json("read")["conflicts"]] == ["epochs"]
    assert "  ! epochs" in mlintern("read", name).out


def test_a_hostile_source_writes_no_control_codes(mlintern: Mlintern, folder: Path) -> None:
    (folder / "task.txt").write_bytes(
        b"We use a learning\x1b]0;title\x07 rate of 0.1 \x1b[2Jand [bold]dropout of 0.2[/bold]."
    )
    done = mlintern("read", "task.txt")

    assert done.code == 0 and "dropout = 0.2" in done.out and "\x1b" not in done.out


@pytest.mark.parametrize("content", [None, b"", b"%PDF-1.4 broken", bytes(range(256)) * 20])
def test_what_cannot_be_read_is_exit_code_2(mlintern: Mlintern, folder: Path, content: bytes | None) -> None:
    if content is not None:
        (folder / "paper.pdf").write_bytes(content)
    done = mlintern("read", "paper.pdf", "--json")

    assert done.code == 2
    assert done.error["code"].startswith("paper.") and done.error["hint"]
    assert mlintern("read", "paper.pdf").code == 2


def test_a_person_changes_leaves_out_and_confirms_and_new_goes_by_it(
    mlintern: Mlintern, folder: Path, home: Path
) -> None:
    (folder / "paper.md").write_bytes((ROOT / "examples" / "digits_paper.md").read_bytes())
    looked = mlintern("read", "paper.md", "--set", "learning_rate=0.001", "--drop", "dropout")
    assert "[~] learning_rate = 0.001: chosen by a person, the source says 0.002" in looked.out
    assert "[-] dropout = 0.2" in looked.out and "nothing is kept without --confirm" in looked.err
    assert not home.exists()

    told = mlintern(
        "read", "paper.md", "--set", "learning_rate=0.001", "--drop", "dropout", "--confirm", "--json"
    ).json("read")
    marks = {one["name"]: one["mark"] for one in told["answers"] if one["part"] == "hyperparameter"}
    assert (marks["learning_rate"], marks["dropout"], marks["epochs"]) == ("changed", "left out", "confirmed")

    assert mlintern("new", "paper.md", "--into", "experiment").code == 0
    settings = tomllib.loads((folder / "experiment" / "experiment.toml").read_text(encoding="utf-8"))["hyperparameters"]
    assert settings["learning_rate"]["origin"] == "chosen by a person" and settings["learning_rate"]["value"] == 0.001
    assert settings["dropout"]["origin"] != "quoted source"
    assert "- dropout: “" in (folder / "experiment" / "README.md").read_text(encoding="utf-8")


def test_a_brief_in_json_that_was_confirmed_is_followed_too(mlintern: Mlintern, folder: Path) -> None:
    told = mlintern("read", ROOT / "examples" / "digits_paper.md", "--json").json("read")
    (folder / "brief.json").write_text(json.dumps(told), encoding="utf-8")
    assert mlintern("read", "brief.json", "--set", "epochs=7", "--confirm").code == 0

    values = mlintern("new", "brief.json", "--into", "experiment", "--json").json("new")["values"]
    assert next(one["value"] for one in values if one["name"] == "epochs") == 7


def test_a_hand_edited_brief_is_read_back(mlintern: Mlintern, folder: Path) -> None:
    told = mlintern("read", ROOT / "examples" / "digits_paper.md", "--json").json("read")
    answer = next(one for one in told["answers"] if one["name"] == "epochs")
    answer |= {"mark": "changed", "value": 7}
    (folder / "brief.json").write_text(json.dumps(told), encoding="utf-8")

    assert "[~] epochs = 7: chosen by a person, the source says 40" in mlintern("read", "brief.json").out


@pytest.mark.parametrize(
    ("words", "says"),
    [(("--set", "epochs"), "sets nothing"), (("--set", "epochs=0"), "at least 1"), (("--drop", "lr"), "is called lr"),
     (("--set", "999=1"), "no item 999"), (("--set", "1=high"), "high")],
)  # fmt: skip
def test_an_answer_that_cannot_be_given_is_exit_code_2(mlintern: Mlintern, words: tuple[str, ...], says: str) -> None:
    done = mlintern("read", ROOT / "examples" / "digits_paper.md", *words)

    assert done.code == 2 and says in done.err


def test_a_contradiction_is_settled_before_it_is_confirmed(mlintern: Mlintern, home: Path) -> None:
    name = DOCUMENTS / "first" / "conflict_readme.md"
    done = mlintern("read", name, "--confirm")

    assert done.code == 2 and "said in two ways: epochs" in done.err
    assert mlintern("read", name, "--set", "epochs=5", "--confirm").code == 0
