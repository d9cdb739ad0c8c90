"""Which model the person has chosen: ``[model]`` in ``config.toml``, or the only file in the models folder.

Invariant: one setting, a file or an address. Nothing is chosen among several for the person, and no address is spoken
to that they did not write.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from ..models.engine import EngineError
from ..models.gguf import part_paths
from ..models.library import own_folder
from ..models.server import base_address
from . import config_file
from .config_file import ConfigError, ConfigFile, config_path

EXAMPLE = 'path = "/models/name.gguf" under [model]'
_KEYS = ("path", "server", "name")


@dataclass(frozen=True, slots=True)
class ModelSetting:
    """The choice: a file, or a server's address and the model's name there; neither where none was made."""

    path: Path | None = None
    server: str | None = None
    name: str | None = None
    why_none: str | None = None
    is_broken: bool = False


def known(home: Path) -> ModelSetting:
    """The choice as far as it is known; what is wrong with the file becomes the reason why there is none."""
    try:
        return read(home)
    except ConfigError as error:
        return ModelSetting(why_none=str(error), is_broken=True)


def read(home: Path) -> ModelSetting:
    """The choice. Raises :class:`ConfigError`."""
    file = config_file.read(home, EXAMPLE)
    table = {} if file is None else file.table("model")
    if file is None or not table:
        return _only_file(home)
    for key, value in table.items():
        if key not in _KEYS:
            raise file.wrong(key, f"[model] has no {config_file.shown(key)}, only {', '.join(_KEYS)}")
        if not isinstance(value, str) or not value.strip():
            raise file.wrong(key, f"{key} is a text in quotes")
    if ("path" in table) == ("server" in table):
        raise file.wrong("model", "give a path or a server, not both and not neither")
    return ModelSetting(path=Path(table["path"]).expanduser()) if "path" in table else _server(file, table)


def _server(file: ConfigFile, table: dict[str, str]) -> ModelSetting:
    try:
        address = base_address(table["server"])
    except EngineError as error:
        raise file.wrong("server", str(error).removesuffix(".")) from error
    return ModelSetting(server=address, name=table.get("name"))


def _only_file(home: Path) -> ModelSetting:
    folder = own_folder(home)
    files = sorted(path for path in folder.glob("*.gguf") if part_paths(path)[0] == path) if folder.is_dir() else []
    if len(files) == 1:
        return ModelSetting(path=files[0])
    what = f"{len(files)} models in {folder}" if files else "no model is chosen"
    put = f"write {EXAMPLE} into {config_path(home)}"
    return ModelSetting(why_none=f"{what}: {put}{'' if files else f', or put one GGUF file into {folder}'}")
