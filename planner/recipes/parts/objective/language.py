"""The next token at every place: the loss, how well it goes, and what is written of every window of text."""

from typing import Any

from torch import Tensor, nn
from torch.nn import functional

from settings import Settings


class TokenLoss(nn.Module):
    """Mean cross-entropy of all places, in nats."""

    def forward(self, logits: Tensor, targets: Tensor) -> Tensor:
        return functional.cross_entropy(logits.flatten(0, 1), targets.flatten())


def build_criterion(settings: Settings) -> nn.Module:
    return TokenLoss()


def scores(logits: Tensor, targets: Tensor, coding: Any) -> dict[str, Tensor]:
    return {"token_accuracy": (logits.argmax(dim=2) == targets).float().mean()}


def prediction_columns(coding: Any, shape: dict[str, int]) -> list[str]:
    return ["tokens", "negative log-likelihood in nats"]


def predictions(logits: Tensor, targets: Tensor, coding: Any) -> list[list[Any]]:
    """How likely each window was; perplexity is the exponential of the sum over the tokens."""
    losses = functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none").view_as(targets)
    return [[len(row), round(float(row.sum()), 6)] for row in losses]
