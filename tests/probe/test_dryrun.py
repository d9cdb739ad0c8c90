"""A dry run of real scripts in real processes: what it tells is exact, and what it cannot do it says."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.memory_report import Look, MemoryReport, parse

from .conftest import Probe, Probed

LINEAR = 1000 * 1000 + 1000
"""Values of one linear layer of a thousand inputs and outputs."""

TRAIN = """
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset
    torch.manual_seed(0)
    X, y = torch.randn(320, 1000), torch.randn(320, 1000)
    model = nn.Linear(1000, 1000)
    optimizer = torch.optim.Adam(model.parameters())
    for epoch in range(50):
        model.train()
        for xb, yb in DataLoader(TensorDataset(X, y), 32, shuffle=True):
            loss = nn.functional.mse_loss(model(xb), yb)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        model.eval()
        with torch.no_grad():
            for xb, yb in DataLoader(TensorDataset(X, y), 160):
                nn.functional.mse_loss(model(xb), yb).item()
"""


@pytest.fixture
def dry(probe: Probe) -> Any:
    """``dry(script, *args, …)`` dry-runs a script; returns ``(what the process did, its report)``."""

    def run(script: str | Path, *args: str, **settings: Any) -> tuple[Probed, MemoryReport]:
        done = probe(script, *args, mode="dryrun", **{"time_budget_seconds": 100.0, **settings})
        return done, parse(done.last("memory"))

    return run


def base(report: MemoryReport) -> Look:
    assert report.base is not None, report.could_not
    return report.base


def training(look: Look) -> Any:
    peak = look.devices["cpu"].training
    assert peak is not None
    return peak


def test_a_linear_layer_under_adam_is_told_to_the_byte(dry: Any) -> None:
    done, report = dry(TRAIN)

    assert done.exit_code == 0
    peak = training(base(report))
    assert peak.parts["parameters"] == 4 * LINEAR
    assert peak.parts["gradients"] == 4 * LINEAR
    assert peak.parts["optimizer"] == 2 * 4 * LINEAR + 2 * 4  # and one step counter for each of two parameters
    assert sum(peak.parts.values()) == peak.total
    assert base(report).could_not is None and report.could_not is None


def test_both_batch_sizes_and_an_evaluation_are_told(dry: Any) -> None:
    _, report = dry(TRAIN)

    whole, half = base(report), report.look("half")
    assert half is not None
    assert (whole.training_batch, whole.evaluation_batch, whole.share) == (32, 160, 1.0)
    assert (half.training_batch, half.evaluation_batch, half.share) == (16, 80, 0.5)
    assert whole.steps >= 2 and whole.evaluations >= 2
    evaluation = whole.devices["cpu"].evaluation
    assert evaluation is not None and evaluation.total > training(whole).parts["parameters"]


ACTIVATIONS = """
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset
    model = nn.Sequential(nn.Linear(64, 4096), nn.ReLU(), nn.Linear(4096, 1))
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for xb, yb in DataLoader(TensorDataset(torch.randn(5120, 64), torch.randn(5120, 1)), 512):
        optimizer.zero_grad()
        nn.functional.mse_loss(model(xb), yb).backward()
        optimizer.step()
"""


def test_activations_grow_with_the_batch_and_parameters_do_not(dry: Any) -> None:
    _, report = dry(ACTIVATIONS)

    half = report.look("half")
    assert half is not None
    whole, cut = training(base(report)), training(half)
    assert whole.parts["parameters"] == cut.parts["parameters"]
    assert whole.parts["activations"] > 1.9 * cut.parts["activations"] > 0


def test_nothing_is_allocated(dry: Any) -> None:
    _, report = dry("""
        import torch
        from torch import nn
        model = nn.Sequential(*[nn.Linear(65536, 65536, bias=False) for _ in range(8)])
        optimizer = torch.optim.AdamW(model.parameters())
        for step in range(100):
            loss = model(torch.randn(4096, 65536)).pow(2).mean()
            loss.backward()
            optimizer.step()
            optimizer.zero_grad()
    """)

    one = 4 * 65536 * 65536
    assert training(base(report)).parts["parameters"] == 8 * one  # 128 GiB


def test_what_a_script_asks_of_its_values_is_answered(dry: Any) -> None:
    done, report = dry("""
        import math
        import numpy as np
        import torch
        from torch import nn
        names = ["cat", "dog"]
        model, best = nn.Linear(8, 2), float("inf")
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        X, y = torch.randn(64, 8), torch.arange(64) % 2
        for step in range(100):
            out = model(X)
            loss = nn.functional.cross_entropy(out, y)
            if torch.isnan(loss) or not torch.isfinite(loss).all() or not math.isfinite(loss.item()):
                raise SystemExit("diverged")
            if loss < best:
                best = float(loss)
            hard = out[out[:, 0] > 0]
            if len(hard):
                loss = loss + hard.mean()
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            guesses = out.argmax(1)
            print(names[guesses[0].item()], names[guesses.tolist()[-1]], f"{loss:.3f}", guesses.numpy().sum())
            print(np.asarray(out.detach()).shape, (guesses == y).sum().item() / max(1, (y == 0).sum().item()))
            print(torch.where(out[:, 0] > 0)[0].shape, torch.unique(guesses).numel(), y[y == 1].numel())
    """)

    look = base(report)
    assert look.ended == "script", done.output
    assert look.steps == 2 and "nonzero" in look.assumed
    assert "cat cat 0." in done.output and "64 32" in done.output  # what is real stays real


def test_real_data_is_looked_at_for_what_it_holds(dry: Any) -> None:
    done, report = dry("""
        import torch
        from torch import nn
        lengths = torch.tensor([5, 3, 2])
        rows = torch.nn.utils.rnn.pad_sequence([torch.ones(n, 8) for n in lengths.tolist()], batch_first=True)
        kept = rows[rows.sum(-1) > 0]
        model = nn.LSTM(8, 16, batch_first=True)
        optimizer = torch.optim.Adam(model.parameters())
        for step in range(20):
            packed = nn.utils.rnn.pack_padded_sequence(rows, lengths, batch_first=True)
            out, _ = nn.utils.rnn.pad_packed_sequence(model(packed)[0], batch_first=True)
            optimizer.zero_grad(); out.sum().backward(); optimizer.step()
        print("rows", len(kept), tuple(out.shape))
    """)

    assert base(report).assumed == ()
    assert "rows 10 (3, 5, 16)" in done.output


SURVIVED = {
    "abort": ("os.abort()", "SIGABRT"),
    "exit": ("os._exit(3)", "exit code 3"),
    "raise": ("raise ValueError('no such layer')", "ValueError: no such layer"),
    "mismatch": ("return x @ torch.ones(7, 7)", "RuntimeError"),
    "leave": ("sys.exit(1)", "without a training step"),
    "wait": ("threading.Event().wait()", "no training step was over after"),
    "deaf": (
        "signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGALRM]); threading.Event().wait()",
        "took too long",
    ),
}


@pytest.mark.parametrize("name", SURVIVED)
def test_a_model_that_cannot_be_dry_run_says_why(dry: Any, name: str) -> None:
    line, why = SURVIVED[name]
    done, report = dry(
        f"""
        import os, signal, sys, threading
        import torch
        from torch import nn
        class Model(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer = nn.Linear(8, 8)
            def forward(self, x):
                x = self.layer(x)
                {line}
                return x
        model = Model()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(10):
            model(torch.randn(4, 8)).sum().backward()
            optimizer.step()
        """,
        time_budget_seconds=12.0 if name in ("wait", "deaf") else 100.0,
    )

    assert done.exit_code == 0
    assert report.base is None and report.could_not is not None
    assert why in report.could_not


def test_a_gpu_that_is_not_there_is_told_and_survived(dry: Any) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has one")
    done, report = dry("""
        import torch
        model = torch.nn.Linear(8, 8).to("cuda")
        model(torch.randn(4, 8, device="cuda")).sum().backward()
    """)
    assert done.exit_code == 0
    assert report.could_not is not None and "CUDA" in report.could_not


def test_a_script_that_prepares_for_ever_is_left_to_the_rehearsal(dry: Any) -> None:
    done, report = dry("import threading\nthreading.Event().wait()\n", time_budget_seconds=1.0)
    assert done.exit_code == 0
    assert report.could_not == "the script was still preparing after 1 s"


def test_a_script_without_a_model_says_so(dry: Any) -> None:
    assert dry("print('no torch')\n")[1].could_not == "the script ended without using torch"
    assert dry("import torch\nprint(torch.ones(3))\n")[1].could_not == "the script ended before any model ran"


def test_nobody_waits_for_the_end_of_a_script_that_works_without_torch(dry: Any) -> None:
    done, report = dry("while True:\n    sum(range(1000))\n")
    assert done.exit_code == 0
    assert report.could_not == "the script had not imported torch after 5 s of work"


def test_processes_that_train_by_themselves_cannot_be_followed(dry: Any) -> None:
    _, report = dry("""
        import torch, torch.multiprocessing as mp
        def work(rank):
            raise AssertionError("this must not run")
        if __name__ == "__main__":
            mp.spawn(work, nprocs=2)
    """)
    assert report.could_not is not None and "torch.multiprocessing" in report.could_not


def test_a_dry_run_reports_no_metric_and_no_crash(dry: Any) -> None:
    done, _ = dry(TRAIN)
    assert not done.has("metrics") and not done.has("crash") and not done.has("loops")


def test_what_is_saved_is_remembered_and_not_written(dry: Any, tmp_path: Path) -> None:
    done, report = dry("""
        import io, torch
        from torch import nn
        model = nn.Linear(1000, 1000)
        optimizer = torch.optim.Adam(model.parameters())
        for step in range(5):
            model(torch.randn(4, 1000)).sum().backward()
            optimizer.step()
        torch.save({"model": model.state_dict(), "step": step}, "last.pt")
        loaded = torch.load("last.pt", weights_only=True)
        model.load_state_dict(loaded["model"])
        held = io.BytesIO()
        torch.save(optimizer.state_dict(), held); held.seek(0)
        optimizer.load_state_dict(torch.load(held))
        print("again", loaded["step"])
    """)
    assert "again 4" in done.output and base(report).ended == "script", done.output
    assert (tmp_path / "last.pt").stat().st_size < 100


def test_workers_compilation_and_scaling_are_done_without(dry: Any) -> None:
    done, report = dry("""
        import torch
        from torch import nn
        from torch.utils.data import DataLoader, TensorDataset
        model = torch.compile(nn.Sequential(nn.Linear(8, 8), nn.BatchNorm1d(8), nn.Linear(8, 1)))
        model.to(torch.float64).float()
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        scaler = torch.amp.GradScaler("cpu")
        data = TensorDataset(torch.randn(256, 8), torch.randn(256, 1))
        for xb, yb in DataLoader(data, 32, num_workers=2, persistent_workers=True, timeout=60):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                loss = nn.functional.mse_loss(model(xb), yb)
            optimizer.zero_grad()
            scaler.scale(loss).backward()
            scaler.unscale_(optimizer)
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            scaler.step(optimizer)
            scaler.update()
    """)
    assert base(report).ended == "script", done.output
    assert base(report).steps == 2 and base(report).training_batch == 32


BLOCKS = """
    import torch
    from torch import nn
    from torch.utils.data import DataLoader, TensorDataset
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.inner = nn.Sequential(nn.Linear(64, 1024), nn.GELU(), nn.Linear(1024, 64))
        def forward(self, x):
            return x + self.inner(x)
    model = nn.Sequential(*[Block() for _ in range(6)])
    optimizer = torch.optim.Adam(model.parameters())
    data = TensorDataset(torch.randn(2048, 64))
    for (x,) in DataLoader(data, 256):
        optimizer.zero_grad()
        model(x).pow(2).mean().backward()
        optimizer.step()
    model.eval()
    for (x,) in DataLoader(data, 1024):
        model(x).mean().item()
"""


def test_what_would_make_it_fit_is_looked_at_when_it_is_close(dry: Any) -> None:
    _, report = dry(BLOCKS, memory_room={"cpu": 30 << 20})

    looks = {look.name: look for look in report.looks}
    assert {"base", "half", "autocast", "checkpoint", "eval_no_grad", "real"} == set(looks)
    whole = training(base(report))
    assert training(looks["autocast"]).parts["activations"] < 0.8 * whole.parts["activations"]
    assert training(looks["checkpoint"]).total < 0.8 * whole.total
    with_grad, without = (looks[name].devices["cpu"].evaluation for name in ("base", "eval_no_grad"))
    assert with_grad is not None and without is not None and without.total < 0.5 * with_grad.total
    shares = [look for look in report.looks if look.name == "real"]
    assert [(look.share, look.training_batch) for look in shares] == [(0.125, 32), (0.25, 64)]
    assert all(look.grown_bytes and look.grown_bytes > training(look).total * 0.5 for look in shares)


def test_a_batch_of_one_item_is_not_cut(dry: Any) -> None:
    _, report = dry(ACTIVATIONS.replace("512)", "1)"))
    (why,) = [look.could_not for look in report.looks if look.name == "half"]
    assert base(report).training_batch == 1 and why == "a batch is a single item, which cannot be cut"


def test_nothing_more_is_looked_at_where_there_is_room(dry: Any) -> None:
    _, report = dry(BLOCKS, memory_room={"cpu": 64 << 30})
    assert [look.name for look in report.looks] == ["base", "half"]


def test_a_share_that_would_not_fit_is_not_tried_for_real(dry: Any) -> None:
    _, report = dry(BLOCKS, memory_room={"cpu": 1 << 20})
    real = [look.could_not for look in report.looks if look.name == "real"]
    assert len(real) == 2 and all(why is not None and "would not fit" in why for why in real)


def test_a_look_at_blocks_needs_blocks(dry: Any) -> None:
    _, report = dry(ACTIVATIONS, memory_room={"cpu": 1 << 20})
    (why,) = [look.could_not for look in report.looks if look.name == "checkpoint"]
    assert why == "the model has no list of blocks that repeat"


def test_an_optimizer_whose_memory_depends_on_values_is_left_to_the_rehearsal(dry: Any, copied_corpus: Path) -> None:
    _, report = dry(copied_corpus / "tests/scripts/lbfgs.py")
    assert report.could_not == "what LBFGS keeps depends on values, and nothing is computed"


def test_files_of_the_project_are_read_as_they_are(dry: Any, tmp_path: Path) -> None:
    import numpy
    import torch

    torch.save({"x": torch.arange(12.0).view(3, 4)}, tmp_path / "data.pt")
    numpy.save(tmp_path / "more.npy", numpy.ones((3, 4), dtype="float32"))
    done, report = dry("""
        import numpy as np, torch
        x = torch.load("data.pt", weights_only=True)["x"] + torch.from_numpy(np.load("more.npy"))
        print("sum", x.sum().item())
        model = torch.nn.Linear(4, 1)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(3):
            model(x).sum().backward(); optimizer.step()
    """)
    assert "sum 78.0" in done.output and base(report).steps == 2


@pytest.mark.parametrize("name", ["lightning_digits.py", "hf_trainer_tiny.py", "gan.py", "dqn.py", "manual_sgd.py"])
def test_frameworks_and_other_ways_of_training_are_followed(dry: Any, copied_corpus: Path, name: str) -> None:
    pytest.importorskip({"lightning_digits.py": "lightning", "hf_trainer_tiny.py": "transformers"}.get(name, "torch"))
    _, report = dry(copied_corpus / "tests/scripts" / name)
    assert base(report).steps >= 1 and training(base(report)).total > 0


@pytest.mark.skipif(sys.platform != "linux", reason="the growth of a process is read from /proc")
def test_a_dry_run_and_a_real_one_have_one_peak(probe: Probe, dry: Any, copied_corpus: Path) -> None:
    script = copied_corpus / "examples" / "char_gpt.py"
    small = ("--max_iters", "8", "--n_layer", "2", "--n_embd", "32", "--n_head", "2")
    _, report = dry(script, *small)
    target = copied_corpus / "real.json"
    descriptor = os.open(target, os.O_WRONLY | os.O_CREAT)
    os.set_inheritable(descriptor, True)
    try:
        probe(script, *small, mode="dryrun", time_budget_seconds=100.0, real_share=1.0, report_fd=descriptor)
    finally:
        os.close(descriptor)
    real = json.loads(target.read_text())
    for device, peaks in base(report).devices.items():
        assert peaks.training is not None
        assert real["devices"][device]["training"]["total"] == peaks.training.total
