"""Crashes that the full run would meet only at its end are met by a rehearsal, in the line that must be named."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
FAULTS = tomllib.loads((ROOT / "tests/scripts/manifest.toml").read_text())["faults"]


@pytest.mark.parametrize("name", FAULTS)
def test_a_crash_at_the_end_of_the_full_run_is_met_early(probe: Any, copied_corpus: Path, name: str) -> None:
    fault = FAULTS[name]
    script = copied_corpus / "tests/scripts" / fault["script"]
    probed = probe(script, *fault["full"], cwd=copied_corpus / "tests/scripts", time_budget_seconds=0.6)
    crash = probed.last("crash")
    named = Path(crash["file"]).read_text().splitlines()[crash["line"] - 1].strip()
    assert (crash["type"], named) == (fault["exception"], fault["line"])
    assert probed.exit_code == 1


def test_where_in_the_run_it_crashed_is_told(probe: Any) -> None:
    script = """
        import torch
        from torch.utils.data import DataLoader
        model = torch.nn.Linear(4, 1)
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        for epoch in range(50):
            for batch in DataLoader(torch.randn(10_003, 4), 10):
                opt.zero_grad(); model(batch).mean().backward(); opt.step()
                batch.view(10, 4)
    """
    crash = probe(script, time_budget_seconds=0.1).last("crash")
    assert crash["phase"] == "training"
    assert crash["context"][0]["last"]
    assert crash["after_cut"]


def test_a_message_is_told_without_its_colours(probe: Any) -> None:
    crash = probe(r"raise ValueError('the \x1b[1mfile\x1b[0m is not there')").last("crash")
    assert crash["message"] == "the file is not there"
