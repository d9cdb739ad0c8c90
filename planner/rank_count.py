"""How many ranks a script has: as a person said, now or before, or two where it cannot do without.

Invariant: what was said stands in the event log, and the latest counts. A run of one process for a script with ranks is
told that it is the only rank; a script without ranks is told nothing.
"""

from __future__ import annotations

import ast

from ..runtime.project import ScriptTarget, own_files
from ..store import Store
from ..store.records import Experiment, RungName

SAID = "experiment.processes"
DEFAULT = 2
"""Ranks of a rehearsal where nobody said how many."""
_ALONE = (RungName.DRYRUN, RungName.OVERFIT)
"""Rungs whose looks are at one process, whatever the script's full run has."""
_STARTS = "init_process_group"


def said(store: Store, experiment: Experiment) -> int | None:
    """The ranks of an experiment; ``None`` for a script of one process."""
    number: int | None = None
    after = 0
    while events := store.events.after(after, experiment_id=experiment.id):
        after = events[-1].id
        told = (event.data.get("processes") for event in events if event.kind == SAID)
        number = next((one for one in reversed(list(told)) if isinstance(one, int)), number)
    return number


def settle(
    store: Store, experiment: Experiment, target: ScriptTarget, *, given: int | None, before: Experiment | None
) -> None:
    """Note how many ranks a new experiment has, where it has any."""
    number = given or (None if before is None else said(store, before))
    if number is None and needs_ranks(target):
        number = DEFAULT
    if number is not None:
        store.events.append(SAID, experiment_id=experiment.id, processes=number, given=given is not None)


def for_rung(store: Store, experiment: Experiment, rung: RungName) -> int | None:
    """How many ranks the run of a rung starts; ``None`` where the script has none."""
    number = said(store, experiment)
    return 1 if number is not None and rung in _ALONE else number


def needs_ranks(target: ScriptTarget) -> bool:
    """Whether the script starts a process group under no condition: then it cannot run without ranks."""
    for file in own_files(target):
        try:
            source = file.read_bytes()
            if _STARTS.encode() in source and _starts_surely(ast.parse(source)):
                return True
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
    return False


def _starts_surely(tree: ast.AST) -> bool:
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.If) and not _is_main_guard(node):
            continue
        if isinstance(node, ast.Call) and _name(node.func) == _STARTS:
            return True
        waiting.extend(ast.iter_child_nodes(node))
    return False


def _is_main_guard(node: ast.If) -> bool:
    return any(isinstance(part, ast.Name) and part.id == "__name__" for part in ast.walk(node.test))


def _name(function: ast.expr) -> str | None:
    if isinstance(function, ast.Attribute):
        return function.attr
    return function.id if isinstance(function, ast.Name) else None
