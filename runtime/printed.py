"""Metrics that a script prints: ``epoch 3 loss 0.21 test accuracy 0.97``, ``val_loss=0.3``, ``acc: 97.1%``.

Invariant: conservative. Only a number that directly follows a known measure's name counts, and what is not surely a
measurement (a path, a setting, a forecast of an hour) is not one. Names are cleaned and bounded: the text is foreign.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

PREFIX = "printed/"
"""What the names of printed metrics begin with: nobody knows how the script computed them."""

_MOST_CHARACTERS = 400
"""A longer line is no progress report."""

_LINES_A_SECOND = 200
"""More lines than this are not all looked at: 15 microseconds each must stay well below one percent of a core."""

_MEASURE = (
    r"loss|nll|perplexity|ppl|accuracy|acc|error|err|f1|auc|auroc|precision|recall|bleu|rouge|wer|cer|miou|iou|dice|map"
    r"|mse|rmse|mae|r2|psnr|ssim|fid|reward|return|elbo|kl|bpc|bpb"
)
_SPLIT = r"train|training|val|valid|validation|test|eval|evaluation|dev|running|mean|avg|average|epoch|batch|best|total"
_NUMBER = r"[-+]?(?>\d++\.?\d*(?:e[-+]?\d++)?|\.\d++(?:e[-+]?\d++)?|nan|inf(?:inity)?)"
_PAIR = re.compile(
    rf"(?<![\w/.-])(?P<name>(?:(?:{_SPLIT}|top[-@]?[15])[\s_/.-]){{0,3}}(?P<measure>{_MEASURE})(?:@\d+)?)['\"]?"
    rf"(?P<sign>\s*[:=]\s*|\s+)(?P<value>{_NUMBER})(?P<percent>\s?%)?(?![\w/]|\.\w|:\d)",
    re.IGNORECASE,
)
_STEP = re.compile(
    r"(?<!\w)(?:global[_ ]?step|steps?|iter(?:ation)?s?|it|batch|epoch|ep)\s*[:=#]?\s*\[?(\d{1,15})(?!\d*\.\d)",
    re.IGNORECASE,
)
_RANK = re.compile(r"\[rank(\d+)\]: ")
_CONTROL = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]|[\x00-\x08\x0b-\x1f\x7f]")


@dataclass(frozen=True, slots=True)
class Printed:
    """One measured value as a script printed it."""

    name: str
    value: float
    step: int | None
    """The step, iteration or epoch that the same line names."""


class PrintedReader:
    """Finds metrics in output as it comes, in pieces of any size, at a bounded cost."""

    def __init__(self) -> None:
        self._rest = b""
        self._allowed = float(_LINES_A_SECOND)
        self._then: float | None = None

    def feed(self, piece: bytes, *, now: float) -> tuple[Printed, ...]:
        """The metrics of the lines that the piece completes; ``now`` is on a clock that does not jump."""
        self._earn(now)
        found: list[Printed] = []
        start, end = 0, piece.find(b"\n")
        while end >= 0 and self._allowed >= 1:
            self._allowed -= 1
            line, self._rest = self._rest + piece[start:end], b""
            found += parse_line(line.decode("utf-8", "replace"))
            start, end = end + 1, piece.find(b"\n", end + 1)
        if end >= 0:
            start, self._rest = piece.rfind(b"\n") + 1, b""
        self._rest = (self._rest + piece[start:])[-_MOST_CHARACTERS:]
        return tuple(found)

    def _earn(self, now: float) -> None:
        if self._then is not None:
            self._allowed = min(_LINES_A_SECOND, self._allowed + (now - self._then) * _LINES_A_SECOND)
        self._then = now


def parse_line(line: str) -> tuple[Printed, ...]:
    """The metrics of one line of output."""
    if len(line) > _MOST_CHARACTERS:
        return ()
    if line.startswith("[rank") and (rank := _RANK.match(line)) is not None:
        if rank[1] != "0":
            return ()  # what rank 0 prints is the run's
        line = line[rank.end() :]
    # A progress bar rewrites its line: what stands there in the end counts.
    text = _CONTROL.sub(" ", line.rstrip("\r\n").rpartition("\r")[2])
    step = _STEP.search(text)
    found = {}
    for pair in _PAIR.finditer(text):
        if not _is_surely_measured(pair):
            continue
        value = float(pair["value"])
        if pair["percent"] and math.isfinite(value):
            value /= 100
        found[_clean(pair["name"])] = value
    return tuple(Printed(name, value, int(step[1]) if step else None) for name, value in found.items())


def _is_surely_measured(pair: re.Match[str]) -> bool:
    """A whole number counts only after a colon or an equals sign, and not as an error: `error 404`, `map 3 workers`."""
    if pair["percent"] or not pair["value"].lstrip("+-").isdigit():
        return True
    return bool(pair["sign"].strip()) and pair["measure"].lower() not in ("error", "err", "map")


def _clean(name: str) -> str:
    return " ".join(re.split(r"[\s_/.-]+", name.lower()))
