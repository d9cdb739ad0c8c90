"""Foreign text: nothing of it steers the terminal, and it always fits its column."""

from __future__ import annotations

import pytest
from mlintern.tui.text import clean, fit, fit_left, right, wrap, wrap_cells
from rich.cells import cell_len


@pytest.mark.parametrize(
    ("foreign", "shown"),
    [
        ("plain", "plain"),
        ("\x1b[31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07text", "text"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("a\x00b\x07c\x7fd\x9be", "abcde"),
        ("two\nlines", "two lines"),
        ("a\tb", "a   b"),
        ("evil\u202egnp.exe", "evilgnp.exe"),
        ("[bold]not markup[/bold]", "[bold]not markup[/bold]"),
        ("\udcff.py", "?.py"),
        ("\x1bc\x1b(Bx", "x"),
    ],
)
def test_clean(foreign: str, shown: str) -> None:
    assert clean(foreign) == shown


@pytest.mark.parametrize("text", ["", "short", "exactly 10", "much longer than ten", "日本語のテキスト", "a日b本c語d"])
def test_fitted_text_has_exactly_the_width(text: str) -> None:
    for width in range(14):
        assert cell_len(fit(text, width)) == width
        assert cell_len(fit_left(text, width)) == width
        assert cell_len(right(text, width)) == width


def test_a_path_is_cut_at_its_beginning() -> None:
    assert fit_left("/home/me/project/train.py", 12) == "…ct/train.py"


def test_wrap_breaks_at_spaces_and_cuts_only_what_is_too_long() -> None:
    assert wrap("the split is not what it says", 10) == ["the split", "is not", "what it", "says"]
    assert wrap("abcdefghijkl mn", 5) == ["abcde", "fghij", "kl mn"]
    assert "".join(wrap("日本語日本語", 5)) == "日本語日本語"
    assert wrap("", 5) == [""]


def test_log_lines_are_cut_by_cells_and_keep_their_spaces() -> None:
    assert wrap_cells("a  b  c", 3) == ["a  ", "b  ", "c"]
    assert "".join(wrap_cells("日本語 text", 3)) == "日本語 text"
