"""Asking whether to stop a run, the same on the Ladder and on the Run screen."""

from __future__ import annotations

from functools import partial

from ..widgets.choice import QuestionLine, Stopping
from .place import Place

EXPLAINED = "It is asked to end and save, and made to end if it does not. What it did so far is kept."


class StopQuestion(Place):
    """A place with a :class:`Stopping` question in it."""

    _stopping_run: int | None = None

    @property
    def stopping(self) -> Stopping:
        """The question."""
        return self.query_one("#stopping", Stopping)

    def ask_to_stop(self, run_id: int) -> None:
        """Put the question."""
        self._stopping_run = run_id
        self.stopping.ask(f"Stop run {run_id}?", [QuestionLine(EXPLAINED)], identity=run_id)
        self.stopping.focus()

    def answer_stopping(self, answer: str) -> None:
        """Carry the answer on."""
        run_id = self._stopping_run
        self.close_stopping()
        if answer == "stop" and run_id is not None:
            self.our_app.do(partial(self.our_app.climber.stop, run_id))

    def close_stopping(self) -> None:
        """Take the question away."""
        self._stopping_run = None
        had_focus = self.stopping.has_focus
        self.stopping.close()
        if had_focus:
            self.focus_main()

    def focus_main(self) -> None:
        """Give the keys back to the part that matters most."""
        raise NotImplementedError
