"""One thread that owns one thing, asked from the event loop.

Invariant: the thing (a store, an engine) is made, used and closed in that thread alone, and the event loop never waits.
"""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

Holding = TypeVar("Holding")
Answer = TypeVar("Answer")


@dataclass(slots=True)
class _Question(Generic[Holding]):
    ask: Callable[[Holding], Any]
    loop: asyncio.AbstractEventLoop
    future: asyncio.Future[Any]


class Desk(Generic[Holding]):
    """A thread with a queue of questions."""

    def __init__(self, name: str, make: Callable[[], Holding], *, close: Callable[[Holding], None]) -> None:
        self._name, self._make, self._close = name, make, close
        self._questions: queue.SimpleQueue[_Question[Holding] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None

    async def ask(self, question: Callable[[Holding], Answer]) -> Answer:
        """The answer to a question, worked out in the desk's thread; what goes wrong there is raised here."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Answer] = loop.create_future()
        self._questions.put(_Question(question, loop, future))
        if self._thread is None:
            # A daemon: leaving must not wait for a slow disk. What must not be torn is waited for in close().
            self._thread = threading.Thread(target=self._work, name=f"desk-{self._name}", daemon=True)
            self._thread.start()
        return await future

    def close(self, patience_seconds: float = 3.0) -> None:
        """Finish what is being worked on and let go of the thing."""
        self._questions.put(None)
        if self._thread is not None:
            self._thread.join(patience_seconds)

    def _work(self) -> None:
        holding: Holding | None = None
        while (question := self._questions.get()) is not None:
            if question.future.cancelled():
                continue
            try:
                if holding is None:
                    holding = self._make()
                answer = question.ask(holding)
            except Exception as error:  # noqa: BLE001  # the thread's boundary: whoever asked gets the error
                _deliver(question, question.future.set_exception, error)
            else:
                _deliver(question, question.future.set_result, answer)
        if holding is not None:
            self._close(holding)


def _deliver(question: _Question[Any], give: Callable[[Any], None], value: object) -> None:
    def set_unless_gone() -> None:
        if not question.future.done():
            give(value)

    # The loop is closed when the application left meanwhile; then nobody waits for the answer.
    if not question.loop.is_closed():
        question.loop.call_soon_threadsafe(set_unless_gone)
