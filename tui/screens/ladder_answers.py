"""Putting the ladder's question, and carrying the answer to the engine exactly as the question was shown.

Invariant: an answer counts for the one question that was on the screen when it was begun.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from textual import on

from ...planner.confirm.wanted import Wanted
from ...planner.moves import Ask, Move
from ...planner.view import LadderView
from ..engine import Limits
from ..widgets import question
from ..widgets.choice import Approval, Choice
from ..widgets.prompt import Prompt
from . import ladder_prompts as prompts
from .detail import DetailScreen, named_facts
from .stop_question import StopQuestion


class LadderAnswers(StopQuestion):
    """The half of the Ladder screen that asks."""

    _asked: Move | None = None
    """The move as it stood when a line to write into was opened."""

    def draw(self) -> None:
        """Draw everything anew."""
        raise NotImplementedError

    @property
    def view(self) -> LadderView | None:
        """What there is to show."""
        return self.our_app.climber.view

    @property
    def approval(self) -> Approval:
        """The question."""
        return self.query_one("#approval", Approval)

    @property
    def prompt(self) -> Prompt:
        """The lines to write into."""
        return self.query_one("#prompt", Prompt)

    def put_question(self, view: LadderView) -> None:
        """Show the question if the ladder has one, and take it away if it has none any more."""
        climber = self.our_app.climber
        asks = isinstance(view.move, Ask) and not climber.busy and not climber.is_stale
        if not asks or not isinstance(view.move, Ask) or view.move.forecast.id == climber.declined:
            if self.approval.display:
                had_focus = self.approval.has_focus
                self.approval.close()
                if had_focus:
                    self.query_one("#rungs").focus()
            return
        if self.prompt.display or self.stopping.display:
            return
        ask = view.move
        is_new = not self.approval.display
        ceiling = question.default_ceiling(ask.forecast)
        self.approval.ask(
            question.title(ask),
            question.lines(ask, view),
            identity=(ask.rung, ask.forecast.id),
            without=() if ceiling is not None else ("approve",),
        )
        if is_new and (self.focused is None or self.focused.id == "rungs"):
            self.approval.focus()

    @on(Choice.Answered)
    def _answered(self, event: Choice.Answered) -> None:
        if event.choice is self.stopping:
            self.answer_stopping(event.answer)
            return
        view = self.view
        if view is None or not isinstance(view.move, Ask):
            return
        ask = view.move
        match event.answer:
            case "no":
                self.open_prompt(lambda: prompts.ask_reason(self.prompt, ask))
            case "approve":
                ceiling = question.default_ceiling(ask.forecast)
                if ceiling is not None:
                    self.our_app.do(partial(self.our_app.climber.approve, ask, ceiling))
            case "ceiling":
                self.open_prompt(lambda: prompts.ask_ceiling(self.prompt, ask))
            case "change":
                self.action_limits()
            case "evidence":
                self.show_forecast(ask)

    def open_prompt(self, put: Callable[[], None]) -> None:
        """Put lines to write into in the question's place."""
        self._asked = self.view.move if self.view else None
        self.approval.close()
        put()

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        climber = self.our_app.climber
        match event.purpose, self._asked, event.values:
            case "ceiling", Ask() as ask, (float(ceiling),):
                self.our_app.do(partial(climber.approve, ask, ceiling))
            case "reason", Ask() as ask, (reason,):
                self.our_app.do(partial(climber.decline, ask, str(reason) if reason else None))
            case "accept", _, (int(finding_id), str(reason)):
                self.our_app.do(partial(climber.accept, finding_id, reason))
            case "confirm", _, (Wanted() as wanted,):
                self.our_app.do(partial(climber.confirm, wanted))
            case "limits", _, (Limits() as limits,):
                self.our_app.do(partial(climber.change_limits, limits))
        self._after_prompt()

    @on(Prompt.Cancelled)
    def _cancelled(self) -> None:
        self._after_prompt()

    def _after_prompt(self) -> None:
        self.query_one("#rungs").focus()
        self.draw()

    @on(Choice.Later)
    def _later(self, event: Choice.Later) -> None:
        if event.choice is self.stopping:
            self.close_stopping()
        else:
            self.query_one("#rungs").focus()

    def action_ask(self) -> None:
        self.our_app.climber.declined = None
        self.draw()
        if self.approval.display:
            self.approval.rearm()
            self.approval.focus()

    def action_limits(self) -> None:
        if self.view is not None:
            experiment = self.view.experiment
            self.open_prompt(lambda: prompts.ask_limits(self.prompt, experiment))

    def show_forecast(self, ask: Ask) -> None:
        """Show what the forecast was made from."""
        facts = named_facts(
            [("asks because", ask.why), *question.forecast_facts(ask.forecast), *question.verified_facts(ask)]
        )
        self.app.push_screen(DetailScreen(f"forecast of {ask.rung}", facts))

    def close_stopping(self) -> None:
        super().close_stopping()
        self.draw()

    def focus_main(self) -> None:
        self.query_one("#rungs").focus()
