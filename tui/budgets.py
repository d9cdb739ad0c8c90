"""Budgets as people write and read them: ``30m``, ``$5``, ``2kWh`` and ``3gpuh``, several at once.

Invariant: what is parsed is exactly what was written, or it is refused with an example; a budget of nothing is refused,
and so are two in the same unit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import TypedDict

from ..runtime.budgets import Account, Unit
from ..runtime.money import JOULES_PER_KWH, SECONDS_PER_HOUR
from ..store.records import Experiment
from .units import UnitError, duration, energy, gpu_hours, money, parse_duration, parse_money

EXAMPLES = "30m, $5, 2kWh or 3gpuh, or several such as 2h,$5"

_ENERGY_UNITS = {"Wh": 3600.0, "kWh": JOULES_PER_KWH, "MWh": JOULES_PER_KWH * 1000}
_AMOUNT = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", re.ASCII)
_MOST_SECONDS, _MOST_JOULES, _MOST_USD = 1e10, 1e15, 1e9
_WRITTEN = {"budget_seconds": "time", "budget_gpu_seconds": "GPU-hours", "budget_joules": "energy",
            "budget_usd": "money"}  # fmt: skip

SHOW: Mapping[Unit, Callable[[float | None], str]] = {
    Unit.SECONDS: duration,
    Unit.GPU_SECONDS: gpu_hours,
    Unit.ENERGY: energy,
    Unit.USD: money,
}


class Budgets(TypedDict, total=False):
    """Budgets by the fields of :class:`~mlintern.store.records.Experiment` that hold them."""

    budget_seconds: float
    budget_gpu_seconds: float
    budget_joules: float
    budget_usd: float


def parse_budgets(texts: Iterable[str]) -> Budgets:
    """The budgets of an experiment, from texts with commas between several."""
    found: Budgets = {}
    for written in (part.strip() for text in texts for part in text.split(",")):
        for name, value in _parse(written).items():
            if name in found:
                raise UnitError(f"two budgets in {_WRITTEN[name]}: give one of each, for example {EXAMPLES}")
            found[name] = value  # type: ignore[literal-required]  # a name of Budgets
    return found


def _parse(written: str) -> Budgets:
    if written.startswith("$"):
        return {"budget_usd": _within(written, parse_money(written), _MOST_USD)}
    match = _AMOUNT.fullmatch(written)
    if match is not None and match[2] in _ENERGY_UNITS:
        return {"budget_joules": _within(written, float(match[1]) * _ENERGY_UNITS[match[2]], _MOST_JOULES)}
    if match is not None and match[2].lower() == "gpuh":
        return {"budget_gpu_seconds": _within(written, float(match[1]) * SECONDS_PER_HOUR, _MOST_SECONDS)}
    try:
        seconds = parse_duration(written)
    except UnitError as error:
        raise UnitError(f"“{written}” is not a budget; write for example 90s, {EXAMPLES}") from error
    return {"budget_seconds": _within(written, seconds, _MOST_SECONDS)}


def _within(written: str, value: float, most: float) -> float:
    if not 0 < value <= most:
        what = "nothing at all" if value <= 0 else "more than anyone has"
        raise UnitError(f"“{written}” is {what}; write for example {EXAMPLES}")
    return value


def written_budgets(experiment: Experiment) -> str:
    """The budgets of an experiment as :func:`parse_budgets` reads them back; one that is used up is left out."""
    parts = []
    if experiment.budget_seconds:
        parts.append(written_duration(experiment.budget_seconds))
    if experiment.budget_gpu_seconds:
        parts.append(f"{_plain(experiment.budget_gpu_seconds / SECONDS_PER_HOUR)}gpuh")
    if experiment.budget_joules:
        parts.append(f"{_plain(experiment.budget_joules / JOULES_PER_KWH)}kWh")
    if experiment.budget_usd:
        parts.append(f"${_plain(experiment.budget_usd)}")
    return ", ".join(parts)


def written_duration(seconds: float) -> str:
    """A duration as :func:`~.units.parse_duration` reads it back."""
    whole = round(seconds)
    parts = [(whole // 86_400, "d"), (whole % 86_400 // 3_600, "h"), (whole % 3_600 // 60, "m"), (whole % 60, "s")]
    text = "".join(f"{amount}{unit}" for amount, unit in parts if amount)
    return text if text and abs(parse_duration(text) - seconds) < 0.5 else f"{_plain(seconds)}s"


def _plain(value: float) -> str:
    """A number without an exponent and without more digits than it takes."""
    return f"{value:.9f}".rstrip("0").rstrip(".")


def budget_words(accounts: Iterable[Account]) -> str:
    """Each budget with what is spent of it, in a few words."""
    accounts = tuple(accounts)
    limited = [account_words(account) for account in accounts if account.budget is not None]
    if limited:
        return f"budget {' · '.join(limited)}"
    time = next(account for account in accounts if account.unit is Unit.SECONDS)
    reserved = f" · reserved {duration(time.reserved)}" if time.reserved else ""
    return f"no budget set · spent {duration(time.spent)}{reserved}"


def short_budget_words(accounts: Iterable[Account]) -> str:
    """The same where there is little room: ``52 s/30m · $0.25/$5``."""
    accounts = tuple(accounts)
    limited = [account for account in accounts if account.budget is not None]
    if len(limited) <= 1:
        return budget_words(accounts)
    return " · ".join(f"{SHOW[one.unit](one.spent)}/{SHOW[one.unit](one.budget)}" for one in limited)


def account_words(account: Account) -> str:
    """``52 s of 30m``, with what runs under way may still take."""
    show = SHOW[account.unit]
    least = "at least " if account.unknown_runs else ""
    words = f"{least}{show(account.spent)} of {show(account.budget)}"
    if not account.reserved:
        return words
    left = (account.budget or 0.0) - account.spent
    return f"{words}, {'the rest' if account.reserved >= left else show(account.reserved)} reserved"
