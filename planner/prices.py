"""What an hour of this machine costs, and a kilowatt-hour: from the user's ``config.toml`` in the home folder.

Invariant: a price is only ever what the person wrote, or the example rate of a kind that they named. A file that cannot
be understood is no price: whoever asks with :func:`read` is told where and how to put it right, and :func:`known` goes
on without.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

FILE_NAME = "config.toml"

EXAMPLES_DATE = "2025-07"
EXAMPLE_RATES: Mapping[str, float] = MappingProxyType(
    {
        "t4-16gb": 0.50,
        "l4-24gb": 0.80,
        "a10-24gb": 1.00,
        "rtx4090-24gb": 0.50,
        "l40s-48gb": 1.50,
        "a100-40gb": 1.60,
        "a100-80gb": 2.00,
        "h100-80gb": 3.00,
        "h200-141gb": 4.00,
    }
)
"""US dollars an hour of a rented machine with one GPU: typical list prices without commitment, rounded, of
``EXAMPLES_DATE``. They are examples and no offer; used only where the person names a kind."""

_MOST_BYTES = 1 << 20
_MOST_USD_PER_HOUR = 100_000.0
_MOST_USD_PER_KWH = 1_000.0
_EXAMPLE = "usd_per_hour = 1.20 under [price]"
_KEYS = ("usd_per_hour", "kind", "usd_per_kwh")


class ConfigError(ValueError):
    """The configuration file cannot be understood; the text names the file, the line and an example."""


@dataclass(frozen=True, slots=True)
class Price:
    """US dollars an hour of the machine and a kilowatt-hour; ``None`` is not set, and 0 is free."""

    usd_per_hour: float | None = None
    usd_per_kwh: float | None = None
    source: str | None = None
    """Where it comes from, in words."""
    why_none: str | None = None
    """Why there is none, and what to do."""
    is_broken: bool = False
    """Whether there is a file that cannot be understood."""

    @property
    def is_set(self) -> bool:
        """Whether anything has a price."""
        return self.usd_per_hour is not None or self.usd_per_kwh is not None


def config_path(home: Path) -> Path:
    """Where the configuration is, or would be."""
    return home / FILE_NAME


def known(home: Path) -> Price:
    """The price as far as it is known; what is wrong with the file becomes the reason why it is not."""
    try:
        return read(home)
    except ConfigError as error:
        return Price(why_none=str(error), is_broken=True)


def read(home: Path) -> Price:
    """The price that the person has set. Raises :class:`ConfigError`."""
    path = config_path(home)
    if path.exists() and not path.is_file():
        raise ConfigError(f"{path} is no file; write for example {_EXAMPLE}")
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except FileNotFoundError:
        return Price(why_none=f"no price set; put usd_per_hour under [price] into {path}")
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error
    return _price(_File(path, data))


class _File:
    """The file's text, for errors that say where."""

    def __init__(self, path: Path, data: bytes) -> None:
        self.path = path
        if len(data) > _MOST_BYTES:
            raise self.error("is too large for a configuration", None)
        try:
            self.text = data.decode()
        except UnicodeDecodeError as error:
            line = data[: error.start].count(b"\n") + 1
            raise self.error("is not UTF-8", line) from error
        try:
            self.tables: dict[str, Any] = tomllib.loads(self.text)
        except (ValueError, RecursionError) as error:
            at = re.search(r"line (\d+)", str(error))
            raise self.error("is not TOML", int(at[1]) if at else self.text.count("\n") + 1) from error

    def error(self, what: str, line: int | None) -> ConfigError:
        where = f"{self.path}, line {line}" if line is not None else f"{self.path}"
        return ConfigError(f"{where}: {what}; write for example {_EXAMPLE}")

    def wrong(self, key: str, what: str) -> ConfigError:
        """What is wrong with a key or a table."""
        name = re.escape(key)
        at_start = re.search(rf"^[ \t\[\"']*{name}(?!\w)", self.text, re.MULTILINE)
        found = at_start or re.search(rf"(?<!\w){name}(?!\w)", self.text)
        return self.error(what, None if found is None else self.text[: found.end()].count("\n") + 1)

    def table(self, name: str) -> dict[str, Any]:
        table = self.tables.get(name, {})
        if not isinstance(table, dict):
            raise self.wrong(name, f"{name} is a table")
        return table

    def amount(self, key: str, value: object, most: float) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, f"{key} is a number of US dollars, not {_shown(value)}")
        if not 0 <= value <= most or not math.isfinite(value):
            raise self.wrong(key, f"{key} is from 0 to {most:g} US dollars, not {_shown(value)}")
        return float(value)


def _price(file: _File) -> Price:
    for name in file.tables:
        if name not in ("price", "rates"):
            raise file.wrong(name, f"there is no setting {_shown(name)}, only the tables [price] and [rates]")
    price = file.table("price")
    own = {
        name: file.amount(name, rate, _MOST_USD_PER_HOUR) for name, rate in file.table("rates").items()
    }  # fmt: skip
    for key in price:
        if key not in _KEYS:
            raise file.wrong(key, f"[price] has no {_shown(key)}, only {', '.join(_KEYS)}")
    if "kind" in price and "usd_per_hour" in price:
        raise file.wrong("kind", "give usd_per_hour or a kind, not both")
    per_hour: float | None = None
    source = f"usd_per_hour in {file.path.name}"
    if "usd_per_hour" in price:
        per_hour = file.amount("usd_per_hour", price["usd_per_hour"], _MOST_USD_PER_HOUR)
    elif "kind" in price:
        per_hour, source = _rate(file, price["kind"], own)
    per_kwh = None
    if "usd_per_kwh" in price:
        per_kwh = file.amount("usd_per_kwh", price["usd_per_kwh"], _MOST_USD_PER_KWH)
        source = f"{source}, usd_per_kwh" if per_hour is not None else f"usd_per_kwh in {file.path.name}"
    if per_hour is None and per_kwh is None:
        return Price(why_none=f"no price set; put usd_per_hour under [price] into {file.path}")
    return Price(per_hour, per_kwh, source)


def _rate(file: _File, kind: object, own: Mapping[str, float]) -> tuple[float, str]:
    """The hourly rate of a kind, and where it comes from; the person's own go before the examples."""
    if isinstance(kind, str) and kind in own:
        return own[kind], f"the rate of {_shown(kind)} in {file.path.name}"
    if isinstance(kind, str) and kind in EXAMPLE_RATES:
        return EXAMPLE_RATES[kind], f"an example rate for {kind} of {EXAMPLES_DATE}, which is no offer"
    names = ", ".join([*own, *EXAMPLE_RATES])
    raise file.wrong("kind", f"there is no rate for {_shown(kind)}: name it under [rates], or one of {names}")


def _shown(value: object) -> str:
    text = str(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
