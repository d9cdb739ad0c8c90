"""A loader that never gives its first batch, in a real process with real workers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.checks import loader_stuck
from mlintern.planner.checks.check import Evidence

DEADLOCK = """
import threading
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

lock = threading.Lock()

class Rows(Dataset):
    def __len__(self):
        return 640
    def __getitem__(self, index):
        with lock:
            return torch.ones(8), index % 2

model = nn.Linear(8, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
{before}
for x, y in DataLoader(Rows(), batch_size=32, num_workers={workers}):
    loss = nn.functional.cross_entropy(model(x), y)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
"""


@pytest.mark.parametrize("workers", [2, 0])
def test_a_lock_that_is_never_let_go_ends_the_rehearsal_with_the_line(probe: Any, workers: int) -> None:
    text = DEADLOCK.format(before="lock.acquire()", workers=workers)
    probed = probe(text)
    assert probed.exit_code == 75
    report = probed.last("stuck")
    assert report["seconds"] >= 25 and len(report["workers"]) == workers
    (finding,) = loader_stuck.judge(Evidence({"stuck": report}, Path("/"))).findings
    line = next(number for number, words in enumerate(text.splitlines(), 1) if "with lock" in words)
    assert finding.line == line


def test_a_loader_that_gives_batches_says_nothing(probe: Any) -> None:
    probed = probe(DEADLOCK.format(before="", workers=2))
    assert probed.exit_code == 0 and not probed.has("stuck")
