"""The conversation in hand: a thread that owns its store, its model and its loop; the screen reads what came of it.

Invariant: the event loop never waits for a model, a tool or the store. What is generated is gathered here and drawn a
few times a second, however fast it comes; interrupting works at any moment, from the event loop.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..planner.agent.loop import Loop
from ..planner.agent.tool import Surroundings
from ..planner.agent.turn import Rest, next_step
from ..planner.agent.workspace import Workspace
from ..store import Store
from ..store.conversations import Message
from .asking import Answering, answering
from .desk import Desk
from .engine import Backend


@dataclass(slots=True)
class _Bench:
    """What lies in the thread."""

    store: Store
    home: Path
    who: Answering | None = None
    loop: Loop | None = None

    def answering(self) -> Answering:
        if self.who is None:
            self.who = answering(self.store, self.home)
        return self.who

    def close(self) -> None:
        if self.who is not None:
            self.who.close()
        self.store.close()


@dataclass(frozen=True, slots=True)
class Talk:
    """One conversation as it was opened."""

    conversation_id: int | None
    """``None`` before anything was said."""
    messages: tuple[Message, ...]
    is_open: bool = False
    """Whether a turn of it was left in the middle."""


class Talker:
    """Speaks with whoever answers in one folder."""

    def __init__(self, backend: Backend, folder: Path) -> None:
        self._folder = folder
        self._desk: Desk[_Bench] = Desk(
            "agent", lambda: _Bench(backend.open_store(), backend.home), close=_Bench.close
        )
        self._lock = threading.Lock()
        self._new: list[Message] = []
        self._draft: list[str] = []
        self._loop: Loop | None = None
        self.is_busy = False

    async def who(self) -> str:
        """Who answers here, in words; a model that was never tried is tried first."""
        return await self._desk.ask(lambda bench: bench.answering().words)

    async def open(self, *, before: int | None = None) -> Talk:
        """The latest conversation about this folder, or the one before another."""
        return await self._desk.ask(partial(self._open, before=before))

    def leave(self) -> None:
        """What is said next begins a new conversation."""
        self._loop = None

    async def say(self, text: str | None) -> int:
        """Say something, or with ``None`` go on with a turn that was left open; returns when it is the person's turn
        again, with the conversation's number."""
        self.is_busy = True
        try:
            return await self._desk.ask(partial(self._say, text=text))
        finally:
            self.is_busy = False

    def interrupt(self) -> None:
        """End the turn under way."""
        loop = self._loop
        if loop is not None and self.is_busy:
            loop.interrupt()

    def news(self) -> tuple[tuple[Message, ...], str]:
        """The messages since it was last asked, and what is being generated now."""
        with self._lock:
            new, self._new = tuple(self._new), []
            return new, "".join(self._draft)

    def close(self) -> None:
        """End what is under way and let the thread finish."""
        self.interrupt()
        self._desk.close()

    def _open(self, bench: _Bench, *, before: int | None) -> Talk:
        own = [
            one
            for one in bench.store.conversations.recent(200)
            if one.workspace == self._folder and (before is None or one.id < before)
        ]
        if not own:
            return Talk(None, ())
        loop = self._made(bench, own[0].id)
        return Talk(own[0].id, loop.messages, next_step(loop.messages) is not Rest.REST)

    def _say(self, bench: _Bench, *, text: str | None) -> int:
        loop = self._loop
        if loop is None:
            loop = self._made(bench, bench.store.conversations.begin(self._folder).id)
        if text is None:
            loop.go_on()
        else:
            loop.say(text)
        return loop.surroundings.conversation_id

    def _made(self, bench: _Bench, conversation_id: int) -> Loop:
        surroundings = Surroundings(bench.store, Workspace(self._folder), conversation_id)
        deciders = bench.answering().deciders
        self._loop = Loop(surroundings, deciders, on_message=self._hear, on_text=self._hear_text)
        return self._loop

    def _hear(self, message: Message) -> None:
        with self._lock:
            self._new.append(message)
            self._draft.clear()

    def _hear_text(self, text: str) -> None:
        with self._lock:
            if text:
                self._draft.append(text)
            else:
                self._draft.clear()
