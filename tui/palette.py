"""The command palette's entries, made from the list of actions: what can be done on the screen in front."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from textual.app import App, SystemCommand
from textual.dom import DOMNode
from textual.screen import Screen

from .actions import BY_ID, Action, Scope

NOT_BY_NAME = (Scope.APPROVAL, Scope.STOPPING, Scope.LIST, Scope.READING)
"""A question is answered where it is asked, guarded; movements make no sense by name."""


def commands(app: App[Any], screen: Screen[Any], actions: Iterable[Action]) -> Iterator[SystemCommand]:
    """Every action that works here, under its description."""
    nodes = {active.binding.id: active.node for active in screen.active_bindings.values() if active.binding.id in BY_ID}
    for action in actions:
        if action.scope in NOT_BY_NAME:
            continue
        node = app if action.scope is Scope.EVERYWHERE else nodes.get(action.id)
        if node is not None:
            keys = ", ".join(action.shown_keys)
            yield SystemCommand(action.description, f"{action.id}  {keys}", _doing(app, action, node), True)


def _doing(app: App[Any], action: Action, node: DOMNode) -> Callable[[], Awaitable[bool]]:
    async def do() -> bool:
        return await app.run_action(action.handler, node)

    return do
