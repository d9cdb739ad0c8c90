"""What an hour of this machine costs, and a kilowatt-hour: from the user's ``config.toml`` in the home folder.

Invariant: a price is only ever what the person wrote, or the example rate of a kind that they named. A file that cannot
be understood is no price: whoever asks with :func:`read` is told where and how to put it right, and :func:`known` goes
on without.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from . import config_file
from .config_file import FILE_NAME, TABLES, ConfigError, ConfigFile, config_path, shown

__all__ = ["EXAMPLES_DATE", "EXAMPLE_RATES", "FILE_NAME", "ConfigError", "Price", "config_path", "known", "read"]

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

_MOST_USD_PER_HOUR = 100_000.0
_MOST_USD_PER_KWH = 1_000.0
_EXAMPLE = "usd_per_hour = 1.20 under [price]"
_KEYS = ("usd_per_hour", "kind", "usd_per_kwh")


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


def known(home: Path) -> Price:
    """The price as far as it is known; what is wrong with the file becomes the reason why it is not."""
    try:
        return read(home)
    except ConfigError as error:
        return Price(why_none=str(error), is_broken=True)


def read(home: Path) -> Price:
    """The price that the person has set. Raises :class:`ConfigError`."""
    file = config_file.read(home, _EXAMPLE)
    if file is None:
        return Price(why_none=f"no price set; put usd_per_hour under [price] into {config_path(home)}")
    return _price(file)


def _price(file: ConfigFile) -> Price:
    for name in file.tables:
        if name not in TABLES:
            tables = ", ".join(f"[{table}]" for table in TABLES)
            raise file.wrong(name, f"there is no setting {shown(name)}, only the tables {tables}")
    price = file.table("price")
    own = {
        name: file.amount(name, rate, _MOST_USD_PER_HOUR) for name, rate in file.table("rates").items()
    }  # fmt: skip
    for key in price:
        if key not in _KEYS:
            raise file.wrong(key, f"[price] has no {shown(key)}, only {', '.join(_KEYS)}")
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


def _rate(file: ConfigFile, kind: object, own: Mapping[str, float]) -> tuple[float, str]:
    """The hourly rate of a kind, and where it comes from; the person's own go before the examples."""
    if isinstance(kind, str) and kind in own:
        return own[kind], f"the rate of {shown(kind)} in {file.path.name}"
    if isinstance(kind, str) and kind in EXAMPLE_RATES:
        return EXAMPLE_RATES[kind], f"an example rate for {kind} of {EXAMPLES_DATE}, which is no offer"
    names = ", ".join([*own, *EXAMPLE_RATES])
    raise file.wrong("kind", f"there is no rate for {shown(kind)}: name it under [rates], or one of {names}")
