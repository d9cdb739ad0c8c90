"""Every hyperparameter that takes effect: what calls of libraries are given, and what they fall back on.

Invariant: a value that the code computes has no value here, only its text; nothing is guessed.
"""

from __future__ import annotations

import ast
import functools
import importlib.metadata
from collections.abc import Iterable, Sequence
from typing import Any

from .trace import Call, Trace
from .values import UNSET, Value

Entry = dict[str, Any]
_LONGEST = 120
_ROLES = (
    ("torch.optim.lr_scheduler.", "schedule"), ("torch.optim.", "optimizer"), ("torch.utils.data.DataLoader", "loader"),
    ("torch.utils.data.random_split", "split"), ("torch.nn.utils.clip_grad", "clipping"), ("torch.nn.init.", "init"),
    ("torch.nn.functional.", ""), ("torch.nn.", "layer"), ("torch.amp.", "precision"), ("torch.cuda.amp.", "precision"),
    ("torch.autocast", "precision"), ("torch.manual_seed", "seed"), ("sklearn.model_selection.", "split"),
    ("sklearn.metrics.", "metric"), ("sklearn.datasets.", ""), ("sklearn.", "estimator"), ("xgboost.", "estimator"),
    ("lightgbm.", "estimator"), ("catboost.", "estimator"), ("transformers.TrainingArguments", "trainer"),
    ("transformers.get_", "schedule"), ("lightning.Trainer", "trainer"), ("lightning.pytorch.Trainer", "trainer"),
)  # fmt: skip
# What a call works on is no hyperparameter.
_DATA = {
    "params", "dataset", "optimizer", "input", "target", "X", "y", "self", "parameters", "y_true", "y_pred", "model",
}  # fmt: skip
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}


def role_of_callee(name: str) -> str:
    """What kind of thing a library's callable makes, as far as its settings matter to a result."""
    for start, role in _ROLES:
        if name.startswith(start):
            return "loss" if role == "layer" and name.endswith("Loss") else role
    return ""


def callees(trace: Trace) -> tuple[str, ...]:
    """The callables whose defaults must be looked up."""
    named = dict.fromkeys(call.name for call in trace.calls if role_of_callee(call.name))
    return tuple(named)


def census(trace: Trace, signatures: dict[str, Sequence[dict[str, Any]]]) -> list[Entry]:
    """All entries, explicit ones in the order of the code, then the silent defaults of each callable."""
    found: dict[tuple[Any, ...], Entry] = {}
    for call in trace.calls:
        role = role_of_callee(call.name)
        if role:
            parameters = signatures.get(call.name, ())
            for entry in _of_call(call, role, parameters):
                _add(found, entry)
    for name, value, spot in trace.literals:
        if name.isupper() or _is_setting(name):
            given = {"name": name.lower(), "value": _plain(value), "origin": "code", "role": "constant"}
            _add(found, {**given, "file": spot.file, "line": spot.line, "text": spot.text, "callee": None})
    return list(found.values())


def _of_call(call: Call, role: str, parameters: Sequence[dict[str, Any]]) -> Iterable[Entry]:
    names = [parameter["name"] for parameter in parameters if not parameter["starred"]]
    given: dict[str, tuple[Value, ast.expr | None]] = {}
    for position, value in enumerate(call.args):
        name = names[position] if position < len(names) else f"argument {position + 1}"
        node = call.node.args[position] if position < len(call.node.args) else None
        given[name] = (value, node)
    nodes = {keyword.arg: keyword.value for keyword in call.node.keywords if keyword.arg}
    given.update({name: (value, nodes.get(name)) for name, value in call.keywords.items()})
    common = {"role": role, "callee": call.name, "file": call.spot.file, **version_of(call.name)}
    for name, (value, node) in given.items():
        if name not in _DATA and not (value.rows or value.things):
            yield {**common, "line": call.spot.line, "name": name, **_written(call, value, node)}
    for parameter in parameters:
        if parameter["name"] not in given and parameter["has_default"] and parameter["name"] not in _DATA:
            value = parameter["default"]
            yield {**common, "line": call.spot.line, "name": parameter["name"], "value": value, "text": call.spot.text,
                   "origin": "library default"}  # fmt: skip


def _written(call: Call, value: Value, node: ast.expr | None) -> Entry:
    plain = _plain(value)
    entry: Entry = {"value": plain, "origin": value.origin if plain is not None else "code", "text": call.spot.text}
    if plain is None and node is not None and not isinstance(node, ast.Constant):
        entry["expression"] = ast.unparse(node)[:_LONGEST]
    if value.source is not None and value.source.line != call.spot.line:
        entry["from"] = {"file": value.source.file, "line": value.source.line, "text": value.source.text}
    if value.origin == "argparse default":
        entry["option"] = value.column
    return entry


def _plain(value: Value) -> Any:
    if value.items is not None and value.items:
        parts = [_plain(item) for item in value.items.values()]
        return None if any(part is None for part in parts) else parts
    return value.const if value.const is not UNSET and isinstance(value.const, (int, float, str, bool)) else None


def _add(found: dict[tuple[Any, ...], Entry], entry: Entry) -> None:
    """Calls of the same callable with the same value are one entry, with how often it takes effect."""
    key = (entry["callee"], entry["name"], repr(entry["value"]), entry.get("expression"), entry["origin"])
    known = found.get(key)
    if known is None:
        found[key] = {**entry, "count": 1}
    elif known["line"] != entry["line"]:
        known["count"] += 1


def _is_setting(name: str) -> bool:
    words = ("lr", "learning_rate", "batch_size", "epochs", "num_epochs", "n_epochs", "weight_decay", "momentum",
             "dropout", "seed", "warmup_steps", "max_steps", "hidden_size", "patience")  # fmt: skip
    return name in words


@functools.cache
def version_of(callee: str) -> dict[str, str | None]:
    """The library that a callable is of, and the version of it that is installed."""
    top = callee.partition(".")[0]
    try:
        version: str | None = importlib.metadata.version(_DISTRIBUTIONS.get(top, top))
    except importlib.metadata.PackageNotFoundError:
        version = None
    return {"library": top, "version": version}


def defaults_of(called: Any) -> list[dict[str, Any]]:
    """A callable's parameters with their defaults, for JSON; none, where it has no readable signature."""
    import inspect

    try:
        parameters = inspect.signature(called).parameters.values()
    except (ValueError, TypeError):
        return []
    return [
        {"name": one.name, "starred": one.kind in (one.VAR_POSITIONAL, one.VAR_KEYWORD),
         "has_default": one.default is not one.empty, "default": _shown_default(one.default)}
        for one in parameters
    ]  # fmt: skip


def _shown_default(default: Any) -> Any:
    if isinstance(default, (bool, int, float, str)) or default is None:
        return default
    if isinstance(default, (tuple, list)) and all(isinstance(one, (bool, int, float, str)) for one in default):
        return list(default)
    return repr(default)[:_LONGEST]
