"""What trials are compared by: named by a person, or the validation metric that the script prints.

Invariant: never a metric whose name says test, unless a person insists, and then that stays on record; nothing is
chosen by how the training rows were fitted, either.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from ...runtime.printed import PREFIX

_VALIDATION = ("val", "valid", "validation", "dev", "eval", "evaluation")
_HIGHER = ("accuracy", "acc", "f1", "auc", "auroc", "precision", "recall", "bleu", "rouge", "miou", "iou", "dice",
           "map", "r2", "psnr", "ssim", "reward", "return")  # fmt: skip
_LOWER = ("loss", "nll", "perplexity", "ppl", "error", "err", "wer", "cer", "mse", "rmse", "mae", "fid", "kl", "bpc",
          "bpb")  # fmt: skip


class MetricError(ValueError):
    """A metric that no sweep may go by, or none at all; the text says what would do."""


@dataclass(frozen=True, slots=True)
class Objective:
    """The metric and which way it goes."""

    metric: str
    maximise: bool
    insisted: bool = False
    """Whether its name says test, and a person wanted it all the same."""
    note: str | None = None

    @property
    def words(self) -> str:
        """For people: ``val accuracy, higher is better``."""
        return f"{self.metric}, {'higher' if self.maximise else 'lower'} is better"


def plain(name: str) -> str:
    """A metric's name as printed ones are cleaned: ``val_accuracy`` is ``val accuracy``."""
    return " ".join(re.split(r"[\s_/.-]+", name.removeprefix(PREFIX).strip().lower()))


def parse(written: str) -> tuple[str, bool | None]:
    """``val_accuracy:max`` as a name and a direction; ``None`` where none is written. Raises :class:`MetricError`."""
    name, colon, way = written.partition(":")
    if not plain(name) or (colon and way not in ("max", "min")):
        raise MetricError(f"“{written}” is no metric; write for example val_accuracy or val_loss:min")
    return plain(name), {"max": True, "min": False}.get(way)


def choose(written: str | None, names: Sequence[str], *, insists: bool) -> Objective:
    """The objective from what a person wrote, if anything, and the metrics that the script is known to report."""
    known = tuple(dict.fromkeys(map(plain, names)))
    if written is None:
        return _by_default(known)
    name, maximise = parse(written)
    if says_test(name) and not insists:
        raise MetricError(
            f"“{name}” is a metric of the test split: choosing by it makes its value worthless afterwards. Name a"
            f" validation metric ({', '.join(one for one in known if not says_test(one)) or 'the script prints none'}),"
            " or insist with --insist, which stays on record"
        )
    if maximise is None:
        maximise = higher_is_better(name)
    if maximise is None:
        raise MetricError(f"nobody can tell which way “{name}” goes: write {name.replace(' ', '_')}:max or :min")
    return Objective(name, maximise, insisted=says_test(name), note=_note(name))


def _by_default(known: Sequence[str]) -> Objective:
    usable = [name for name in known if higher_is_better(name) is not None and not says_test(name)]
    usable = [name for name in usable if not {"best", "train", "training", "batch", "running"} & set(name.split())]
    ranked = sorted(usable, key=lambda name: (not _says_validation(name), not higher_is_better(name)))
    if not ranked:
        raise MetricError(
            "no validation metric is known to sweep by"
            f" ({'the script prints ' + ', '.join(known) if known else 'nothing that the script prints can be read'})."
            " Name one that it prints with --metric, such as --metric val_accuracy"
        )
    name = ranked[0]
    return Objective(name, bool(higher_is_better(name)), note=_note(name))


def says_test(name: str) -> bool:
    """Whether a metric is of the test split, by its name."""
    return "test" in plain(name).split()


def higher_is_better(name: str) -> bool | None:
    """Which way a metric goes, by its name."""
    words = plain(name).split()
    if any(word.partition("@")[0] in _HIGHER for word in words):
        return True
    return False if any(word.partition("@")[0] in _LOWER for word in words) else None


def _says_validation(name: str) -> bool:
    return bool(set(_VALIDATION) & set(name.split()))


def _note(name: str) -> str | None:
    if says_test(name):
        return "chosen by a test metric, as a person insisted: its value is no unbiased result any more"
    if not _says_validation(name):
        return f"the name “{name}” does not say on which rows it is computed"
    return None
