"""What a run has cost so far, and how fast it goes on costing: pure, from its record.

Invariant: what nobody measured or priced reads ``unknown`` with the reason; a bar shows how much of a budget is gone.
"""

from __future__ import annotations

from collections.abc import Iterable

from ...runtime.budgets import Account, Unit
from ...runtime.money import JOULES_PER_KWH, SECONDS_PER_HOUR
from ...store.records import Run
from ..budgets import SHOW
from ..units import UNKNOWN, energy, gpu_hours, money
from .meters import Meter


def spending_meters(run: Run, budgets: Iterable[Account], *, elapsed: float | None) -> list[Meter]:
    """Money and energy, GPU-hours where a GPU is used; each against its budget where there is one."""
    standing = {account.unit: account for account in budgets}
    watts = run.energy_joules / elapsed if run.energy_joules is not None and elapsed else None
    rate = _usd_per_hour(run, watts)
    meters = [
        _meter("money", run, Unit.USD, standing, money(run.usd), f"at {money(rate)}/h" if rate is not None else "")
        if run.usd is not None
        else Meter("money", None, f"{UNKNOWN}: {_why_no_money(run)}"),
        _meter("energy", run, Unit.ENERGY, standing, energy(run.energy_joules), f"at {watts:.0f} W" if watts else "")
        if run.energy_joules is not None
        else Meter("energy", None, f"{UNKNOWN}: no meter"),
    ]
    if run.gpu_seconds:
        meters.append(_meter("gpus", run, Unit.GPU_SECONDS, standing, gpu_hours(run.gpu_seconds), ""))
    return meters


def _meter(label: str, run: Run, unit: Unit, standing: dict[Unit, Account], used: str, rate: str) -> Meter:
    account = standing.get(unit)
    if account is None or not account.budget:
        return Meter(label, None, f"{used} {rate}".rstrip())
    mine = 0.0 if run.status.is_over else getattr(run, unit) or 0.0
    words = f"{used} of {SHOW[unit](account.budget)} {rate}".rstrip()
    return Meter(label, (account.spent + mine) / account.budget, words)


def _usd_per_hour(run: Run, watts: float | None) -> float | None:
    """What the run costs an hour as it goes."""
    parts = [run.usd_per_hour] if run.usd_per_hour is not None else []
    if run.usd_per_kwh is not None and watts is not None:
        parts.append(watts * SECONDS_PER_HOUR / JOULES_PER_KWH * run.usd_per_kwh)
    return sum(parts) if parts else None


def _why_no_money(run: Run) -> str:
    if run.usd_per_hour is None and run.usd_per_kwh is None:
        return "no price set"
    return "energy not measured" if run.usd_per_kwh is not None else "not begun"
