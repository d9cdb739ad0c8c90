"""The streams: one JSON object whatever happens, and nothing of foreign text that could move a cursor."""

from __future__ import annotations

import io
import json

from mlintern.tui.output import CommandError, ExitCode, Output


class Screen(io.StringIO):
    """A stream that says that it is a terminal."""

    def isatty(self) -> bool:
        return True


def test_with_json_lines_are_left_out_and_the_object_stands_alone() -> None:
    data = io.StringIO()
    output = Output(as_json=True, data=data, narration=io.StringIO())
    output.lines(["for people"])
    output.object({"schema": 1})
    assert data.getvalue() == '{"schema": 1}\n'


def test_without_json_the_object_is_left_out() -> None:
    data = io.StringIO()
    output = Output(data=data, narration=io.StringIO())
    output.object({"schema": 1})
    output.lines(["for people"])
    assert data.getvalue() == "for people\n"


def test_an_error_is_an_object_with_json_and_a_line_without() -> None:
    error = CommandError("some.code", "It broke.", "Mend it.", exit_code=ExitCode.CEILING, facts={"findings": []})
    data, narration = io.StringIO(), io.StringIO()
    assert Output(as_json=True, data=data, narration=narration).fail(error) is ExitCode.CEILING
    told = {"code": "some.code", "message": "It broke.", "hint": "Mend it."}
    assert json.loads(data.getvalue()) == {"schema": 1, "error": told, "findings": []}
    assert narration.getvalue() == ""
    assert Output(data=data, narration=narration).fail(error) is ExitCode.CEILING
    assert narration.getvalue() == "mlintern: It broke. Mend it.\n"


def test_narration_is_harmless() -> None:
    narration = io.StringIO()
    Output(narration=narration).say("evil\x1b[2J\x07\nname\u202e.py")
    assert narration.getvalue() == "evil name.py\n"


def test_progress_is_drawn_on_a_terminal_only() -> None:
    pipe, screen = io.StringIO(), Screen()
    Output(narration=pipe).draw(lambda: "half way")
    assert pipe.getvalue() == ""
    output = Output(narration=screen)
    output.draw(lambda: "half\x1b[31m way")
    output.say("done")
    assert screen.getvalue() == "\r\x1b[Khalf way\r\x1b[Kdone\n"
