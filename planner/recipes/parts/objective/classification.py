"""One class for every row: the loss, how well it goes, and what is written as a prediction."""

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn

from settings import Settings


class Coding:
    """Class names to numbers, and back."""

    def __init__(self, labels: Iterable[str]):
        self.names = sorted(set(labels))
        self._numbers = {name: number for number, name in enumerate(self.names)}

    def encode(self, labels: Iterable[str]) -> Tensor:
        return torch.tensor([self._numbers[label] for label in labels])


def build_criterion(settings: Settings) -> nn.Module:
    return nn.CrossEntropyLoss(label_smoothing=settings["label_smoothing"])


def scores(logits: Tensor, targets: Tensor, coding: Coding) -> dict[str, Tensor]:
    return {"accuracy": (logits.argmax(dim=1) == targets).float().mean()}


def prediction_columns(coding: Coding, shape: dict[str, int]) -> list[str]:
    return ["label", "prediction", *(f"probability of {name}" for name in coding.names)]


def predictions(logits: Tensor, targets: Tensor, coding: Coding) -> list[list[Any]]:
    """The class and the likeliest one by their names, and the probability of each."""
    probabilities = logits.softmax(dim=1)
    return [
        [coding.names[int(target)], coding.names[int(row.argmax())], *(round(value, 6) for value in row.tolist())]
        for target, row in zip(targets, probabilities, strict=True)
    ]
