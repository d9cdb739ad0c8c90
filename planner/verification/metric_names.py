"""What the name of a metric says: its measure, its split, and which way is better.

Invariant: a name that says nothing is ``None``; no direction is guessed.
"""

from __future__ import annotations

import re

from ...runtime.printed import PREFIX

_LOWER = {"loss", "nll", "perplexity", "ppl", "error", "err", "wer", "cer", "mse", "rmse", "mae", "fid", "kl"}
_LOWER |= {"bpc", "bpb"}
_HIGHER = {"accuracy", "acc", "f1", "auc", "auroc", "precision", "recall", "bleu", "rouge", "miou", "iou", "dice"}
_HIGHER |= {"map", "r2", "psnr", "ssim", "reward", "return"}
_TRAINING = {"train", "training", "running", "batch"}
_TEST = {"test"}
_VALIDATION = {"val", "valid", "validation", "dev", "eval", "evaluation"}
_BEST = {"best"}


def words(name: str) -> tuple[str, ...]:
    """The words of a metric's name."""
    return tuple(re.findall(r"[a-z0-9]+", name.removeprefix(PREFIX).lower()))


def measure(name: str) -> str | None:
    """What is measured: the last word that is a measure's."""
    known = [word for word in words(name) if word in _LOWER or word in _HIGHER]
    return known[-1] if known else None


def higher_is_better(name: str) -> bool | None:
    """Which way is better; ``None`` is not known."""
    found = measure(name)
    return None if found is None else found in _HIGHER


def is_of_evaluation(name: str) -> bool:
    """Whether a script printed it about an evaluation: a training loss is no result."""
    if not name.startswith(PREFIX) or _TRAINING & set(words(name)) or measure(name) is None:
        return False
    return measure(name) != "loss" or split(name) is not None


def split(name: str) -> str | None:
    """``test`` or ``validation``, where the name says so."""
    found = set(words(name))
    return "test" if found & _TEST else "validation" if found & _VALIDATION else None


def is_best(name: str) -> bool:
    """Whether the name says that it is the best of several."""
    return bool(_BEST & set(words(name)))
