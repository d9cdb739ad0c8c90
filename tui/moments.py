"""Moments as people say them: how long ago, and which day."""

from __future__ import annotations

import time

from .units import UNKNOWN


def ago(at: float | None, now: float) -> str:
    """``just now``, ``12 min ago``, ``3 h ago``, ``Fri``, ``12 Mar``, ``2024-03-12``."""
    if at is None:
        return UNKNOWN
    seconds = now - at
    if seconds < 60:
        return "just now"
    if seconds < 3_600:
        return f"{seconds // 60:.0f} min ago"
    if seconds < 12 * 3_600:
        return f"{seconds // 3_600:.0f} h ago"
    return day(at, now)


def day(at: float | None, now: float) -> str:
    """``14:05`` today, ``yesterday``, ``Fri`` within a week, ``12 Mar`` within a year, otherwise ``2024-03-12``."""
    if at is None:
        return UNKNOWN
    then, today = time.localtime(at), time.localtime(now)
    days = _day_number(now) - _day_number(at)
    if days == 0:
        return time.strftime("%H:%M", then)
    if days == 1:
        return "yesterday"
    if 0 < days < 7:
        return _WEEKDAYS[then.tm_wday]
    if then.tm_year == today.tm_year:
        return f"{then.tm_mday} {_MONTHS[then.tm_mon - 1]}"
    return time.strftime("%Y-%m-%d", then)


# Not strftime's: screens speak one language, whatever the locale.
_WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


def _day_number(at: float) -> int:
    local = time.localtime(at)
    return int((at + local.tm_gmtoff) // 86_400)
