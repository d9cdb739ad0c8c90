"""How a training came on, as its log tells: positions (epoch, step, of how many), losses, and that it is over.

Invariant: conservative. A number counts as a loss only where a loss is reported, not where one is configured; a line
that a progress bar leaves behind when the process dies is no progress.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .log import Line

_BAR = re.compile(r"\d{1,3}%\|.*?\| *([\d.,]+[kM]?)/([\d.,]+[kM]?) ")
_COUNT = re.compile(
    r"(?<![\w.])(?:global[_ ]?step|steps?|iter(?:ation)?s?|batch|epochs?|ep)['\"]?\s*[:=#\]]?\s*\[?\s*"
    r"(\d{1,12}(?:\.\d+)?)(?:\s*(?:/|of)\s*(\d{1,12}))?",
    re.IGNORECASE,
)
_NUMBER = r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|\.\d+|nan|inf(?:inity)?)"
_LOSS = re.compile(
    rf"(?<![\w])(?P<name>(?:[a-z]+[\s_/-]){{0,2}}?(?:loss|nll|perplexity|ppl|grad[_ ]?norm|gnorm)(?:_[a-z]+)?)['\"]?"
    rf"(?:\s*[:=]\s*|\s+)['\"]?(?:tensor\()?(?P<value>{_NUMBER})(?![\w%/])",
    re.IGNORECASE,
)
_SETTING = re.compile(
    r"scale|weight|fn|type|thresh|coef|ratio|max|min|clip|init|best|prev|allow|config|default|target"
    r"|limit",
    re.IGNORECASE,
)
_OVER = re.compile(
    r"'train_runtime'|train_runtime +=|`Trainer\.fit` stopped|max_(?:epochs|steps)=\d+` reached"
    r"|\bearly stopp(?:ing|ed)\b"
    r"|\b(?:training|finetuning|fine-tuning|run|job|experiment)\b[^.]{0,20}\b(?:complete|completed|finished"
    r"|done|succeeded)\b"
    r"|\bfinished training\b|^(?:all )?done\b|\b(?:saved|saving|wrote)\b.{0,40}\b(?:final|last|model)\b"
    r"|best .{0,30}accuracy",
    re.IGNORECASE,
)
_AFTERWARDS = re.compile(r"^(?:wandb|mlflow|comet|neptune)\b:?", re.IGNORECASE)
"""What trackers print at exit, also after a crash."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A line that tells how far the training is."""

    index: int
    """In the log's kept lines."""
    counts: tuple[tuple[str, str], ...]
    """Every (count, of how many) of the line."""
    losses: tuple[tuple[str, float], ...]
    is_bar: bool


def marks(lines: Sequence[Line]) -> tuple[Mark, ...]:
    """The lines that tell how far it is, in order."""
    return tuple(mark for index, line in enumerate(lines) if (mark := _mark(index, line.text)) is not None)


def is_over(text: str) -> bool:
    """Whether a line says that the training came to its end."""
    return _OVER.search(text) is not None and not _AFTERWARDS.match(text)


def went_on(lines: Sequence[Line], told: Sequence[Mark], index: int) -> Line | None:
    """The first line after ``index`` that shows that the training went on from there, or came to its end."""
    before = {total: count for mark in told if mark.index < index for count, total in mark.counts}
    source = lines[index].source
    for mark in (mark for mark in told if mark.index > index and lines[mark.index].source == source):
        if _AFTERWARDS.match(lines[mark.index].text):
            continue
        is_finite = all(math.isfinite(value) for _, value in mark.losses)
        if any(before.get(total) != count for count, total in mark.counts) or (is_finite and not mark.counts):
            return lines[mark.index]
    return next((line for line in lines[index + 1 :] if line.source == source and is_over(line.text)), None)


def losses(lines: Sequence[Line], told: Sequence[Mark]) -> Iterator[tuple[str, list[tuple[int, float]]]]:
    """Each loss that a process reported, with (index of its line, value)."""
    found: dict[tuple[object, str], list[tuple[int, float]]] = {}
    for mark in told:
        for name, value in mark.losses:
            found.setdefault((lines[mark.index].stream, name), []).append((mark.index, value))
    return ((name, values) for (_, name), values in found.items())


def short_of_end(told: Sequence[Mark]) -> tuple[Mark, str, str] | None:
    """Where the last position that says of how many is short of them."""
    for mark in reversed(told):
        for count, total in mark.counts:
            if total and (number := _plain(count)) is not None and (most := _plain(total)):
                return (mark, count, total) if number + 1 < most else None
    return None


def _mark(index: int, text: str) -> Mark | None:
    if len(text) > 1_000 or text.lstrip().startswith(("File ", "#", '"', "warn")):
        return None
    bar = _BAR.search(text)
    counts = [(bar[1], bar[2])] if bar else []
    counts += [(found[1], found[2] or "") for found in _COUNT.finditer(text)]
    values = tuple(_losses(text))
    if not (bar or values):
        return None
    return Mark(index, tuple(counts), values, bar is not None)


def _losses(text: str) -> Iterator[tuple[str, float]]:
    for found in _LOSS.finditer(text):
        name = re.sub(r"[\s/-]+", "_", found["name"].lower())
        if not _SETTING.search(name):
            yield name, float(found["value"])


def _plain(number: str) -> float | None:
    scale = {"k": 1e3, "M": 1e6}.get(number[-1:], 1.0)
    try:
        value = float(number.rstrip("kM").replace(",", "")) * scale
    except ValueError:
        return None
    return value if math.isfinite(value) else None
