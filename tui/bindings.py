"""Textual bindings made from the one list of actions."""

from __future__ import annotations

from textual.binding import Binding, BindingType

from .actions import Scope, in_scope


def bindings(*scopes: Scope) -> list[BindingType]:
    """The bindings of some scopes; the ids let a person's own keymap change the keys."""
    return [
        Binding(
            ",".join(action.keys),
            action.handler,
            action.label or action.description,
            show=bool(action.label),
            key_display=action.shown_keys[0],
            id=action.id,
        )
        for scope in scopes
        for action in in_scope(scope)
        if action.keys
    ]
