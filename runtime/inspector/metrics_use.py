"""Metrics and losses that do not get what they are made for.

Invariant: what an argument is comes from the flow, never from its name alone.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .facts import Fact, fact, row
from .row_sets import is_test, is_validation
from .trace import Call, Trace
from .values import TEST, Thing, Value, gathered

_SWAPPABLE = {
    "precision_score", "recall_score", "classification_report", "confusion_matrix", "r2_score", "roc_auc_score",
    "log_loss", "average_precision_score", "precision_recall_fscore_support", "fbeta_score",
    "mean_absolute_percentage_error", "explained_variance_score", "brier_score_loss",
}  # fmt: skip
_RANKING = {"roc_auc_score", "average_precision_score", "roc_curve", "precision_recall_curve"}
_PREDICTED = {"prediction", "score", "output", "of prediction"}
_WANTS = {
    "CrossEntropyLoss": ("softmax", "sigmoid"), "cross_entropy": ("softmax", "sigmoid"),
    "BCEWithLogitsLoss": ("sigmoid", "softmax"), "binary_cross_entropy_with_logits": ("sigmoid", "softmax"),
    "NLLLoss": ("linear", "softmax"), "nll_loss": ("linear", "softmax"),
    "BCELoss": ("linear",), "binary_cross_entropy": ("linear",),
}  # fmt: skip


def metrics_use(trace: Trace) -> Iterator[Fact]:
    """One fact for each line at fault."""
    seen: set[tuple[str, int, str]] = set()
    for found in sorted(_all(trace), key=lambda one: one["names"].get("role") != TEST):
        place = (found["file"], found["line"], found["kind"])
        if place not in seen:
            seen.add(place)
            yield found


def _all(trace: Trace) -> Iterator[Fact]:
    for call in trace.calls:
        last = call.name.rpartition(".")[2]
        if call.name.startswith("sklearn.metrics."):
            yield from _arguments(call, last)
        yield from _activated(call, last)
        yield from _dropped_last(call, last)
    for across in trace.across_rows:
        if is_test(across.rows) or is_validation(across.rows):
            shown = [row("compared here", across.spot), row("the split", across.rows.split.spot)]
            yield fact("largest over rows", across.spot, *shown, role=across.rows.split.role)
    for one in trace.breaks:
        over = gathered([one.loop.over]).rows
        rows = [rows for rows in over if is_test(rows) or is_validation(rows)]
        is_loader = isinstance(one.loop.node, ast.For) and bool(one.loop.over.things or one.loop.over.items)
        if rows and is_loader and _counts_turns(one.test, one.loop.node):
            constant = any(map(_is_number, ast.walk(one.test))) if one.test else False
            spots = [row("the loop ends here", one.spot), row("the evaluation", one.loop.spot)]
            yield fact("evaluation cut", one.spot, *spots, certainty="surely" if constant else "perhaps",
                       role=rows[0].split.role)  # fmt: skip


def _arguments(call: Call, last: str) -> Iterator[Fact]:
    if len(call.args) < 2:
        return
    truth, told = call.args[0], call.args[1]
    if last in _SWAPPABLE and truth.marks & _PREDICTED and told.touched and not told.marks & _PREDICTED:
        if "target" in told.marks or told.column:
            yield fact("swapped arguments", call.spot, row("measured here", call.spot), what=last)
    elif last in _RANKING and "hard" in told.marks:
        yield fact("ranking of classes", call.spot, row("measured here", call.spot), what=last)


def _activated(call: Call, last: str) -> Iterator[Fact]:
    made: tuple[Thing, ...] = call.made() if call.method == "__call__" else ()
    losses = [one.short for one in made if one.short in _WANTS]
    if last in _WANTS and "functional" in call.name:
        losses = [last]
    given = call.argument(0, "input")
    if not losses or given is None:
        return
    spots = [row("the loss", call.spot), *(row("made here", one.spot) for one in made)]
    if given.activation in _WANTS[losses[0]]:
        yield fact("wrong input", call.spot, *spots, loss=losses[0], activation=given.activation)


def _dropped_last(call: Call, last: str) -> Iterator[Fact]:
    if last != "DataLoader" or "drop_last" not in call.keywords or call.keywords["drop_last"].const is not True:
        return
    given: Value = call.args[0] if call.args else call.keywords.get("dataset", Value())
    held = [rows for rows in given.rows if is_test(rows)]
    if held and len(held) == len(given.rows) and call.keywords["drop_last"].origin == "code":
        yield fact("last batch dropped", call.spot, row("the loader", call.spot), row("the split", held[0].split.spot))


def _is_number(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) in (int, float)


def _counts_turns(test: ast.expr | None, loop: ast.AST) -> bool:
    """Whether a condition compares the loop's own counter with a limit."""
    if test is None or not isinstance(loop, ast.For):
        return False
    counters = {node.id for node in ast.walk(loop.target) if isinstance(node, ast.Name)}
    first = loop.target.elts[0] if isinstance(loop.target, ast.Tuple) and loop.target.elts else loop.target
    names = {first.id} if isinstance(first, ast.Name) else counters
    raised = [node.target for node in ast.walk(loop) if isinstance(node, ast.AugAssign)]
    names |= {target.id for target in raised if isinstance(target, ast.Name)}
    compared = [node for node in ast.walk(test) if isinstance(node, ast.Compare)]
    return any({one.id for one in ast.walk(node.left) if isinstance(one, ast.Name)} & names
               and isinstance(node.ops[0], (ast.Eq, ast.Gt, ast.GtE)) for node in compared)  # fmt: skip


