"""The colours: few, calm, and only where they repeat what a word or a sign says.

Invariant: with ``NO_COLOR`` not one colour is sent; weight, dimness and inversion remain.
"""

from __future__ import annotations

from textual.color import Color
from textual.theme import Theme

CALM = Theme(
    name="mlintern",
    primary="#86aede",
    secondary="#b39ddb",
    accent="#86aede",
    foreground="#d4d8de",
    background="#14171b",
    surface="#191d22",
    panel="#20252b",
    success="#93bf85",
    warning="#d8b365",
    error="#de8282",
    dark=True,
    variables={
        "input-selection-background": "#86aede 30%",
        "block-cursor-text-style": "none",
        "scrollbar": "#343b44",
        "scrollbar-hover": "#4a5460",
        "scrollbar-active": "#5b6775",
        "scrollbar-background": "#14171b",
        "scrollbar-background-hover": "#14171b",
        "scrollbar-background-active": "#14171b",
        "scrollbar-corner-color": "#14171b",
    },
)


def ink_variables(theme: Theme) -> dict[str, str]:
    """The style sheet's own variables, made from any theme, so that every theme can be chosen."""
    if theme.ansi:
        return {
            "ink-muted": "ansi_default",
            "ink-faint": "ansi_default",
            "ink-cursor": "ansi_default",
            "series-1": "ansi_blue",
            "series-2": "ansi_yellow",
            "series-3": "ansi_green",
            "series-4": "ansi_magenta",
            "series-5": "ansi_red",
        }
    system = theme.to_color_system().generate()
    foreground, background = Color.parse(system["foreground"]), Color.parse(system["background"])
    return {
        "ink-muted": background.blend(foreground, 0.58).hex,
        "ink-faint": background.blend(foreground, 0.28).hex,
        "ink-cursor": background.blend(foreground, 0.14).hex,
        "series-1": system["primary"],
        "series-2": system["warning"],
        "series-3": system["success"],
        "series-4": system["secondary"],
        "series-5": system["error"],
    }
