"""Supported, not supported or inconclusive: what the evidence allows one to say, and why.

Invariant: pure; a claim is supported only when nothing at all speaks against it. Every reason that holds is told, and
the worst decides. The words hold no number: numbers are in ``facts``.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from ..noise import Comparison, against_number, against_single, paired, spread, welch
from .evidence import Evidence, Kind, Side

ALPHA = 0.05
"""How often noise alone may pass as a difference, one-sided, over all configurations that were tried."""
_FEWEST_SEEDS = 3
"""Two seeds a side may lie close by chance, and a difference that they do not show is no sign that there is none."""
_FEWEST_SEEDS_TO_HOLD = 5
"""With fewer, hardly any value is outside of what the seeds would give."""
_MOST_FAILED = 0.2
_LEAST_STEPS = 0.8
_OF_THE_MEASURE = ("data.", "eval.")


class Answer(StrEnum):
    """The verdict."""

    SUPPORTED = "supported"
    NOT_SUPPORTED = "not supported"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The answer, its reasons with the deciding ones first, and what should be known beside it."""

    answer: Answer
    because: tuple[str, ...]
    beside: tuple[str, ...] = ()
    facts: Mapping[str, float] = field(default_factory=dict)


Reason = tuple[Answer, str]


def judge(evidence: Evidence) -> Verdict:
    """The verdict on a claim."""
    comparison = _comparison(evidence)
    reasons = [*_of_sides(evidence), *_of_kind(evidence, comparison)]
    worst = next((one for one in (Answer.NOT_SUPPORTED, Answer.INCONCLUSIVE, Answer.SUPPORTED)
                  if any(answer is one for answer, _ in reasons)), Answer.INCONCLUSIVE)  # fmt: skip
    order = sorted(reasons, key=lambda reason: reason[0] is not worst)
    told = [words for answer, words in order if answer is not Answer.SUPPORTED or worst is Answer.SUPPORTED]
    return Verdict(worst, tuple(dict.fromkeys(told)), tuple(_beside(evidence)), _facts(evidence, comparison))


# --- what speaks against either side ----------------------------------------------------------------------------------


def _of_sides(evidence: Evidence) -> Iterator[Reason]:
    yield from _of_side(evidence.own, "")
    if evidence.against is not None:
        yield from _of_side(evidence.against, "of the baseline: ")
        yield from _of_both(evidence.own, evidence.against)


def _of_side(side: Side, of: str) -> Iterator[Reason]:
    if side.tampered:
        yield Answer.NOT_SUPPORTED, f"{of}the record does not agree with what the run left: see what was verified"
    for fault in side.faults:
        taken = "was accepted by a person, which does not make the number right" if fault.accepted else "stands"
        if fault.code.startswith(_OF_THE_MEASURE):
            yield Answer.NOT_SUPPORTED, f"{of}the finding {fault.code} {taken}, so the number is not what it is called"
        else:
            yield Answer.INCONCLUSIVE, f"{of}the finding {fault.code} {taken}"
    if side.chosen_on_test:
        yield Answer.NOT_SUPPORTED, f"{of}it is the best of several looks at the very rows that it is reported on"
    if side.maybe_chosen:
        yield Answer.INCONCLUSIVE, f"{of}it repeats the best of several looks at its rows, so they may have chosen it"
    if not side.measurements:
        yield Answer.INCONCLUSIVE, f"{of}no finished run has told this metric"
    elif not all(map(math.isfinite, side.values)):
        yield Answer.NOT_SUPPORTED, f"{of}a value is not finite"
    for rung in side.unexamined:
        yield Answer.INCONCLUSIVE, f"{of}the {rung} rung was not passed, so nobody looked for leaks and wrong metrics"
    if side.labels_in_reach:
        yield Answer.INCONCLUSIVE, f"{of}the labels of the evaluated rows lie where the script could read them"
    tried = len(side.left_out) + sum(len(one.runs) for one in side.measurements)
    if tried and len(side.left_out) > _MOST_FAILED * tried:
        yield Answer.INCONCLUSIVE, f"{of}too many runs of this configuration failed, and are in no mean"


def _of_both(own: Side, against: Side) -> Iterator[Reason]:
    definitions = {one.recomputed for side in (own, against) for one in side.measurements}
    if len(definitions - {None}) > 1:
        yield Answer.INCONCLUSIVE, "the metric is computed differently on the two sides"
    elif None in definitions and own.fingerprint != against.fingerprint:
        yield Answer.INCONCLUSIVE, "the code differs and computes the metric itself, so it may be another metric"
    steps, others = _steps(own), _steps(against)
    if steps is None or others is None:
        yield Answer.INCONCLUSIVE, "how long each side was trained is not known"
    elif others < _LEAST_STEPS * steps:
        yield Answer.INCONCLUSIVE, "the baseline was trained for fewer steps"


def _steps(side: Side) -> float | None:
    known = [one.steps for one in side.measurements if one.steps]
    return sum(known) / len(known) if known and len(known) == len(side.measurements) else None


# --- what the numbers say ---------------------------------------------------------------------------------------------


def _of_kind(evidence: Evidence, comparison: Comparison | None) -> Iterator[Reason]:
    if evidence.kind is Kind.REPORTED:
        if all(one.recomputed for one in evidence.own.measurements):
            yield Answer.SUPPORTED, "it follows from the predictions that were written, row by row"
        else:
            yield Answer.INCONCLUSIVE, "it was computed by the script itself, and nothing else can compute it again"
        return
    if evidence.higher_is_better is None:
        yield Answer.INCONCLUSIVE, "which way the metric is better is not known"
        return
    if evidence.kind is Kind.BETTER and evidence.against is None:
        yield Answer.INCONCLUSIVE, "there is nothing to compare with"
        return
    if evidence.kind in (Kind.REACHED, Kind.HOLDS) and evidence.target is None:
        yield Answer.INCONCLUSIVE, "no target is known"
        return
    yield from _of_seeds(evidence)
    if comparison is not None:
        yield _of_noise(evidence, comparison)


def _of_seeds(evidence: Evidence) -> Iterator[Reason]:
    for side, of in ((evidence.own, ""), (evidence.against, "of the baseline: ")):
        if side is None or not side.measurements:
            continue
        if len(side.measurements) == 1:
            yield Answer.INCONCLUSIVE, f"{of}one seed says nothing of the noise"
        elif len(set(side.values)) == 1:
            yield Answer.INCONCLUSIVE, f"{of}all seeds gave the same value, so the seed may change nothing"


def _comparison(evidence: Evidence) -> Comparison | None:
    """Own minus other, turned so that greater is better; ``None`` where it cannot be made."""
    own, against = evidence.own, evidence.against
    sign = {True: 1.0, False: -1.0, None: 0.0}[evidence.higher_is_better]
    sides = [own] if against is None else [own, against]
    if not sign or any(len(set(side.values)) < 2 or not all(map(math.isfinite, side.values)) for side in sides):
        return None
    mine = [sign * value for value in own.values]
    if evidence.kind is Kind.REACHED and evidence.target is not None:
        return against_number(mine, sign * evidence.target)
    if evidence.kind is Kind.HOLDS and evidence.target is not None:
        return against_single(mine, sign * evidence.target)
    if evidence.kind is not Kind.BETTER or against is None:
        return None
    seeds = _shared_seeds(own, against)
    if seeds is not None:
        left, right = ({one.seed: sign * one.value for one in side.measurements} for side in (own, against))
        return paired([left[seed] for seed in seeds], [right[seed] for seed in seeds])
    return welch(mine, [sign * value for value in against.values])


def _shared_seeds(own: Side, against: Side) -> tuple[str, ...] | None:
    """The seeds of both sides, where they are the same; pairs take away what a seed does to both."""
    left, right = ({one.seed for one in side.measurements} for side in (own, against))
    return tuple(sorted(seed for seed in left if seed is not None)) if left == right and None not in left else None


def _of_noise(evidence: Evidence, comparison: Comparison) -> Reason:
    against = evidence.against
    fewest = min(len(side.measurements) for side in (evidence.own, against) if side is not None)
    if evidence.kind is Kind.HOLDS:
        return _of_chosen(comparison, fewest)
    goal = "the target" if evidence.kind is Kind.REACHED else "the baseline"
    if fewest < _FEWEST_SEEDS and 1 - comparison.p_greater >= ALPHA:
        return Answer.INCONCLUSIVE, "too few seeds to tell the difference from their noise"
    if comparison.p_greater < corrected(evidence.configurations):
        return Answer.SUPPORTED, f"it is beyond {goal} by more than the noise of its seeds"
    if comparison.p_greater < ALPHA:
        return Answer.INCONCLUSIVE, f"it is beyond {goal} for one configuration, but not for the best of all tried"
    if 1 - comparison.p_greater < ALPHA:
        return Answer.NOT_SUPPORTED, f"it is short of {goal} by more than the noise of its seeds"
    return Answer.NOT_SUPPORTED, f"the difference to {goal} is inside the noise of its seeds"


def _of_chosen(comparison: Comparison, seeds: int) -> Reason:
    """Whether the value that chose is one that a fresh seed could give, or too good for that."""
    if 1 - comparison.p_greater < ALPHA:
        return Answer.NOT_SUPPORTED, "the run that chose it did better than fresh seeds do: it was luck"
    if seeds < _FEWEST_SEEDS_TO_HOLD:
        return Answer.INCONCLUSIVE, "too few seeds to tell luck from what the configuration gives"
    return Answer.SUPPORTED, "the run that chose it did what fresh seeds do"


def corrected(configurations: int) -> float:
    """The level for the best of so many configurations (Bonferroni: never too generous)."""
    return ALPHA / max(1, configurations)


# --- beside -----------------------------------------------------------------------------------------------------------


def _beside(evidence: Evidence) -> Iterator[str]:
    sides = [side for side in (evidence.own, evidence.against) if side is not None]
    if any(one.recomputed is None for side in sides for one in side.measurements):
        yield "the metric was computed by the script itself"
        if evidence.evaluations > sum(len(one.runs) for side in sides for one in side.measurements):
            yield "other runs evaluated such rows as well: as far as anyone chose by them, it is no unbiased result"
    if any(side.left_out for side in sides):
        yield "runs of the same configuration that did not finish, or told no value, are in no mean: they are counted"
    if any(not one.steps for side in sides for one in side.measurements):
        yield "in some of its runs no training step was seen, or their number differs"
    yield "it holds for the rows that were evaluated; how other rows would do was not measured"


def _facts(evidence: Evidence, comparison: Comparison | None) -> dict[str, float]:
    if evidence.kind is Kind.REPORTED:
        return {}
    own = evidence.own
    facts: dict[str, float] = {
        "configurations tried": evidence.configurations,
        "runs that evaluated such rows": evidence.evaluations,
        "runs left out": len(own.left_out),
    }
    for side, of in ((own, ""), (evidence.against, "baseline ")):
        if side is None or not side.measurements:
            continue
        seen = spread(side.values)
        facts |= {f"{of}seeds": seen.count, f"{of}mean": seen.mean}
        if seen.sd is not None:
            facts[f"{of}standard deviation"] = seen.sd
    if evidence.target is not None:
        facts["target"] = evidence.target
    if comparison is not None:
        level = corrected(evidence.configurations)
        facts |= {
            "improvement": comparison.difference,
            "noise floor": comparison.margin(level),
            "p": comparison.p_greater,
            "level": level,
        }
    return facts
