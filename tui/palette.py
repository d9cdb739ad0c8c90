"""The command palette's entries, made from the list of actions: what can be done on the screen in front.

Invariant: a question is never answered from here: it is answered where it is asked, guarded.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator
from typing import Any

from textual.app import App, SystemCommand
from textual.binding import Binding
from textual.dom import DOMNode
from textual.screen import Screen

from .actions import Action, Scope

NOT_BY_NAME = (Scope.APPROVAL, Scope.STOPPING, Scope.LIST, Scope.READING)
"""Answers stay where the question is, and movements make no sense by name."""

MOVEMENTS = ("app.focus_next", "app.focus_previous", "app.back", "app.command_palette")


def commands(app: App[Any], screen: Screen[Any], actions: Iterable[Action]) -> Iterator[SystemCommand]:
    """Every action that works here, under its description."""
    nodes = _nodes_by_id(screen)
    for action in actions:
        if action.scope in NOT_BY_NAME or action.handler in MOVEMENTS:
            continue
        node = app if action.scope is Scope.EVERYWHERE else nodes.get(action.id)
        if node is not None and node.check_action(action.handler.partition("(")[0].removeprefix("app."), ()):
            keys = ", ".join(action.shown_keys)
            yield SystemCommand(action.description, f"{action.id}  {keys}", _doing(app, action, node), True)


def _nodes_by_id(screen: Screen[Any]) -> dict[str, DOMNode]:
    """Which node does what: the part in hand and all around it, also where a nearer part has taken the key."""
    nodes: dict[str, DOMNode] = {}
    for node in (screen.focused or screen).ancestors_with_self:
        for kind in type(node).__mro__:
            for binding in kind.__dict__.get("BINDINGS", ()):
                if isinstance(binding, Binding) and binding.id is not None:
                    nodes.setdefault(binding.id, node)
    return nodes


def _doing(app: App[Any], action: Action, node: DOMNode) -> Callable[[], Awaitable[bool]]:
    async def do() -> bool:
        return await app.run_action(action.handler, node)

    return do
