"""The model's path: through real llama.cpp on models that say what a script tells, and at its edge with a fake."""

from __future__ import annotations

import os
import signal
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from mlintern.models.engine import EngineDied, PromptTooLong
from mlintern.models.engine import Message as Turn
from mlintern.planner.agent.by_model import MOST_RETRIES, ModelDecider
from mlintern.planner.agent.loop import INTERRUPTED, Loop
from mlintern.planner.agent.rules import RulesDecider
from mlintern.planner.agent.tool import Surroundings
from mlintern.store.conversations import Author, MessageKind, Outcome
from mlintern.tests.agent.conftest import Brain, Converse, tools_called
from mlintern.tests.agent.fakes import FakeEngine, saying
from mlintern.tests.models import tiny
from mlintern.tui.conversation_words import message_lines


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


def test_what_cannot_be_used_is_asked_again_with_the_reason(converse: Converse) -> None:
    engine = saying('{"tool":"shell"}', "no JSON", '{"tool":"reply"}', "The accuracy was 99.7 %.", "All is well.")
    loop = converse(engine)
    loop.say("how is it?")
    assert tools_called(loop) == ["reply"] and loop.messages[1].arguments == {"text": "All is well."}
    assert loop.messages[1].facts["attempts"] == 5
    again = [turns[-1].text for turns in engine.asked]
    assert "is none of" in again[1] and "no JSON" in again[2] and "the number 99.7 %" in again[4]


def test_after_three_unusable_answers_the_rules_go_on(converse: Converse) -> None:
    engine = saying(*["{"] * 9)
    loop = converse(engine)
    loop.say("list")
    assert len(engine.asked) == MOST_RETRIES + 1
    note, call = loop.messages[1:3]
    assert "could not be used" in note.text and (call.tool, call.author) == ("list_folder", Author.RULES)


def test_a_change_is_proposed_and_not_made(converse: Converse, folder: Path) -> None:
    change = "<<<< OLD\nprint('epoch 1 loss 0.5')\n====\nprint('epoch 1 loss 0.4')\n>>>> NEW"
    before = (folder / "train.py").read_text()
    loop = converse(saying('{"tool":"propose_edit"}', '{"path":"train.py"}', change, '{"tool":"reply"}', "Proposed."))
    loop.say("lower the loss")
    proposal = loop.messages[2].facts["edit"]
    old, new = "print('epoch 1 loss 0.5')\n", "print('epoch 1 loss 0.4')\n"
    assert proposal == {"id": proposal["id"], "path": "train.py", "old": old, "new": new}
    assert (folder / "train.py").read_text() == before and "nothing was written" in loop.messages[2].text


def test_where_rules_and_model_differ_the_person_sees_it(converse: Converse) -> None:
    loop = converse(saying('{"tool":"list_folder"}', '{"path":"."}', '{"tool":"reply"}', "Done."))
    loop.say("check train.py")
    assert loop.messages[1].facts["rules"] == "ask_for_rung"
    assert any("rules would have taken ask_for_rung" in line for line, _ in message_lines(loop.messages[1]))


def test_old_observations_give_way_and_the_rest_stays(converse: Converse, folder: Path) -> None:
    """As in a context that holds only so much; what is left out is told, and the store keeps all of it."""
    (folder / "long.txt").write_text("".join(f"row {number} {'z' * 60}\n" for number in range(2_000)))
    most = 16_000

    def say(schema: Mapping[str, Any] | None, turns: Sequence[Turn]) -> str | Exception:
        if sum(len(turn.text) for turn in turns) > most:
            return PromptTooLong("The prompt is too long.")
        if schema is None:
            return "It is long."
        calls = sum("Result of read_file" in turn.text for turn in turns)
        if "tool" in schema["properties"]:
            return '{"tool":"reply"}' if calls == 6 else '{"tool":"read_file"}'
        return f'{{"path":"long.txt","from_line":{1 + 100 * calls}}}'

    engine = FakeEngine(say)
    loop = converse(engine)
    loop.say("read all of long.txt")
    assert tools_called(loop) == ["read_file"] * 6 + ["reply"]
    told = "\n".join(turn.text for turn in engine.asked[-1])
    assert "characters are left out here" in told and "The person says:\nread all of long.txt" in told
    assert told.count('{"path":"long.txt"') == 6 and len(told) <= most
    results = [one for one in loop.messages if one.kind is MessageKind.RESULT]
    assert all("row 1" in one.text or one.tool == "reply" for one in results[:2])
    assert loop.messages[-2].facts["compaction"] > 0


def test_of_a_long_conversation_the_last_turns_are_told(converse: Converse) -> None:
    loop = converse()
    for number in range(60):
        loop.say(f"list {'y' * 200} {number}")

    def say(schema: Mapping[str, Any] | None, turns: Sequence[Turn]) -> str | Exception:
        if sum(len(turn.text) for turn in turns) > 6_000:
            return PromptTooLong("The prompt is too long.")
        return "It is well." if schema is None else '{"tool":"reply"}'

    engine = FakeEngine(say)
    again = converse(engine)
    again.say("and now?")
    assert again.messages[-2].arguments == {"text": "It is well."}
    told = "\n".join(turn.text for turn in engine.asked[-1])
    assert "earlier messages are left out here" in told and "and now?" in told and f"{'y' * 200} 58" in told


def test_a_conversation_that_never_fits_is_answered_by_the_rules(converse: Converse) -> None:
    loop = converse(FakeEngine(lambda schema, turns: PromptTooLong("The prompt has 9 tokens, the context holds 4.")))
    loop.say("list")
    assert "the context holds 4" in loop.messages[1].text and loop.messages[-1].outcome is Outcome.DONE


def test_an_engine_that_dies_is_started_once_more(converse: Converse) -> None:
    once = converse(saying(EngineDied("it died"), '{"tool":"reply"}', "Here I am."))
    once.say("list")
    assert once.messages[1].arguments == {"text": "Here I am."}
    twice = converse(saying(EngineDied("it died"), EngineDied("it died again")))
    twice.say("list")
    assert "it died again" in twice.messages[-3].text and twice.messages[-1].tool == "list_folder"


@pytest.mark.parametrize("at", range(3))
def test_a_worker_that_is_killed_at_any_point_costs_nothing(converse: Converse, brain: Brain, at: int) -> None:
    """Killed right after an answer begins to come: it is asked for again, and the conversation is the same."""
    engine = brain('{"tool":"list_folder"}', '{"path":"."}', '{"tool":"reply"}', "It has files.")
    loop, heard = converse(engine), list[str]()

    def kill(text: str) -> None:
        if text:
            heard.append(text)
            if len(heard) == at + 1 and engine.worker_pid is not None:
                os.kill(engine.worker_pid, signal.SIGKILL)

    loop.on_text = kill
    loop.say("look")
    assert tools_called(loop) == ["list_folder", "reply"]
    assert {one.author for one in loop.messages if one.kind is MessageKind.CALL} == {Author.MODEL}
    assert loop.messages[-2].arguments == {"text": "It has files."}


def test_a_model_that_is_too_slow_leaves_it_to_the_rules(
    surroundings: Surroundings, brain: Brain, tmp_path: Path
) -> None:
    endless = {"\n": {"on ": 1.0}, "on ": {"on ": 1.0}}
    engine = brain(path=tiny.write_scripted(tmp_path / "endless.gguf", ["on "], endless, context=16384))
    decider = ModelDecider(engine, seconds=1e-3)
    loop = Loop(surroundings, [decider, RulesDecider()])
    loop.say("list")
    assert "took longer than 0.001 s" in loop.messages[1].text and loop.messages[-1].outcome is Outcome.DONE


def test_an_endless_model_is_interrupted_at_once(surroundings: Surroundings, brain: Brain, tmp_path: Path) -> None:
    endless = {"\n": {"on ": 1.0}, "on ": {"on ": 1.0}}
    engine = brain(path=tiny.write_scripted(tmp_path / "endless.gguf", ["on "], endless, context=16384))
    loop = Loop(surroundings, [ModelDecider(engine), RulesDecider()])
    loop.on_text = lambda text: loop.interrupt() if text else None
    loop.say("list")
    assert [one.text for one in loop.messages] == ["list", INTERRUPTED]
