"""A budget in money as the time that it pays for.

Invariant: only where time alone has a price: what trials will draw of priced electricity nobody knows beforehand.
"""

from __future__ import annotations

from ...runtime.money import SECONDS_PER_HOUR
from ..prices import Price
from .plan import PlanError


def seconds_for(usd: float, price: Price) -> float:
    """How long the machine may be used for so much money. Raises ``PlanError``."""
    if price.usd_per_hour is None or price.usd_per_hour <= 0:
        why = price.why_none or "no price of an hour is set"
        raise PlanError(f"a budget in money needs usd_per_hour, and {why}. Or give a time, such as 30m")
    if price.usd_per_kwh:
        raise PlanError(
            "electricity has a price, and what trials will draw is not known beforehand: give a time, such as 30m"
        )
    return usd / price.usd_per_hour * SECONDS_PER_HOUR
