"""The section on the last rung: what was fixed beforehand, each run with its seed, and what they allow to say."""

from __future__ import annotations

from collections.abc import Iterator

from ...store.confirmations import Confirmation
from ..claims.evidence import Kind
from ..confirm.summary import claimed
from ..verification import opened
from .blocks import Block, Bullets, Claim, Line, Paragraph, Reference, Section, Words, line
from .claimed import claim
from .story import table
from .subject import Subject


def sections(subject: Subject) -> Iterator[Section]:
    """One section for each confirmation of the experiment that is over; none is left out because of its verdict."""
    for one in subject.store.confirmations.for_experiment(subject.experiment.id):
        if one.ended_at is not None and one.summary is not None:
            yield _section(subject, one)


def _section(subject: Subject, one: Confirmation) -> Section:
    claims = [_claim(subject, one, kind) for kind in claimed(one)]
    blocks: list[Block] = [_fixed(one), *claims, _runs(subject, one), _checks(one)]
    told = [line(Reference("confirmation", (one.id, "differences", n))) for n, _ in enumerate(one.differences)]
    summary = one.summary or {}
    packages = summary.get("packages", ())
    told += [line(Reference("confirmation", (one.id, "summary", "packages", n))) for n, _ in enumerate(packages)]
    if told:
        blocks += [Paragraph(line("What differs from the run that chose it:")), Bullets(tuple(told))]
    else:
        blocks.append(Paragraph(line("Code, data and interpreter were what they were at the run that chose it.")))
    return Section(Words("Confirmation on fresh seeds"), tuple(blocks))


def _fixed(one: Confirmation) -> Block:
    """What stood before the first run."""

    def told(*path: str, shown: str = "text") -> Line:
        return line(Reference("confirmation", (one.id, *path), shown))

    rows = [
        (line("how it ended"), line(Reference("confirmation", (one.id, "status")), *_why(one))),
        (line("metric"), told("metric", shown="metric")),
        (line("chosen by run"), told("chosen_run_id", shown="count")),
        (line("configurations looked at by then"), told("looked_at", shown="count")),
        (line("how often such rows were evaluated, by now"), told("summary", "evaluations", shown="count")),
        (line("who computed it"), told("summary", "labels")),
        (line("approved for all runs"), told("ceiling_seconds", shown="seconds")),
        (line("spent"), told("summary", "spent_seconds", shown="seconds")),
    ]
    if one.target is not None:
        target = line(Reference("confirmation", (one.id, "target"), "number"), ", as said by: ",
                      Reference("confirmation", (one.id, "target_says")))  # fmt: skip
        rows.insert(2, (line("target"), target))
    if one.against_run_id is not None:
        rows.insert(2, (line("baseline, that of run"), told("against_run_id", shown="count")))
    return table(("what", "as it was fixed before the first run, and spent"), rows)


def _why(one: Confirmation) -> Line:
    return () if one.why is None else line(": ", Reference("confirmation", (one.id, "why")))


def _claim(subject: Subject, one: Confirmation, kind: Kind) -> Claim:
    metric = Reference("confirmation", (one.id, "metric"), "metric")
    said = {
        Kind.REACHED: line("On fresh seeds, the configuration reaches ",
                           Reference("confirmation", (one.id, "target"), "number"), " in ", metric, "."),
        Kind.BETTER: line("On fresh seeds, the configuration is better in ", metric, " than that of run ",
                          Reference("confirmation", (one.id, "against_run_id"), "count"), "."),
    }.get(kind, line("What the run that chose it told of ", metric, " is what fresh seeds give."))  # fmt: skip
    check = line("mlintern report ", Reference("run", (subject.run.id, "id")))
    return claim(subject, ("confirmed", one.id, str(kind)), said, check)


def _runs(subject: Subject, one: Confirmation) -> Block:
    rows = []
    for number, repeat in enumerate(subject.store.confirmations.repeats(one.id)):
        last = subject.store.metrics.last(repeat.run_id)
        value = line("none")
        if opened.told(subject.store, subject.store.runs.get(repeat.run_id), one.metric) is not None:
            value = line(Reference("report", (repeat.run_id, opened.REPORT, "value"), "number"))
        elif one.metric in last:
            value = line(Reference("metric", (repeat.run_id, one.metric, "value"), "number"))
        rows.append(
            (
                line(Reference("run", (repeat.run_id, "id"), "count")),
                line(Reference("repeat", (one.id, number, "purpose"))),
                line(Reference("repeat", (one.id, number, "seed"))),
                line(Reference("run", (repeat.run_id, "status"))),
                value,
                line(Reference("run", (repeat.run_id, "wall_seconds"), "seconds")),
            )
        )
    return table(("run", "what for", "seed", "how it ended", "value", "time"), rows)


def _checks(one: Confirmation) -> Block:
    rows = [
        (line(words), line(Reference("confirmation", (one.id, "summary", name, "answer"))),
         line(Reference("confirmation", (one.id, "summary", name, "why"))))
        for name, words in (("again", "the same seed again"), ("resumed", "interrupted and resumed"))
    ]  # fmt: skip
    return table(("check", "answer", "why"), rows)
