"""Whether every parameter that should learn does, and why one does not.

Invariant: freezing what was trained or loaded is a choice that only a person can tell from a mistake, so it is asked; a
parameter that matters to the loss, wants a gradient and gets none, one that was made at random and is in no optimizer,
and one that was frozen as it was made at random, are faults.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, ask, could_not_tell, fault, fine
from .upon import first_optimizer, found, upon, words

FROZEN, DETACHED, UNREGISTERED = "model.frozen", "model.detached", "model.unregistered"
FEWEST_STEPS = 5
ENOUGH_TO_SAY_DEAD = 10


def _judge(report: Json, evidence: Evidence) -> Judgement:
    if report["steps"] < 2:
        return could_not_tell("whether every parameter learns: too few steps were seen")
    findings = [finding for question in _QUESTIONS for finding in question(report, evidence)]
    if any(finding.severity is not Severity.INFO for finding in findings):
        return fault(*findings)
    if findings:
        return ask(*findings)
    return fine(f"all {report['count']} parameters get a gradient, are in an optimizer and change")


def _cut(report: Json, evidence: Evidence) -> Iterator[FindingDraft]:
    """They matter to the loss, want a gradient, and get none."""
    cut = [
        row for row in report["rows"]
        if not row["frozen"] and not row["gradient"] and row["ran"] and (row["matters"] or _is_cut_inside(row))
    ]  # fmt: skip
    for is_held in (True, False):
        rows = [row for row in cut if row["held"] is is_held]
        if not rows:
            continue
        names = [row["name"] for row in rows]
        if is_held:
            severity, tail = Severity.ERROR, "the optimizer holds them, the loss depends on them, but the path is cut"
        else:
            severity, tail = Severity.INFO, "and no optimizer holds them: is this part meant to stay as it is?"
        message = f"{len(names)} parameters never get a gradient: {words(names)}; {tail}"
        fix = "look for detach(), .data, .item(), numpy() or torch.no_grad() between them and the loss"
        yield found(evidence, DETACHED, severity, message, first_optimizer(report), tuple(_short(rows)), fix)


def _is_cut_inside(row: Json) -> bool:
    """An optimizer waits for it, and the model gives its results out without a graph."""
    return bool(row["cut_inside"] and row["held"])


def _not_held(report: Json, evidence: Evidence) -> Iterator[FindingDraft]:
    """They get gradients that no optimizer uses."""
    if not report["optimizers"]:
        return
    rows = [
        row for row in report["rows"]
        if not row["frozen"] and row["nonzero"] and not row["held"] and not row["changed"]
    ]  # fmt: skip
    strays = [one for one in report["strays"] if one["gradient"] and one["wanted"] and not one["held"]]
    stale = [one for one in report["stale"] if rows]
    for is_loaded in (False, True):
        some = [row for row in rows if row["loaded"] is is_loaded]
        if some:
            yield _unregistered(some, stale, report, evidence, is_loaded=is_loaded)
    if strays:
        kinds = [one["kind"] for one in strays]
        message = (
            f"{len(strays)} layers run inside the model without being a part of it ({words(kinds)}): they get"
            " gradients, but parameters() does not find them, so no optimizer trains them and no checkpoint keeps them"
        )
        fix = "keep layers in nn.ModuleList, nn.ModuleDict or as attributes, not in a plain list or dict"
        yield found(evidence, UNREGISTERED, Severity.ERROR, message, first_optimizer(report), strays[:5], fix)


def _unregistered(
    rows: list[Json], stale: list[Json], report: Json, evidence: Evidence, *, is_loaded: bool
) -> FindingDraft:
    names = [row["name"] for row in rows]
    share = sum(row["elements"] for row in rows) / max(1, report["elements"])
    message = (
        f"{len(names)} parameters ({share:.0%} of all elements) get gradients but are in no optimizer and never change:"
        f" {words(names)}"
    )
    place = first_optimizer(report)
    if stale:
        count, place = stale[0]["count"], stale[0]["place"]
        message += f"; the optimizer holds {count} others that no model uses any more: it was made too early"
    elif is_loaded:
        message += "; they were loaded, so this part may be meant to stay as it is"
    severity = Severity.INFO if is_loaded and not stale else Severity.ERROR
    fix = "make the optimizer after the model is complete, from all parameters that are to learn"
    return found(evidence, UNREGISTERED, severity, message, place, tuple(_short(rows)), fix)


def _dead(report: Json, evidence: Evidence) -> Iterator[FindingDraft]:
    """They are held and get a gradient, and stay as they are."""
    if report["steps"] < FEWEST_STEPS or (report["rates"] and not any(report["rates"])):
        return
    wanted = [row for row in report["rows"] if row["held"] and not row["frozen"] and row["gradient"]]
    held = [row for row in wanted if not row["changed"]]
    moved = [row["name"] for row in held if row["nonzero"]]
    zero = [row["name"] for row in held if not row["nonzero"] and not row["same_rows"]]
    if moved:
        message = f"{len(moved)} parameters get gradients and never change: {words(moved)}"
        fix = "the updates may be too small for the parameters' precision: raise the rate, or keep them in float32"
        yield found(evidence, FROZEN, Severity.WARNING, message, first_optimizer(report), tuple(_short(held)), fix)
    if zero and report["steps"] >= ENOUGH_TO_SAY_DEAD:
        message = f"the gradient of {len(zero)} parameters is zero in all {report['steps']} steps: {words(zero)}"
        fix = "look for units that are always off, zero factors, and clamped values behind them"
        yield found(evidence, FROZEN, Severity.INFO, message, first_optimizer(report), tuple(_short(held)), fix)


def _frozen(report: Json, evidence: Evidence) -> Iterator[FindingDraft]:
    """They want no gradient: a choice, or a mistake."""
    rows = [row for row in report["rows"] if row["frozen"] and not row["changed"]]
    if not rows:
        return
    share = report["frozen_elements"] / max(1, report["elements"])
    names = [row["name"] for row in rows]
    message = f"{share:.0%} of the model is frozen (requires_grad is False): {words(names)}"
    random = [row["name"] for row in rows if row["random"]]
    if random:
        message += f"; {words(random)} are as the random initialisation made them: nothing trained or loaded them"
        fix = "freeze what was trained or loaded, after that"
        yield found(evidence, FROZEN, Severity.WARNING, message, first_optimizer(report), tuple(_short(rows)), fix)
    else:
        message += "; is that meant so?"
        yield found(evidence, FROZEN, Severity.INFO, message, first_optimizer(report), tuple(_short(rows)))


def _unused(report: Json, evidence: Evidence) -> Iterator[FindingDraft]:
    """No loss depends on them."""
    rows = [
        row for row in report["rows"]
        if not row["frozen"] and not row["gradient"] and not row["matters"] and not _is_cut_inside(row)
    ]  # fmt: skip
    if rows:
        names = [row["name"] for row in rows]
        message = f"{len(names)} parameters had no part in any loss that was seen: {words(names)}"
        yield found(evidence, FROZEN, Severity.INFO, message, first_optimizer(report), tuple(_short(rows)))


_QUESTIONS = (_cut, _not_held, _dead, _frozen, _unused)


def _short(rows: list[Json]) -> list[Json]:
    kept = ("name", "model", "kind", "elements", "held", "gradient", "changed")
    return [{key: row[key] for key in kept} for row in rows[:8]]


UNCHANGED = Check(
    name="model.frozen",
    codes=(FROZEN, DETACHED, UNREGISTERED),
    rung=RungName.OVERFIT,
    question="Does every parameter that should learn get a gradient, stand in an optimizer and change?",
    needs=("observed.parameters",),
    uses=("torch",),
    evidence="the parameters' names, and what each lacks",
    fix="give the optimizer all parameters, and the loss a path to them",
    judge=upon("parameters", "whether every parameter learns", _judge),
)
