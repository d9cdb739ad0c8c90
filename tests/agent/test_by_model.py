"""The model's path through real llama.cpp, on models that say exactly what a script tells."""

from __future__ import annotations

from mlintern.store.conversations import Author, MessageKind, Outcome
from mlintern.tests.agent.conftest import Brain, Converse, tools_called


def test_a_scripted_model_reads_looks_and_replies(converse: Converse, brain: Brain) -> None:
    engine = brain(
        '{"tool":"read_paper"}', '{"path":"task.md"}',
        '{"tool":"inspect_data"}', '{"path":"data.csv"}',
        '{"tool":"reply"}', "It asks for a learning rate of 0.01; the data has 40 rows.",
    )  # fmt: skip
    loop = converse(engine)
    loop.say("what does the task ask for?")

    assert tools_called(loop) == ["read_paper", "inspect_data", "reply"]
    calls = [one for one in loop.messages if one.kind is MessageKind.CALL]
    assert {one.author for one in calls} == {Author.MODEL} and calls[0].model == "brain-0"
    assert all(one.outcome is Outcome.DONE for one in loop.messages if one.kind is MessageKind.RESULT)
    assert calls[-1].arguments == {"text": "It asks for a learning rate of 0.01; the data has 40 rows."}
    assert "learning_rate = 0.01" in loop.messages[2].text and "40 rows" in loop.messages[4].text
    # What was read stays read: each step costs about what it adds.
    evaluated = [one.facts["prompt_evaluated"] for one in calls]
    whole = [one.facts["prompt_tokens"] for one in calls]
    assert evaluated[-1] < 0.2 * whole[-1], (evaluated, whole)
