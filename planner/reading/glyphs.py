"""Where every piece of text stands on a page of a PDF.

Invariant: what a broken page makes the library raise is told as a page without positions; its plain text is read then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pypdf import PageObject
from pypdf._text_extraction._layout_mode._fixed_width_page import recurse_to_target_op
from pypdf._text_extraction._layout_mode._text_state_manager import TextStateManager
from pypdf.generic import ArrayObject, ContentStream, StreamObject


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Characters shown by one operation, in points; y grows upwards."""

    text: str
    left: float
    right: float
    base: float
    height: float


def glyphs(page: PageObject) -> list[Glyphs]:
    """All that the page shows upright, in the order of the file."""
    contents = page.get("/Contents")
    contents = None if contents is None else contents.get_object()
    if not isinstance(contents, ArrayObject | StreamObject):
        return []
    fonts = page._layout_mode_fonts()
    operations = iter(ContentStream(contents, page.pdf, "bytes").operations)
    return [shown for shown in _shown(operations, fonts) if shown.text.strip()]


def _shown(operations: Iterator[tuple[list[Any], bytes]], fonts: dict[str, Any]) -> Iterator[Glyphs]:
    state = TextStateManager()
    for operands, name in operations:
        if name not in (b"BT", b"q"):
            if name == b"cm":
                state.add_cm(*operands)
            elif name == b"Tf":
                continue
            else:
                state.set_state_param(name, operands)
            continue
        _, shown = recurse_to_target_op(operations, state, b"ET" if name == b"BT" else b"Q", fonts, strip_rotated=False)
        for one in shown:
            if not one.rotated and one.font.interpretable:
                yield Glyphs(one.text, one.tx, one.displaced_tx, one.ty, abs(one.font_height))
