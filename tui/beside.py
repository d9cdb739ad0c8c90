"""Work beside the screen: one way to start it.

Invariant: a function is handed over and not a coroutine: what is replaced before it began leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from textual.css.query import NoMatches
from textual.dom import DOMNode

Work: TypeAlias = Callable[[], Coroutine[Any, Any, object]]


def run_beside(node: DOMNode, work: Work, *, group: str, exclusive: bool = False) -> None:
    """Run ``work`` for as long as ``node`` lives; an exclusive one replaces what its group was doing."""

    async def beside() -> None:
        try:
            await work()
        except NoMatches:
            # What came back from a file or a process after the screen was left has nothing to be shown on.
            if node.is_attached:
                raise

    node.run_worker(beside, group=group, exclusive=exclusive)  # type: ignore[arg-type]  # Textual types functions narrowly
