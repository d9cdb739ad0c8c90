"""No private name of ours hides one of Textual's: that would break in ways that nobody could explain."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import textwrap
from types import ModuleType

import mlintern.tui
import pytest
from textual.message_pump import MessagePump
from textual.widget import Widget

MEANT = {"_on_click", "_on_mouse_scroll_up", "_on_mouse_scroll_down", "_size_updated"}


def modules() -> list[ModuleType]:
    found = pkgutil.walk_packages(mlintern.tui.__path__, "mlintern.tui.")
    names = [module.name for module in found if ".commands" not in module.name]
    return [importlib.import_module(name) for name in names if name.rpartition(".")[2] not in ("command_line", "climb")]


def ours() -> list[type]:
    classes = {each for module in modules() for each in vars(module).values() if inspect.isclass(each)}
    widgets = [each for each in classes if issubclass(each, MessagePump) and each.__module__.startswith("mlintern.")]
    return sorted(widgets, key=lambda kind: kind.__name__)


def own_names(kind: type) -> set[str]:
    """Names that a class gives itself: in its body, and to ``self``."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(kind)))
    given = {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute)
        and isinstance(node.ctx, ast.Store)
        and isinstance(node.value, ast.Name)
        and node.value.id == "self"
    }
    return given | set(vars(kind))


def hidden(kind: type) -> set[str]:
    theirs = {name for base in kind.__mro__ if base.__module__.startswith("textual") for name in vars(base)}
    theirs |= set(vars(Widget()))
    private = {name for name in own_names(kind) if name.startswith("_") and not name.startswith("__")}
    made_by_textual = {
        name for name in private if name.startswith(("_css_", "_inherit", "_merged", "_reactive", "_computes"))
    }
    return (
        (private & theirs) - MEANT - made_by_textual - {"_decorated_handlers", "_disable_messages", "_message_handlers"}
    )


@pytest.mark.parametrize("kind", ours(), ids=lambda kind: kind.__name__)
def test_no_private_name_of_textual_is_hidden(kind: type) -> None:
    assert hidden(kind) == set()


def test_a_hidden_name_would_be_seen() -> None:
    class Careless(Widget):
        def __init__(self) -> None:
            super().__init__()
            self._nodes = []  # type: ignore[assignment]

    assert "_nodes" in hidden(Careless)
