"""Every recipe writes an experiment that runs, resumes exactly and predicts every row; sound ones pass the check."""

from __future__ import annotations

import ast
import csv
import json
import os
import re
import subprocess
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from mlintern.planner.recipes.catalogue import RECIPES

from . import material
from .conftest import COMMAND, New, python

DATA: dict[str, Callable[[Path], Path]] = {
    "tabular-mlp": lambda folder: material.customers(folder / "customers.csv"),
    "regression-mlp": lambda folder: material.houses(folder / "houses.csv"),
    "image-cnn": lambda folder: material.pictures(folder / "pictures"),
    "image-resnet": lambda folder: material.shapes(folder / "shapes.npz"),
    "image-vit": lambda folder: material.shapes(folder / "shapes.npz"),
    "text-transformer": lambda folder: material.reviews(folder / "reviews.jsonl"),
    "text-lstm": lambda folder: material.reviews(folder / "reviews.jsonl"),
    "language-gpt": lambda folder: material.story(folder / "story.txt"),
    "language-lstm": lambda folder: material.story(folder / "story.txt"),
    "forecast-lstm": lambda folder: material.load(folder / "load.csv"),
    "forecast-transformer": lambda folder: material.load(folder / "load.csv"),
    "forecast-mlp": lambda folder: material.load(folder / "load.csv"),
}
SCIKIT_LEARN = {
    "iris": "tabular-mlp", "wine": "tabular-mlp", "breast cancer": "tabular-mlp", "diabetes": "regression-mlp",
    "digits": "image-cnn",
}  # fmt: skip
CHECKED = ("tabular-mlp", "language-gpt", "forecast-lstm")
"""A sample; a check of one takes half a minute."""
EXPECTED = {
    "README.md", "experiment.toml", "settings.py", "splits.py", "data.py", "model.py", "objective.py", "checkpoint.py",
    "optimization.py", "train.py", "evaluate.py", "test_experiment.py", ".gitignore", "brief.json",
}  # fmt: skip


def test_every_recipe_is_tried() -> None:
    assert DATA.keys() == {recipe.name for recipe in RECIPES}


@pytest.mark.parametrize("recipe", DATA)
def test_an_experiment_runs_by_itself(recipe: str, new: New, tmp_path: Path) -> None:
    written = new(material.brief(), "--recipe", recipe, "--data", DATA[recipe](tmp_path))

    assert written.code == 0, written.out
    assert {path.name for path in written.folder.iterdir()} == EXPECTED
    done = python(written.folder, "test_experiment.py")
    assert done.returncode == 0 and done.stdout.count(": passed") == 5, done.stdout + done.stderr


@pytest.mark.parametrize("name", SCIKIT_LEARN)
def test_what_comes_with_scikit_learn_is_found_by_its_name(name: str, new: New) -> None:
    written = new(material.brief(("dataset", f"the {name} data of scikit-learn"), ("other", "classification")))

    assert written.code == 0, written.out
    assert written.content["recipe"] == SCIKIT_LEARN[name]
    done = python(written.folder, "test_experiment.py")
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("recipe", CHECKED)
def test_an_experiment_passes_the_check_without_error_or_warning(recipe: str, new: New, tmp_path: Path) -> None:
    written = new(material.brief(epochs=3), "--recipe", recipe, "--data", DATA[recipe](tmp_path))

    assert_sound(written.folder, tmp_path)


def test_the_experiment_of_the_bundled_paper_passes_the_check(new: New, tmp_path: Path) -> None:
    paper = Path(__file__).resolve().parents[2] / "examples" / "digits_paper.json"

    assert_sound(new(json.loads(paper.read_text(encoding="utf-8"))).folder, tmp_path)


def assert_sound(folder: Path, tmp_path: Path) -> None:
    done = subprocess.run(
        [*COMMAND, "check", str(folder), "--json"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "MLINTERN_HOME": str(tmp_path / "home"), "OMP_NUM_THREADS": "1"},
    )  # fmt: skip

    report = json.loads(done.stdout)
    assert [one for one in report["findings"] if one["severity"] != "info"] == []
    assert {one["rung"]: one["status"] for one in report["rungs"]}["overfit"] == "passed"
    assert report["forecast"]["steps"] is not None and report["forecast"]["steps_exact"]


def test_nothing_of_an_experiment_imports_mlintern() -> None:
    parts = Path(__file__).resolve().parents[2] / "planner" / "recipes" / "parts"
    files = list(parts.rglob("*.py"))
    names = {
        (alias.name if isinstance(node, ast.Import) else node.module or "").partition(".")[0]
        for path in files
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Import | ast.ImportFrom)
        for alias in node.names
    }

    assert len(files) > 20
    assert "torch" in names and "mlintern" not in names and "" not in names


def test_metrics_are_lines_of_json_and_the_test_split_is_read_once(new: New, tmp_path: Path) -> None:
    rows = material.customers(tmp_path / "customers.csv")
    folder = new(material.brief(epochs=2), "--recipe", "tabular-mlp", "--data", rows).folder
    assert python(folder, "evaluate.py").returncode != 0, "nothing is trained yet"

    assert python(folder, "train.py").returncode == 0
    first, second = python(folder, "evaluate.py"), python(folder, "evaluate.py")

    lines = [json.loads(line) for line in (folder / "runs" / "metrics.jsonl").read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2] and {"step", "train_loss", "val_loss"} <= lines[0].keys()
    with (folder / "runs" / "predictions_test.csv").open(newline="") as stream:
        predicted = list(csv.DictReader(stream))
    assert len(predicted) == 60 and all(re.fullmatch(r"c\d{4}", row["row_id"]) for row in predicted)
    assert {row[name] for row in predicted for name in ("label", "prediction")} <= {"stays", "leaves"}
    assert first.returncode == 0 and not re.search(r"accuracy|loss|\d\.\d", first.stdout), "a metric is for others"
    assert second.returncode != 0 and "read once" in second.stderr


def test_a_killed_training_goes_on_to_the_same_end(new: New, tmp_path: Path) -> None:
    rows = material.houses(tmp_path / "houses.csv")
    folder = new(material.brief(epochs=3, dropout=0.3), "--recipe", "regression-mlp", "--data", rows).folder
    stop_at_first_step = (
        "import os, signal, train; old = train.nn.Module.train\n"
        "def mode(self, *given):\n"
        "    os.kill(os.getpid(), signal.SIGTERM); return old(self, *given)\n"
        "train.nn.Module.train = mode; train.main()"
    )

    assert python(folder, "train.py", "--out", "straight").returncode == 0
    stopped = python(folder, "-c", f"import sys; sys.argv[1:] = ['--out', 'stopped']\n{stop_at_first_step}")
    assert "--resume` goes on" in stopped.stderr
    assert python(folder, "train.py", "--out", "stopped", "--resume").returncode == 0

    assert (folder / "straight" / "metrics.jsonl").read_bytes() == (folder / "stopped" / "metrics.jsonl").read_bytes()


def test_rows_of_one_group_and_copies_of_a_row_stay_together(new: New, tmp_path: Path) -> None:
    header = ("patient", "a", "b", "label")
    rows = [(f"p{number % 40}", number, number % 7, "yes" if number % 3 else "no") for number in range(400)]
    rows[1] = (rows[1][0], *rows[0][1:])  # a copy of another patient's row: both patients belong together
    data = material.write_csv(tmp_path / "visits.csv", header, rows)
    written = new(material.brief(), "--recipe", "tabular-mlp", "--data", data, "--split", "groups")
    assert written.code == 0, written.out
    told = tomllib.loads((written.folder / "experiment.toml").read_text())["data"]
    assert told["group"] == "patient" and "patient" not in told["numeric"] + told["categories"]

    splits = python(written.folder, "-c", _SPLITS)

    ids = json.loads(splits.stdout)
    patients = {name: {rows[int(row)][0] for row in numbers} for name, numbers in ids.items()}
    assert sum(map(len, ids.values())) == 400
    assert not patients["train"] & patients["val"] and not patients["train"] & patients["test"]
    assert not patients["val"] & patients["test"] and all(patients.values())
    assert any({"p0", "p1"} <= names for names in patients.values())


def test_groups_count_above_time_unless_time_is_asked_for(new: New, tmp_path: Path) -> None:
    rows = [(f"p{number % 40}", f"2024-01-{1 + number % 28:02}", number * 7 % 199, "ab"[number % 2])
            for number in range(200)]  # fmt: skip
    data = material.write_csv(tmp_path / "visits.csv", ("patient", "date", "a", "label"), rows)
    words = (material.brief(), "--recipe", "tabular-mlp", "--data", data)

    assert "“patient” together" in new(*words, name="groups").content["data"]["split"]
    assert "order of “date”" in new(*words, "--split", "time", name="time").content["data"]["split"]
    assert "equal rows together" in new(*words, "--split", "rows", name="rows").content["data"]["split"]


def test_copies_that_chain_all_groups_together_do_not_make_them_one(new: New, tmp_path: Path) -> None:
    rows = [(f"p{number % 40}", number % 3, number % 7, "yes" if number % 2 else "no") for number in range(400)]
    data = material.write_csv(tmp_path / "visits.csv", ("patient", "a", "b", "label"), rows)
    written = new(material.brief(), "--recipe", "tabular-mlp", "--data", data)

    ids = json.loads(python(written.folder, "-c", _SPLITS).stdout)

    patients = {name: {rows[int(row)][0] for row in numbers} for name, numbers in ids.items()}
    assert all(patients.values()) and not patients["train"] & patients["test"]


def test_a_split_that_the_data_gives_is_kept(new: New, tmp_path: Path) -> None:
    rows = [(number % 29, "ab"[number % 2], "test" if number % 4 == 0 else "train") for number in range(400)]
    data = material.write_csv(tmp_path / "rows.csv", ("x", "label", "split"), rows)
    written = new(material.brief(), "--recipe", "tabular-mlp", "--data", data)
    assert "“split”" in written.content["data"]["split"]

    ids = json.loads(python(written.folder, "-c", _SPLITS).stdout)

    assert {int(row) for row in ids["test"]} == {number for number, row in enumerate(rows) if row[2] == "test"}
    assert len(ids["val"]) > 20 and len(ids["train"]) + len(ids["val"]) == 300


def test_test_sets_of_archives_and_folders_are_kept(new: New, tmp_path: Path) -> None:
    with np.load(material.shapes(tmp_path / "all.npz", 80)) as made:
        images, labels = made["images"], made["labels"]
    np.savez(tmp_path / "sets.npz", x_train=images[:60], y_train=labels[:60], x_test=images[60:], y_test=labels[60:])
    for split, count in (("train", 40), ("test", 20)):
        material.pictures(tmp_path / "folder" / split, count)

    for data, counts in (("sets.npz", (60, 20)), ("folder", (40, 20))):
        written = new(material.brief(), "--recipe", "image-cnn", "--data", tmp_path / data, name=f"of {data}")
        assert written.code == 0 and "as the data gives it" in written.content["data"]["split"]
        ids = json.loads(python(written.folder, "-c", _SPLITS).stdout)
        assert (len(ids["train"]) + len(ids["val"]), len(ids["test"])) == counts and ids["val"]
        assert all(row.startswith("test") or (row.isdigit() and int(row) >= 60) for row in ids["test"])


def test_untidy_tables_are_read_as_the_first_look_reads_them(new: New, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    rows = [f" {draw.integers(99)} ,{draw.random():.3f}, {'yes' if number % 2 else 'no'} " for number in range(90)]
    table, lines = tmp_path / "untidy.csv", tmp_path / "untidy.jsonl"
    table.write_text("\ufeff a ,b, label \n" + "\n".join(rows) + "\n7\n\n8,inf,yes,more\n9,nan,no\n", encoding="utf-8")
    texts = [{"text": f"word{number} and words of it", "label": "ab"[number % 2]} for number in range(60)]
    untidy = [*texts, {"text": None, "label": "a"}, {"label": "b"}, {"text": "no label at all", "label": None}]
    lines.write_text("\n".join(map(json.dumps, untidy)), encoding="utf-8")

    for recipe, data, count in (("tabular-mlp", table, 92), ("text-lstm", lines, 62)):
        written = new(material.brief(), "--recipe", recipe, "--data", data, name=f"of {recipe}")
        assert written.code == 0, written.out
        ids = json.loads(python(written.folder, "-c", _SPLITS).stdout)
        assert sum(map(len, ids.values())) == count, "rows without a label are left out, and no others"


def test_rows_in_time_are_split_by_time(new: New, tmp_path: Path) -> None:
    rows = [(f"2024-{1 + day // 28:02}-{1 + day % 28:02}", day * 37 % 101, "up" if day * 37 % 101 > 50 else "down")
            for day in range(200)]  # fmt: skip
    data = material.write_csv(tmp_path / "days.csv", ("date", "wind", "label"), [*reversed(rows)])
    written = new(material.brief(), "--recipe", "tabular-mlp", "--data", data)
    assert "by time" in written.content["data"]["split"]

    ids = json.loads(python(written.folder, "-c", _SPLITS).stdout)

    times = {name: [200 - int(row) for row in numbers] for name, numbers in ids.items()}
    assert max(times["train"]) < min(times["val"]) and max(times["val"]) < min(times["test"])


_SPLITS = (
    "import json\nfrom data import load_data\nfrom settings import read_settings\n"
    "print(json.dumps(load_data(read_settings(), ('train', 'val', 'test')).ids))"
)
