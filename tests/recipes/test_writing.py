"""What is written is what the brief says: words stay words, values have origins, and nothing is made up."""

from __future__ import annotations

import json
import random
import re
import tomllib
from pathlib import Path

import pytest
from mlintern.planner.reading.from_json import NotABriefError, brief_from_json
from mlintern.planner.recipes import choosing, values
from mlintern.planner.recipes.catalogue import RECIPES, named
from mlintern.planner.recipes.readme import words
from mlintern.planner.recipes.recipe import NotPossibleError, Recipe, Task
from mlintern.planner.recipes.toml_text import table

from . import material
from .conftest import Json, New

ROOT = Path(__file__).resolve().parents[2]
DIGITS = ("dataset", "the digits of scikit-learn")
HOSTILE = '"\n"""\n[data]\nname = "stolen"\n"; __import__("os").system("x") #\\u0041\x7f\x00 </td>| **b** [a](b) 🙂'


def brief(**hyperparameters: object) -> Json:
    return material.brief(DIGITS, ("architecture", "a convolutional network"), **hyperparameters)


def chosen(recipe: str = "image-cnn", given: dict[str, str] | None = None, **said: object) -> values.Chosen:
    one = named(recipe)
    assert one is not None
    return values.choose(brief_from_json(json.dumps(brief(**said))), one, given or {})


def test_every_value_has_an_origin_and_what_it_points_to(new: New) -> None:
    written = new(brief(learning_rate=0.01, ema_decay=0.9), "--set", "batch_size=16")

    told = {one["name"]: (one["value"], one["origin"]) for one in written.content["values"]}
    assert told["learning_rate"] == (0.01, "quoted source")
    assert told["batch_size"] == (16, "chosen by a person")
    assert told["beta2"] == (0.999, "library default")
    assert told["schedule"] == ("cosine", "convention")
    assert told["epochs"] == (40, "chosen by the recipe")
    assert all(one["pointer"] for one in written.content["values"])
    assert written.content["not_taken"] == [{"name": "ema_decay", "value": 0.9, "quote": "ema_decay of 0.9"}]
    settings = tomllib.loads((written.folder / "experiment.toml").read_text())
    readme = (written.folder / "README.md").read_text()
    assert {name: entry["value"] for name, entry in settings["hyperparameters"].items()} == {
        name: value for name, (value, _) in told.items()
    }
    assert all(f"| `{name}` |" in readme for name in told) and "ema\\_decay = 0.9" in readme


def test_the_words_of_a_brief_never_become_code_tables_or_markup(new: New) -> None:
    hostile = brief(learning_rate=0.01)
    hostile["source"] = HOSTILE
    hostile["hyperparameters"][0]["quote"] = HOSTILE
    hostile["requirements"][0]["quote"] += HOSTILE
    hostile["targets"] = [{"metric": HOSTILE, "value": 1, "unit": HOSTILE, "split": HOSTILE, "quote": HOSTILE}]

    written = new(hostile)

    assert written.code == 0, written.out
    settings = tomllib.loads((written.folder / "experiment.toml").read_text(encoding="utf-8"))
    assert settings["hyperparameters"]["learning_rate"]["says"] == HOSTILE
    assert settings["targets"][0]["metric"] == HOSTILE and settings["data"]["name"] == "digits"
    parts = ROOT / "planner" / "recipes" / "parts"
    originals = {path.read_bytes() for path in parts.rglob("*.py")}
    assert all(path.read_bytes() in originals for path in written.folder.glob("*.py")), "code is copied as it is"
    readme = (written.folder / "README.md").read_text(encoding="utf-8")
    assert "</td>" not in readme and "**b**" not in readme and "[a](b)" not in readme and "\x00" not in readme


def test_any_text_survives_toml() -> None:
    draw = random.Random(7)
    alphabet = [*"\"'\\\n\r\t#[]= aé🙂", "\x00", "\x1b", "\x7f", "\x85"]
    for _ in range(500):
        text = "".join(draw.choice(alphabet) for _ in range(draw.randint(0, 30)))
        content = {"text": text, "list": [text, ""]}
        assert tomllib.loads(table("one", content)) == {"one": content}
    assert tomllib.loads(table("one", {"text": "\ud800"})) == {"one": {"text": "?"}}
    with pytest.raises(ValueError, match="no value"):
        table("one", {"number": float("nan")})


def test_foreign_words_are_cut_and_hold_no_markup() -> None:
    assert words("a|b `c` <i>") == r"a\|b \`c\` \<i\>"
    assert words("one\ntwo\x1b[31m") == r"one two \[31m"
    assert len(words("long " * 1000)) == 300


@pytest.mark.parametrize(("said", "expected"), [
    ({"optimizer": "SGD with momentum"}, {"optimizer": "sgd", "momentum": 0.9, "weight_decay": 0.0, "beta1": None}),
    ({"optimizer": "Adam"}, {"optimizer": "adam", "weight_decay": 0.0, "momentum": None}),
    ({"optimizer": "SGD", "batch_size": 128}, {"learning_rate": 0.05}),
    ({"steps": 700}, {"steps": 700, "epochs": None}),
    ({"steps": 700, "epochs": 3}, {"steps": 700, "epochs": 3}),
    ({"warmup_epochs": 2}, {"warmup_epochs": 2.0, "warmup_steps": None}),
    ({"schedule": "cosine annealing"}, {"schedule": "cosine"}),
    ({"patience": 5}, {"patience": 5}),
])  # fmt: skip
def test_values_follow_from_one_another(said: dict[str, object], expected: dict[str, object]) -> None:
    found = chosen(**said)

    assert {name: found.get(name) for name in expected} == expected


def test_a_value_of_a_baseline_is_not_the_models() -> None:
    said = brief(learning_rate=0.5)
    said["hyperparameters"][0]["applies_to"] = "the baseline MLP"
    said["hyperparameters"].append({"name": "learning_rate", "value": 0.25, "quote": "0.25", "applies_to": "our CNN"})
    recipe = named("image-cnn")
    assert recipe is not None

    found = values.choose(brief_from_json(json.dumps(said)), recipe, {})

    assert found.get("learning_rate") == 0.25
    assert [one.value for one in found.unused] == [0.5]


def test_the_values_of_one_of_several_models_are_taken_together() -> None:
    said = brief()
    said["hyperparameters"] = [
        {"name": name, "value": value, "quote": f"{name} {value}", "applies_to": whom}
        for name, value, whom in (
            ("layers", 2, "small"), ("layers", 8, "large"), ("dropout", 0.5, "large"), ("dropout", 0.1, "small"),
            ("batch_size", 64, "large"), ("embedding_size", 96, "small"),
        )
    ]  # fmt: skip
    recipe = named("language-gpt")
    assert recipe is not None

    found = values.choose(brief_from_json(json.dumps(said)), recipe, {})

    assert found.whom == "small"
    assert [found.get(name) for name in ("layers", "dropout", "hidden_size")] == [2, 0.1, 96]
    assert found.get("batch_size") == 64, "said of the other one alone: better than nobody's"
    assert [one.value for one in found.unused] == [8, 0.5]


def test_epochs_are_as_many_as_a_minute_allows() -> None:
    recipe = named("image-cnn")
    assert recipe is not None
    asked = brief_from_json(json.dumps(brief()))

    def epochs(size: int | None, said: str | None = None) -> object:
        given = {} if said is None else {"epochs": said}
        return values.choose(asked, recipe, given, None, size).get("epochs")

    assert epochs(None) == epochs(1000) == 40, "the recipe's own"
    assert epochs(60_000) == recipe.most_steps // 1875 == 4
    assert epochs(10**9) == 1
    assert epochs(60_000, "40") == 40, "a person may wait"


def test_a_second_value_is_told_as_left_out() -> None:
    said = brief(layers=2)
    said["hyperparameters"].append({"name": "layers", "value": 1, "quote": "one linear layer", "applies_to": None})
    recipe = named("image-cnn")
    assert recipe is not None
    asked = brief_from_json(json.dumps(said))

    found = values.choose(asked, recipe, {})
    overruled = values.choose(asked, recipe, {"layers": "3"}, {})

    assert found.get("layers") == 2 and [one.value for one in found.unused] == [1]
    assert overruled.get("layers") == 3 and [one.value for one in overruled.unused] == [2, 1]


def test_a_share_in_per_cent_is_a_share() -> None:
    said = brief(dropout=30)
    said["hyperparameters"][0]["unit"] = "%"
    recipe = named("image-cnn")
    assert recipe is not None

    assert values.choose(brief_from_json(json.dumps(said)), recipe, {}).get("dropout") == 0.3


@pytest.mark.parametrize(("recipe", "given", "message"), [
    ("image-cnn", {"learning_rate": "-1"}, "above 0"),
    ("image-cnn", {"learning_rate": "nan"}, "above 0"),
    ("image-cnn", {"epochs": "2.5"}, "whole number"),
    ("image-cnn", {"epochs": "many"}, "cannot be taken"),
    ("image-cnn", {"dropout": "1"}, "below 1"),
    ("image-cnn", {"optimizer": "lion"}, "one of adamw, adam, sgd"),
    ("image-cnn", {"heads": "4"}, "has no heads"),
    ("image-cnn", {"colour": "red"}, "no hyperparameter here"),
    ("image-cnn", {"kernel_size": "4"}, "even"),
    ("image-vit", {"heads": "5"}, "does not divide"),
    ("image-cnn", {"min_learning_rate": "1"}, "above learning_rate"),
])  # fmt: skip
def test_a_value_that_makes_no_sense_is_refused(recipe: str, given: dict[str, str], message: str) -> None:
    with pytest.raises(NotPossibleError, match=message):
        chosen(recipe, given)


@pytest.mark.parametrize(("words_of_it", "expected"), [
    ((("architecture", "a ResNet"), ("metric", "accuracy on images")), "image-resnet"),
    ((("architecture", "a vision transformer"), ("other", "images of digits")), "image-vit"),
    ((("architecture", "a decoder-only transformer"), ("metric", "perplexity of a language model")), "language-gpt"),
    ((("architecture", "a transformer"), ("metric", "perplexity of a language model")), "language-gpt"),
    ((("architecture", "an LSTM"), ("other", "forecast the next hour")), "forecast-lstm"),
    ((("dataset", "movie reviews"), ("other", "sentiment")), "text-transformer"),
    ((("metric", "mean squared error"), ("other", "regression")), "regression-mlp"),
    ((("dataset", "a table of 9 columns"), ("metric", "accuracy")), "tabular-mlp"),
])  # fmt: skip
def test_the_words_choose_the_recipe(words_of_it: tuple[tuple[str, str], ...], expected: str) -> None:
    assert choosing.choose(brief_from_json(json.dumps(material.brief(*words_of_it))), None).recipe.name == expected


def test_an_architecture_that_no_recipe_has_is_not_replaced_silently() -> None:
    asked = brief_from_json(json.dumps(material.brief(("architecture", "a capsule network"), ("other", "images"))))

    with pytest.raises(NotPossibleError, match="capsule network"):
        choosing.choose(asked, None)
    assert choosing.choose(asked, None, "image-cnn").recipe.name == "image-cnn"
    with pytest.raises(NotPossibleError, match="not for image"):
        choosing.choose(asked, {Task.LANGUAGE}, "image-cnn")


def test_recipes_have_names_of_their_own_and_parts_that_are_there() -> None:
    def missing(recipe: Recipe) -> bool:
        parts = ROOT / "planner" / "recipes" / "parts"
        return not ((parts / "model" / recipe.model).is_file() and (parts / "objective" / recipe.objective).is_file())

    assert len({recipe.name for recipe in RECIPES}) == len(RECIPES)
    assert [recipe.name for recipe in RECIPES if missing(recipe)] == []
    page = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert [recipe.name for recipe in RECIPES if f"`{recipe.name}`" not in page] == []


def test_the_shares_of_the_split_are_the_sources(new: New) -> None:
    quote = "80 % for training, 5 % for validation and 15 % for the test"
    written = new(material.brief(DIGITS, ("split", quote)))

    told = tomllib.loads((written.folder / "experiment.toml").read_text())["data"]
    assert (told["validation_fraction"], told["test_fraction"]) == (0.05, 0.15)
    assert quote in told["shares_from"]


def test_the_bundled_papers_brief_quotes_the_paper() -> None:
    paper = (ROOT / "examples" / "digits_paper.md").read_text(encoding="utf-8")
    flat = " ".join(paper.split())
    content = json.loads((ROOT / "examples" / "digits_paper.json").read_text(encoding="utf-8"))
    quoted = [*content["requirements"], *content["hyperparameters"], *content["targets"]]

    assert [one["quote"] for one in quoted if " ".join(one["quote"].split()) not in flat] == []
    lines = paper.splitlines()
    first_words = [(one["place"]["line"], one["quote"].split()[0]) for one in quoted]
    assert [(at, word) for at, word in first_words if word not in lines[at - 1]] == []


def test_the_bundled_paper_says_the_same_as_pdf() -> None:
    folder = ROOT / "examples"
    drawn = re.findall(rb"\((.*)\) Tj", (folder / "digits_paper.pdf").read_bytes())
    paper = (folder / "digits_paper.md").read_text(encoding="utf-8")

    def plain(text: str) -> list[str]:
        return re.sub(r"^#+ |^\|[-|]+\|$|\|", " ", text, flags=re.MULTILINE).split()

    assert plain(b"\n".join(drawn).decode("cp1252").replace("\\(", "(").replace("\\)", ")")) == plain(paper)


@pytest.mark.parametrize(("text", "message"), [
    ("{", "not JSON"),
    ("[]", "no object"),
    ("{}", "“source” of the brief is no text"),
    ('{"source": "a", "requirements": 5}', "no list"),
    ('{"source": "a", "requirements": [{"kind": "magic", "text": "", "quote": ""}]}', "no kind of requirement"),
    ('{"source": "a", "hyperparameters": [{"name": "x", "value": [1], "quote": "q"}]}', "no number, text"),
    ('{"source": "a", "targets": [{"metric": "x", "value": "high", "quote": "q"}]}', "is no number"),
    ("[" * 100_000, "not JSON"),
])  # fmt: skip
def test_what_is_no_brief_is_refused(text: str, message: str) -> None:
    with pytest.raises(NotABriefError, match=re.escape(message)):
        brief_from_json(text)
