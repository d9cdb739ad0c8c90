"""What a confirmation allows to say: values by seed, the verdicts, and whether the same seed gives the same.

Invariant: made from the store alone, kept with the confirmation, rendered by every face. What could not be checked is
in ``open``, with why.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from ...runtime import hiding
from ...store import Store
from ...store.confirmations import Confirmation, Purpose
from ...store.records import Json, RunStatus
from ..claims.evidence import Kind
from ..claims.gather import Gatherer
from ..claims.looks import evaluations
from ..claims.verdict import judge
from ..noise import mean_interval
from ..verification import opened
from .state import Look, State, look

EQUAL, DIFFERS, NOT_VERIFIED = "equal", "differs", "not verified"


def claimed(confirmation: Confirmation) -> tuple[Kind, ...]:
    """What is claimed: what was fixed beforehand, or else that the value holds."""
    found = []
    if confirmation.target is not None:
        found.append(Kind.REACHED)
    if confirmation.against_run_id is not None:
        found.append(Kind.BETTER)
    return tuple(found) or (Kind.HOLDS,)


def summarise(store: Store, confirmation: Confirmation) -> Json:
    """The summary as one JSON object."""
    state = look(store, confirmation)
    gatherer = Gatherer(store)
    own = state.values(Purpose.SEED)
    interval = mean_interval(list(own.values()))
    again, resumed = _again(state), _resumed(state)
    chosen = store.metrics.last(confirmation.chosen_run_id).get(confirmation.metric)
    return {
        "values": {str(seed): value for seed, value in own.items()},
        "baseline": {str(seed): value for seed, value in state.values(Purpose.BASELINE).items()},
        "chosen": None if chosen is None else chosen.value,
        "mean": None if interval is None else {"low": interval.low, "mid": interval.mid, "high": interval.high},
        "claims": [_verdict(gatherer, confirmation, kind) for kind in claimed(confirmation)],
        "again": again,
        "resumed": resumed,
        "evaluations": _evaluations(store, state),
        "left_out": [one.run.id for one in state.looks if one.is_over and one.run.status is not RunStatus.DONE
                     and one.repeat.purpose in (Purpose.SEED, Purpose.BASELINE)],
        "packages": packages_that_differ(store, state),
        "spent_seconds": state.purse.spent,
        "labels": labels_words(store, state),
        "open": [f"{name}: {one['why']}" for name, one in (("determinism", again), ("resuming", resumed))
                 if one["answer"] == NOT_VERIFIED],
    }  # fmt: skip


def _verdict(gatherer: Gatherer, confirmation: Confirmation, kind: Kind) -> dict[str, Any]:
    verdict = judge(gatherer.confirmed(confirmation, kind))
    return {
        "kind": str(kind),
        "answer": str(verdict.answer),
        "because": list(verdict.because),
        "beside": list(verdict.beside),
        "facts": dict(verdict.facts),
    }


def _evaluations(store: Store, state: State) -> int:
    """How often the rows were evaluated: sealed ones when they were opened, others by every run that told of them."""
    labels = store.labels.for_script(state.experiment.script)
    if opened.is_sealed(state.confirmation.metric) and labels is not None:
        return opened.openings(store, labels)
    return evaluations(store, state.experiment, state.confirmation.metric)


def labels_words(store: Store, state: State) -> str:
    """Who computed the metric, and what that allows to say."""
    if not opened.is_sealed(state.confirmation.metric):
        return "computed by the script itself, which could read the rows as often as it liked"
    whys = [report["why"] for one in state.looks
            if (report := store.reports.get(one.run.id, opened.REPORT)) is not None and report["why"]]  # fmt: skip
    if whys:
        return f"the labels were opened, and of {len(whys)} runs no value followed: {whys[0]}"
    probed = [store.reports.get(one.run.id, hiding.REPORT) for one in state.looks]
    if probed and all(report is not None and report["holds"] for report in probed):
        return "computed from labels that no run could read: each was tried from inside before it began"
    return "computed from sealed labels, but not every run was surely kept from reading them"


def _again(state: State) -> dict[str, str]:
    if Purpose.AGAIN not in state.confirmation.checks:
        return _not("it was not asked for")
    for seed in state.confirmation.seeds:
        first, second = state.done(Purpose.SEED, seed), state.done(Purpose.AGAIN, seed)
        if first is not None and second is not None:
            return _compared(first, second)
    return _not(_why_not(state, Purpose.AGAIN))


def _resumed(state: State) -> dict[str, str]:
    if Purpose.RESUMED not in state.confirmation.checks:
        return _not("the script cannot, or it was not asked for")
    for seed in state.confirmation.seeds:
        first, second = state.done(Purpose.SEED, seed), state.done(Purpose.RESUMED, seed)
        before = next((one for one in state.of(Purpose.INTERRUPTED, seed) if one.counts), None)
        if first is not None and second is not None and before is not None:
            if (before.run.steps or 0) >= (first.run.steps or 0):
                return _not("the run had made all of its steps before it could be interrupted")
            return _resumed_words(first, second)
        if state.done(Purpose.INTERRUPTED, seed) is not None:
            return _not("the run was over before it could be interrupted")
    return _not(_why_not(state, Purpose.RESUMED))


def _resumed_words(first: Look, second: Look) -> dict[str, str]:
    """A run that began from the start again would give the same as well, and says nothing of resuming."""
    if second.run.steps is None or first.run.steps is None:
        return _not("how many steps the resumed run made is not known, so it may have begun from the start")
    if second.run.steps >= first.run.steps:
        return _not("the resumed run made as many steps as a whole one, so it began from the start")
    return _compared(first, second)


def _compared(first: Look, second: Look) -> dict[str, str]:
    shared = first.told.keys() & second.told.keys()
    if not shared:
        return _not("the two runs told no metric that both have")
    names = sorted(name for name in shared if first.told[name] != second.told[name])
    runs = f"run {first.run.id} and run {second.run.id}, seed {first.repeat.seed}"
    if not names:
        return {"answer": EQUAL, "why": f"every metric that {runs} told at last is the same to the last digit"}
    name = names[0]
    values = f"{first.told[name]!r} and {second.told[name]!r}"
    return {"answer": DIFFERS, "why": f"{runs}: {name.removeprefix('printed/')} was {values}"}


def _why_not(state: State, purpose: Purpose) -> str:
    runs = [one for one in state.looks if one.repeat.purpose is purpose]
    if runs:
        return f"run {runs[-1].run.id} {runs[-1].run.status}: {runs[-1].run.reason or 'it did not finish'}"
    return "it was not run"


def _not(why: str) -> dict[str, str]:
    return {"answer": NOT_VERIFIED, "why": why}


def packages_that_differ(store: Store, state: State) -> list[str]:
    """Packages whose version was another one when the chosen run ran."""
    then = _packages(store.reports.get(state.confirmation.chosen_run_id, "environment"))
    for one in state.looks:
        now = _packages(store.reports.get(one.run.id, "environment"))
        if then and now:
            return sorted(_told(then, now))
    return []


def _packages(report: Json | None) -> Mapping[str, str]:
    return {} if report is None else {str(one["name"]): str(one["version"]) for one in report.get("packages", ())}


def _told(then: Mapping[str, str], now: Mapping[str, str]) -> Iterator[str]:
    for name in then.keys() & now.keys():
        if then[name] != now[name]:
            yield f"{name} was {then[name]}, and is {now[name]}"
