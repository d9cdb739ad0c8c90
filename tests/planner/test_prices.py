"""A price is what the person wrote, or it is refused with the place and an example; it is never made up."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from mlintern.planner.prices import EXAMPLE_RATES, EXAMPLES_DATE, FILE_NAME, ConfigError, known, read


def write(home: Path, text: str | bytes) -> Path:
    (home / FILE_NAME).write_bytes(text if isinstance(text, bytes) else text.encode())
    return home


def test_without_a_file_there_is_no_price_and_what_to_write_is_said(tmp_path: Path) -> None:
    price = read(tmp_path)
    assert not price.is_set and not price.is_broken
    assert price.why_none == f"no price set; put usd_per_hour under [price] into {tmp_path / FILE_NAME}"


@pytest.mark.parametrize("text", ["", "[price]\n", "[rates]\nours = 2.0\n", "# [price]\n# usd_per_hour = 1\n"])
def test_a_file_that_names_no_price_sets_none(tmp_path: Path, text: str) -> None:
    assert not read(write(tmp_path, text)).is_set


def test_what_was_written_is_the_price(tmp_path: Path) -> None:
    price = read(write(tmp_path, "[price]\nusd_per_hour = 1.20\nusd_per_kwh = 0.3\n"))
    assert (price.usd_per_hour, price.usd_per_kwh) == (1.2, 0.3)
    assert price.source == "usd_per_hour in config.toml, usd_per_kwh"
    assert read(write(tmp_path, "[price]\nusd_per_hour = 0\n")).usd_per_hour == 0.0
    electricity = read(write(tmp_path, "[price]\nusd_per_kwh = 0.3\n"))
    assert (electricity.usd_per_hour, electricity.usd_per_kwh) == (None, 0.3)


def test_an_example_rate_is_used_only_when_its_kind_is_named_and_says_what_it_is(tmp_path: Path) -> None:
    price = read(write(tmp_path, '[price]\nkind = "a100-80gb"\n'))
    assert price.usd_per_hour == EXAMPLE_RATES["a100-80gb"]
    assert price.source == f"an example rate for a100-80gb of {EXAMPLES_DATE}, which is no offer"
    own = read(write(tmp_path, '[price]\nkind = "a100-80gb"\n[rates]\na100-80gb = 9.5\n'))
    assert own.usd_per_hour == 9.5 and "offer" not in str(own.source)


@pytest.mark.parametrize(
    ("text", "line", "what"),
    [
        ("[price]\nusd_per_hour = \n", 2, "is not TOML"),
        ("[price\n", 1, "is not TOML"),
        ("[price]\nusd_per_hour = 1\nusd_per_hour = 2\n", 3, "is not TOML"),
        ("[price]\n\nusd_per_hour = -1\n", 3, "is from 0 to 100000"),
        ("[price]\nusd_per_hour = nan\n", 2, "not nan"),
        ("[price]\nusd_per_hour = inf\n", 2, "not inf"),
        ("[price]\nusd_per_hour = 1e12\n", 2, "not 1000000000000.0"),
        (f"[price]\nusd_per_hour = {'9' * 400}\n", 2, "is from 0 to 100000"),
        ("[price]\nusd_per_hour = true\n", 2, "not True"),
        ('[price]\nusd_per_hour = "1.20"\n', 2, "is a number of US dollars, not 1.20"),
        ("[price]\nusd_per_kwh = 2000\n", 2, "is from 0 to 1000"),
        ('[price]\nkind = "no-such-gpu"\n', 2, "there is no rate for no-such-gpu"),
        ("[price]\nkind = 5\n", 2, "there is no rate for 5"),
        ('[price]\nkind = "a100-80gb"\nusd_per_hour = 1\n', 2, "not both"),
        ("[price]\neuros_per_hour = 1\n", 2, "[price] has no euros_per_hour"),
        ("[prices]\nusd_per_hour = 1\n", 1, "there is no setting prices"),
        ("price = 3\n", 1, "price is a table"),
        ("[rates]\nmine = -2\n", 2, "mine is from 0"),
        ("price.usd_per_hour = -2\n", 1, "usd_per_hour is from 0"),
    ],
)
def test_anything_else_is_refused_with_the_file_the_line_and_an_example(
    tmp_path: Path, text: str, line: int, what: str
) -> None:
    with pytest.raises(ConfigError) as told:
        read(write(tmp_path, text))
    words = str(told.value)
    assert words.startswith(f"{tmp_path / FILE_NAME}, line {line}: ")
    assert what in words and "write for example usd_per_hour = 1.20 under [price]" in words
    price = known(tmp_path)
    assert (price.is_set, price.is_broken, price.why_none) == (False, True, words)


def test_a_file_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="line 2: is not UTF-8"):
        read(write(tmp_path, b"[price]\nkind = '\xff'\n"))
    with pytest.raises(ConfigError, match="is too large"):
        read(write(tmp_path, b"#" * (2 << 20)))
    with pytest.raises(ConfigError, match="is not TOML"):
        read(write(tmp_path, f"a = {'9' * 5000}"))
    with pytest.raises(ConfigError, match="is not TOML"):
        read(write(tmp_path, f"a = {'[' * 20_000}"))
    (tmp_path / FILE_NAME).unlink()
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(ConfigError, match="is no file"):
        read(tmp_path)
    (tmp_path / FILE_NAME).rmdir()
    os.mkfifo(tmp_path / FILE_NAME)
    with pytest.raises(ConfigError, match="is no file"):
        read(tmp_path)
