"""Which rows are for training, for validation and for the test.

No group of rows is on two sides, and rows that are alike are one group. Whoever asks for the training split gets no row
of the test split.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sklearn.model_selection import GroupShuffleSplit, train_test_split
from torch.utils.data import Dataset

GIVEN = {
    "train": "train", "training": "train", "test": "test", "testing": "test",
    "val": "val", "valid": "val", "validation": "val", "dev": "val",
}  # fmt: skip
FEWEST_TO_STRATIFY = 4  # groups of a class, so that each of the three splits can have one


FEWEST_GROUPS = 8


@dataclass(frozen=True)
class Data:
    splits: dict[str, Dataset]
    """Pairs of inputs and target, by the name of the split."""
    ids: dict[str, list[str]]
    """What names each row, in the order of its split."""
    shape: dict[str, int]
    """What the model has to know of the data."""
    coding: Any
    """How targets became numbers (see objective.py)."""


def split_rows(
    groups: np.ndarray, data: dict[str, Any], labels: np.ndarray | None = None
) -> dict[str, np.ndarray]:
    """Row numbers of each split. Rows of one group stay together; with labels, classes keep their shares."""
    _, first, member = np.unique(groups, return_index=True, return_inverse=True)
    if len(first) < FEWEST_GROUPS:
        raise SystemExit(f"the rows are {len(first)} groups of rows that belong together: too few for three splits")
    classes = None if labels is None else labels[first]
    if classes is not None and np.unique(classes, return_counts=True)[1].min() < FEWEST_TO_STRATIFY:
        classes = None
    held_out = data["validation_fraction"] + data["test_fraction"]
    everything = np.arange(len(first))
    train, rest = train_test_split(everything, test_size=held_out, random_state=data["split_seed"], stratify=classes)
    val, test = train_test_split(
        rest,
        test_size=data["test_fraction"] / held_out,
        random_state=data["split_seed"],
        stratify=None if classes is None else classes[rest],
    )
    return {name: np.flatnonzero(np.isin(member, chosen)) for name, chosen in named(train, val, test)}


def split_as_given(said: np.ndarray, groups: np.ndarray, data: dict[str, Any]) -> dict[str, np.ndarray]:
    """Row numbers of each split, as a column says; validation is taken from the training rows where it has none."""
    names = np.array([GIVEN[text.strip().lower()] for text in said])
    train, val, test = (np.flatnonzero(names == name) for name in ("train", "val", "test"))
    if not len(val):
        share = data["validation_fraction"] / (1 - data["test_fraction"])
        splitter = GroupShuffleSplit(n_splits=1, test_size=share, random_state=data["split_seed"])
        kept, taken = next(splitter.split(train, groups=groups[train]))
        train, val = train[kept], train[taken]
    return dict(named(train, val, test))


def split_in_order(count: int, data: dict[str, Any]) -> dict[str, np.ndarray]:
    """Row numbers of each split for rows that are in the order of time: the latest are the test."""
    test_from = count - round(count * data["test_fraction"])
    val_from = test_from - round(count * data["validation_fraction"])
    rows = np.arange(count)
    return dict(named(rows[:val_from], rows[val_from:test_from], rows[test_from:]))


def named(train: np.ndarray, val: np.ndarray, test: np.ndarray) -> Sequence[tuple[str, np.ndarray]]:
    return (("train", train), ("val", val), ("test", test))


def alike(inputs: np.ndarray) -> np.ndarray:
    """A number for each row that is the same for rows with the same inputs."""
    return np.unique(inputs.reshape(len(inputs), -1), axis=0, return_inverse=True)[1].reshape(-1)


def joined(groups: np.ndarray, copies: np.ndarray) -> np.ndarray:
    """Groups that hold both together: rows that share a group in either are in one.

    Where that chains more than half of the rows to one another, the groups are left as they are.
    """
    parent = {}

    def root(key):
        while parent.setdefault(key, key) != key:
            parent[key] = parent[parent[key]]
            key = parent[key]
        return key

    for one, two in zip(groups, copies, strict=True):
        parent[root((0, one))] = root((1, two))
    roots = [root((0, one)) for one in groups]
    numbers = {key: number for number, key in enumerate(dict.fromkeys(roots))}
    chained = np.array([numbers[key] for key in roots])
    return groups if np.bincount(chained).max() > len(groups) / 2 else chained
