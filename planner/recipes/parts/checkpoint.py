"""Checkpoints from which a training goes on exactly: what was learned, the optimizer, the schedule, the random numbers,
and the place in the data.
"""

import math
import random
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.data import Sampler


@dataclass
class Progress:
    """How far the training is, and what it has to remember of the epoch that is under way."""

    epoch: int = 0
    batch: int = 0
    step: int = 0
    loss_sum: float = 0.0
    rows: int = 0
    best_loss: float = float("inf")
    epochs_without_gain: int = 0
    """Epochs since the validation loss was lowest."""

    def end_epoch(self, loss: float) -> None:
        """``loss`` is that of the validation split."""
        self.epoch += 1
        self.batch, self.loss_sum, self.rows = 0, 0.0, 0
        self.epochs_without_gain = 0 if loss < self.best_loss else self.epochs_without_gain + 1
        self.best_loss = min(loss, self.best_loss)


class EpochSampler(Sampler[list[int]]):
    """Shuffled batches in an order that the seed and the epoch alone decide, from any batch on, up to the last step."""

    def __init__(self, size: int, batch_size: int, seed: int, progress: Progress):
        self.size, self.batch_size, self.seed, self.progress = size, batch_size, seed, progress
        self.last_step: int | None = None
        """Where the run ends inside an epoch; None where it ends with one."""

    def __iter__(self) -> Iterator[list[int]]:
        generator = torch.Generator().manual_seed(self.seed * 100_003 + self.progress.epoch)
        batches = torch.randperm(self.size, generator=generator).split(self.batch_size)
        start = self.progress.batch
        yield from (batch.tolist() for batch in batches[start : start + len(self)])

    def __len__(self) -> int:
        left = math.ceil(self.size / self.batch_size) - self.progress.batch
        return left if self.last_step is None else max(0, min(left, self.last_step - self.progress.step))


def save(path: Path, progress: Progress, model: nn.Module, **parts: Any) -> None:
    """Write everything, so that a crash on the way leaves the former file as it was."""
    state = {
        "progress": asdict(progress),
        "model": model.state_dict(),
        **{name: part.state_dict() for name, part in parts.items()},
        "random": random_state(),
    }
    beside = path.with_suffix(".new")
    torch.save(state, beside)
    beside.replace(path)


def load(path: Path, progress: Progress, model: nn.Module, device: torch.device, **parts: Any) -> None:
    """Put everything back as it was."""
    state = torch.load(path, map_location=device, weights_only=True)
    model.load_state_dict(state["model"])
    for name, part in parts.items():
        part.load_state_dict(state[name])
    for name, value in state["progress"].items():
        setattr(progress, name, value)
    set_random_state(state["random"])


def random_state() -> dict[str, Any]:
    kind, keys, *rest = np.random.get_state()
    return {
        "python": random.getstate(),
        "numpy": (kind, torch.from_numpy(keys.astype(np.int64)), *rest),
        "torch": torch.get_rng_state(),
        "cuda": torch.cuda.get_rng_state_all(),
    }


def set_random_state(state: dict[str, Any]) -> None:
    random.setstate(state["python"])
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, keys.cpu().numpy().astype(np.uint32), *rest))
    torch.set_rng_state(state["torch"].cpu())
    torch.cuda.set_rng_state_all([one.cpu() for one in state["cuda"]])
