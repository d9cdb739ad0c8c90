"""Work beside the screen: one way to start it.

Invariant: a function is handed over and not a coroutine: what is replaced before it began leaves nothing behind.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any, TypeAlias

from textual.dom import DOMNode

Work: TypeAlias = Callable[[], Coroutine[Any, Any, object]]


def run_beside(node: DOMNode, work: Work, *, group: str, exclusive: bool = False) -> None:
    """Run ``work`` for as long as ``node`` lives; an exclusive one replaces what its group was doing."""
    node.run_worker(work, group=group, exclusive=exclusive)  # type: ignore[arg-type]  # Textual types functions narrowly
