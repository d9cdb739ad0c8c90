"""Where every piece of text stands on a page of a PDF.

Invariant: what a broken page makes the library raise is told as a page without positions; its plain text is read then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pypdf import PageObject
from pypdf.generic import ArrayObject, ContentStream, DictionaryObject, NameObject, StreamObject

try:  # the library keeps these to itself, so a version of it may come without them
    from pypdf._text_extraction._layout_mode._fixed_width_page import recurse_to_target_op
    from pypdf._text_extraction._layout_mode._text_state_manager import TextStateManager
    from pypdf.generic._font import Font

    HAS_POSITIONS = hasattr(PageObject, "_layout_mode_fonts")
except ImportError:
    HAS_POSITIONS = False

_DEEPEST = 8
"""Forms within forms."""
_MOST_FORMS = 1000
"""On one page; a file may hold forms that show one another over and over."""

_Operation = tuple[list[Any], bytes]


@dataclass(frozen=True, slots=True)
class Glyphs:
    """Characters shown by one operation, in points; y grows upwards."""

    text: str
    left: float
    right: float
    base: float
    height: float


def glyphs(page: PageObject) -> list[Glyphs]:
    """All that the page shows upright, in the order of the file; nothing where the library does not tell places."""
    if not HAS_POSITIONS:
        return []
    contents = page.get("/Contents")
    contents = None if contents is None else contents.get_object()
    if not isinstance(contents, ArrayObject | StreamObject):
        return []
    fonts = page._layout_mode_fonts()
    own = ContentStream(contents, page.pdf, "bytes").operations
    operations = _Page(page, fonts).flattened(own, _resources(page))
    return [shown for shown in _shown(operations, fonts) if shown.text.strip()]


def _resources(holder: Any) -> DictionaryObject:
    """A page's or a form's own; a page may have its parent's."""
    for _ in range(_DEEPEST * 4):
        found = holder.get("/Resources")
        if found is not None and isinstance(found.get_object(), DictionaryObject):
            return found.get_object()  # type: ignore[no-any-return]
        parent = holder.get("/Parent")
        if parent is None:
            break
        holder = parent.get_object()
    return DictionaryObject()


class _Page:
    """A page's operations, with each form's own in its place, so that text in a form is read like any other.

    A form's fonts get names of their own, as it may call another font by the page's name for one.
    """

    def __init__(self, page: PageObject, fonts: dict[str, Any]) -> None:
        self.page = page
        self.fonts = fonts
        self.forms_left = _MOST_FORMS
        self.open_forms: set[int] = set()

    def flattened(
        self, operations: list[_Operation], resources: DictionaryObject, within: tuple[str, ...] = ()
    ) -> Iterator[_Operation]:
        """The operations of the page, or of the form that ``within`` leads to."""
        for operands, name in operations:
            form = _form(operands, resources) if name == b"Do" else None
            if form is None or id(form) in self.open_forms or len(within) >= _DEEPEST or self.forms_left <= 0:
                yield operands, name  # a form that shows itself shows nothing more
                continue
            self.forms_left -= 1
            self.open_forms.add(id(form))
            path = (*within, str(operands[0]))
            own = _resources(form) if "/Resources" in form else resources
            renamed = _add_fonts(self.fonts, own, "".join(path))
            yield [], b"q"
            if "/Matrix" in form:
                matrix = form["/Matrix"].get_object()
                yield list(matrix) if isinstance(matrix, ArrayObject) else [1, 0, 0, 1, 0, 0], b"cm"
            inner = ContentStream(form, self.page.pdf, "bytes").operations
            for held, other in self.flattened(inner, own, path):
                is_own_font = other == b"Tf" and held and str(held[0]) in renamed
                yield ([NameObject(renamed[str(held[0])]), *held[1:]] if is_own_font else held), other
            yield [], b"Q"
            self.open_forms.discard(id(form))


def _form(operands: list[Any], resources: DictionaryObject) -> StreamObject | None:
    held = resources.get("/XObject")
    held = held.get_object() if held is not None else None
    found = held.get(operands[0]) if isinstance(held, DictionaryObject) and operands else None
    found = found.get_object() if found is not None else None
    return found if isinstance(found, StreamObject) and found.get("/Subtype") == "/Form" else None


def _add_fonts(fonts: dict[str, Any], resources: DictionaryObject, prefix: str) -> dict[str, str]:
    """The names that the fonts of a form go by among the page's."""
    own = resources.get("/Font")
    own = own.get_object() if own is not None else None
    if not isinstance(own, DictionaryObject):
        return {}
    renamed = {}
    for name, held in own.items():
        font = held.get_object()
        if isinstance(font, DictionaryObject):
            renamed[str(name)] = f"{prefix}{name}"
            fonts.setdefault(f"{prefix}{name}", Font.from_font_resource(font))
    return renamed


def _shown(operations: Iterator[_Operation], fonts: dict[str, Any]) -> Iterator[Glyphs]:
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
