"""Quantities as people write and read them: durations, sizes, money.

Invariant: what is parsed is exactly what was written, or it is refused with an example; nothing is guessed. What is
shown always carries its unit, and an unknown value reads ``unknown``, never zero.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable

from ..store.records import Interval

UNKNOWN = "unknown"

_DURATION_UNITS = {"d": 86_400.0, "h": 3_600.0, "m": 60.0, "s": 1.0}
_DURATION = re.compile(r"(?:\d+(?:\.\d+)?[dhms])+", re.ASCII)
_DURATION_PART = re.compile(r"(\d+(?:\.\d+)?)([dhms])", re.ASCII)
_SIZE = re.compile(r"(\d+(?:\.\d+)?)\s*([A-Za-z]+)", re.ASCII)
_MONEY = re.compile(r"\$\s*(\d+(?:\.\d+)?)", re.ASCII)
_SIZE_UNITS = {
    "B": 1,
    "kB": 1000,
    "KB": 1000,
    "MB": 1000**2,
    "GB": 1000**3,
    "TB": 1000**4,
    "KiB": 1024,
    "MiB": 1024**2,
    "GiB": 1024**3,
    "TiB": 1024**4,
}
_MOST_BYTES = 2**62


class UnitError(ValueError):
    """A quantity that cannot be read; its text says what was written and gives an example."""


def parse_duration(text: str) -> float:
    """Seconds of a duration such as ``90s``, ``30m``, ``2h`` or ``1d12h``."""
    written = text.strip()
    if not _DURATION.fullmatch(written):
        raise UnitError(f"“{written}” is not a duration; write for example 90s, 30m, 2h or 1d12h")
    parts = _DURATION_PART.findall(written)
    units = [unit for _, unit in parts]
    if units != sorted(set(units), key="dhms".index):
        raise UnitError(f"“{written}” has its units twice or out of order; write for example 1d12h or 2h30m")
    seconds = sum(float(amount) * _DURATION_UNITS[unit] for amount, unit in parts)
    if seconds <= 0 or not math.isfinite(seconds):
        raise UnitError(f"“{written}” is no time at all; write for example 90s or 30m")
    return seconds


def parse_size(text: str) -> int:
    """Bytes of a size such as ``8GB`` or ``512MiB``."""
    written = text.strip()
    match = _SIZE.fullmatch(written)
    if match is None or match[2] not in _SIZE_UNITS:
        raise UnitError(f"“{written}” is not a size; write for example 8GB or 512MiB")
    size = float(match[1]) * _SIZE_UNITS[match[2]]
    if size < 1:
        raise UnitError(f"“{written}” is no space at all; write for example 8GB or 512MiB")
    if size >= _MOST_BYTES:
        raise UnitError(f"“{written}” is more than any machine has; write for example 8GB or 512MiB")
    return round(size)


def parse_money(text: str) -> float:
    """US dollars of an amount such as ``$5`` or ``$0.50``."""
    written = text.strip()
    match = _MONEY.fullmatch(written)
    if match is None or not math.isfinite(float(match[1])):
        raise UnitError(f"“{written}” is not an amount of money; write for example $5 or $0.50")
    return float(match[1])


def parse_steps(text: str) -> int:
    """A total number of optimizer steps: a positive whole number; spaces and underscores may group its digits."""
    written = text.strip()
    digits = written.replace(" ", "").replace("_", "")
    if not re.fullmatch(r"[0-9]{1,15}", digits) or int(digits) == 0:
        raise UnitError(f"“{written}” is not a number of steps; write a positive whole number, for example 48400")
    return int(digits)


def parse_processes(text: str) -> int:
    """A number of processes: 1 to 64."""
    written = text.strip()
    if not re.fullmatch(r"[0-9]{1,2}", written) or not 1 <= int(written) <= 64:
        raise UnitError(f"“{written}” is not a number of processes from 1 to 64; write one, for example 2")
    return int(written)


def duration(seconds: float | None) -> str:
    """A duration in at most two units: ``0.6 s``, ``21 s``, ``6m05s``, ``30m``, ``2h10m``, ``1d12h``."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    if seconds < 0:
        return f"−{duration(-seconds)}"
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3_600:
        return f"{whole // 60}m{_rest(whole % 60, 's')}"
    minutes = round(seconds / 60)
    if minutes < 24 * 60:
        return f"{minutes // 60}h{_rest(minutes % 60, 'm')}"
    hours = round(seconds / 3_600)
    return f"{hours // 24}d{_rest(hours % 24, 'h')}"


def _rest(amount: int, unit: str) -> str:
    """The smaller of two units; nothing where it is zero."""
    return f"{amount:02d}{unit}" if amount else ""


def size(amount: float | None) -> str:
    """A number of bytes in binary units: ``512 B``, ``212 MiB``, ``1.4 GiB``."""
    if amount is None or not math.isfinite(amount):
        return UNKNOWN
    if amount < 1024:
        return f"{amount:.0f} B"
    value = float(amount)
    for unit in ("KiB", "MiB", "GiB"):
        value /= 1024
        if value < 1023.95:
            return f"{value:.1f} {unit}" if value < 9.95 else f"{value:.0f} {unit}"
    return f"{value / 1024:.1f} TiB"


def written_size(amount: int) -> str:
    """A number of bytes as :func:`parse_size` reads it back exactly, in the largest unit that divides it."""
    units = [unit for unit in reversed(_SIZE_UNITS) if amount % _SIZE_UNITS[unit] == 0 and unit != "KB"]
    best = min(units, key=lambda unit: amount // _SIZE_UNITS[unit])
    return f"{amount // _SIZE_UNITS[best]}{best}"


def money(usd: float | None) -> str:
    """An amount of dollars: ``$0``, ``$0.12``, ``$5``."""
    if usd is None or not math.isfinite(usd):
        return UNKNOWN
    if usd == round(usd):
        return f"${usd:,.0f}"
    return f"${usd:,.2f}" if usd >= 0.01 else f"${usd:.4f}"


def energy(joules: float | None) -> str:
    """An amount of energy: ``840 J``, ``12 kJ``, ``1.3 kWh``."""
    if joules is None or not math.isfinite(joules):
        return UNKNOWN
    if joules < 1_000:
        return f"{joules:.0f} J"
    if joules < 360_000:
        return f"{joules / 1_000:.1f} kJ"
    return f"{joules / 3_600_000:.2f} kWh"


def gpu_hours(seconds: float | None) -> str:
    """GPUs times time: ``21 GPU-s``, ``0.25 GPU-h``, ``36 GPU-h``."""
    if seconds is None or not math.isfinite(seconds):
        return UNKNOWN
    return f"{seconds:.0f} GPU-s" if seconds < 60 else f"{seconds / 3_600:.3g} GPU-h"


def count(number: int | None) -> str:
    """A whole number with thin groups of digits: ``48 400``."""
    return UNKNOWN if number is None else f"{number:,}".replace(",", " ")


def number(value: float | None) -> str:
    """A measured value in four significant digits: ``0.0213``, ``2.31``, ``1.2e-07``."""
    if value is None:
        return UNKNOWN
    if not math.isfinite(value):
        return str(value)
    return f"{value:.4g}"


def duration_interval(interval: Interval | None) -> str:
    """A forecast duration with its bounds: ``21 s [18–26]``."""
    return _interval(interval, duration)


def size_interval(interval: Interval | None) -> str:
    """A forecast size with its bounds: ``717 MiB [690–760]``."""
    return _interval(interval, size)


def energy_interval(interval: Interval | None) -> str:
    """A forecast energy with its bounds: ``12.0 kJ [11.0–13.1]``."""
    return _interval(interval, energy)


def money_interval(interval: Interval | None) -> str:
    """A forecast cost with its bounds: ``$0.12 [$0.10–$0.14]``."""
    return _interval(interval, money)


def gpu_hours_interval(interval: Interval | None) -> str:
    """Forecast GPU-hours with their bounds: ``0.25 GPU-h [0.2–0.3]``."""
    return _interval(interval, gpu_hours)


def _interval(interval: Interval | None, show: Callable[[float], str]) -> str:
    """A value with its bounds; a unit that all three share is written once."""
    if interval is None:
        return UNKNOWN
    shown = [show(interval.mid), show(interval.low), show(interval.high)]
    units = {text.partition(" ")[2] for text in shown}
    mid, low, high = shown
    if len(units) == 1 and units != {""}:
        low, high = low.partition(" ")[0], high.partition(" ")[0]
    return f"{mid} [{low}–{high}]"
