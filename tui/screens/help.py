"""What every key does: first where one is, then everywhere. Made from the list of actions."""

from __future__ import annotations

from typing import Any

from textual.screen import Screen

from ..actions import BY_ID, SCOPE_TITLES, Action, Scope, in_scope
from .detail import DetailScreen, Fact


class HelpScreen(DetailScreen):
    """The keys that work on the screen beneath, by scope, the nearest first."""

    def __init__(self, screen: Screen[Any]) -> None:
        super().__init__("keys", help_facts(active_scopes(screen)))


def active_scopes(screen: Screen[Any]) -> list[Scope]:
    """The scopes whose keys work now, the focused part of the screen first, everywhere last."""
    found: list[Scope] = []
    for active in screen.active_bindings.values():
        action = BY_ID.get(active.binding.id or "")
        if action is not None and action.scope not in found and action.scope is not Scope.EVERYWHERE:
            found.append(action.scope)
    return [*found, Scope.EVERYWHERE]


def help_facts(scopes: list[Scope]) -> list[Fact]:
    """Keys and what they do, aligned, under the title of their scope."""
    actions = [action for scope in scopes for action in in_scope(scope)]
    width = max((len(_keys(action)) for action in actions), default=0)
    facts: list[Fact] = []
    for scope in scopes:
        facts.append(("", "strong", SCOPE_TITLES[scope]))
        facts += [(f"  {_keys(action):<{width}} ", "accent", action.description) for action in in_scope(scope)]
        facts.append(("", "", ""))
    return facts


def _keys(action: Action) -> str:
    return " ".join(action.shown_keys) or "palette"
