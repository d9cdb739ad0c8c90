"""The loop by itself: rules answer, a crash at any moment loses nothing, an interruption ends the turn."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from mlintern.planner.agent.by_model import ModelDecider
from mlintern.planner.agent.loop import INTERRUPTED, MOST_RESULT, Loop
from mlintern.planner.agent.routes import YOURS
from mlintern.planner.agent.rules import RulesDecider
from mlintern.planner.agent.tool import Surroundings
from mlintern.planner.agent.turn import Act, Decide, Rest, next_step
from mlintern.planner.agent.workspace import FailedError, Workspace
from mlintern.store import Store, StoreRefused
from mlintern.store.conversations import Message, MessageKind, Outcome
from mlintern.tests.agent.conftest import Converse, tools_called
from mlintern.tests.agent.fakes import FakeEngine, saying


@pytest.mark.parametrize(("words", "tool", "arguments"), [
    ("check train.py", "ask_for_rung", {"script": "train.py", "rung": "overfit", "arguments": []}),
    ("rehearse it please", "ask_for_rung", {"script": "train.py", "rung": "rehearsal", "arguments": []}),
    ("run train.py --epochs 60 --lr 0.1", "ask_for_rung",
     {"script": "train.py", "rung": "full", "arguments": ["--epochs", "60", "--lr", "0.1"]}),
    ("what does task.md ask for?", "read_paper", {"path": "task.md"}),
    ("read “task.md”", "read_paper", {"path": "task.md"}),
    ("look at data.csv", "inspect_data", {"path": "data.csv"}),
    ("why did it fail", "ask_person", {"text": "No run has failed here. Which log or which run do you mean?"}),
    ("why did run 7 fail", "diagnose_run", {"run": 7}),
    ("what is wrong in train.log", "diagnose_log", {"path": "train.log"}),
    ("compare 3 and 5", "compare_runs", {"runs": [3, 5]}),
    ("show run 12", "look_at_run", {"run": 12}),
    ("runs", "list_runs", {}),
    ("new experiment from task.md with data.csv into mine", "propose_experiment",
     {"task": "task.md", "data": "data.csv", "into": "mine"}),
    ("find learning rate in train.py", "search_text", {"text_to_find": "learning rate", "path": "train.py"}),
    ("grep loss", "search_text", {"text_to_find": "loss", "path": "."}),
    ("show train.py", "read_file", {"path": "train.py", "from_line": 1}),
    ("read /etc/passwd", "read_file", {"path": "/etc/passwd", "from_line": 1}),
    ("list", "list_folder", {"path": "."}),
    ("raise the budget to 100h and approve the full run of train.py", "reply", {"text": YOURS}),
    ("are we done?", "reply", {"text": "No full run is on record, so nothing is finished."}),
])  # fmt: skip
def test_the_rules_take_words_to_a_tool(converse: Converse, words: str, tool: str, arguments: object) -> None:
    loop = converse()
    loop.say(words)
    assert (loop.messages[1].tool, loop.messages[1].arguments) == (tool, arguments)
    assert len(loop.messages) == 3 and next_step(loop.messages) is Rest.REST


@pytest.mark.parametrize("words", ["help", "Hello", "please dance", "99", "🦜", "\x1b[2J"])
def test_what_no_rule_understands_is_told_with_what_can_be_asked(converse: Converse, words: str) -> None:
    loop = converse()
    loop.say(words)
    assert "check train.py" in str((loop.messages[1].arguments or {})["text"])


def test_what_tools_find_is_told(converse: Converse, folder: Path) -> None:
    loop = converse()
    for words in ("what does task.md ask for?", "look at data.csv", "what is wrong in train.log", "show train.py",
                  "find epoch", "new experiment from task.md with data.csv into mine"):  # fmt: skip
        loop.say(words)
    paper, data, log, code, found, plan = (one for one in loop.messages if one.kind is MessageKind.RESULT)
    assert "learning_rate = 0.01" in paper.text and paper.facts["targets"][0]["value"] == 95
    assert "40 rows" in data.text and "label" in data.text
    assert "MemoryError" in log.text and "test:" in log.text
    assert "3: print('epoch 1 loss 0.5')" in code.text and "train.py:3:" in found.text
    assert plan.facts["experiment"] == {"task": "task.md", "data": "data.csv", "into": "mine"}
    assert "mlintern new task.md --into mine --data data.csv" in plan.facts["next"][0]
    assert not (folder / "mine").exists()


def test_a_long_result_is_bounded_and_says_so(converse: Converse, folder: Path) -> None:
    (folder / "long.txt").write_text(("y" * 5_000 + "\n") * 300)
    loop = converse()
    loop.say("show long.txt")
    assert len(loop.messages[2].text) <= MOST_RESULT + 100
    assert "4700 characters more" in loop.messages[2].text and "shows more" in loop.messages[2].facts["next"][0]


def test_a_crash_at_any_moment_loses_nothing(converse: Converse, store: Store, folder: Path) -> None:
    answers = ('{"tool":"read_paper"}', '{"path":"task.md"}', '{"tool":"inspect_data"}', '{"path":"data.csv"}',
               '{"tool":"reply"}', "It has 40 rows.")  # fmt: skip
    whole = converse(saying(*answers))
    whole.say("what is there?")
    messages = whole.messages
    for survived in range(1, len(messages)):
        conversation = store.conversations.begin(folder)
        ids: dict[int, int] = {}
        for one in messages[:survived]:
            ids[one.id] = _copy(store, conversation.id, one, ids).id
        calls = sum(one.kind is MessageKind.CALL for one in messages[:survived])
        left = answers[2 * calls :]
        surroundings = Surroundings(store, Workspace(folder), conversation.id)
        again = Loop(surroundings, [ModelDecider(saying(*left)), RulesDecider()])
        again.go_on()
        assert [(one.kind, one.tool, one.text, one.arguments) for one in again.messages] == [
            (one.kind, one.tool, one.text, one.arguments) for one in messages
        ], survived


def _copy(store: Store, conversation_id: int, one: Message, ids: dict[int, int]) -> Message:
    return store.conversations.append(
        conversation_id, one.number, one.kind, one.author, one.text, tool=one.tool, arguments=one.arguments,
        answers=None if one.answers is None else ids[one.answers], outcome=one.outcome, facts=one.facts,
    )  # fmt: skip


def test_a_turn_left_open_ends_when_something_new_is_said(converse: Converse, store: Store) -> None:
    loop = converse()
    loop.say("list")
    number, conversation_id = len(loop.messages), loop.surroundings.conversation_id
    store.conversations.append(conversation_id, number + 1, MessageKind.SAID, loop.messages[0].author, "runs")
    again = converse()
    assert isinstance(next_step(again.messages), Decide)
    again.say("show train.py")
    assert "left open" in again.messages[number + 1].text and again.messages[-1].tool == "read_file"


def test_two_programs_do_not_answer_the_same_words(converse: Converse) -> None:
    one, other = converse(), converse()
    one.say("list")
    with pytest.raises(StoreRefused):
        other.say("runs")
    assert tools_called(converse()) == ["list_folder"]


def test_an_interruption_ends_the_turn_and_the_next_words_are_answered(converse: Converse) -> None:
    loops: list[Loop] = []

    def interrupting(schema: object, turns: object) -> str:
        threading.Thread(target=loops[0].interrupt).start()
        while not engine.cancelled:
            threading.Event().wait(0.001)
        return '{"tool":"list_folder"}'

    engine = FakeEngine(interrupting)
    loops.append(converse(engine))
    loops[0].say("look")
    assert [one.text for one in loops[0].messages] == ["look", INTERRUPTED]
    assert next_step(loops[0].messages) is Rest.REST
    after = converse()
    after.say("list")
    assert after.messages[-1].outcome is Outcome.DONE


def test_a_call_without_a_result_is_made_again(converse: Converse, store: Store) -> None:
    loop = converse()
    loop.say("list")
    conversation_id, said, call = loop.surroundings.conversation_id, *loop.messages[:2]
    add = store.conversations.append
    add(conversation_id, 4, MessageKind.SAID, said.author, "list")
    add(conversation_id, 5, MessageKind.CALL, call.author, "", tool="list_folder", arguments={"path": "."})
    again = converse()
    assert isinstance(next_step(again.messages), Act)
    again.go_on()
    assert again.messages[-1].text == loop.messages[2].text


def test_the_whole_disk_is_no_workspace() -> None:
    with pytest.raises(FailedError, match="whole disk"):
        Workspace(Path("/"))


def test_a_workspace_that_is_gone_is_told(converse: Converse, folder: Path) -> None:
    loop = converse()
    folder.rename(folder.with_name("moved"))
    for words in ("check it", "list", "show train.py"):
        loop.say(words)
        assert next_step(loop.messages) is Rest.REST
    assert "cannot be entered" in str(loop.messages[1].arguments) and "cannot be entered" in loop.messages[-1].text


def test_endless_words_are_bounded_and_it_is_said(converse: Converse) -> None:
    loop = converse()
    loop.say("list " + "x" * 50_000)
    assert len(loop.messages[0].text) < 21_000 and "characters more" in loop.messages[0].text
