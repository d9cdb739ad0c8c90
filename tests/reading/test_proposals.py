"""A second reader's answers: what the source bears out is taken, the rest refused with a reason."""

from __future__ import annotations

import pytest
from mlintern.planner.reading.document import Form
from mlintern.planner.reading.proposals import admit
from mlintern.planner.reading.source import read_text

TEXT = r"""# Training

We use AdamW with a peak learning rate of $3\times10^{-4}$ and drop-
out of 10 %. The model reaches 97.2 ± 0.3 % test accuracy after twelve epochs, in bfloat16.
"""
DOCUMENT = read_text(TEXT, "paper.md", Form.MARKDOWN)
LR = r"a peak learning rate of $3\times10^{-4}$"


def hyperparameter(**changed: object) -> dict[str, object]:
    return {"name": "learning_rate", "value": 0.0003, "quote": LR, **changed}


@pytest.mark.parametrize(
    "item",
    [
        hyperparameter(),
        hyperparameter(quote="We use   AdamW\nwith a peak", name="optimizer", value="adamw"),
        hyperparameter(name="dropout", value=0.1, quote="dropout of 10 %"),
        hyperparameter(name="epochs", value=12, quote="after twelve epochs", unit="epochs", applies_to="the model"),
        hyperparameter(name="precision", value="bf16", quote="in bfloat16"),
    ],
)
def test_what_the_source_says_is_taken(item: dict[str, object]) -> None:
    admitted = admit(DOCUMENT, {"hyperparameters": [item]})

    assert admitted.refused == []
    assert admitted.hyperparameters[0].value == item["value"]
    assert admitted.hyperparameters[0].place.section == "Training"


@pytest.mark.parametrize(
    ("item", "why"),
    [
        (hyperparameter(quote="a learning rate of 3e-4"), "does not stand in the source"),
        (hyperparameter(value=0.003), "not in its quote"),
        (hyperparameter(value="0.0003"), "not in its quote"),
        (hyperparameter(value=float("nan")), "no number"),
        (hyperparameter(value=True, name="nesterov"), "does not speak of it"),
        (hyperparameter(value=None), "no number"),
        (hyperparameter(quote="  "), "no quote"),
        (hyperparameter(quote=7), "no quote"),
        (hyperparameter(quote=TEXT * 20), "longer than"),
        (hyperparameter(name="Learning rate"), "snake_case"),
        (hyperparameter(name="batch_size"), "makes no sense"),
        (hyperparameter(name="optimizer", value="SGD"), "not in its quote"),
        (hyperparameter(applies_to=["all"]), "no text"),
        ("learning_rate = 3e-4", "no object"),
    ],
)
def test_what_it_does_not_say_is_refused_with_the_reason(item: object, why: str) -> None:
    admitted = admit(DOCUMENT, {"hyperparameters": [item]})

    assert admitted.hyperparameters == []
    assert [why in one.why for one in admitted.refused] == [True]


def test_targets_and_requirements_are_held_to_the_same() -> None:
    quote = "The model reaches 97.2 ± 0.3 % test accuracy"
    good = {"metric": "accuracy", "value": 97.2, "unit": "%", "spread": 0.3, "split": "test", "quote": quote}
    admitted = admit(
        DOCUMENT,
        {
            "targets": [good, {**good, "value": 98.2}, {**good, "spread": 0.1}],
            "requirements": [{"kind": "metric", "text": "accuracy", "quote": quote}, {"kind": "wish", "quote": quote}],
            "unknown": [1],
        },
    )

    assert [(one.value, one.spread) for one in admitted.targets] == [(97.2, 0.3)]
    assert [one.text for one in admitted.requirements] == ["accuracy"]
    assert len(admitted.refused) == 3


def test_an_answer_of_no_lists_is_empty() -> None:
    assert admit(DOCUMENT, {"hyperparameters": "all of them"}).refused == []
