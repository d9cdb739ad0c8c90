"""What the places have in common: the two bars, and how news reaches them.

Invariant: a place draws from values it was given; what happened while it was not in front is caught up on return.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, cast

from textual.app import ComposeResult
from textual.screen import Screen
from textual.widget import Widget

from ..beside import Work, run_beside
from ..widgets.bars import KeyBar, TopBar

if TYPE_CHECKING:
    from ..app import MlinternApp


class Place(Screen[None]):
    """Home, Ladder, Run, History or the Conversation."""

    NAME: ClassVar[str] = ""
    is_ready = False
    """Whether every part is there; before that there is nothing to draw into."""

    def compose(self) -> ComposeResult:
        yield TopBar(self.under)
        yield from self.compose_body()
        yield KeyBar()

    @property
    def under(self) -> str:
        """The place that the top bar marks."""
        return self.NAME

    def compose_body(self) -> Iterable[Widget]:
        """What stands between the bars."""
        raise NotImplementedError

    def on_mount(self) -> None:
        # The parts within parts are made after the screen itself.
        self.call_after_refresh(self._become_ready)

    def _become_ready(self) -> None:
        self.is_ready = True
        self.begin()

    def on_screen_resume(self) -> None:
        if self.is_ready:
            self.come_back()

    def begin(self) -> None:
        """Draw for the first time."""

    def come_back(self) -> None:
        """Catch up, when the place is in front again."""

    @property
    def our_app(self) -> MlinternApp:
        """The application, as what it is."""
        return cast("MlinternApp", self.app)

    def beat(self, *, changed: bool) -> None:
        """The pulse: called a few times a second while something is live; ``changed`` says whether the store did."""

    def climber_changed(self) -> None:
        """The experiment in hand has something new to show."""

    def text_to_copy(self) -> str:
        """What ``copy`` copies here."""
        return ""

    def work(self, work: Work, group: str) -> None:
        """Run something beside the screen; a newer one of the same group replaces it."""
        run_beside(self, work, group=f"{self.NAME}-{group}", exclusive=True)
