"""How sure it is that a line runs, and what would catch its failure.

Invariant: doubt only ever lowers the certainty; ``SURELY`` means that the run reaches the line unless something
fails before it.
"""

from __future__ import annotations

import ast
import builtins
import re
from dataclasses import dataclass, replace

SURELY = "surely"
"""Reached in every run."""
WHEN_CALLED = "when called"
"""In a function or class that the code mentions; reached when that is used."""
PERHAPS = "perhaps"
"""Depends on a condition."""
NEVER = "never"
"""In a function that nothing mentions."""

# A condition with one of these words asks what is installed; its branches may be made for other installations.
_ASKS_WHAT_IS_INSTALLED = re.compile(
    r"version|hasattr|getattr|find_spec|signature|parameters|platform|avail|install|support|compat|has_|^os$",
    re.IGNORECASE,
)
_IMPORT, _ATTRIBUTE, _TYPE = ImportError, AttributeError, TypeError
EVERYTHING = frozenset({_IMPORT, _ATTRIBUTE, _TYPE})


@dataclass(frozen=True)
class Context:
    """Where a statement stands."""

    certainty: str = SURELY
    caught: frozenset[type] = frozenset()
    """Which of ImportError, AttributeError and TypeError something around it would catch."""
    asks: bool = False
    """Whether a condition around it asks what is installed."""
    may_have_left: bool = False
    """Whether the function may have returned before."""

    def conditional(self, test: ast.expr | None = None) -> Context:
        """The same place under a condition."""
        certainty = PERHAPS if self.certainty in (SURELY, WHEN_CALLED) else self.certainty
        return replace(self, certainty=certainty, asks=self.asks or (test is not None and asks_what_is_installed(test)))

    def catching(self, caught: frozenset[type]) -> Context:
        """The same place inside a ``try`` that catches these."""
        return replace(self, caught=self.caught | caught)


def asks_what_is_installed(test: ast.expr) -> bool:
    """Whether a condition looks at versions, platforms or the presence of things."""
    for node in ast.walk(test):
        word = node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""
        if word and _ASKS_WHAT_IS_INSTALLED.search(word):
            return True
    return False


def is_type_checking(test: ast.expr) -> bool:
    """``if TYPE_CHECKING:``, in either spelling."""
    return (isinstance(test, ast.Name) and test.id == "TYPE_CHECKING") or (
        isinstance(test, ast.Attribute) and test.attr == "TYPE_CHECKING"
    )


def is_main_guard(test: ast.expr) -> bool:
    """``if __name__ == "__main__":``, either way round."""
    if not (isinstance(test, ast.Compare) and len(test.ops) == 1 and isinstance(test.ops[0], ast.Eq)):
        return False
    sides = (test.left, test.comparators[0])
    named = any(isinstance(side, ast.Name) and side.id == "__name__" for side in sides)
    return named and any(isinstance(side, ast.Constant) and side.value == "__main__" for side in sides)


def caught_by(handlers: list[ast.ExceptHandler]) -> frozenset[type]:
    """What a ``try`` with these handlers survives; a handler that ends in raising again survives nothing."""
    caught: frozenset[type] = frozenset()
    for handler in handlers:
        if not _ends_the_run(handler.body):
            caught |= _caught_types(handler.type)
    return caught


def caught_by_manager(expression: ast.expr) -> frozenset[type]:
    """What ``with suppress(…)`` and its like survive."""
    if not isinstance(expression, ast.Call):
        return frozenset()
    word = expression.func.attr if isinstance(expression.func, ast.Attribute) else getattr(expression.func, "id", "")
    return EVERYTHING if word in ("suppress", "raises", "assertRaises", "ignore") else frozenset()


def leaves_early(statement: ast.stmt) -> bool:
    """Whether the rest of the block may not be reached, though nothing has failed."""
    leaving = (ast.Return,) if isinstance(statement, (ast.For, ast.While)) else (ast.Return, ast.Break, ast.Continue)
    return any(
        isinstance(node, leaving) or (isinstance(node, ast.Call) and _is_exit(node)) for node in ast.walk(statement)
    )


def _caught_types(expression: ast.expr | None) -> frozenset[type]:
    if expression is None:
        return EVERYTHING
    if isinstance(expression, ast.Tuple):
        return frozenset().union(*(_caught_types(element) for element in expression.elts))
    caught = getattr(builtins, expression.id, None) if isinstance(expression, ast.Name) else None
    if not (isinstance(caught, type) and issubclass(caught, BaseException)):
        return EVERYTHING  # a name of the user's or of a library: it may stand for anything
    return frozenset(one for one in EVERYTHING if issubclass(one, caught) or issubclass(caught, one))


def _ends_the_run(body: list[ast.stmt]) -> bool:
    last = body[-1]
    return isinstance(last, ast.Raise) or (
        isinstance(last, ast.Expr) and isinstance(last.value, ast.Call) and _is_exit(last.value)
    )


def _is_exit(call: ast.Call) -> bool:
    word = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
    return word in ("exit", "_exit", "quit")
