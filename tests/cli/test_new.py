"""`mlintern new`: a folder whole or none, and bad input told with what to give."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from .conftest import ROOT, Mlintern

PAPER = ROOT / "examples" / "digits_paper.json"


def task(folder: Path, **content: Any) -> None:
    whole = {"source": "task.md", "requirements": [], "hyperparameters": [], "targets": [], "unsaid": [], **content}
    (folder / "task.json").write_text(json.dumps(whole))


def requirement(kind: str, words: str) -> dict[str, Any]:
    return {"kind": kind, "text": words, "quote": words, "place": {"page": 1}}


def test_the_bundled_paper_becomes_an_experiment(mlintern: Mlintern, folder: Path) -> None:
    done = mlintern("new", PAPER, "--into", "digits", "--json")

    content = done.json("new")
    assert (done.code, content["recipe"], content["not_taken"]) == (0, "image-cnn", [])
    assert {one["name"] for one in content["values"] if one["origin"] == "quoted source"} >= {"epochs", "learning_rate"}
    assert sorted(path.name for path in (folder / "digits").iterdir()) == content["files"]
    assert [path.name for path in folder.iterdir()] == ["digits"], "nothing else is left there"


def test_the_lines_say_the_same(mlintern: Mlintern) -> None:
    done = mlintern("new", PAPER, "--into", "digits", "--set", "epochs=3")

    assert done.code == 0
    assert "learning_rate = 0.002: quoted source: “a learning rate of 0.002”" in done.out
    assert "epochs = 3: chosen by a person: --set epochs=3" in done.out
    assert done.out.rstrip().endswith("next: mlintern check digits")


def test_a_file_that_the_task_names_is_found_beside_it_and_nowhere_else(mlintern: Mlintern, folder: Path) -> None:
    (folder / "inside").mkdir()
    fill(folder)
    for name, told in (("rows.csv", 2), ("labelled.csv", 0), ("../labelled.csv", 2), (f"{folder}/labelled.csv", 2)):
        words = [requirement("dataset", f"The table is in {name}, with classes."), requirement("metric", "accuracy")]
        place = folder if name == "labelled.csv" else folder / "inside"
        task(place, requirements=words)
        done = mlintern("new", place / "task.json", "--into", f"experiment{told}", "--recipe", "tabular-mlp", "--json")
        assert done.code == told, (name, done.out)


def test_a_folder_with_something_in_it_is_left_as_it_is(mlintern: Mlintern, folder: Path) -> None:
    (folder / "full").mkdir()
    (folder / "full" / "notes.txt").write_text("mine")
    (folder / "empty").mkdir()

    assert "is not empty" in mlintern("new", PAPER, "--into", "full", "--json").error["message"]
    before = (folder / "empty").stat().st_ino
    assert mlintern("new", PAPER, "--into", "empty").code == 0
    assert (folder / "empty" / "train.py").is_file() and (folder / "empty").stat().st_ino == before, "the same folder"
    assert [path.name for path in (folder / "full").iterdir()] == ["notes.txt"]


def fill(folder: Path) -> None:
    (folder / "rows.csv").write_text("a,b,c\n" + "".join(f"{n},{n % 3},{n % 2}\n" for n in range(50)))
    (folder / "labelled.csv").write_text("a,label\n" + "".join(f"{n / 2},{n % 2}\n" for n in range(50)))
    (folder / "gaps.csv").write_text("day,target\n2024-01-01,1\n2024-01-02,\n2024-01-03,2\n")
    (folder / "dates.csv").write_text("date,a,label\n" + "".join(f"{n}/1/2024,{n},{n % 2}\n" for n in range(1, 29)))
    (folder / "twice.csv").write_text("a,a,label\n1,2,x\n3,4,y\n")
    (folder / "file").write_text("")
    (folder / "latin.json").write_bytes(b'{"source": "\xff"}')
    (folder / "task.md").write_text("# A task\n")
    task(folder, requirements=[requirement("dataset", "the ImageNet images")])


TABULAR = ("--recipe", "tabular-mlp")
CASES = [
    (("new", "task.json"), "--into"),
    (("new", "gone.json", "--into", "x"), "cannot be read"),
    (("new", "latin.json", "--into", "x"), "is no brief"),
    (("new", "task.json", "--into", "x"), "No such data was found here"),
    (("new", "task.json", "--into", "x", "--data", "gone.csv"), "does not exist"),
    (("new", "task.json", "--into", "x", "--data", "labelled.csv", "--recipe", "magic"), "no recipe “magic”"),
    (("new", "task.json", "--into", "x", "--data", "labelled.csv", "--recipe", "image-cnn"), "not for image"),
    (("new", "task.json", "--into", "x", "--data", "rows.csv", *TABULAR), "Nothing tells which column"),
    (("new", "task.json", "--into", "x", "--data", "rows.csv", *TABULAR, "--target", "z"), "no column"),
    (("new", "task.json", "--into", "x", "--data", "gaps.csv", "--recipe", "forecast-lstm"), "missing"),
    (("new", "task.json", "--into", "x", "--data", "dates.csv", "--recipe", "tabular-mlp"), "no order that is sure"),
    (("new", "task.json", "--into", "x", "--data", "labelled.csv", "--recipe", "text-lstm"), "no column of texts"),
    (("new", "task.json", "--into", "x", "--data", "twice.csv", *TABULAR), "the name of another"),
    (("new", str(PAPER), "--into", "file"), "is a file"),
    (("new", str(PAPER), "--into", "/proc/x/y"), "cannot be written"),
    (("new", str(PAPER), "--into", "x", "--set", "epochs"), "sets nothing"),
    (("new", str(PAPER), "--into", "x", "--set", "epochs=none"), "cannot be taken"),
    (("data", "gone.csv"), "does not exist"),
    (("data", "labelled.csv", "--target", "z"), "no column “z”"),
    (("find",), "WORDS"),
]


@pytest.mark.parametrize(("words", "message"), CASES, ids=[message for _, message in CASES])
def test_bad_input_is_told_with_what_to_do(
    words: tuple[str, ...], message: str, mlintern: Mlintern, folder: Path
) -> None:
    fill(folder)

    done = mlintern(*words, "--json")

    assert done.code == 2
    assert message in done.error["message"] and done.error["hint"]
    assert not (folder / "x").exists()


def test_a_first_look_at_data(mlintern: Mlintern, folder: Path) -> None:
    fill(folder)

    content = mlintern("data", "labelled.csv", "--json").json("data")

    assert (content["rows"], content["duplicates"], content["sampled"]) == (50, 0, None)
    assert content["classes"] == [{"value": "0", "count": 25}, {"value": "1", "count": 25}]
    assert "column label: boolean; looks like the label" in mlintern("data", "labelled.csv").out


def test_what_is_here_is_found(mlintern: Mlintern, folder: Path) -> None:
    (folder / "rainfall_\x1b[31m.csv").write_text("station,millimetres\n1,2\n")

    content = mlintern("find", "millimetres", "--in", ".", "--json").json("find")

    assert [(hit["kind"], hit["licence"]) for hit in content["hits"]] == [("dataset", None)]
    assert "“millimetres”" in content["hits"][0]["why"] and "\x1b" not in content["hits"][0]["path"]
    digits = mlintern("find", "digits", "--json").json("find")["hits"]
    assert "scikit-learn digits" in {hit["name"] for hit in digits}
    assert "nothing here fits" in mlintern("find", "zzzunlikelyzzz").out
