"""The verdict is a function of evidence: what is sound is supported, and each single doubt takes that away."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from mlintern.planner.claims.evidence import Evidence, Fault, Kind, Measurement, Side
from mlintern.planner.claims.verdict import Answer, judge


def side(*values: float, **more: Any) -> Side:
    measured = tuple(
        Measurement((number,), None, value, 100, "accuracy") for number, value in enumerate(values, start=1)
    )
    return replace(Side(run=1, fingerprint="f", measurements=measured, left_out=()), **more)


GOOD = side(0.941, 0.939, 0.943, 0.940)
BASE = side(0.901, 0.899, 0.903, 0.900)
BETTER = Evidence(Kind.BETTER, "printed/test accuracy", True, GOOD, 1, against=BASE)


def test_what_is_sound_is_supported() -> None:
    verdict = judge(BETTER)
    assert verdict.answer is Answer.SUPPORTED
    assert verdict.facts["improvement"] == pytest.approx(0.04)
    assert verdict.facts["noise floor"] < 0.04


@pytest.mark.parametrize(
    ("doubt", "answer"),
    [
        ({"tampered": ("log",)}, Answer.NOT_SUPPORTED),
        ({"faults": (Fault(1, "data.leak.overlap", accepted=False),)}, Answer.NOT_SUPPORTED),
        ({"faults": (Fault(1, "eval.selection", accepted=True),)}, Answer.NOT_SUPPORTED),
        ({"faults": (Fault(1, "optim.lr", accepted=True),)}, Answer.INCONCLUSIVE),
        ({"chosen_on_test": True}, Answer.NOT_SUPPORTED),
        ({"maybe_chosen": True}, Answer.INCONCLUSIVE),
        ({"unexamined": ("overfit",)}, Answer.INCONCLUSIVE),
        ({"labels_in_reach": ("answers.csv",)}, Answer.INCONCLUSIVE),
        ({"left_out": (7, 8)}, Answer.INCONCLUSIVE),
        ({"measurements": ()}, Answer.INCONCLUSIVE),
        ({"measurements": GOOD.measurements[:1]}, Answer.INCONCLUSIVE),
        ({"measurements": tuple(replace(one, value=0.94) for one in GOOD.measurements)}, Answer.INCONCLUSIVE),
        ({"measurements": side(0.94, float("nan")).measurements}, Answer.NOT_SUPPORTED),
        ({"measurements": tuple(replace(one, recomputed="macro f1") for one in GOOD.measurements)},
         Answer.INCONCLUSIVE),
        ({"measurements": tuple(replace(one, recomputed=None) for one in GOOD.measurements), "fingerprint": "g"},
         Answer.INCONCLUSIVE),
        ({"measurements": tuple(replace(one, steps=500) for one in GOOD.measurements)}, Answer.INCONCLUSIVE),
    ],
)  # fmt: skip
def test_each_doubt_takes_the_support_away(doubt: dict[str, Any], answer: Answer) -> None:
    assert judge(replace(BETTER, own=replace(GOOD, **doubt))).answer is answer


@pytest.mark.parametrize(
    "doubt", [{"tampered": ("log",)}, {"unexamined": ("overfit",)}, {"measurements": BASE.measurements[:1]}]
)
def test_a_doubt_about_the_baseline_does_so_as_well(doubt: dict[str, Any]) -> None:
    verdict = judge(replace(BETTER, against=replace(BASE, **doubt)))
    assert verdict.answer is not Answer.SUPPORTED
    assert any(words.startswith("of the baseline: ") for words in verdict.because)


def test_how_many_were_tried_decides() -> None:
    close = replace(BETTER, own=side(0.907, 0.905, 0.909, 0.901), against=side(0.901, 0.899, 0.903, 0.900))
    assert judge(close).answer is Answer.SUPPORTED
    assert judge(replace(close, configurations=50)).answer is Answer.INCONCLUSIVE


def test_inside_the_noise_is_not_better_and_two_seeds_cannot_tell() -> None:
    noisy = replace(BETTER, own=side(0.90, 0.93, 0.91), against=side(0.92, 0.90, 0.915))
    assert judge(noisy).answer is Answer.NOT_SUPPORTED
    few = replace(BETTER, own=side(0.92, 0.93), against=side(0.90, 0.92))
    assert judge(few).answer is Answer.INCONCLUSIVE
    lucky = replace(BETTER, own=side(0.9400, 0.9401), against=side(0.9000, 0.9001))
    assert judge(lucky).answer is Answer.INCONCLUSIVE


def test_lower_is_better_where_it_is() -> None:
    assert judge(replace(BETTER, higher_is_better=False)).answer is Answer.NOT_SUPPORTED
    assert judge(replace(BETTER, higher_is_better=False, own=BASE, against=GOOD)).answer is Answer.SUPPORTED
    assert judge(replace(BETTER, higher_is_better=None)).answer is Answer.INCONCLUSIVE


def test_a_number_is_supported_only_when_it_was_counted_again() -> None:
    reported = Evidence(Kind.REPORTED, "printed/test accuracy", True, side(0.94), 1)
    assert judge(reported).answer is Answer.SUPPORTED
    alone = side(0.94, measurements=(Measurement((1,), None, 0.94, 100, None),))
    verdict = judge(replace(reported, own=alone))
    assert verdict.answer is Answer.INCONCLUSIVE
    assert "the metric was computed by the script itself" in verdict.beside


def test_the_worst_reason_decides_and_all_are_told() -> None:
    doubted = replace(GOOD, tampered=("log",), unexamined=("overfit",), measurements=GOOD.measurements[:1])
    verdict = judge(replace(BETTER, own=doubted))
    assert verdict.answer is Answer.NOT_SUPPORTED
    assert "does not agree" in verdict.because[0] and len(verdict.because) == 3
