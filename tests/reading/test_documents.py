"""The documents with their truth: the goals hold on all of them, and every quote stands in its source."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.benchmarks.reading import scripted
from mlintern.benchmarks.reading.score import Case, Count, cases, hyperparameters, score
from mlintern.planner.reading.brief import Hyperparameter, Place
from mlintern.planner.reading.proposals import admit
from mlintern.planner.reading.reading import brief_of
from mlintern.planner.reading.source import read_document

ALL = list(cases())


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_reading_meets_its_goals(case: Case, tmp_path: Path) -> None:
    document = read_document(case.written(tmp_path))
    brief = brief_of(document)
    counts = score(case, brief)

    assert counts["hyperparameters"].precision >= 0.9 and counts["hyperparameters"].recall >= 0.85, counts
    assert counts["conflicts"].missed == counts["conflicts"].made_up == []
    assert set(counts["unsaid"].made_up) == set()
    items = [*brief.requirements, *brief.hyperparameters, *brief.targets]
    assert [one.quote for one in items if document.find(one.quote) is None] == []


@pytest.mark.parametrize("case", ALL, ids=lambda case: case.name)
def test_scripted_mistakes_are_refused_and_the_rest_is_taken(case: Case, tmp_path: Path) -> None:
    document = read_document(case.written(tmp_path))
    answer = scripted.answer(document, case.truth)
    admitted = admit(document, answer)
    mistakes = scripted.mistakes([document.text])

    assert len(admitted.refused) >= len(mistakes)
    assert hyperparameters(case.truth["hyperparameters"], admitted.hyperparameters).made_up == []
    assert {one.name for one in admitted.hyperparameters}.isdisjoint(
        {"momentum"} - {name for name, *_ in case.truth["hyperparameters"]}
    )


def test_there_are_documents_of_every_form() -> None:
    assert {case.path.suffix for case in ALL} == {".paper", ".md", ".tex", ".html", ".txt"}
    assert len(ALL) >= 8


def test_the_score_counts_what_is_missed_and_made_up() -> None:
    told = [
        Hyperparameter("epochs", 5, None, None, "q", Place()),
        Hyperparameter("dropout", 0.5, None, "small", "q", Place()),
    ]

    count = hyperparameters([["epochs", 5], ["dropout", 0.5, "large"], ["momentum", 0.9]], told)

    assert (count.found, count.missed) == (1, ["dropout = 0.5 for large", "momentum = 0.9"])
    assert (count.precision, count.recall) == (1.0, pytest.approx(1 / 3))
    assert hyperparameters([], told).made_up == ["epochs = 5 for None", "dropout = 0.5 for small"]
    assert Count().recall == 0
