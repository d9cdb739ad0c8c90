"""What can be written on the Ladder: a ceiling, a reason, limits; each is understood or refused with an example."""

from __future__ import annotations

from collections.abc import Sequence

from ...planner.moves import Ask
from ...store.records import Experiment
from ..engine import Limits
from ..units import parse_duration, parse_steps
from ..widgets import question
from ..widgets.prompt import Field, Prompt


def ask_ceiling(prompt: Prompt, ask: Ask) -> None:
    """Ask within which time to approve."""
    ceiling = question.default_ceiling(ask.forecast)
    prompt.open(
        "ceiling",
        f"Approve {ask.rung} with a ceiling: at it the run is stopped and asks again",
        [Field("ceiling", f"{ceiling:.0f}s" if ceiling is not None else "", "90s, 30m, 2h or 1d12h")],
        read=lambda texts: (parse_duration(texts[0]),),
        warn=lambda texts: question.short_ceiling_warning(ask.forecast, parse_duration(texts[0])),
    )


def ask_reason(prompt: Prompt, ask: Ask) -> None:
    """Ask why not."""
    prompt.open(
        "reason",
        f"Decline {ask.rung}",
        [Field("reason", "", "for the record; may stay empty")],
        read=lambda texts: (texts[0].strip() or None,),
    )


def ask_limits(prompt: Prompt, experiment: Experiment) -> None:
    """Ask for the number of steps and the budget."""
    steps, budget = experiment.declared_steps, experiment.budget_seconds
    prompt.open(
        "limits",
        "Limits of this experiment",
        [
            Field(
                "total steps", "" if steps is None else str(steps), "optimizer steps of the full run; empty: as it is"
            ),
            Field("budget", "" if budget is None else duration_text(budget), "30m, 2h or 1d12h; empty: as it is"),
        ],
        read=read_limits,
    )


def read_limits(texts: Sequence[str]) -> tuple[Limits]:
    """Steps and budget; an empty line leaves what there was."""
    steps, budget = (text.strip() for text in texts)
    return (Limits(parse_steps(steps) if steps else None, parse_duration(budget) if budget else None),)


def duration_text(seconds: float) -> str:
    """A duration as it can be read back exactly."""
    whole = round(seconds)
    parts = [(whole // 86_400, "d"), (whole % 86_400 // 3_600, "h"), (whole % 3_600 // 60, "m"), (whole % 60, "s")]
    text = "".join(f"{amount}{unit}" for amount, unit in parts if amount)
    return text if text and abs(parse_duration(text) - seconds) < 0.5 else f"{seconds:g}s"
