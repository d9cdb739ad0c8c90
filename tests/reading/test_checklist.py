"""The checklist: answers stand beside the brief, contradictions come first, and all of it comes back from JSON."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest
from mlintern.planner import briefs
from mlintern.planner.provenance import Origin
from mlintern.planner.reading.brief import Brief
from mlintern.planner.reading.checklist import Checklist, ChecklistError, Mark, Part
from mlintern.planner.reading.from_json import NotABriefError, checklist_from_json
from mlintern.planner.reading.reading import brief_of
from mlintern.planner.reading.source import read_text
from mlintern.planner.recipes.catalogue import named
from mlintern.planner.recipes.values import choose, understand
from mlintern.runtime.project import script_target
from mlintern.store import Store
from mlintern.tui.climb import Climb

TEXT = """# A net

## Training
We train on the handwritten digits that come with scikit-learn.
We use Adam, with a learning rate of 0.01 and a dropout of 0.5.
We train for 40 epochs. It reaches an accuracy of 97.2 % on the test split.

## Details
Training takes 60 epochs.
"""


@pytest.fixture(scope="module")
def brief() -> Brief:
    return brief_of(read_text(TEXT, "net.md"))


def number(checklist: Checklist, name: str, value: object = None) -> int:
    return next(one.number for one in checklist.items if one.name == name and value in (None, one.value))


def test_items_are_numbered_through_and_open_at_first(brief: Brief) -> None:
    checklist = Checklist(brief)

    assert [one.number for one in checklist.items] == list(range(1, len(checklist.items) + 1))
    assert {one.answer.mark for one in checklist.items} == {Mark.OPEN}
    assert {one.part for one in checklist.items} == set(Part)
    assert checklist.settled() == brief


def test_a_contradiction_stands_in_the_way_until_it_is_settled(brief: Brief) -> None:
    checklist = Checklist(brief)
    assert [one.name for one in checklist.open_conflicts()] == ["epochs"]
    with pytest.raises(ChecklistError, match="said in two ways: epochs"):
        checklist.confirmed()
    taken = checklist.confirm(number(checklist, "epochs", 60))
    assert taken.item(number(checklist, "epochs", 40)).is_out
    whole = taken.confirmed()
    assert [one.value for one in whole.settled().hyperparameters if one.name == "epochs"] == [60]
    assert whole.settled().conflicts == ()


def test_a_changed_value_is_the_persons_own_and_says_what_it_replaces(brief: Brief) -> None:
    checklist = Checklist(brief)
    changed = checklist.change(number(checklist, "learning_rate"), 0.001).change(number(checklist, "beta1"), 0.8)
    recipe = named("image-cnn")
    assert recipe is not None
    values = {one.name: one for one in choose(changed.settled(), recipe, {}).values}
    assert (values["learning_rate"].value, values["learning_rate"].origin) == (0.001, Origin.PERSON)
    assert "learning rate of 0.01" in values["learning_rate"].pointer
    assert (values["beta1"].value, values["beta1"].origin) == (0.8, Origin.PERSON)
    assert values["dropout"].origin is Origin.QUOTED
    assert "beta1" not in changed.settled().unsaid


def test_what_is_left_out_is_the_recipes_to_choose(brief: Brief) -> None:
    checklist = Checklist(brief)
    without = checklist.leave_out(number(checklist, "dropout"))
    recipe = named("image-cnn")
    assert recipe is not None
    values = {one.name: one for one in choose(without.settled(), recipe, {}).values}
    assert values["dropout"].origin not in (Origin.QUOTED, Origin.PERSON)
    assert "dropout" in without.settled().unsaid
    assert without.reopen(number(checklist, "dropout")).settled() == brief


def test_answers_that_make_no_sense_are_refused(brief: Brief) -> None:
    checklist = Checklist(brief)
    requirement = next(one.number for one in checklist.items if one.part is Part.REQUIREMENT)
    for number_, value, words in (
        (requirement, 3, "own words"), (number(checklist, "accuracy"), "high", "is a number"),
        (number(checklist, "dropout"), float("nan"), "finite"), (999, 1, "no item 999"),
    ):  # fmt: skip
        with pytest.raises(ChecklistError, match=words):
            checklist.change(number_, value)
    with pytest.raises(ChecklistError, match="the source says no beta1"):
        checklist.confirm(number(checklist, "beta1"))
    with pytest.raises(ChecklistError, match="nothing is called lr"):
        checklist.named("lr")
    assert len(checklist.named("epochs")) == 2


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [("epochs", "20", 20), ("dropout", "0.1", 0.1), ("optimizer", "SGD with momentum", "sgd"), ("seeds", "5", 5),
     ("teacher", "a big one", "a big one"), ("ratio", "1e-3", 0.001)],
)  # fmt: skip
def test_a_written_value_is_understood(name: str, text: str, value: object) -> None:
    assert understand(name, text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("epochs", "0"), ("dropout", "1.5"), ("optimizer", "LAMB"), ("epochs", ""), ("ratio", "inf"), ("dropout", "x")],
)
def test_a_value_that_no_training_takes_is_refused(name: str, text: str) -> None:
    with pytest.raises(ValueError, match=r"must be|is one of|write a value|no finite number|is no number"):
        understand(name, text)


def test_it_comes_back_from_json(brief: Brief) -> None:
    checklist = Checklist(brief)
    answered = checklist.confirm(number(checklist, "epochs", 40)).change(number(checklist, "beta1"), 0.8)
    answered = answered.leave_out(number(checklist, "dropout"))
    text = briefs.text_of(answered)

    assert checklist_from_json(text) == answered
    content = json.loads(text)
    for change in ({"mark": "maybe"}, {"number": True}, {"name": "other"}, {"mark": "changed", "value": None}):
        broken = {**content, "answers": [{**content["answers"][0], **change}]}
        with pytest.raises(NotABriefError):
            checklist_from_json(json.dumps(broken))


def test_what_was_confirmed_is_found_again_by_the_bytes_of_the_source(brief: Brief, tmp_path: Path) -> None:
    source = tmp_path / "net.md"
    source.write_text(TEXT, encoding="utf-8")
    checklist = Checklist(brief)
    with Store.open(tmp_path / "home") as store:
        sha256 = briefs.digest(source)
        assert briefs.last_confirmed(store, sha256) is None
        with pytest.raises(ChecklistError):
            briefs.confirm(store, checklist, sha256=sha256, by="tui")
        taken = checklist.confirm(number(checklist, "epochs", 40))
        whole = briefs.confirm(store, taken, sha256=sha256, by="tui")
        assert briefs.last_confirmed(store, sha256) == whole
        source.write_text(TEXT + " ", encoding="utf-8")
        assert briefs.last_confirmed(store, briefs.digest(source)) is None


def test_every_climb_of_an_experiments_folder_keeps_the_brief_that_it_follows(brief: Brief, tmp_path: Path) -> None:
    answered = Checklist(brief).confirm(number(Checklist(brief), "epochs", 40))
    folder = tmp_path / "experiment"
    folder.mkdir()
    (folder / "experiment.toml").write_text('[experiment]\ntrain = "train.py"\n')
    with Store.open(tmp_path / "home") as store:
        for text, follows in (("import torch\n", True), ("import torch as t\n", True), ("import sys\n", False)):
            (folder / "train.py").write_text(text)
            file = folder / briefs.FILE
            file.write_text(briefs.text_of(answered), encoding="utf-8") if follows else file.write_text("{broken")
            target = script_target(folder, (), working_dir=tmp_path)
            climb = Climb.open(store, tmp_path / "home", target, python=Path(sys.executable))
            assert briefs.followed(store, climb.experiment) == (answered if follows else None)
            assert briefs.follows(store, climb.experiment) is follows
