"""What is not said, with candidates that name where they come from; and contradictions."""

from __future__ import annotations

import inspect

import pytest
from mlintern.planner.reading.brief import Brief
from mlintern.planner.reading.document import Form
from mlintern.planner.reading.reading import brief_of
from mlintern.planner.reading.source import read_text
from mlintern.planner.reading.unsaid import candidates


def brief(text: str) -> Brief:
    return brief_of(read_text(text, "task.txt", Form.PLAIN))


def test_what_is_given_is_not_unsaid() -> None:
    told = brief("We train an MLP with Adam, a learning rate of 0.1, no weight decay and 2000 steps.").unsaid

    assert {"batch_size", "schedule", "beta1", "epsilon", "seeds"} <= set(told)
    assert {"learning_rate", "weight_decay", "optimizer", "epochs", "momentum", "heads"}.isdisjoint(told)


def test_what_a_training_needs_depends_on_its_kind() -> None:
    assert {"heads", "gradient_clip", "warmup_steps"} <= set(
        brief("We train a transformer with SGD. The transformer is small.").unsaid
    )
    assert "momentum" in brief("We train with SGD.").unsaid
    assert "heads" not in brief("We train an LSTM. The LSTM is small.").unsaid


@pytest.mark.parametrize(("optimizer", "arguments"), [("Adam", 4), ("AdamW", 4), ("SGD", 3), ("RMSprop", 3)])
def test_library_defaults_are_those_of_the_installed_torch(optimizer: str, arguments: int) -> None:
    torch = pytest.importorskip("torch")
    parameters = inspect.signature(getattr(torch.optim, optimizer)).parameters
    read = brief(f"We train with {optimizer} for 5 epochs.")
    names = {"learning_rate": "lr", "epsilon": "eps"}
    found = {
        one.name: one.value
        for one in candidates(read, ("learning_rate", "weight_decay", "epsilon", "momentum", "beta1"))
        if "torch.optim" in one.origin
    }
    defaults = {name: parameters[names.get(name, name)].default for name in found if name != "beta1"}
    if "beta1" in found:
        defaults["beta1"] = parameters["betas"].default[0]

    assert found == defaults
    assert len(found) >= arguments - 1


def test_a_contradiction_is_told_and_values_of_different_things_are_none() -> None:
    text = "We train for 30 epochs with a batch size of 64.\n\nLater on, in section two, we train for 50 epochs.\n"
    assert [one.name for one in brief(text).conflicts] == ["epochs"]
    assert len(brief(text).conflicts[0].quotes) == 2
    text = "For the base model we use a dropout of 0.1.\n\nFor the large model we use a dropout of 0.3.\n"
    assert brief(text).conflicts == ()
