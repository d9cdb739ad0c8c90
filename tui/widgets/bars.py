"""The two edges of every screen: where one is (top) and what the keys do here (bottom); all of it can be clicked."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment
from textual.screen import Screen
from textual.strip import Strip
from textual.widgets import Input

from ...runtime import demo_gpu
from ..actions import BY_ID, Action, Scope
from .painted import Painted

PLACES = {"home": "Home", "ladder": "Ladder", "run": "Run", "history": "History", "conversation": "Ask"}
"""The places by their names, with what the top bar calls them."""
OFF_THE_BAR = (Scope.APPROVAL, Scope.STOPPING)
"""Scopes whose actions are drawn where they are asked."""


class TopBar(Painted):
    """The places, the one that is shown in bold between brackets."""

    def __init__(self, place: str) -> None:
        super().__init__()
        self._place = place

    def render_line(self, y: int) -> Strip:
        segments = [Segment(" mlintern ", self.ink("accent"))]
        for place, title in PLACES.items():
            action = BY_ID[f"everywhere.{place}"]
            here = place == self._place
            name = f" {action.keys[0]} {title} "
            look = self.ink("strong" if here else "muted", action.handler)
            segments.append(Segment(f"[{name.strip()}]" if here else name, look))
        right, ink = "q leave (runs go on) ", "muted"
        if demo_gpu.is_on():
            right, ink = f"{demo_gpu.LABEL} ", "warn"
        used = sum(cell_len(segment.text) for segment in segments)
        gap = self.size.width - used - len(right)
        if gap > 0:
            segments += [Segment(" " * gap), Segment(right, self.ink(ink, BY_ID["everywhere.leave"].handler))]
        elif demo_gpu.is_on():
            segments[0] = Segment(" demo GPU ", self.ink("warn"))
        return self.finish(segments, self.size.width)


class KeyBar(Painted):
    """The keys that work here, nearest first; what does not fit is in the help."""

    def on_mount(self) -> None:
        self.screen.bindings_updated_signal.subscribe(self, self._bindings_changed)

    def _bindings_changed(self, _screen: Screen[object]) -> None:
        self.refresh()

    def render_line(self, y: int) -> Strip:
        width = self.size.width
        segments, used = [Segment(" ")], 1
        if isinstance(self.screen.focused, Input):
            hint = "esc leaves the line  "
            segments.append(Segment(hint, self.ink("muted")))
            used += cell_len(hint)
        else:
            help_key = BY_ID["everywhere.help"]
            segments += self._entry(help_key)
            used += _entry_width(help_key)
        for action in self._actions():
            if used + _entry_width(action) > width:
                break
            used += _entry_width(action)
            segments += self._entry(action)
        return self.finish(segments, width)

    def _entry(self, action: Action) -> list[Segment]:
        click = action.handler if action.handler.startswith("app.") else f"app.press('{action.keys[0]}')"
        key, label = f"{action.shown_keys[0]} ", f"{action.label}  "
        return [Segment(key, self.ink("accent", click)), Segment(label, self.ink("muted", click))]

    def _actions(self) -> Iterable[Action]:
        seen = {"everywhere.help"}
        takes_letters = isinstance(self.screen.focused, Input)
        for active in self.screen.active_bindings.values():
            action = BY_ID.get(active.binding.id or "")
            if action and takes_letters and len(action.keys[0]) == 1:
                continue  # it would be written
            if action and active.enabled and action.label and action.id not in seen and action.scope not in OFF_THE_BAR:
                seen.add(action.id)
                yield action


def _entry_width(action: Action) -> int:
    return cell_len(action.shown_keys[0]) + cell_len(action.label) + 3
