"""A run against the paper's numbers: splits are never mixed, the test split is read once, one run claims little."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.benchmarks.honesty.world import World
from mlintern.planner import briefs
from mlintern.planner.claims.verdict import Answer
from mlintern.planner.reading.checklist import Checklist
from mlintern.planner.reading.reading import brief_of
from mlintern.planner.reading.source import read_text
from mlintern.planner.report.compose import compose
from mlintern.planner.report.resolve import Resolver
from mlintern.planner.result import against_paper, one_run_allows
from mlintern.planner.verification import likelihoods
from mlintern.planner.verification.predictions import PredictionsError
from mlintern.runtime.test_reading import TestReadingError, already_read, evaluation_of, read_test
from mlintern.store.records import Run, RunStatus
from mlintern.tui.reports import markdown
from mlintern.tui.reports.values import Shown
from mlintern.tui.result_words import content, lines

PAPER = "We train a net on iris with Adam for 10 epochs. It reaches an accuracy of 90.0 ± 0.5 % on the test split.\n"
SETTINGS = '[experiment]\ntrain = "train.py"\nevaluate = "evaluate.py"\n'
EVALUATE = """import pathlib, sys
out = pathlib.Path(sys.argv[2])
rows = [f"{n},{n % 2},{n % 2 if n < RIGHT else 1 - n % 2}" for n in range(200)]
(out / "predictions_test.csv").write_text("row_id,target,prediction\\n" + "\\n".join(rows) + "\\n")
"""


def evaluates(world: World, text: str) -> None:
    world.script("evaluate.py", text)
    world.script("experiment.toml", SETTINGS)
    checklist = Checklist(brief_of(read_text(PAPER, "paper.txt")))
    (world.project / briefs.FILE).write_text(briefs.text_of(checklist), encoding="utf-8")


def trained(world: World, *args: str, right: int | None = 181, **told: list[float]) -> Run:
    if right is not None:
        evaluates(world, EVALUATE.replace("RIGHT", str(right)))
    experiment = world.experiment(*args)
    if not briefs.follows(world.store, experiment):
        briefs.take_up(world.store, experiment)
    run = world.run(experiment, told or {"val_accuracy": [0.8, 0.95]})
    out = world.project / "runs"
    out.mkdir(exist_ok=True)
    (out / "best.pt").write_text(str(run.id))
    return run


def test_a_validation_number_is_no_answer_to_one_of_the_test_split(world: World) -> None:
    (reached,) = against_paper(world.store, trained(world)) or ()

    assert reached.value is None and reached.verdict is None and reached.why_not == "the test split was not read yet"
    assert [(round(value, 6), "validation" in what) for what, value in reached.beside] == [(95.0, True)]
    assert one_run_allows(reached) == "nothing can be said yet"


def test_the_test_split_is_read_once_and_counted_here(world: World) -> None:
    run = trained(world)
    assert evaluation_of(world.store, run).ceiling_seconds == 100.0
    kept = read_test(world.store, run, by="tui")
    (reached,) = against_paper(world.store, run) or ()

    assert reached.value == pytest.approx(90.5) and reached.difference == pytest.approx(0.5)
    assert reached.is_within_spread and reached.rows == 200 and reached.row_weighs == 0.5
    assert reached.verdict is not None and reached.verdict.answer is Answer.INCONCLUSIVE
    assert "one seed says nothing of the noise" in reached.verdict.because
    assert one_run_allows(reached).startswith("one run is one draw")
    assert kept == already_read(world.store, run.id)
    with pytest.raises(TestReadingError, match="read already for run"):
        read_test(world.store, run, by="tui")
    told = "\n".join(lines(run, (reached,)))
    assert "90.5 %, +0.50 against the paper's; within its own ± 0.5; counted from 200 predictions, of which" in told
    assert content((reached,))[0]["verdict"] == "inconclusive"


def test_the_report_tells_how_the_papers_number_was_met(world: World) -> None:
    run = trained(world)
    assert "| not compared: the test split was not read yet |" in _report(world, run)
    read_test(world.store, run, by="tui")
    assert "| accuracy 90 | here 90.5, the claim is inconclusive |" in _report(world, run)


def _report(world: World, run: Run) -> str:
    resolver = Resolver(world.store)
    return markdown.render(compose(world.store, resolver, run), Shown(resolver))


def test_runs_that_differ_in_their_seed_are_judged_together(world: World) -> None:
    runs = []
    for seed, right in enumerate((190, 191, 189, 190)):
        runs.append(trained(world, "--seed", str(seed), right=right))
        read_test(world.store, runs[-1], by="tui")
        (world.project / "runs" / "predictions_test.csv").unlink()
    (reached,) = against_paper(world.store, runs[0]) or ()

    assert reached.runs == tuple(run.id for run in runs) and reached.value == pytest.approx(95.0)
    assert reached.verdict is not None and reached.verdict.answer is Answer.SUPPORTED, reached.verdict


def test_a_language_models_perplexity_is_counted_from_its_windows(world: World, tmp_path: Path) -> None:
    path = tmp_path / "predictions_test.csv"
    path.write_text("row_id,tokens,negative log-likelihood in nats\n0,10,6.9314718\n1,10,6.9314718\n")
    counted, rows = likelihoods.definitions(path)
    assert rows == 2 and counted["perplexity"] == pytest.approx(2.0)
    assert counted["bits per character"] == pytest.approx(1.0)
    for text in ("row_id,label\n1,2\n", "", "row_id,tokens,negative log-likelihood in nats\n0,x,1\n"):
        path.write_text(text)
        with pytest.raises(PredictionsError):
            likelihoods.definitions(path)


def test_an_error_that_stands_speaks_against_it(world: World) -> None:
    run = trained(world)
    world.find(world.store.experiments.get(run.experiment_id), "data.leak.overlap")
    read_test(world.store, run, by="tui")
    (reached,) = against_paper(world.store, run) or ()

    assert reached.verdict is not None and reached.verdict.answer is Answer.NOT_SUPPORTED


def test_a_number_that_the_script_tells_of_the_same_split_is_compared(world: World) -> None:
    run = trained(world, test_accuracy=[0.93])
    (reached,) = against_paper(world.store, run) or ()

    assert reached.value == pytest.approx(93.0) and reached.rows is None and reached.verdict is not None


def test_an_experiment_without_a_paper_has_nothing_to_hold_it_against(world: World) -> None:
    run = world.run(world.experiment(), {"test accuracy": [0.9]})

    assert against_paper(world.store, run) is None
    assert "follows no paper" in "\n".join(lines(run, None))


@pytest.mark.parametrize(
    ("text", "says"),
    [("raise SystemExit('no GPU')", "failed with exit code 1: no GPU"), ("pass", "wrote no")],
)
def test_an_evaluation_that_fails_is_told_and_nothing_is_recorded(world: World, text: str, says: str) -> None:
    evaluates(world, text)
    run = trained(world, right=None)
    with pytest.raises(TestReadingError, match=says):
        read_test(world.store, run, by="tui")
    assert already_read(world.store, run.id) is None


def test_what_is_not_this_runs_is_not_taken_for_it(world: World) -> None:
    run = trained(world)
    checkpoint = world.project / "runs" / "best.pt"
    predictions = checkpoint.with_name("predictions_test.csv")
    predictions.write_text("row_id,target,prediction\n1,1,1\n")
    _set_time(predictions, -50)
    with pytest.raises(TestReadingError, match="of an earlier run"):
        evaluation_of(world.store, run)
    _set_time(checkpoint, -1000)
    with pytest.raises(TestReadingError, match="is of another run"):
        evaluation_of(world.store, run)
    checkpoint.unlink()
    with pytest.raises(TestReadingError, match="left no checkpoint"):
        evaluation_of(world.store, run)
    world.script("train.py", "import torch  # another\n")
    with pytest.raises(TestReadingError, match="changed since this run"):
        evaluation_of(world.store, run)
    failed = world.run(world.experiment(), {}, status=RunStatus.FAILED)
    with pytest.raises(TestReadingError, match="no full run that is done"):
        evaluation_of(world.store, failed)


def _set_time(path: Path, by: float) -> None:
    import os

    now = path.stat().st_mtime
    os.utime(path, (now + by, now + by))
