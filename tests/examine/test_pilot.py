"""What a pilot's curves and its last batches tell: whether the model uses its inputs, trivial guesses, and noise."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.checks.against_trivial import scatter
from mlintern.planner.checks.check import Evidence
from mlintern.planner.checks.curves import LOSS, PRINTED
from mlintern.planner.checks.found import Checked
from mlintern.planner.checks.registry import ask_all
from mlintern.store.records import RungName, Severity

from ..probe.conftest import Probe
from ..probe.conftest import probe as probe

TRAINING = """
    import torch
    from torch import nn
    torch.manual_seed(0)
    X = torch.randn(512, 6)
    Y = (X[:, 0] + X[:, 1] > 0).long()

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.body, self.head = nn.Sequential(nn.Linear(6, 16), nn.ReLU()), nn.Linear(16, 2)

        def forward(self, x, target=None):
            answer = self.head({hidden})
            return answer if target is None else (answer, nn.functional.cross_entropy(answer, target))

    net = Net()
    optimizer = torch.optim.Adam(net.parameters(), {rate})
    for epoch in range(20):
        for rows in torch.randperm(512).split(32):
            optimizer.zero_grad()
            loss = {loss}
            loss.backward()
            optimizer.step()
    print("drawn next", torch.rand(()).item())
"""
USUAL = {"hidden": "self.body(x)", "rate": 0.02, "loss": "nn.functional.cross_entropy(net(X[rows]), Y[rows])"}


def told(reports: Mapping[str, Any], rung: RungName = RungName.PILOT) -> Checked:
    """What the checks of a rung answer to these reports."""
    return ask_all(rung, Evidence({PRINTED: {}, LOSS: [], **reports}, Path("/")))


def ablated(probe: Probe, **changed: Any) -> Checked:
    done = probe(textwrap.dedent(TRAINING).format(**{**USUAL, **changed}), mode="pilot", stop_steps=120)
    assert done.exit_code == 0, done.output
    return told({"observed.ablation": done.last("observed.ablation")})


def of(checked: Checked, code: str) -> list[tuple[Severity, str]]:
    return [(one.severity, one.message) for one in checked.findings if one.code == code]


def test_a_model_that_uses_its_inputs(probe: Probe) -> None:
    checked = ablated(probe)

    assert of(checked, "eval.baseline") == []
    assert any(words.startswith("Net uses its inputs") for words in checked.verified)


def test_a_model_that_is_given_its_targets_and_computes_its_loss(probe: Probe) -> None:
    checked = ablated(probe, loss="net(X[rows], target=Y[rows])[1]")

    assert of(checked, "eval.baseline") == []
    assert any(words.startswith("Net uses its inputs") for words in checked.verified)


def test_a_model_whose_answers_do_not_depend_on_its_inputs(probe: Probe) -> None:
    ((severity, message),) = of(ablated(probe, hidden="self.body(x * 0)"), "eval.baseline")

    assert severity is Severity.WARNING
    assert "answers the same whatever it is given" in message


def test_a_model_that_has_not_learned_yet_is_asked_about(probe: Probe) -> None:
    ((severity, message),) = of(ablated(probe, rate=1e-7), "eval.baseline")

    assert severity is Severity.INFO
    assert "not use its inputs" in message or "does not reach yet" in message


def test_the_pilot_draws_nothing(probe: Probe) -> None:
    script = textwrap.dedent(TRAINING).format(**USUAL)
    watched = probe(script, mode="pilot", stop_steps=320)

    assert watched.last("observed.ablation")["answers_move"]
    assert watched.output == probe(script, mode="watch").output


# --- curves ---------------------------------------------------------------------------------------------------------

CLASSES = {"baselines": [{"task": "classes", "majority": 0.9, "rows": 400}]}


def curve(*values: float) -> list[list[float]]:
    return [[step, value] for step, value in enumerate(values)]


def test_a_printed_loss_that_is_no_number() -> None:
    checked = told({PRINTED: {"printed/train loss": curve(2.0, 1.5, float("nan"), float("nan"))}})

    ((severity, message),) = of(checked, "numeric.nan")
    assert severity is Severity.ERROR
    assert "from its 3. value on" in message


def test_an_evaluation_that_did_not_come_yet() -> None:
    assert of(told({PRINTED: {"printed/val loss": curve(float("nan"), float("nan"))}}), "numeric.nan") == []


def test_a_loss_that_explodes() -> None:
    checked = told({LOSS: curve(*(1.0,) * 5, *(10.0**n for n in range(9)))})

    assert [severity for severity, _ in of(checked, "numeric.exploding")] == [Severity.WARNING]


def test_a_loss_with_a_spike() -> None:
    assert of(told({LOSS: curve(*(1.0,) * 8, 5e5, *(0.5,) * 8)}), "numeric.exploding") == []


@pytest.mark.parametrize(
    ("rung", "value", "expected"),
    [
        (RungName.PILOT, 0.9, [Severity.INFO]),
        (RungName.FULL, 0.9, [Severity.WARNING]),
        (RungName.FULL, 89.0, [Severity.WARNING]),
        (RungName.FULL, 0.93, []),
    ],
)
def test_an_accuracy_beside_the_commonest_class(rung: RungName, value: float, expected: list[Severity]) -> None:
    checked = told({PRINTED: {"printed/test accuracy": curve(value)}, "overfit.observed.columns": CLASSES}, rung)

    assert [severity for severity, _ in of(checked, "eval.baseline")] == expected


def test_an_r2_below_the_mean_needs_no_rows() -> None:
    checked = told({PRINTED: {"printed/test r2": curve(-0.1)}}, RungName.FULL)

    assert [severity for severity, _ in of(checked, "eval.baseline")] == [Severity.WARNING]


def test_a_training_accuracy_is_no_result() -> None:
    checked = told(
        {PRINTED: {"printed/train accuracy": curve(0.5)}, "overfit.observed.columns": CLASSES}, RungName.FULL
    )

    assert of(checked, "eval.baseline") == []


def test_a_gain_inside_the_noise_is_no_gain() -> None:
    flat = (0.90, 0.92, 0.89, 0.93, 0.90, 0.91, 0.89, 0.92, 0.90, 0.92)
    ((severity, message),) = of(told({PRINTED: {"printed/val accuracy": curve(*flat)}}), "eval.noise")

    assert severity is Severity.INFO
    assert "that is no gain" in message


def test_a_gain_beyond_the_noise() -> None:
    rising = tuple(0.5 + 0.03 * n + 0.002 * (-1) ** n for n in range(10))
    checked = told({PRINTED: {"printed/val accuracy": curve(*rising)}})

    assert of(checked, "eval.noise") == []
    assert any("beyond the scatter" in words for words in checked.verified)


def test_the_scatter_leaves_a_trend_out() -> None:
    assert scatter((1.0, 2.0, 3.0, 4.0)) == 0.0
    assert scatter((1.0, -1.0, 1.0, -1.0, 1.0)) > 1.0
