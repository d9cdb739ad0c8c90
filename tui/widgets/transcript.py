"""A conversation on the screen: lines laid out once per message, drawn only where they are seen.

Invariant: a new message costs its own lines, whatever came before; a long result shows its beginning and says how much
is left, which opens in full. Nothing is mounted per message.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.cells import cell_len

from ...store.conversations import Message, MessageKind
from ..conversation_words import Inked, message_lines
from ..text import clean, wrap, wrap_cells
from .painted import Piece
from .rows import MARKER, Rows

MOST_LINES = 8
"""Lines of one result."""
_MOST_DRAFT = 2_000
"""Characters of what is being generated."""


class Transcript(Rows):
    """The messages of one conversation, and beneath them what is being generated."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.messages: list[Message] = []
        self._lines: list[Inked] = []
        self._owners: list[int] = []
        """The message of each line."""
        self._draft: list[Inked] = []
        self._width = 0

    def show(self, messages: Sequence[Message]) -> None:
        """Another conversation, from its end."""
        self.messages = list(messages)
        self._draft = []
        self._lay_out()
        self.cursor = self.row_count() - 1

    def add(self, messages: Sequence[Message], draft: str) -> None:
        """What is new; the view follows unless somebody went up."""
        follows = self.cursor >= self.row_count() - 1
        for message in messages:
            self.messages.append(message)
            self._lay_out_one(len(self.messages) - 1)
        self._draft = list(_draft_lines(draft, self._width)) if draft else []
        self.rows_changed()
        if follows:
            self.cursor = self.row_count() - 1

    def row_count(self) -> int:
        return len(self._lines) + len(self._draft)

    def draw(self, index: int, width: int) -> list[Piece]:
        known = len(self._lines)
        text, ink = self._lines[index] if index < known else self._draft[index - known]
        return [(text, ink)]

    @property
    def in_hand(self) -> Message | None:
        """The message that the cursor stands on."""
        return self.messages[self._owners[self.cursor]] if self.cursor < len(self._owners) else None

    def on_resize(self) -> None:
        width = self._room()
        if width != self._width:
            at_end = self.cursor >= self.row_count() - 1
            self._lay_out()
            if at_end:
                self.cursor = self.row_count() - 1
        super().on_resize()

    def _room(self) -> int:
        return max(1, self.scrollable_content_region.width - len(MARKER))

    def _lay_out(self) -> None:
        self._width = self._room()
        self._lines, self._owners = [], []
        for index in range(len(self.messages)):
            self._lay_out_one(index)
        self.rows_changed()

    def _lay_out_one(self, index: int) -> None:
        lines = list(laid_out(self.messages[index], self._width))
        self._lines += lines
        self._owners += [index] * len(lines)


def laid_out(message: Message, width: int) -> Iterator[Inked]:
    """The lines of one message at a width."""
    if message.kind is not MessageKind.RESULT:
        for text, ink in message_lines(message):
            yield from ((line, ink) for line in _wrapped(text, width))
        return
    shown, left = 0, 0
    for text, ink in message_lines(message):
        is_next = text.startswith("  next: ")
        if shown >= MOST_LINES and not is_next:
            left += 1
            continue
        if left and is_next:
            yield f"  … {left} more lines: enter shows them", "muted"
            left = 0
        for line in _wrapped(text, width)[: MOST_LINES if is_next else MOST_LINES - shown]:
            shown += 1
            yield line, ink
    if left:
        yield f"  … {left} more lines: enter shows them", "muted"


def _draft_lines(draft: str, width: int) -> Iterator[Inked]:
    for line in draft[-_MOST_DRAFT:].split("\n"):
        yield from ((f"… {part}", "muted") for part in wrap_cells(clean(line), max(1, width - 2)))


def _wrapped(text: str, width: int) -> list[str]:
    """As it is where it fits; else broken at spaces, and what begins further right goes on there."""
    if cell_len(text) <= width:
        return [text]
    indent = " " * min(len(text) - len(text.lstrip(" ")), width // 2)
    return [f"{indent}{line}" for line in wrap(text, width - len(indent))]
