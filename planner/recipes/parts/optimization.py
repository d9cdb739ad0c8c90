"""The optimizer, and the learning rate over the steps."""

import math
from collections.abc import Callable

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from settings import Settings


def build_optimizer(model: nn.Module, settings: Settings) -> Optimizer:
    common = {"lr": settings["learning_rate"], "weight_decay": settings["weight_decay"]}
    if settings["optimizer"] == "sgd":
        return SGD(model.parameters(), momentum=settings["momentum"], **common)
    kind = {"adam": Adam, "adamw": AdamW}[settings["optimizer"]]
    return kind(
        model.parameters(), betas=(settings["beta1"], settings["beta2"]), eps=settings["epsilon"], **common
    )


def build_schedule(optimizer: Optimizer, settings: Settings, steps: int, steps_per_epoch: int) -> LambdaLR:
    """To be stepped after every step of the optimizer."""
    warmup = settings.get("warmup_steps") or round((settings.get("warmup_epochs") or 0) * steps_per_epoch)
    floor = settings["min_learning_rate"] / settings["learning_rate"]
    return LambdaLR(optimizer, learning_rate_factor(settings["schedule"], warmup, steps, floor))


def learning_rate_factor(schedule: str, warmup: int, steps: int, floor: float) -> Callable[[int], float]:
    """The share of the learning rate that each step takes: linear warm-up, then down to the floor at the end."""

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        done = min(1.0, (step - warmup) / max(1, steps - 1 - warmup))
        left = {"constant": 1.0, "linear": 1.0 - done, "cosine": 0.5 * (1.0 + math.cos(math.pi * done))}[schedule]
        return floor + (1.0 - floor) * left

    return factor
