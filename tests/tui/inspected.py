"""A made-up inspection of the synthetic experiment: what the static rung keeps, with foreign text in it."""

from __future__ import annotations

from typing import Any

from mlintern.planner.inspections import INSPECTED
from mlintern.store import Store
from mlintern.store.records import Experiment

EVIL_COMMENT = "\x1b[31m[bold]red[/bold]\x1b[0m paper, table 2"


def entry(name: str, value: Any, line: int, **changes: Any) -> dict[str, Any]:
    plain = {
        "name": name, "value": value, "role": "optimizer", "callee": "torch.optim.AdamW", "line": line, "count": 1,
        "file": "/home/ada/digits/train.py", "origin": "code", "text": "", "expression": None,
    }  # fmt: skip
    return {**plain, **changes}


def default(name: str, value: Any, line: int, **changes: Any) -> dict[str, Any]:
    return entry(name, value, line, origin="library default", library="torch", version="2.9.1", **changes)


HYPERPARAMETERS = (
    default("amsgrad", False, 31),
    default("eps", 1e-8, 31),
    entry("weight_decay", 0.1, 31, text=f"weight_decay=0.1  # {EVIL_COMMENT}"),
    entry("lr", 3e-4, 31, text="lr=args.lr", count=2),
    entry("batch_size", None, 40, callee="torch.utils.data.DataLoader", role="data", expression="max(8, 512 // n)"),
    entry("epochs", 5, 12, callee=None, role="constant", option="epochs"),
)


def inspect(store: Store, experiment: Experiment, entries: tuple[dict[str, Any], ...] = HYPERPARAMETERS) -> None:
    """Remember what the static rung would have read."""
    store.events.append(INSPECTED, experiment_id=experiment.id, hyperparameters=list(entries))
