"""Foreign text made safe to show: log lines, paths, names, messages, model output.

Invariant: what leaves here holds no control code, no escape sequence and no line break, and is never read as markup. It
is data: the screens put it into segments, not into markup strings.
"""

from __future__ import annotations

import re

from rich.cells import cell_len, set_cell_size

ESCAPES = (
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor moves
    r"|\x1b[\]PX^_][^\x07\x1b\n]*(?:\x07|\x1b\\)?"  # OSC and other strings: titles, links, clipboard
    r"|\x1b[ -/]*[0-~]"  # two-character sequences
)
_ESCAPES = re.compile(ESCAPES)
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]")
TAB_WIDTH = 4


def clean(text: str) -> str:
    """The text on one line, without escape sequences, control codes or invisible direction marks."""
    if text.isascii() and text.isprintable():
        return text
    without_escapes = _ESCAPES.sub("", text) if "\x1b" in text else text
    spaced = without_escapes.replace("\n", " ").expandtabs(TAB_WIDTH)
    plain = _CONTROL.sub("", spaced)
    return plain.encode("utf-8", "replace").decode("utf-8")  # lone surrogates of undecodable file names


def fit(text: str, width: int) -> str:
    """The text in exactly ``width`` cells: padded, or cut with an ellipsis; never splits a wide character."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length <= width:
        return text + " " * (width - length)
    return set_cell_size(text, width - 1) + "…"


def fit_left(text: str, width: int) -> str:
    """Like :func:`fit`, but the beginning is cut, for paths whose end tells most."""
    if width <= 0:
        return ""
    length = cell_len(text)
    if length <= width:
        return text + " " * (width - length)
    kept: list[str] = []
    used = 1
    for character in reversed(text):
        used += cell_len(character)
        if used > width:
            break
        kept.append(character)
    tail = "…" + "".join(reversed(kept))
    return tail + " " * (width - cell_len(tail))


def right(text: str, width: int) -> str:
    """The text flush right in ``width`` cells, cut like :func:`fit` where it does not fit."""
    missing = width - cell_len(text)
    return " " * missing + text if missing >= 0 else fit(text, width)


def wrap(text: str, width: int) -> list[str]:
    """The text broken at spaces into lines of at most ``width`` cells; a longer word is cut."""
    if width <= 0:
        return []
    lines: list[str] = []
    line = ""
    for word in text.split():
        joined = f"{line} {word}" if line else word
        if cell_len(joined) <= width:
            line = joined
            continue
        if line:
            lines.append(line)
        *cut, line = wrap_cells(word, width)
        lines.extend(cut)
    return [*lines, line] if line else lines or [""]


def wrap_cells(text: str, width: int) -> list[str]:
    """The text cut every ``width`` cells, for log lines, whose spaces may carry meaning."""
    if width <= 0 or cell_len(text) <= width:
        return [text]
    pieces: list[str] = []
    piece: list[str] = []
    used = 0
    for character in text:
        cells = cell_len(character)
        if piece and used + cells > width:
            pieces.append("".join(piece))
            piece, used = [], 0
        piece.append(character)
        used += cells
    pieces.append("".join(piece))
    return pieces
