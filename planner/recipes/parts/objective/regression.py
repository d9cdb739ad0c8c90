"""Numbers for every row: the loss, how well it goes, and what is written as a prediction.

Targets are standardised by the training rows; predictions are written in the unit of the data.
"""

from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from settings import Settings


class Coding:
    """The scale of the targets, from the training rows only."""

    def __init__(self, training_targets: np.ndarray):
        self.mean = float(training_targets.mean())
        self.std = float(training_targets.std()) or 1.0

    def encode(self, targets: np.ndarray) -> Tensor:
        return torch.tensor((targets - self.mean) / self.std, dtype=torch.float32).reshape(len(targets), -1)

    def decode(self, outputs: Tensor) -> Tensor:
        return outputs * self.std + self.mean


def build_criterion(settings: Settings) -> nn.Module:
    return nn.MSELoss()


def scores(outputs: Tensor, targets: Tensor, coding: Coding) -> dict[str, Tensor]:
    return {"mean_absolute_error": (coding.decode(outputs) - coding.decode(targets)).abs().mean()}


def prediction_columns(coding: Coding, shape: dict[str, int]) -> list[str]:
    if shape["outputs"] == 1:
        return ["label", "prediction"]
    return [f"{what} {ahead + 1}" for what in ("label", "prediction") for ahead in range(shape["outputs"])]


def predictions(outputs: Tensor, targets: Tensor, coding: Coding) -> list[list[Any]]:
    return torch.cat([coding.decode(targets), coding.decode(outputs)], dim=1).tolist()
