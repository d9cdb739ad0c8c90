"""A few lines to write into, inside the screen: a ceiling, a reason, limits.

Invariant: what is written is given on only after it was understood; what is wrong with it is said where it is written.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.widgets import Input, Static

MOST_FIELDS = 5


@dataclass(frozen=True, slots=True)
class Field:
    """One line to write into."""

    label: str
    initial: str = ""
    example: str = ""


class Prompt(Vertical):
    """The lines; Enter gives them on, Escape takes them away."""

    @dataclass
    class Submitted(Message):
        """The person gave the values on, and they were understood."""

        prompt: Prompt
        purpose: str
        values: tuple[object, ...]

    @dataclass
    class Cancelled(Message):
        """The person thought better of it."""

        prompt: Prompt
        purpose: str

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self.purpose = ""
        self._read: Callable[[Sequence[str]], tuple[object, ...]] = tuple
        self._warn: Callable[[Sequence[str]], str | None] = lambda _values: None
        self.display = False

    def compose(self) -> ComposeResult:
        for index in range(MOST_FIELDS):
            with Horizontal(classes="prompt-line", id=f"line-{index}"):
                yield Static("", classes="prompt-label", markup=False)
                yield Input(compact=True, select_on_focus=True, id=f"field-{index}")
        yield Static("", id="prompt-note", markup=False)

    def open(
        self,
        purpose: str,
        title: str,
        fields: Sequence[Field],
        *,
        read: Callable[[Sequence[str]], tuple[object, ...]],
        warn: Callable[[Sequence[str]], str | None] = lambda _values: None,
    ) -> None:
        """Ask for values. ``read`` turns the texts into values or raises ``ValueError`` with what is wrong."""
        self.purpose, self._read, self._warn = purpose, read, warn
        self.border_title = title
        self.border_subtitle = "enter accept · esc back"
        for index, line in enumerate(self.query(".prompt-line")):
            line.display = index < len(fields)
            if index < len(fields):
                line.query_one(Static).update(fields[index].label)
                entry = line.query_one(Input)
                entry.value, entry.placeholder = fields[index].initial, fields[index].example
                entry.cursor_position = len(entry.value)
        self._note("")
        self.display = True
        self.query_one("#field-0", Input).focus()

    def close(self) -> None:
        """Take the lines away."""
        self.display = False
        self.purpose = ""

    @property
    def texts(self) -> list[str]:
        """What is written now."""
        return [line.query_one(Input).value for line in self.query(".prompt-line") if line.display]

    @on(Input.Changed)
    def _hint(self, event: Input.Changed) -> None:
        event.stop()
        self._note("")

    @on(Input.Submitted)
    def _submit(self, event: Input.Submitted) -> None:
        event.stop()
        texts = self.texts
        try:
            values = self._read(texts)
        except ValueError as error:
            self._note(str(error))
            return
        caution = self._warn(texts)
        if caution is not None and self._cautioned != caution:
            self._note(f"{caution}; enter again to go on", ink="caution")
            self._cautioned = caution
            return
        purpose = self.purpose
        self.close()
        self.post_message(self.Submitted(self, purpose, values))

    _cautioned: str | None = None

    def _note(self, text: str, *, ink: str = "wrong") -> None:
        note = self.query_one("#prompt-note", Static)
        note.update(text)
        note.display = bool(text)
        note.set_class(ink == "wrong", "wrong")
        self._cautioned = None

    def on_key(self, event: events.Key) -> None:
        if event.key == "escape":
            event.stop()
            event.prevent_default()
            purpose = self.purpose
            self.close()
            self.post_message(self.Cancelled(self, purpose))
