"""The optimizer, and the learning rate over the steps."""

import math
from collections.abc import Callable

from torch import nn
from torch.optim import SGD, Adam, AdamW, Optimizer
from torch.optim.lr_scheduler import LambdaLR

from settings import Settings


def build_optimizer(model: nn.Module, settings: Settings) -> Optimizer:
    """Weight decay pulls at weights; biases and the weights of norms, which have one dimension, are left alone."""
    weights = [one for one in model.parameters() if one.ndim > 1]
    others = [one for one in model.parameters() if one.ndim <= 1]
    groups = [
        {"params": weights, "weight_decay": settings["weight_decay"]},
        {"params": others, "weight_decay": 0.0},
    ]
    if settings["optimizer"] == "sgd":
        return SGD(groups, lr=settings["learning_rate"], momentum=settings["momentum"])
    kind = {"adam": Adam, "adamw": AdamW}[settings["optimizer"]]
    betas = (settings["beta1"], settings["beta2"])
    return kind(groups, lr=settings["learning_rate"], betas=betas, eps=settings["epsilon"])


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
