"""Findings that a person takes as they are, and what that allows.

Invariant: nothing that costs is asked for while a finding at level error stands on a rung that was climbed: it is
mended, or a person accepts it with a reason that stays on record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..store import Store
from ..store.acceptances import fingerprint_of
from ..store.records import Acceptance, Experiment, Finding, Rung, RungName, RungStatus, Severity


def accepted_findings(store: Store, experiment: Experiment, findings: Sequence[Finding]) -> Mapping[int, Acceptance]:
    """The acceptances that hold, by the id of their finding."""
    holding = store.acceptances.holding(experiment.id)
    if not holding:
        return {}
    by_finding = {finding.id: holding.get(fingerprint_of(finding)) for finding in findings}
    return {finding_id: acceptance for finding_id, acceptance in by_finding.items() if acceptance is not None}


def standing_errors(store: Store, experiment: Experiment, rungs: Mapping[RungName, Rung]) -> tuple[Finding, ...]:
    """What keeps the next rung that costs from being asked for: errors of passed rungs that nobody accepted."""
    findings = store.findings.for_experiment(experiment.id)
    accepted = accepted_findings(store, experiment, findings)
    return tuple(
        finding
        for finding in findings
        if finding.severity is Severity.ERROR
        and finding.id not in accepted
        and rungs[finding.rung].status is RungStatus.PASSED
    )
