"""The question before a rung that costs, at a terminal.

Invariant: only a whole typed word approves; an empty line, the end of the input and anything else do not.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

from ...planner.moves import Ask
from ...planner.view import LadderView
from ..output import Output
from ..plain import ANSWERS, Terminal
from ..plain_text import move_lines
from ..units import UnitError, parse_duration
from ..widgets.question import default_ceiling


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person said; neither a ceiling nor a no means that nothing was decided."""

    ceiling_seconds: float | None = None
    is_no: bool = False
    reason: str | None = None


def has_person(output: Output) -> bool:
    """Whether somebody can be asked: at a terminal, and not while another program reads the answer as JSON."""
    return not output.as_json and sys.stdin.isatty() and output.narration.isatty()


def ask_person(ask: Ask, view: LadderView, output: Output) -> Answer:
    """Show what it would cost and verify, and read an answer."""
    output.erase()
    terminal = Terminal(output.narration, sys.stdin)
    terminal.say(move_lines(view))
    while True:
        written = terminal.ask(f"climb to {ask.rung}? {ANSWERS}; nothing typed means not now")
        word, _, rest = written.partition(" ")
        match word.lower():
            case "":
                return Answer()
            case "no":
                return Answer(is_no=True, reason=rest.strip() or None)
            case "approve":
                try:
                    ceiling = parse_duration(rest) if rest.strip() else default_ceiling(ask.forecast)
                except UnitError as error:
                    output.say(str(error))
                    continue
                if ceiling is not None:
                    return Answer(ceiling_seconds=ceiling)
                output.say("its time is unknown: give a ceiling, for example approve 30m")
            case _:
                output.say(f"“{word}” is no answer here")
