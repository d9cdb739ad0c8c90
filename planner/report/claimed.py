"""The sections that say what holds: claims with their verdicts, what was verified, what was not, what was accepted."""

from __future__ import annotations

from collections.abc import Iterator

from ...store.records import RungName
from ..rungs import FACTS
from ..verification.checked import Answer
from ..verification.verify import RESULTS
from .blocks import Block, Bullets, Claim, Command, Line, Paragraph, Plot, Reference, Section, Words, line
from .story import table
from .subject import Subject

MOST_CLAIMS = 12
MOST_CURVES = 8
_COUNTS = ("seeds", "configurations tried", "runs that evaluated such rows", "runs left out", "baseline seeds")


def claims(subject: Subject) -> Section:
    """Every claim with verdict, evidence, and the command that checks it again."""
    title = Words("Claims")
    if subject.run.rung not in RESULTS:
        only = line("A run of this rung shows no results: its loops are cut, so nothing is claimed.")
        return Section(title, (Paragraph(only),))
    names = subject.resolver.gatherer.metrics(subject.run)
    if not names:
        nothing = Paragraph(line("The run told no metric of an evaluation, so nothing is claimed."))
        return Section(title, (nothing, *_curves(subject)))
    told = [_reported(subject, name) for name in names[-MOST_CLAIMS:]]
    return Section(title, (*_asked(subject), *told, *_curves(subject)))


def _curves(subject: Subject) -> Iterator[Plot]:
    """The learning curves: every series that has more than one value, as far as they fit on a page."""
    run = subject.run.id
    series = {name: subject.store.metrics.series(run, name, max_points=4) for name in subject.store.metrics.names(run)}
    names = [name for name, points in series.items() if len(points) > 1][:MOST_CURVES]
    if names:
        curves = tuple(Reference("curve", (run, name)) for name in names)
        yield Plot(Words("Metrics over steps"), curves, tuple(line(_metric_name(subject, name)) for name in names))


def _asked(subject: Subject) -> Iterator[Claim]:
    metric, run = subject.main_metric, subject.run
    if metric is None:
        return
    named = _metric_name(subject, metric)
    if subject.target is not None:
        key: tuple[str | int, ...] = ("reached", run.id, metric, repr(subject.target))
        said = line("The configuration of this run reaches ", Reference("claim", (*key, "target"), "number"), " in ",
                    named, ".")  # fmt: skip
        yield _claim(subject, key, said, line(" --target ", Reference("claim", (*key, "target"), "number")))
    if subject.against is not None:
        key = ("better", run.id, metric, subject.against.id)
        other = Reference("run", (subject.against.id, "id"), "count")
        said = line("The configuration of this run is better in ", named, " than that of run ", other, ".")
        yield _claim(subject, key, said, line(" --against ", other))


def _reported(subject: Subject, metric: str) -> Claim:
    run = subject.run.id
    said = line("In run ", Reference("run", (run, "id"), "count"), " ", _metric_name(subject, metric), " was ",
                Reference("metric", (run, metric, "value"), "number"), " in the end.")  # fmt: skip
    return _claim(subject, ("reported", run, metric), said, ())


def _claim(subject: Subject, key: tuple[str | int, ...], said: Line, more: Line) -> Claim:
    of_run = Reference("run", (subject.run.id, "id"))
    check = line("mlintern report ", of_run, *more) if more else line("mlintern verify ", of_run)
    return claim(subject, key, said, check)


def claim(subject: Subject, key: tuple[str | int, ...], said: Line, check: Line) -> Claim:
    """A claim with its verdict, by the key that the resolver knows it by."""
    verdict = subject.resolver.verdict(key)
    return Claim(
        statement=said,
        verdict=Reference("claim", (*key, "answer")),
        because=tuple(line(Reference("claim", (*key, f"because.{n}"))) for n in range(len(verdict.because))),
        facts=tuple(
            (line(name), Reference("claim", (*key, name), "count" if name in _COUNTS else "number"))
            for name in verdict.facts
        ),
        beside=tuple(line(words) for words in verdict.beside),
        check=Command(check),
    )


def _metric_name(subject: Subject, metric: str) -> Reference:
    return Reference("metric", (subject.run.id, metric, "name"), "metric")


def verified(subject: Subject) -> Section:
    """What was counted again, and what the rungs showed."""
    rows = [row for number, row in _recounted(subject, not_done=False)]
    shown = tuple(line(reference) for reference in _settled(subject, "verified"))
    blocks: list[Block] = [table(("what", "answer", "compared", "found"), rows)]
    if shown:
        blocks += [Paragraph(line("What the rungs showed:")), Bullets(shown)]
    return Section(Words("What was verified"), tuple(blocks))


def not_verified(subject: Subject) -> Section:
    """What nobody could tell, in full."""
    rows = [row for number, row in _recounted(subject, not_done=True)]
    blocks: list[Block] = [table(("what", "answer", "why"), [row[:3] for row in rows])] if rows else []
    left = [line(reference) for reference in _settled(subject, "not_verified")]
    if not any(event.data["rung"] == RungName.CONFIRM for event in subject.events("rung.settled")):
        left += [line(words) for words in FACTS[RungName.CONFIRM].verifies]
    return Section(Words("What was not verified"), (*blocks, Bullets(tuple(left))))


def _recounted(subject: Subject, *, not_done: bool) -> Iterator[tuple[int, tuple[Line, ...]]]:
    for number, one in enumerate(subject.resolver.gatherer.verified(subject.run)):
        if (one.answer is Answer.COULD_NOT) is not_done:
            names = ("what", "answer", "compared", "found")
            yield number, tuple(line(Reference("verified", (subject.run.id, number, name))) for name in names)


def _settled(subject: Subject, key: str) -> Iterator[Reference]:
    """The last word of each rung, by the event that settled it."""
    last = {str(event.data["rung"]): event for event in subject.events("rung.settled")}
    for name in RungName:
        event = last.get(str(name))
        if event is not None:
            yield from (Reference("event", (event.id, "data", key, n)) for n, _ in enumerate(event.data.get(key, ())))


def accepted(subject: Subject) -> Section:
    """What a person took as it is, and why; those that were taken back as well."""
    own = subject.experiment.id
    rows = []
    for one in subject.store.acceptances.history(own):
        names = (("code", "text"), ("message", "text"), ("reason", "text"), ("accepted_by", "text"),
                 ("withdrawn_at", "time"))  # fmt: skip
        rows.append(tuple(line(Reference("acceptance", (own, one.id, name), shown)) for name, shown in names))
    if not rows:
        block: Block = Paragraph(line("Nothing was accepted."))
    else:
        block = table(("finding", "what it says", "why it was accepted", "by", "taken back at"), rows)
    return Section(Words("What a person accepted"), (block,))


def findings(subject: Subject) -> Section:
    """What the checks found, whatever its level."""
    found = subject.store.findings.for_experiment(subject.experiment.id)
    if not found:
        return Section(Words("Findings"), (Paragraph(line("The checks that ran found nothing.")),))
    names = ("id", "severity", "code", "message", "file", "line", "fix")
    rows = [tuple(line(Reference("finding", (one.id, name))) for name in names) for one in found]
    return Section(Words("Findings"), (table(("number", "level", "code", "what", "file", "line", "fix"), rows),))
