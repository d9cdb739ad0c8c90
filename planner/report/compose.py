"""Puts a report together from what the store and the run's files say.

Invariant: reads only; what is missing is said in its section, and no section is left out.
"""

from __future__ import annotations

from ...store import Store
from ...store.records import Run
from . import claimed, confirmed, requirements, spent, story
from .blocks import Reference, Report, line
from .resolve import Resolver
from .subject import Subject


def compose(
    store: Store,
    resolver: Resolver,
    run: Run,
    *,
    target: float | None = None,
    against: Run | None = None,
    metric: str | None = None,
) -> Report:
    """The report of one run; with a target or a run to compare with, it claims about these as well."""
    subject = Subject(store, resolver, run, store.experiments.get(run.experiment_id), target, against, metric)
    name = Reference("experiment", (run.experiment_id, "name"))
    return Report(
        run=run.id,
        title=line("Report of run ", Reference("run", (run.id, "id"), "count"), ": ", name),
        sections=(
            story.question(subject),
            story.done(subject),
            claimed.claims(subject),
            *confirmed.sections(subject),
            requirements.requirements(subject),
            story.origins(subject),
            claimed.verified(subject),
            claimed.not_verified(subject),
            claimed.findings(subject),
            claimed.accepted(subject),
            spent.cost(subject),
            spent.not_spent(subject),
            spent.failures(subject),
            spent.reproduce(subject),
        ),
    )
