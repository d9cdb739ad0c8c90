"""Numbers as papers write them, and digits that are none."""

from __future__ import annotations

import pytest
from mlintern.planner.reading.numbers import Number, numbers


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3e-4 and 3E-04", [0.0003, 0.0003]),
        ("3×10^-4, 3 × 10^{-4}, 3x10^-4, 3·10^-4", [0.0003] * 4),
        ("10^-3 and 10-4 and 2^15", [0.001, 0.0001, 32768]),
        ("1/3 of .5", [1 / 3, 0.5]),
        ("1,000 10k 32K 1.5M 40 000 2 million", [1000, 10000, 32000, 1500000, 40000, 2000000]),
        ("twelve layers, Three seeds, one hundred clips", [12, 3, 100]),
        ("224×224 and 3x3", [224, 3]),
        ("16,32,64 and 0.1-0.2 and 1e-5–1e-3", [16, 32, 64, 0.1, 0.2, 1e-5, 1e-3]),
        ("in [16, 32, 64]", [16, 32, 64]),
        ("ResNet-50 on CIFAR-10 with V100, GPT2 and Python 3.11, see Table 3", []),
        ("as in [3] and [4, 5] (Smith et al., 2019)", []),
        ("0 1e999 and 1e9999999", [0]),
    ],
)
def test_numbers(text: str, values: list[float]) -> None:
    assert [one.value for one in numbers(text) if isinstance(one, Number)] == pytest.approx(values)


def test_percent_and_sides_are_kept() -> None:
    share, size = (one for one in numbers("97.2 % of 32 x 16 pixels") if isinstance(one, Number))

    assert share.is_percent and not size.is_percent
    assert size.sides == (32, 16)
