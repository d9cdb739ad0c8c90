"""The person's model: one setting, a file or an address; nothing is chosen among several for them."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.planner import prices
from mlintern.planner.config_file import ConfigError
from mlintern.planner.model_setting import known, read


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / "models").mkdir()
    return tmp_path


def configure(home: Path, text: str) -> None:
    (home / "config.toml").write_text(text, encoding="utf-8")


def test_a_path_or_a_server_is_named(home: Path) -> None:
    configure(home, '[price]\nusd_per_hour = 2\n[model]\npath = "/models/a.gguf"\n')
    assert read(home).path == Path("/models/a.gguf") and prices.read(home).usd_per_hour == 2
    configure(home, '[model]\nserver = "localhost:8080/v1"\nname = "qwen"\n')
    assert (read(home).server, read(home).name, read(home).path) == ("http://localhost:8080", "qwen", None)


def test_the_only_file_in_the_folder_is_the_one(home: Path) -> None:
    assert "no model is chosen" in str(read(home).why_none)
    (home / "models" / "a.gguf").touch()
    assert read(home).path == home / "models" / "a.gguf"
    for part in ("b-00001-of-00002.gguf", "b-00002-of-00002.gguf"):
        (home / "models" / part).touch()
    assert read(home).path is None and "2 models" in str(read(home).why_none)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[model]\npath = "a"\nserver = "b"\n', "not both"),
        ('[model]\nname = "b"\n', "not neither"),
        ("[model]\npath = 7\n", "line 2: path is a text"),
        ('[model]\nfile = "b"\n', "line 2: .*no file"),
        ('[model]\nserver = "ftp://b"\n', "line 2: .*no address"),
        ("model = 7\n", "model is a table"),
    ],
)
def test_what_cannot_be_understood_is_told(home: Path, text: str, words: str) -> None:
    configure(home, text)
    with pytest.raises(ConfigError, match=words):
        read(home)
    setting = known(home)
    assert setting.is_broken and setting.path is None and setting.server is None
