"""Examines a small program with the real probe, and asks the checks."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.checks.check import Evidence
from mlintern.planner.checks.found import Checked
from mlintern.planner.checks.registry import ask_all
from mlintern.planner.finding import FindingDraft
from mlintern.store.records import RungName, Severity

from ...probe.conftest import probe as probe

DATA = """
import math, torch
from torch import nn
import torch.nn.functional as F
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X = torch.randn(256, 8)
Y = (X[:, :4].sum(1) > 0).long() + (X[:, 4:].sum(1) > 1).long()
loader = DataLoader(TensorDataset(X, Y), batch_size=16, shuffle=True)
"""


@dataclass(frozen=True)
class Examined:
    """What the checks answered to one examination."""

    checked: Checked
    output: str

    def of(self, code: str) -> FindingDraft:
        """The worst finding of a code; fails when there is none."""
        order = (Severity.ERROR, Severity.WARNING, Severity.INFO)
        found = [one for one in self.checked.findings if one.code == code]
        assert found, f"no {code} among {self.checked.findings}"
        return min(found, key=lambda one: order.index(one.severity))

    @property
    def counted(self) -> list[tuple[str, str]]:
        """What is held against the program."""
        return [(one.code, one.message) for one in self.checked.findings if one.severity is not Severity.INFO]


@pytest.fixture
def examined(probe: Any) -> Callable[..., Examined]:
    """``examined(body, data=DATA, rehearsed=False)``: the body runs after the data was made."""

    def run(body: str, *args: str, data: str = DATA, rehearsed: bool = False) -> Examined:
        script = data + textwrap.dedent(body)
        before = probe(script, *args, mode="rehearse", time_budget_seconds=1.0) if rehearsed else None
        seen = probe(script, *args, mode="examine", time_budget_seconds=1.0)
        assert seen.exit_code == 0, seen.output
        reports = {message["e"]: message for message in seen.messages}
        losses = {"overfit": _losses(seen), **({"rehearsal": _losses(before)} if before else {})}
        evidence = Evidence({**reports, "losses": losses}, Path("/"))
        return Examined(ask_all(RungName.OVERFIT, evidence), seen.output)

    return run


def _losses(probed: Any) -> list[list[float]]:
    rows = [row for one in probed.messages if one["e"] == "metrics" for row in one["rows"] if row[1] == "loss"]
    return [[row[0], float("nan") if row[2] is None else row[2]] for row in rows]
