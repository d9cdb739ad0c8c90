"""The sections about cost, failures, and how to do it again."""

from __future__ import annotations

from collections.abc import Sequence

from ...runtime import seal
from ..forecasting import forecast_of
from ..saved import ASSUMPTIONS
from .blocks import Block, Bullets, Command, Line, Paragraph, Plot, Reference, Section, Words, line
from .siblings import results, unfinished
from .story import table
from .subject import Subject

QUANTITIES = (
    ("time", "seconds", "wall_seconds", "seconds"), ("CPU time", "cpu_seconds", "cpu_seconds", "seconds"),
    ("host memory", "peak_host_bytes", "peak_host_bytes", "bytes"),
    ("GPU memory", "peak_device_bytes", "peak_device_bytes", "bytes"),
    ("GPU time", "gpu_seconds", "gpu_seconds", "gpu_seconds"), ("energy", "energy_joules", "energy_joules", "joules"),
    ("money", "usd", "usd", "usd"),
)  # fmt: skip
"""Words, the forecast's field, the run's, and the unit."""
MOST_ROWS = 200


def cost(subject: Subject) -> Section:
    """What the run took against its forecast, and what was not spent."""
    run, forecast = subject.run, forecast_of(subject.store, subject.run)
    rows, drawn = [], []
    for words, told, took, shown in QUANTITIES:
        expected = line("not forecast")
        if forecast is not None:
            expected = line(Reference("forecast", (forecast.id, told), shown))
            if getattr(forecast, told) is not None and getattr(run, took) is not None:
                drawn.append((line(words), Reference("outcome", (run.id, told, took), shown)))
        rows.append((line(words), expected, line(Reference("run", (run.id, took), shown))))
    blocks: list[Block] = [table(("what", "forecast", "taken"), rows)]
    if forecast is not None and forecast.basis:
        blocks.append(Paragraph(line("Width of the interval: ", Reference("forecast", (forecast.id, "basis")), ".")))
    if drawn:
        names, series = zip(*drawn, strict=True)
        blocks.append(Plot(Words("Forecast against what it took"), tuple(series), tuple(names)))
    return Section(Words("Cost against forecast"), tuple(blocks))


def not_spent(subject: Subject) -> Section:
    """What the ladder stopped early on this script, with the assumptions."""
    own = subject.experiment.id
    found = subject.resolver.ledger(own)
    blocks: list[Block] = []
    if found.savings:
        rows = []
        for number, _ in enumerate(found.savings):
            names = (("experiment_id", "count"), ("why", "text"), ("seconds", "seconds"), ("usd", "usd"))
            rows.append(tuple(line(Reference("saved", (own, number, name), shown)) for name, shown in names))
        blocks.append(table(("experiment", "what stopped it", "not spent, at least", "in money"), rows))
    else:
        blocks.append(Paragraph(line("The ladder stopped no full run of this script.")))
    totals = line("Not spent: ", Reference("saved", (own, "seconds"), "seconds"),
                  "; the rungs below the full run took ",
                  Reference("saved", (own, "rung_seconds"), "seconds"), "; saved: ",
                  Reference("saved", (own, "net_seconds"), "seconds"), ".")  # fmt: skip
    blocks += [Paragraph(totals), Paragraph(line("Assumed:")), Bullets(tuple(line(words) for words in ASSUMPTIONS))]
    return Section(Words("What was not spent"), tuple(blocks))


def failures(subject: Subject) -> Section:
    """Every run of the script that did not finish, and every result, good or bad."""
    own = subject.experiment
    failed, found = unfinished(subject.store, own), results(subject.store, own)
    blocks: list[Block] = []
    if failed:
        names = (("id", "count"), ("rung", "text"), ("status", "text"), ("reason", "text"), ("wall_seconds", "seconds"))
        rows = [
            (
                *(line(Reference("run", (run.id, name), shown)) for name, shown in names),
                line(Reference("experiment", (experiment.id, "args"), "arguments")),
            )
            for experiment, run in failed[-MOST_ROWS:]
        ]
        told = line("Runs of this script that failed, were stopped or were lost: ",
                    Reference("unfinished", (own.id,), "count"), ".")  # fmt: skip
        blocks += [Paragraph(told), table(("run", "rung", "status", "reason", "time", "arguments"), rows)]
    else:
        blocks.append(Paragraph(line("No run of this script failed, was stopped or was lost.")))
    if found:
        told = line("Finished runs of this script on a rung that shows results: ",
                    Reference("results", (own.id,), "count"), ", of configurations: ",
                    Reference("configurations", (own.id,), "count"), ".")  # fmt: skip
        rows = [_result(subject, experiment.id, run.id) for experiment, run in found[-MOST_ROWS:]]
        blocks += [Paragraph(told), table(("run", "rung", "last values", "arguments"), rows)]
    return Section(Words("Failures and negative results"), tuple(blocks))


def _result(subject: Subject, experiment_id: int, run_id: int) -> tuple[Line, ...]:
    run = subject.store.runs.get(run_id)
    values: list[str | Reference] = []
    for name in subject.resolver.gatherer.metrics(run):
        values += [", "] if values else []
        values += [Reference("metric", (run_id, name, "name"), "metric"), " "]
        values += [Reference("metric", (run_id, name, "value"), "number")]
    return (
        line(Reference("run", (run_id, "id"), "count")),
        line(Reference("run", (run_id, "rung"))),
        line(*values) if values else line("no metric of an evaluation"),
        line(Reference("experiment", (experiment_id, "args"), "arguments")),
    )


def reproduce(subject: Subject) -> Section:
    """The command, the interpreter, the code and what the run found around it."""
    own, run = subject.experiment.id, subject.run.id
    module = subject.experiment.module
    what = line("-m ", Reference("experiment", (own, "module"), "argument")) if module else line(
        Reference("experiment", (own, "script"), "argument"))  # fmt: skip
    args = Reference("experiment", (own, "args"), "arguments")
    python = Reference("experiment", (own, "python"), "argument")
    blocks: list[Block] = [
        Command(line("cd ", Reference("experiment", (own, "working_dir"), "argument"))),
        Command(line(python, " ", *what, " ", args)),
        Command(line("mlintern run ", *what, " --python ", python, " -- ", args)),
    ]
    rows = [(line("fingerprint of the code"), line(Reference("experiment", (own, "fingerprint"))))]
    hello = subject.store.reports.get(run, "hello")
    environment = subject.store.reports.get(run, "environment")
    for name in ("python", "torch") if environment is None else ("python",):
        if hello is not None and hello.get(name) is not None:
            rows.append((line(name), line(Reference("report", (run, "hello", name)))))
    packages = () if environment is None else environment.get("packages", ())
    rows += [
        (line(Reference("report", (run, "environment", "packages", number, "name"))),
         line(Reference("report", (run, "environment", "packages", number, "version"))))
        for number, _ in enumerate(packages)
    ]  # fmt: skip
    blocks.append(table(("what", "as it was"), rows))
    if environment is None:
        blocks.append(Paragraph(line("Versions of other packages were not recorded.")))
    blocks += [_code(subject), _files(subject, None if environment is None else environment.get("files", ()))]
    return Section(Words("How to reproduce it"), tuple(blocks))


def _code(subject: Subject) -> Block:
    events = subject.store.events.of_kind(seal.SEALED, run_id=subject.run.id)
    if not events or not events[0].data["code"]:
        return Paragraph(line("Hashes of the single code files were not kept."))
    place = (events[0].id, "data", "code")
    rows = [
        tuple(line(Reference("event", (*place, number, name))) for name in ("path", "sha256"))
        for number, _ in enumerate(events[0].data["code"][:MOST_ROWS])
    ]
    return table(("code file", "hash"), rows)


def _files(subject: Subject, files: Sequence[object] | None) -> Block:
    if files is None:
        return Paragraph(line("Data files that the script read were not recorded."))
    if not files:
        return Paragraph(line("The script itself opened no data file; what its loader workers opened is not seen."))
    place = (subject.run.id, "environment", "files")
    names = (("path", "text"), ("bytes", "bytes"), ("modified_at", "time"))
    rows = [
        tuple(line(Reference("report", (*place, number, name), shown)) for name, shown in names)
        for number, _ in enumerate(files[:MOST_ROWS])
    ]
    return table(("data file that was read", "size", "changed last"), rows)
