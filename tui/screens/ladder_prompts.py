"""What can be written on the Ladder: a ceiling, a reason, limits; each is understood or refused with an example."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from ...planner.confirm.wanted import Wanted
from ...planner.moves import Ask
from ...store.records import Experiment, Finding
from ..budgets import parse_budgets, written_budgets
from ..engine import Limits
from ..text import clean
from ..units import parse_duration, parse_size, parse_steps, written_size
from ..widgets import question
from ..widgets.prompt import Field, Prompt

Known = TypeVar("Known")


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


def ask_why_accepted(prompt: Prompt, finding: Finding) -> None:
    """Ask why a finding is right as it is."""
    prompt.open(
        "accept",
        f"Accept {clean(finding.code)} as it is: the reason stays on record",
        [Field("reason", "", "why it is right so")],
        read=lambda texts: (finding.id, _said(texts[0])),
    )


def _said(text: str) -> str:
    if not text.strip():
        raise ValueError("say why: an acceptance without a reason tells nobody anything")
    return text.strip()


def ask_what_to_confirm(prompt: Prompt) -> None:
    """Ask what is to be claimed; a claim that nobody names is that the value holds."""
    prompt.open(
        "confirm",
        "Confirm on fresh seeds: the claim is fixed before the first run; an empty line is left to the plan",
        [
            Field("target", "", "to reach, such as 97.2 (else a paper's)"),
            Field("against", "", "a full run of the baseline, by its number"),
            Field("seeds", "", "how many (else what the claim needs)"),
        ],
        read=read_wanted,
    )


def read_wanted(texts: Sequence[str]) -> tuple[Wanted]:
    """Target, baseline and number of seeds; an empty line is not said."""
    target, against, seeds = (text.strip() for text in texts)
    return (
        Wanted(
            target=_number(target, float, "a number, such as 97.2") if target else None,
            against=_number(against, int, "the number of a run, such as 12") if against else None,
            seeds=_number(seeds, int, "a number of seeds, such as 5") if seeds else None,
        ),
    )


def _number(text: str, read: Callable[[str], Known], example: str) -> Known:
    try:
        value = read(text.removesuffix("%"))
    except ValueError:
        raise ValueError(f"“{text}” is not {example}") from None
    if value != value or value in (float("inf"), float("-inf")):
        raise ValueError(f"“{text}” is not {example}")
    return value


def ask_limits(prompt: Prompt, experiment: Experiment) -> None:
    """Ask for the number of steps, the budget, and what a run may use; an empty line leaves what there was."""
    prompt.open(
        "limits",
        "Limits of this experiment · an empty line stays as it is",
        [
            Field("total steps", _written(experiment.declared_steps, str), "optimizer steps of the full run"),
            Field("budget", written_budgets(experiment), "of all runs: 30m, $5, 2kWh, 3gpuh, or several: 2h,$5"),
            Field("memory", _written(experiment.host_limit_bytes, written_size), "of a run: 8GB or 512MiB"),
            Field("disk", _written(experiment.disk_limit_bytes, written_size), "written by a run: 20GB"),
            Field("GPU memory", _written(experiment.device_limit_bytes, written_size), "of a run: 8GB or 512MiB"),
        ],
        read=read_limits,
    )


def read_limits(texts: Sequence[str]) -> tuple[Limits]:
    """Steps, budget, memory, disk and GPU memory; an empty line is left as it was."""
    steps, budget, memory, disk, device = (text.strip() for text in texts)
    return (
        Limits(
            declared_steps=parse_steps(steps) if steps else None,
            **(parse_budgets([budget]) if budget else {}),
            host_limit_bytes=parse_size(memory) if memory else None,
            disk_limit_bytes=parse_size(disk) if disk else None,
            device_limit_bytes=parse_size(device) if device else None,
        ),
    )


def _written(value: Known | None, write: Callable[[Known], str]) -> str:
    return "" if value is None else write(value)
