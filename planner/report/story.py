"""The sections that tell what was asked and done: question, rungs, approvals, hyperparameters."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ...store.records import RungStatus
from ..inspections import hyperparameters
from .blocks import Block, Line, Paragraph, Reference, Section, Table, Words, line
from .subject import Subject


def table(head: Sequence[str], rows: Sequence[tuple[Line, ...]]) -> Table:
    """A table under fixed words."""
    return Table(tuple(map(Words, head)), tuple(rows))


def question(subject: Subject) -> Section:
    """What was to be found out, with which command."""
    run, experiment = subject.run, subject.experiment
    own = experiment.id
    rows = [
        (line("script"), line(Reference("experiment", (own, "script")))),
        (line("arguments"), line(Reference("experiment", (own, "args"), "arguments"))),
        (line("folder"), line(Reference("experiment", (own, "working_dir")))),
        (line("run"), line(Reference("run", (run.id, "id"), "count"), ", ", Reference("run", (run.id, "rung")))),
        (line("asked for at"), line(Reference("run", (run.id, "created_at"), "time"))),
        (line("ended"), line(Reference("run", (run.id, "ended_at"), "time"))),
        (line("how it ended"), line(Reference("run", (run.id, "status")))),
    ]
    declared = [
        ("steps, as a person told them", "declared_steps", "count"), ("budget in time", "budget_seconds", "seconds"),
        ("budget in money", "budget_usd", "usd"), ("budget in energy", "budget_joules", "joules"),
        ("budget on GPUs", "budget_gpu_seconds", "gpu_seconds"),
    ]  # fmt: skip
    for words, name, shown in declared:
        if getattr(experiment, name) is not None:
            rows.append((line(words), line(Reference("experiment", (own, name), shown))))
    return Section(Words("Question"), (table(("what", "as it was asked"), rows),))


def done(subject: Subject) -> Section:
    """The rungs that were climbed and who allowed what."""
    own = subject.experiment.id
    rungs = subject.store.rungs.all(own)
    climbed = [
        (
            line(Reference("rung", (own, str(name), "name"))),
            line(Reference("rung", (own, str(name), "status"))),
            line(Reference("rung", (own, str(name), "seconds"), "seconds")),
            line(Reference("rung", (own, str(name), "why"))),
        )
        for name, rung in rungs.items()
        if rung.status not in (RungStatus.PLANNED, RungStatus.NOT_BUILT)
    ]
    blocks: list[Block] = [table(("rung", "status", "time", "why"), climbed)]
    approvals = [_approval(one.id, one.forecast_id) for one in subject.store.approvals.for_experiment(own)]
    if approvals:
        blocks.append(table(("rung", "decision", "ceiling", "forecast", "given by", "reason"), approvals))
    else:
        blocks.append(Paragraph(line("No rung asked for an approval.")))
    return Section(Words("What was done"), tuple(blocks))


def _approval(approval_id: int, forecast_id: int | None) -> tuple[Line, ...]:
    def told(name: str, shown: str = "text") -> Line:
        return line(Reference("approval", (approval_id, name), shown))

    forecast = line("none") if forecast_id is None else line(Reference("forecast", (forecast_id, "seconds"), "seconds"))
    decided = (told("decided_by"), told("reason"))
    return (told("rung"), told("decision"), told("ceiling_seconds", "seconds"), forecast, *decided)


def origins(subject: Subject) -> Section:
    """Every hyperparameter with where it comes from."""
    title = Words("Hyperparameters and their origin")
    rows = list(_origins(subject))
    if not rows:
        return Section(title, (Paragraph(line("The code was not inspected, so nothing is known of them.")),))
    return Section(title, (table(("name", "value", "origin", "where", "file", "line"), rows),))


def _origins(subject: Subject) -> Iterator[tuple[Line, ...]]:
    own = subject.experiment.id
    for number, one in enumerate(hyperparameters(subject.store, subject.experiment)):
        value = "expression" if one.value is None else "value"
        names = ("name", value, "origin", "pointer", "file", "line")
        yield tuple(line(Reference("hyperparameter", (own, number, name))) for name in names)
