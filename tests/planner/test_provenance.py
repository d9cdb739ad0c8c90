"""Where a hyperparameter comes from, as far as lines, versions and command lines tell."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from mlintern.planner.provenance import Hyperparameter, Origin, open_questions, table
from mlintern.planner.stated import stated
from mlintern.runtime import interpreters

SOURCE = """\
import argparse
import torch
from torch import nn
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=3e-4)
parser.add_argument("--wd", type=float, default=0.1)  # section 4.1 of the paper
args = parser.parse_args()
WIDTH = 64
model = nn.Sequential(nn.Linear(8, WIDTH), nn.BatchNorm1d(WIDTH), nn.Linear(WIDTH, 2))
optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.wd, betas=(0.9, 0.95))
loss = nn.CrossEntropyLoss(label_smoothing=0.1)  # chosen by eye
"""


def rows(folder: Path, *args: str) -> dict[tuple[str, str], Hyperparameter]:
    (folder / "train.py").write_text(SOURCE, encoding="utf-8")
    report = interpreters.inspect(
        Path(sys.executable), script=folder / "train.py", module=None, working_dir=folder, library_seconds=60
    )
    return {((one.callee or "").rpartition(".")[2], one.name): one for one in table(report, args)}


def test_every_value_has_an_origin_that_can_be_looked_up(tmp_path: Path) -> None:
    told = rows(tmp_path)

    lr, decay = told["AdamW", "lr"], told["AdamW", "weight_decay"]
    assert (lr.value, lr.origin, lr.pointer, lr.is_open) == (3e-4, Origin.UNKNOWN, "line 5", True)
    assert (decay.value, decay.origin, decay.pointer) == (0.1, Origin.QUOTED, "section 4.1 of the paper")
    assert (told["AdamW", "betas"].value, told["AdamW", "betas"].origin) == ([0.9, 0.95], Origin.UNKNOWN)
    assert told["CrossEntropyLoss", "label_smoothing"].origin is Origin.PERSON
    eps = told["AdamW", "eps"]
    assert (eps.value, eps.origin) == (1e-8, Origin.LIBRARY)
    assert eps.pointer.startswith("torch 2.")
    assert told["BatchNorm1d", "momentum"].note is not None
    assert told["BatchNorm1d", "num_features"].value == 64


def test_what_is_unknown_and_matters_comes_first(tmp_path: Path) -> None:
    in_order = list(rows(tmp_path).values())

    assert [one.name for one in in_order[:2]] == ["lr", "betas"]
    assert [one.name for one in open_questions(in_order)] == ["lr", "betas"]


def test_a_value_on_the_command_line_was_chosen_by_a_person(tmp_path: Path) -> None:
    lr = rows(tmp_path, "--lr", "0.01")["AdamW", "lr"]

    assert (lr.value, lr.origin, lr.pointer) == ("0.01", Origin.PERSON, "--lr")


def test_the_values_that_an_experiment_states_have_its_origins(tmp_path: Path) -> None:
    (tmp_path / "experiment.toml").write_text(
        '[hyperparameters.learning_rate]\nvalue = 0.01\norigin = "quoted source"\nsays = "a rate of 0.01"\n'
        'place = "page 2"\n[hyperparameters.batch_size]\nvalue = 32\norigin = "somebody"\n'
        "[hyperparameters.broken]\nvalue = [1]\n",
        encoding="utf-8",
    )

    told = table({"hyperparameters": stated(tmp_path)})

    assert [(one.name, one.value, one.origin, one.pointer, one.line) for one in told] == [
        ("batch_size", 32, Origin.UNKNOWN, "", 6),
        ("learning_rate", 0.01, Origin.QUOTED, "a rate of 0.01 (page 2)", 1),
    ], "what is unknown and matters first"
    assert told[0].is_open and not told[1].is_open


@pytest.mark.parametrize(
    ("value", "origin"), [("0.01", Origin.QUOTED), ("0.3", Origin.PERSON), ('"fast"', Origin.QUOTED)]
)
def test_a_number_that_the_source_does_not_say_is_no_quote(tmp_path: Path, value: str, origin: Origin) -> None:
    said = [{"name": "learning_rate", "value": 1, "unit": "%", "quote": "a rate of 1 %"},
            {"name": "learning_rate", "value": 2, "quote": "or of 2"}]  # fmt: skip
    (tmp_path / "brief.json").write_text(json.dumps({"source": "paper.md", "hyperparameters": said}))
    (tmp_path / "experiment.toml").write_text(
        f'[hyperparameters.learning_rate]\nvalue = {value}\norigin = "quoted source"\nsays = "a rate of 1 %"\n'
    )
    (told,) = table({"hyperparameters": stated(tmp_path)})

    assert told.origin is origin
    assert ("the source says: “a rate of 1 %”" in told.pointer) is (origin is Origin.PERSON)


def test_a_folder_that_states_nothing_has_no_values(tmp_path: Path) -> None:
    assert stated(tmp_path) == []
    for text in ("[broken", "hyperparameters = 5", "[data]\n"):
        (tmp_path / "experiment.toml").write_text(text)
        assert stated(tmp_path) == []


def test_a_report_without_a_census_gives_an_empty_table() -> None:
    assert table({}) == ()
