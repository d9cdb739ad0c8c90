"""A question inside the screen with a few answers, guarded against type-ahead; the safe answer is first and marked.

Invariant: no key and no click that was meant for something else answers it, and Enter alone answers No.
"""

from __future__ import annotations

import time
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from ..actions import BY_ID, Action, Scope, in_scope
from ..bindings import bindings
from ..text import clean, fit, wrap
from .guard import ApprovalGuard
from .painted import Painted


@dataclass(frozen=True, slots=True)
class QuestionLine:
    """One sentence of a question."""

    text: str
    ink: str = ""
    is_short: bool = False
    """Whether it may be cut to one line, because the whole of it can be read elsewhere."""


class Choice(Painted, can_focus=True):
    """The question; a subclass names the scope whose actions are its answers."""

    SCOPE: Scope
    WAY_BACK: ClassVar[str]
    """The key that goes to the question from elsewhere on its screen."""
    armed: reactive[bool] = reactive(False)
    """Whether an answer would count now."""
    marked: reactive[int] = reactive(0)

    @dataclass
    class Answered(Message):
        """One of the answers was given; ``answer`` is the last part of the action's id."""

        choice: Choice
        answer: str

    @dataclass
    class Later(Message):
        """The person wants to look around first; nothing was decided."""

        choice: Choice

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.guard = ApprovalGuard()
        self._identity: Hashable = None
        self._lines: Sequence[QuestionLine] = ()
        self._without: frozenset[str] = frozenset()
        self.display = False

    def ask(
        self, title: str, lines: Sequence[QuestionLine], *, identity: Hashable, without: Sequence[str] = ()
    ) -> None:
        """Put the question. Another ``identity`` is another question, guarded anew."""
        if (self._identity, self._lines) == (identity, lines) and self.display:
            return
        self.border_title = title
        self._lines, self._without = lines, frozenset(without)
        if identity != self._identity or not self.display:
            self._identity = identity
            self.marked = 0
            self.display = True
            self.rearm()
        self._say_where_keys_go(self.has_focus)
        self.refresh(layout=True)

    def close(self) -> None:
        """Take the question away."""
        self._identity = None
        self.display = False
        self.armed = False
        self.guard.hidden()

    def rearm(self) -> None:
        """Start the guard anew, counted from the moment the question is really on the screen."""
        self.armed = False
        self.guard.hidden()
        self.call_after_refresh(self._appeared)

    def _appeared(self) -> None:
        if self.display:
            self.guard.appeared(time.monotonic())
            self._arm_when_open()

    def _arm_when_open(self) -> None:
        remaining = self.guard.opens_at - time.monotonic()
        if remaining == float("inf"):
            return
        if remaining <= 0:
            self.armed = True
        else:
            self.set_timer(remaining, self._arm_when_open)

    @property
    def answers(self) -> list[Action]:
        """The answers on offer, the safe one first."""
        offered = (action for action in in_scope(self.SCOPE) if action.label)
        return [action for action in offered if _answer(action) not in self._without]

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return len(self._wrapped(width)) + 1

    def _wrapped(self, width: int) -> list[tuple[str, str]]:
        rows: list[tuple[str, str]] = []
        for line in self._lines:
            texts = [fit(clean(line.text), width)] if line.is_short else wrap(clean(line.text), width)
            rows += [(text, line.ink) for text in texts]
        return rows

    def render_line(self, y: int) -> Strip:
        width = self.content_size.width
        lines = self._wrapped(width)
        if y < len(lines):
            return self.strip([lines[y]], width)
        return self._draw_answers(width) if y == len(lines) else self.strip((), width)

    def _draw_answers(self, width: int) -> Strip:
        segments: list[Segment] = []
        roomy = sum(len(action.label) + 9 for action in self.answers) <= width
        for index, action in enumerate(self.answers):
            is_marked = index == self.marked
            look = self.ink("cursor" if is_marked and self.has_focus and self.armed else "")
            ink = "strong" if self.armed else "faint"
            click = f"click_answer('{_answer(action)}')"
            segments += [
                Segment("▸" if is_marked and self.has_focus else " ", self.ink("accent")),
                Segment(f"[{action.shown_keys[0]}] {action.label}", look + self.ink(ink, click)),
                Segment("   " if roomy else " "),
            ]
        return self.finish(segments, width)

    def on_key(self, event: events.Key) -> None:
        if not self.guard.typed(event.time):
            event.stop()
            event.prevent_default()
            self._arm_when_open()

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        self._say_where_keys_go(focused)
        self.refresh()

    def _say_where_keys_go(self, focused: bool) -> None:
        """A question that is only shown must not look as if it took answers."""
        self.border_subtitle = "esc looks around first" if focused else f"{self.WAY_BACK} answers it"

    def action_click_answer(self, answer: str) -> None:
        if self.guard.clicked(time.monotonic()):
            self._give(answer)

    def action_answer(self, answer: str) -> None:
        if self.guard.typed(time.monotonic()):
            self._give(answer)

    def action_move(self, by: int) -> None:
        self.marked = (self.marked + by) % len(self.answers)

    def action_choose(self) -> None:
        self.action_answer(_answer(self.answers[self.marked]))

    def action_later(self) -> None:
        self.post_message(self.Later(self))

    def _give(self, answer: str) -> None:
        if answer in {_answer(action) for action in self.answers}:
            self.post_message(self.Answered(self, answer))


def _answer(action: Action) -> str:
    return BY_ID[action.id].id.rpartition(".")[2]


class Approval(Choice):
    """Whether a rung that costs something may be climbed."""

    SCOPE = Scope.APPROVAL
    WAY_BACK = BY_ID["ladder.ask"].shown_keys[0]
    BINDINGS = bindings(Scope.APPROVAL)


class Stopping(Choice):
    """Whether a run should be stopped."""

    SCOPE = Scope.STOPPING
    WAY_BACK = BY_ID["ladder.stop"].shown_keys[0]
    BINDINGS = bindings(Scope.STOPPING)
