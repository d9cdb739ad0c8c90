"""A person at a terminal: lines out, typed words in, and the question before a rung that costs.

Invariant: only a whole typed word approves; an empty line, the end of the input and anything else do not, and what was
typed before the question stood there is thrown away.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TextIO

from ..planner.moves import Ask
from .text import clean
from .units import UnitError, parse_duration
from .widgets.question import default_ceiling

ANSWERS = "answer approve, approve 30m (a ceiling), no, or no with a reason"


@dataclass(frozen=True, slots=True)
class Answer:
    """What the person said; neither a ceiling nor a no means that nothing was decided."""

    ceiling_seconds: float | None = None
    is_no: bool = False
    reason: str | None = None


@dataclass(slots=True)
class Terminal:
    """Where the lines go and where answers come from."""

    output: TextIO
    answers: TextIO
    pause: Callable[[float], None] = time.sleep
    clock: Callable[[], float] = time.time

    def say(self, lines: Iterable[str]) -> None:
        """Write lines, at once."""
        for line in lines:
            self.output.write(f"{line}\n")
        self.output.flush()

    @property
    def has_person(self) -> bool:
        """Whether somebody can answer."""
        return self.answers.isatty()

    def read(self, question: str) -> str:
        """One typed line; empty at the end of the input."""
        _forget_type_ahead(self.answers)
        self.say([question])
        return self.answers.readline().strip()

    def ask(self, ask: Ask) -> Answer:
        """Put the question until it is answered or left."""
        while True:
            written = self.read(f"climb to {ask.rung}? {ANSWERS}; nothing typed means not now")
            word, _, rest = written.partition(" ")
            match word.lower():
                case "":
                    return Answer()
                case "no":
                    return Answer(is_no=True, reason=rest.strip() or None)
                case "approve":
                    ceiling = self._ceiling(ask, rest.strip())
                    if ceiling is not None:
                        return Answer(ceiling_seconds=ceiling)
                case _:
                    self.say([f"“{clean(word)}” is no answer here: {ANSWERS}"])

    def _ceiling(self, ask: Ask, written: str) -> float | None:
        """The written ceiling, or else the forecast's; says why where there is none."""
        try:
            ceiling = parse_duration(written) if written else default_ceiling(ask.forecast)
        except UnitError as error:
            self.say([str(error)])
            return None
        if ceiling is None:
            self.say(["its time is unknown: give a ceiling, for example approve 30m"])
        return ceiling


def _forget_type_ahead(stream: TextIO) -> None:
    """Throw away what was typed before the question stood there."""
    import termios

    try:
        termios.tcflush(stream.fileno(), termios.TCIFLUSH)
    except (OSError, ValueError, termios.error):
        return
