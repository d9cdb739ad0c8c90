"""Conversation: ask in words, and see each tool as it is called, by the rules or by the person's model.

Invariant: nothing is approved, started or written from here; what a rung costs is asked on the Ladder.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.timer import Timer
from textual.widget import Widget
from textual.widgets import Input

from ...planner.agent.catalogue import TOOLS
from ...store.conversations import Message, MessageKind
from ..actions import Scope
from ..bindings import bindings
from ..conversation_words import call_words
from ..engine import Target
from ..talker import Talker
from ..text import clean
from ..widgets.rows import Rows
from ..widgets.section import Facts, SectionTitle
from ..widgets.transcript import Transcript
from .detail import DetailScreen
from .place import Place

DRAWN_EACH_SECONDS = 0.08
HINT = "write, for example: check train.py · read paper.pdf · why did it fail · help"
LEFT_OPEN = "this turn was left in the middle: enter on an empty line goes on with it"


class ConversationScreen(Place):
    """The conversation about the folder that the application was started in."""

    NAME = "conversation"
    CSS_PATH = "conversation.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.CONVERSATION)
    AUTO_FOCUS = "#words"

    def __init__(self) -> None:
        super().__init__()
        self.conversation_id: int | None = None
        self._is_open = False
        self._ticking: Timer | None = None

    def compose_body(self) -> Iterable[Widget]:
        yield SectionTitle("conversation", id="conversation-title")
        yield Facts(id="who")
        yield Transcript(id="transcript")
        words = Input(placeholder=HINT, compact=True, select_on_focus=False, id="words")
        words.cursor_blink = False
        yield words

    def begin(self) -> None:
        self.talker = Talker(self.our_app.backend, Path.cwd().resolve())
        self.our_app.talker = self.talker
        self.query_one("#who", Facts).show([("·", "muted", "looking for a model …")])
        self.work(self._open, "open")

    async def _open(self) -> None:
        try:
            self.query_one("#who", Facts).show([("·", "muted", await self.talker.who())])
            await self._show(before=None)
        except Exception as error:  # noqa: BLE001 - the agent thread's boundary: it is shown, the screen lives on
            self.our_app.say_trouble(error)

    async def _show(self, *, before: int | None) -> None:
        talk = await self.talker.open(before=before)
        if before is not None and talk.conversation_id is None:
            self.notify("There is no older conversation about this folder", markup=False)
            return
        self.conversation_id, self._is_open = talk.conversation_id, talk.is_open
        self.transcript.show(talk.messages)
        self._title()

    @property
    def transcript(self) -> Transcript:
        """What was said."""
        return self.query_one("#transcript", Transcript)

    def _title(self) -> None:
        number = "" if self.conversation_id is None else f" {self.conversation_id}"
        if self.talker.is_busy:
            note = "esc interrupts"
        elif self._is_open:
            note = LEFT_OPEN
        else:
            note = "^l goes to the ladder" if self._asked_for() else ""
        self.query_one("#conversation-title", SectionTitle).show(f"conversation{number}", note)
        self.refresh_bindings()

    # ---- speaking

    @on(Input.Submitted, "#words")
    def _say(self, event: Input.Submitted) -> None:
        text = event.value.strip()
        if self.talker.is_busy or not (text or self._is_open):
            return
        self.query_one("#words", Input).value = ""
        self._is_open = False
        # Not exclusive and not by itself ended: what was said is answered, wherever the person goes meanwhile.
        self.our_app.do(partial(self._converse, text or None))

    async def _converse(self, text: str | None) -> None:
        self._ticking = self._ticking or self.set_interval(DRAWN_EACH_SECONDS, self._draw)
        self.talker.is_busy = True
        self._title()
        try:
            self.conversation_id = await self.talker.say(text)
        except Exception as error:  # noqa: BLE001 - the agent thread's boundary: it is shown, the screen lives on
            self.our_app.say_trouble(error)
        finally:
            if self._ticking is not None:
                self._ticking.stop()
                self._ticking = None
            self._draw()
            self._title()

    def _draw(self) -> None:
        messages, draft = self.talker.news()
        self.transcript.add(messages, draft)

    # ---- what the keys do

    async def action_step_back(self) -> None:
        if self.talker.is_busy:
            self.talker.interrupt()
        elif self.query_one("#words").has_focus:
            self.transcript.focus()
        else:
            await self.our_app.action_back()

    def action_write(self) -> None:
        self.query_one("#words").focus()

    def action_new(self) -> None:
        if not self.talker.is_busy:
            self.talker.leave()
            self.conversation_id, self._is_open = None, False
            self.transcript.show(())
            self._title()
            self.action_write()

    def action_older(self) -> None:
        if not self.talker.is_busy and self.conversation_id is not None:
            self.work(partial(self._show, before=self.conversation_id), "open")

    def action_ladder(self) -> None:
        target = self._asked_for()
        if target is not None:
            self.our_app.climb(target)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """The ladder is only gone to where something was asked for."""
        return self.is_ready and self._asked_for() is not None if action == "ladder" else True

    def _asked_for(self) -> Target | None:
        """The script of the last rung that was asked for."""
        for message in reversed(self.transcript.messages):
            asked = message.facts.get("ladder")
            if asked is not None:
                return Target(Path.cwd() / asked["script"], tuple(asked["arguments"]))
        return None

    @on(Rows.Chosen, "#transcript")
    def _open_message(self) -> None:
        message = self.transcript.in_hand
        if message is not None:
            self.app.push_screen(_detail(message))

    def text_to_copy(self) -> str:
        message = self.transcript.in_hand
        return "" if message is None else _text(message)


def _text(message: Message) -> str:
    return message.text or str((message.arguments or {}).get("text", "")) or call_words(message)


def _detail(message: Message) -> DetailScreen:
    title = clean(message.tool or message.author)
    facts = [("", "", line) for line in _text(message).split("\n")]
    tool = TOOLS.get(message.tool or "")
    if message.kind is MessageKind.CALL and tool is not None:
        facts = [("", "strong", call_words(message)), ("", "muted", f"it {tool.does}"), *facts]
        facts.append(("", "muted", f"it may look at: {tool.touches}; it cannot write or start anything"))
    return DetailScreen(title, facts)
