"""`ask`: words become a tool's answer, the conversation goes on, and nothing foreign reaches the terminal."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Mlintern


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    path = tmp_path / "project"
    path.mkdir()
    (path / "train.py").write_text("print('epoch 1 loss 0.5')\n")
    (path / "notes.txt").write_bytes(b"We use a learning\x1b]0;owned\x07 rate of 0.1 \x1b[2J[bold].\n")
    return path


def test_words_are_answered_and_the_conversation_goes_on(mlintern: Mlintern) -> None:
    first = mlintern("ask", "check", "train.py")
    assert first.code == 0 and "→ ask_for_rung script=train.py rung=overfit" in first.out
    assert "next: mlintern check train.py --to overfit" in first.out
    assert "the built-in rules answer, no model" in first.err and "--resume 1" in first.err

    second = mlintern("ask", "--resume", "1", "list", "--json").json("ask")
    assert [one["kind"] for one in second["messages"]] == ["said", "call", "result"] * 2
    assert (second["answered_by"], second["conversation"]) == ("rules", 1) and "no model" in second["why_rules"]
    (listed,) = mlintern("ask", "--json").json("ask")["conversations"]
    assert (listed["first"], listed["messages"]) == ("check train.py", 6)


def test_what_a_file_says_writes_no_control_codes(mlintern: Mlintern) -> None:
    done = mlintern("ask", "show notes.txt")
    assert "learning rate of 0.1 [bold]." in done.out and "\x1b" not in done.out + done.err
    told = mlintern("ask", "show notes.txt", "--json")
    assert "\\u001b" not in told.out and "[bold]" in told.json("ask")["messages"][2]["text"]


def test_what_lies_outside_is_refused_and_is_no_fault_of_the_command(mlintern: Mlintern) -> None:
    done = mlintern("ask", "read /etc/passwd")
    assert done.code == 0 and "root:" not in done.out
    assert "✗ refused: /etc/passwd lies outside the workspace" in done.out


@pytest.mark.parametrize("words", [("--resume", "7", "x"), ("--folder", "gone", "x"), ("--resume", "x")])
def test_bad_usage_is_exit_code_2(mlintern: Mlintern, words: tuple[str, ...]) -> None:
    done = mlintern("ask", *words, "--json")
    assert done.code == 2 and done.error["message"]
