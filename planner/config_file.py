"""The user's ``config.toml`` in the home folder: found, read, and errors that say where.

Invariant: a file that cannot be understood is an error with the file, the line and an example of what would be right;
what a table means is up to whoever reads it (``prices.py``, ``model_setting.py``).
"""

from __future__ import annotations

import math
import re
import tomllib
from pathlib import Path
from typing import Any

FILE_NAME = "config.toml"
TABLES = ("price", "rates", "model")
"""All tables that there are."""
_MOST_BYTES = 1 << 20


class ConfigError(ValueError):
    """The configuration file cannot be understood; the text names the file, the line and an example."""


def config_path(home: Path) -> Path:
    """Where the configuration is, or would be."""
    return home / FILE_NAME


def read(home: Path, example: str) -> ConfigFile | None:
    """The file; ``None`` where there is none. ``example`` is shown in errors. Raises :class:`ConfigError`."""
    path = config_path(home)
    if path.exists() and not path.is_file():
        raise ConfigError(f"{path} is no file; write for example {example}")
    try:
        with path.open("rb") as file:
            return ConfigFile(path, file.read(_MOST_BYTES + 1), example)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror or error}") from error


class ConfigFile:
    """The file's text, for errors that say where."""

    def __init__(self, path: Path, data: bytes, example: str) -> None:
        self.path, self._example = path, example
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
        """What is wrong with a line."""
        where = f"{self.path}, line {line}" if line is not None else f"{self.path}"
        return ConfigError(f"{where}: {what}; write for example {self._example}")

    def wrong(self, key: str, what: str) -> ConfigError:
        """What is wrong with a key or a table."""
        name = re.escape(key)
        at_start = re.search(rf"^[ \t\[\"']*{name}(?!\w)", self.text, re.MULTILINE)
        found = at_start or re.search(rf"(?<!\w){name}(?!\w)", self.text)
        return self.error(what, None if found is None else self.text[: found.end()].count("\n") + 1)

    def table(self, name: str) -> dict[str, Any]:
        """A table; empty where there is none."""
        table = self.tables.get(name, {})
        if not isinstance(table, dict):
            raise self.wrong(name, f"{name} is a table")
        return table

    def amount(self, key: str, value: object, most: float) -> float:
        """A number of US dollars."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.wrong(key, f"{key} is a number of US dollars, not {shown(value)}")
        if not 0 <= value <= most or not math.isfinite(value):
            raise self.wrong(key, f"{key} is from 0 to {most:g} US dollars, not {shown(value)}")
        return float(value)


def shown(value: object) -> str:
    """A value from the file, for an error."""
    text = str(value) if isinstance(value, str) else repr(value)
    return text if len(text) <= 40 else f"{text[:40]}…"
