"""`mlintern accept`: a person takes a finding as it is, with a reason that stays on record, or takes that back."""

from __future__ import annotations

import argparse

from ...store import Store
from ...store.records import Acceptance, Finding
from .. import output_json
from ..climb import Climb
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..text import clean
from .opening import home_folder, opened


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Record the acceptance, or its end."""
    home = home_folder(options)
    with opened(home, create=False) as store:
        finding = _finding(store, options.finding)
        experiment = store.experiments.get(finding.experiment_id)
        climb = Climb.of(store, home, experiment)
        acceptance = None
        if options.withdraw:
            _withdraw(climb, finding)
        else:
            acceptance = _accept(climb, finding, options.reason)
    output.object({"schema": SCHEMA, "finding": output_json.finding(finding, experiment, acceptance)})
    done = "is not accepted any more" if acceptance is None else f"is accepted: {acceptance.reason}"
    output.lines([clean(f"finding {finding.id} ({finding.code}) {done}")])
    return ExitCode.DONE


def _finding(store: Store, finding_id: int) -> Finding:
    finding = store.findings.find(finding_id)
    if finding is None:
        raise CommandError(
            "finding", f"There is no finding {finding_id}.", "Findings and their numbers: mlintern show RUN."
        )
    return finding


def _accept(climb: Climb, finding: Finding, reason: str | None) -> Acceptance:
    if not (reason or "").strip():
        raise CommandError(
            "reason", "A finding is accepted with a reason.", 'Say why: --reason "the split is by date on purpose".'
        )
    return climb.accept(finding.id, reason or "", by="terminal")


def _withdraw(climb: Climb, finding: Finding) -> None:
    if not climb.withdraw(finding.id, by="terminal"):
        raise CommandError("accept", f"Finding {finding.id} is not accepted, so there is nothing to take back.")
