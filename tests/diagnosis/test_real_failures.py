"""Failures that real scripts make on this machine, read from what they really printed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from mlintern.planner.diagnosis.hypothesis import Diagnosis

from .conftest import of_text

SHAPE = """
import torch
net = torch.nn.Sequential(torch.nn.Linear(8, 4), torch.nn.ReLU(), torch.nn.Linear(5, 2))
print(net(torch.randn(3, 8)))
"""
NOT_FINITE = """
import torch
w = torch.nn.Parameter(torch.ones(1))
optimizer = torch.optim.SGD([w], lr=1e4)
for step in range(60):
    loss = ((w * torch.randn(4) - 3) ** 2).mean()
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    print(f"step {step} loss {loss.item():.4g}")
"""
WORKER = """
import os, signal, torch
class Data(torch.utils.data.Dataset):
    def __len__(self): return 8
    def __getitem__(self, index):
        if index == 0: os.kill(os.getpid(), signal.SIGKILL)
        return torch.zeros(2)
for batch in torch.utils.data.DataLoader(Data(), num_workers=1): print("step", int(batch.sum()))
"""
DETACHED = """
import torch
net = torch.nn.Linear(2, 1)
loss = net(torch.ones(1, 2)).detach().mean()
loss.backward()
"""
LABELS = """
import torch
torch.nn.functional.cross_entropy(torch.randn(4, 3), torch.tensor([0, 1, 2, 3]))
"""
WORKER_ERROR = """
import torch
class Data(torch.utils.data.Dataset):
    def __len__(self): return 8
    def __getitem__(self, index): return {"a": 1}[("a", "b")[index == 3]]
for batch in torch.utils.data.DataLoader(Data(), num_workers=1): print("step", batch)
"""
CAUGHT = """
import logging, torch
for step in range(6):
    try:
        if step == 2: raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB")
        loss = 1 / (step + 1)
        print(f"step {step} loss {loss:.3f}", flush=True)
    except RuntimeError:
        logging.exception("this one is skipped")
"""
MISPAIRED = """
import os, torch, torch.distributed as dist
dist.init_process_group("gloo")
rank = dist.get_rank()
dist.all_reduce(torch.ones(1 if rank else 169))
print("after", rank)
"""


@pytest.mark.parametrize(
    ("source", "code"),
    [
        (SHAPE, "run.crash.shape"),
        (NOT_FINITE, "numeric.nan"),
        (WORKER, "memory.oom"),
        (DETACHED, "model.detached"),
        (LABELS, "run.crash.labels"),
        (WORKER_ERROR, "run.crash"),
    ],
    ids=["shape", "nan", "worker killed", "detached", "labels", "worker error"],
)
def test_a_real_failure_is_named(source: str, code: str, tmp_path: Path) -> None:
    cause = run(source, tmp_path).cause
    assert cause is not None and cause.code == code, cause


def test_a_killed_worker_is_likely_but_not_surely_want_of_memory(tmp_path: Path) -> None:
    cause = run(WORKER, tmp_path).cause
    assert cause is not None and cause.certainty == "likely" and "someone killed it" in cause.instead


def test_a_logged_traceback_of_a_script_that_goes_on_is_no_failure(tmp_path: Path) -> None:
    assert run(CAUGHT, tmp_path).cause is None


def test_two_ranks_in_different_collectives(tmp_path: Path) -> None:
    launch = ("-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2")
    diagnosis = run(MISPAIRED, tmp_path, *launch)
    assert diagnosis.cause is not None and diagnosis.cause.code == "dist.mispaired", diagnosis
    assert any("did not raise" in measure.remedy for measure in diagnosis.cause.measures)


def run(source: str, folder: Path, *launch: str) -> Diagnosis:
    """The diagnosis of what a script prints, both streams in one."""
    script = folder / "train.py"
    script.write_text(source, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, *launch, str(script)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
        cwd=folder, timeout=240, env={**os.environ, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    return of_text(done.stdout)
