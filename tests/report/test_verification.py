"""What is counted again agrees where nothing was touched, and each thing that was touched is told."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from mlintern.benchmarks.honesty.world import World, guesses
from mlintern.planner.report.compose import compose
from mlintern.planner.report.resolve import Resolver
from mlintern.planner.verification.checked import Answer
from mlintern.planner.verification.labels import bare_labels
from mlintern.planner.verification.predictions import Predictions, PredictionsError, agrees, definitions, read
from mlintern.planner.verification.verify import verify
from mlintern.store import DATABASE_NAME, Store
from mlintern.store.records import Run
from mlintern.tui.reports import html, markdown
from mlintern.tui.reports.values import Shown

V1 = Path(__file__).parents[1] / "store" / "data" / "v1.db"


@pytest.fixture
def run(world: World) -> Run:
    return world.run(world.experiment("--lr", "0.1"), {"test accuracy": [0.95]}, predictions=guesses(950))


def differing(world: World, run: Run) -> set[str]:
    return {one.what for one in verify(world.store, world.store.runs.get(run.id)) if one.answer is Answer.DIFFERS}


def test_untouched_everything_agrees(world: World, run: Run) -> None:
    assert differing(world, run) == set()
    answers = {one.what: one.answer for one in verify(world.store, run)}
    for what in ("database", "record", "metrics", "log", "code", "printed metrics", "metric", "predictions file"):
        assert answers[what] is Answer.MATCHES, what
    assert answers["CPU time"] is Answer.COULD_NOT and answers["training"] is Answer.COULD_NOT


def test_a_script_that_changed_is_told_and_says_nothing_against_the_number(world: World, run: Run) -> None:
    world.script("train.py", "import torch  # other\n")
    assert differing(world, run) == {"code"}
    assert Resolver(world.store).verdict(("reported", run.id, "printed/test accuracy")).answer == "supported"


def test_a_log_that_was_added_to_is_told(world: World, run: Run) -> None:
    with run.log_path.open("a") as log:
        log.write("test accuracy: 0.99\n")
    assert differing(world, run) == {"log"}


def test_a_log_and_predictions_that_are_gone_are_not_verified(world: World, run: Run) -> None:
    shutil.rmtree(run.folder)
    answers = {one.what: one.answer for one in verify(world.store, run)}
    for what in ("log", "printed metrics", "metric", "predictions file"):
        assert answers[what] is Answer.COULD_NOT, what


def test_the_time_is_held_against_the_clock(world: World, run: Run) -> None:
    world.forge("UPDATE runs SET wall_seconds = 5000 WHERE id = ?", run.id)
    assert differing(world, run) == {"record", "time"}


def test_a_metric_that_follows_from_no_predictions(world: World) -> None:
    run = world.run(world.experiment(), {"test accuracy": [0.97]}, predictions=guesses(950))
    (found,) = (one for one in verify(world.store, run) if one.what == "metric")
    assert found.answer is Answer.DIFFERS and "accuracy gives 0.95, told was 0.97" in found.found


@pytest.mark.parametrize(
    ("text", "why"),
    [("", "no rows"), ("a,b\n1,2\n", "no column id"), ("id,label,prediction\n1,2\n", "not whole"),
     ("id,label,prediction\n", "no rows")],
)  # fmt: skip
def test_what_is_no_file_of_predictions_says_why(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "predictions.csv"
    path.write_text(text)
    with pytest.raises(PredictionsError, match=why):
        read(path)


def test_lines_of_json_are_read_too(tmp_path: Path) -> None:
    path = tmp_path / "predictions.jsonl"
    path.write_text('{"id": 1, "y_true": "a", "pred": "b"}\n{"id": 2, "y_true": "a", "pred": "a"}\n')
    assert read(path) == Predictions(("1", "2"), ("a", "a"), ("b", "a"))
    path.write_text("[1]\n")
    with pytest.raises(PredictionsError, match="JSON object"):
        read(path)


def test_the_definitions_of_one_imbalanced_set() -> None:
    # 95 negatives, all right; 5 positives, one found: the numbers are those of scikit-learn.
    labels = ["0"] * 95 + ["1"] * 5
    found = definitions(Predictions(tuple(map(str, range(100))), tuple(labels), (*["0"] * 99, "1")))
    wanted = {"accuracy": 0.96, "micro f1": 0.96, "balanced accuracy": 0.6, "binary f1": 0.333333,
              "macro f1": 0.656357, "weighted f1": 0.947079}  # fmt: skip
    assert {name: found[name] for name in wanted} == pytest.approx(wanted, abs=1e-6)
    numbers = definitions(Predictions(("1", "2", "3"), ("1", "2", "3"), ("1", "2", "5")))
    assert numbers["mse"] == pytest.approx(4 / 3) and numbers["r2"] == pytest.approx(-1.0)


def test_a_number_agrees_with_its_rounding() -> None:
    assert agrees(0.97349, 0.973) and agrees(0.9735, 0.9735) and not agrees(0.97449, 0.973)


def test_a_database_of_the_first_version_is_reported_and_counted_again(tmp_path: Path) -> None:
    shutil.copy(V1, tmp_path / DATABASE_NAME)
    with Store.open(tmp_path) as store:
        for run_id in (1, 2):
            run = store.runs.get(run_id)
            answers = {one.what: one.answer for one in verify(store, run)}
            assert answers["database"] is Answer.MATCHES
            assert answers["record"] is Answer.COULD_NOT and answers["code"] is Answer.COULD_NOT
            resolver = Resolver(store)
            report, shown = compose(store, resolver, run), Shown(resolver)
            assert "the run has no seal" in markdown.render(report, shown)
            assert html.render(report, shown).endswith("</html>\n")
        assert [one.answer for one in verify(store, store.runs.get(3))] == [Answer.COULD_NOT]


def test_only_bare_labels_of_the_evaluated_rows_are_in_reach(world: World, run: Run) -> None:
    rows = [f"row{number},{label}" for number, (label, _) in enumerate(guesses(950))]
    data, labels = world.project / "data.csv", world.project / "labels.csv"
    data.write_text("\n".join(f"{row},0.1,0.2" for row in rows))
    labels.write_text("\n".join([*rows, *(f"train{number},a" for number in range(1000))]))
    (world.project / "other.csv").write_text("\n".join(f"{row}x" for row in rows))
    assert bare_labels(world.store, run) == ()
    labels.write_text("\n".join(rows))
    assert bare_labels(world.store, run) == (str(labels),)
