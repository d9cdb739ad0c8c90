"""A list of any length that draws only the lines on the screen.

Invariant: nothing is mounted or kept per row; a subclass says how many rows there are and draws one when it is seen.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual import events
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from ..actions import Scope
from ..bindings import bindings
from .painted import Painted, Piece

MARKER = "▸ "
NO_MARKER = "  "


class Rows(Painted, ScrollView, can_focus=True):
    """Rows with a cursor, by arrows, vim keys and mouse."""

    BINDINGS = bindings(Scope.LIST)
    cursor: reactive[int] = reactive(0, repaint=False)

    @dataclass
    class Moved(Message):
        """The cursor stands on another row."""

        rows: Rows
        index: int

        @property
        def control(self) -> Rows:
            return self.rows

    @dataclass
    class Chosen(Message):
        """A row was opened, by Enter or by a second click."""

        rows: Rows
        index: int

        @property
        def control(self) -> Rows:
            return self.rows

    def row_count(self) -> int:
        """How many rows there are."""
        raise NotImplementedError

    def draw(self, index: int, width: int) -> list[Piece]:
        """The pieces of one row, without the cursor's marker."""
        raise NotImplementedError

    def rows_changed(self) -> None:
        """Call when the number or the content of the rows changed."""
        self.virtual_size = Size(self.content_width(), self.row_count())
        self.cursor = self.validate_cursor(self.cursor)
        self.refresh()

    def content_width(self) -> int:
        """The width of a row; a list never scrolls sideways unless a subclass says otherwise."""
        return self.scrollable_content_region.width

    def validate_cursor(self, cursor: int) -> int:
        return max(0, min(cursor, self.row_count() - 1))

    def watch_cursor(self, old: int, new: int) -> None:
        self.refresh_line(old)
        self.refresh_line(new)
        self.show_row(new)
        self.post_message(self.Moved(self, new))

    def show_row(self, index: int) -> None:
        """Scroll as little as needed to see a row."""
        height = self.scrollable_content_region.height
        top = self.scroll_offset.y
        if index < top:
            self.scroll_to(y=index, animate=False, force=True)
        elif height and index >= top + height:
            self.scroll_to(y=index - height + 1, animate=False, force=True)

    def render_line(self, y: int) -> Strip:
        index = self.scroll_offset.y + y
        width = self.scrollable_content_region.width
        if index >= self.row_count():
            return self.strip((), width)
        at_cursor = index == self.cursor and self.shows_cursor()
        marker: Piece = (MARKER, "accent") if at_cursor else (NO_MARKER, "")
        background = "cursor" if at_cursor and self.has_focus else ""
        return self.strip([marker, *self.draw(index, width - len(MARKER))], width, background)

    def shows_cursor(self) -> bool:
        """Whether the row in hand is marked; a list without focus keeps its mark."""
        return True

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        return self.row_count()

    def on_resize(self) -> None:
        self.virtual_size = Size(self.content_width(), self.row_count())
        self.show_row(self.cursor)

    def watch_has_focus(self, focused: bool) -> None:
        super().watch_has_focus(focused)
        self.refresh()

    async def _on_click(self, event: events.Click) -> None:
        await super()._on_click(event)
        index = self.scroll_offset.y + event.y - self.content_offset_y
        if not 0 <= index < self.row_count():
            return
        already = index == self.cursor and event.chain > 1
        self.cursor = index
        if already:
            self.action_choose()

    @property
    def content_offset_y(self) -> int:
        """Lines between the widget's edge and its first row."""
        return self.gutter.top

    def action_cursor_up(self) -> None:
        self.cursor -= 1

    def action_cursor_down(self) -> None:
        self.cursor += 1

    def action_page_up(self) -> None:
        self.cursor -= max(1, self.scrollable_content_region.height - 1)

    def action_page_down(self) -> None:
        self.cursor += max(1, self.scrollable_content_region.height - 1)

    def action_first(self) -> None:
        self.cursor = 0

    def action_last(self) -> None:
        self.cursor = self.row_count() - 1

    def action_choose(self) -> None:
        if self.row_count():
            self.post_message(self.Chosen(self, self.cursor))
