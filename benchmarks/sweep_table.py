"""A table to search in: one small network on scikit-learn's digits, trained with each of 2,592 configurations.

``python -m mlintern.benchmarks.sweep_table PART FOLDER`` trains a ninth of them, ``… join FOLDER`` writes the table.
Labels are noisy and training rows few, so that the hyperparameters matter; the cost of a configuration is the CPU time
that it took.
"""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float32]
TABLE = Path(__file__).parent / "results" / "sweep_table.npz"
EPOCHS = 27
GRID: dict[str, tuple[float, ...]] = {
    "lr": (0.003, 0.007, 0.017, 0.04, 0.1, 0.23, 0.55, 1.3, 3.0),
    "batch_size": (16, 32, 64, 128),
    "width": (8, 16, 48, 144),
    "momentum": (0.0, 0.8, 0.95),
    "weight_decay": (1e-5, 1e-3, 1e-2),
    "dropout": (0.0, 0.3),
}
TRAINING_ROWS = 600
NOISE = 0.15


@dataclass(frozen=True, slots=True)
class Rows:
    """The digits in two parts: pixels in 0 to 1, labels as numbers."""

    x: Array
    y: npt.NDArray[np.int64]
    validation_x: Array
    validation_y: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Table:
    """What was measured: rows are configurations in the order of the grid."""

    curves: npt.NDArray[np.float64]
    """Validation accuracy after each epoch."""
    seconds: npt.NDArray[np.float64]
    """CPU time of the whole training."""


def configurations() -> Iterator[tuple[float, ...]]:
    """Every point of the grid, the last hyperparameter running fastest."""
    return itertools.product(*GRID.values())


def digits() -> Rows:
    """The same rows and the same noise every time."""
    from sklearn.datasets import load_digits  # type: ignore[import-untyped]

    data = load_digits()
    generator = np.random.default_rng(0)
    order = generator.permutation(len(data.target))
    x, y = (data.data[order] / 16).astype(np.float32), data.target[order].astype(np.int64)
    noisy = y[:TRAINING_ROWS].copy()
    changed = generator.random(TRAINING_ROWS) < NOISE
    noisy[changed] = generator.integers(0, 10, int(changed.sum()))
    return Rows(x[:TRAINING_ROWS], noisy, x[TRAINING_ROWS:], y[TRAINING_ROWS:])


def train(rows: Rows, configuration: tuple[float, ...], seed: int) -> list[int]:
    """Rows of the validation part that are right after each epoch; a training that diverged gets none right."""
    lr, batch, width, momentum, decay, dropout = configuration
    generator = np.random.default_rng(seed)
    shapes = ((64, int(width)), (int(width), 10))
    weights = [generator.normal(0, (2 / a) ** 0.5, (a, b)).astype(np.float32) for a, b in shapes]
    weights += [np.zeros(b, np.float32) for _, b in shapes]
    speeds = [np.zeros_like(weight) for weight in weights]
    right = []
    for _ in range(EPOCHS):
        order = generator.permutation(TRAINING_ROWS)
        for start in range(0, TRAINING_ROWS, int(batch)):
            chosen = order[start : start + int(batch)]
            keep = None
            if dropout:
                stays = generator.random((len(chosen), int(width)), np.float32) >= dropout
                keep = (stays / np.float32(1 - dropout)).astype(np.float32)
            gradients = _gradients(weights, rows.x[chosen], rows.y[chosen], keep)
            for weight, speed, gradient in zip(weights, speeds, gradients, strict=True):
                speed *= momentum
                speed += gradient + np.float32(decay) * weight
                weight -= np.float32(lr) * speed
        scores = np.maximum(rows.validation_x @ weights[0] + weights[2], 0) @ weights[1] + weights[3]
        right.append(int((scores.argmax(1) == rows.validation_y).sum()) if np.isfinite(scores).all() else 0)
    return right


def _gradients(weights: list[Array], x: Array, y: npt.NDArray[np.int64], keep: Array | None) -> tuple[Array, ...]:
    hidden = np.maximum(x @ weights[0] + weights[2], 0)
    if keep is not None:
        hidden *= keep
    scores = hidden @ weights[1] + weights[3]
    scores -= scores.max(1, keepdims=True)
    chances = np.exp(scores)
    chances /= chances.sum(1, keepdims=True)
    chances[np.arange(len(y)), y] -= 1
    chances /= len(y)
    back = chances @ weights[1].T
    back *= hidden > 0
    if keep is not None:
        back *= keep
    return x.T @ back, hidden.T @ chances, back.sum(0), chances.sum(0)


def read() -> Table:
    """The stored table."""
    with np.load(TABLE) as stored:
        rows = int(stored["validation_rows"])
        return Table(stored["right"] / rows, stored["milliseconds"] / 1000)


def make(part: int, folder: Path) -> None:
    """Train one ninth of the grid and keep what came of it in ``folder``."""
    rows = digits()
    every = list(configurations())
    size = len(every) // 9
    right, milliseconds = [], []
    np.seterr(all="ignore")
    for number in range(part * size, (part + 1) * size):
        began = time.process_time()
        right.append(train(rows, every[number], seed=number))
        milliseconds.append(1000 * (time.process_time() - began))
    times = np.array(milliseconds, np.float32)
    np.savez(folder / f"part{part}.npz", right=np.array(right, np.uint16), milliseconds=times)


def join(folder: Path) -> None:
    """Write the table from its nine parts."""
    parts = [np.load(folder / f"part{part}.npz") for part in range(9)]
    np.savez_compressed(
        TABLE,
        right=np.concatenate([part["right"] for part in parts]),
        milliseconds=np.concatenate([part["milliseconds"] for part in parts]).round(1),
        validation_rows=len(digits().validation_y),
    )


if __name__ == "__main__":
    where = Path(sys.argv[2])
    if sys.argv[1] == "join":
        join(where)
    else:
        make(int(sys.argv[1]), where)
