"""The order of clearing, backward, clipping and stepping: faults, and the many sound ways."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from mlintern.planner.checks.found import Checked
from mlintern.store.records import Severity

Look = Callable[..., Checked]

START = """\
import argparse
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=5)
args = parser.parse_args()
torch.manual_seed(0)
loader = DataLoader(TensorDataset(torch.randn(90, 4), torch.randint(0, 2, (90,))), 8, shuffle=True)
model, criterion = nn.Linear(4, 2), nn.CrossEntropyLoss()
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
scaler = torch.amp.GradScaler("cuda")
lrs = torch.optim.lr_scheduler
clip = torch.nn.utils.clip_grad_norm_
"""


def program(*steps: str, before: str = "", after: str = "") -> str:
    """A training loop of two levels with these statements in the inner one."""
    inner = "".join(f"        {step}\n" for step in steps)
    loops = "for epoch in range(args.epochs):\n    for i, (x, y) in enumerate(loader):\n"
    return f"{START}{before}\n{loops}{inner}{after}\n"


LOSS, BACKWARD = "loss = criterion(model(x), y)", "loss.backward()"
CLEAR, STEP = "optimizer.zero_grad()", "optimizer.step()"
CLIP = "clip(model.parameters(), 1.0)"
COSINE = "scheduler = lrs.CosineAnnealingLR(optimizer, T_max={total})"
BY_EPOCH = "    scheduler.step()"

FAULTS = {
    "never cleared": ("optim.zero_grad", program(LOSS, BACKWARD, STEP)),
    "cleared once an epoch": ("optim.zero_grad", program(LOSS, BACKWARD, STEP, after="    optimizer.zero_grad()")),
    "cleared before the step": ("optim.zero_grad", program(LOSS, BACKWARD, CLEAR, STEP)),
    "clipped after the step": ("optim.clip", program(CLEAR, LOSS, BACKWARD, STEP, CLIP)),
    "clipped while scaled": (
        "optim.clip",
        program(CLEAR, LOSS, "scaler.scale(loss).backward()", CLIP, "scaler.step(optimizer)", "scaler.update()"),
    ),
    "never scheduled": (
        "optim.schedule",
        program(CLEAR, LOSS, BACKWARD, STEP, before=COSINE.format(total="args.epochs")),
    ),
    "long as steps, stepped by epoch": (
        "optim.schedule",
        program(CLEAR, LOSS, BACKWARD, STEP, after=BY_EPOCH, before=COSINE.format(total="args.epochs * len(loader)")),
    ),
    "long as epochs, stepped by batch": (
        "optim.schedule",
        program(CLEAR, LOSS, BACKWARD, STEP, "scheduler.step()", before=COSINE.format(total="args.epochs")),
    ),
    "scheduled before the step": (
        "optim.schedule",
        program(CLEAR, LOSS, BACKWARD, "scheduler.step()", STEP, before=COSINE.format(total="500")),
    ),
    "accumulated unscaled": (
        "optim.accumulation",
        program(LOSS, BACKWARD, "if (i + 1) % 4 == 0:", "    optimizer.step()", "    optimizer.zero_grad()"),
    ),
}


@pytest.mark.parametrize(("code", "text"), FAULTS.values(), ids=FAULTS)
def test_what_is_out_of_order_is_found(look: Look, code: str, text: str) -> None:
    found = [one for one in look(text).findings if one.severity is not Severity.INFO]

    assert [one.code for one in found] == [code]
    assert all(row["text"] and row["line"] for one in found for row in one.evidence)


HELPERS = """\
def clear(): optimizer.zero_grad(set_to_none=True)
def step(loss):
    loss.backward()
    optimizer.step()
"""
SOUND = {
    "cleared first": program(CLEAR, LOSS, BACKWARD, CLIP, STEP),
    "cleared last": program(LOSS, BACKWARD, STEP, CLEAR),
    "cleared by the model": program("model.zero_grad()", LOSS, BACKWARD, STEP),
    "cleared by hand": program("for p in model.parameters(): p.grad = None", LOSS, BACKWARD, STEP),
    "cleared in place": program("for p in model.parameters():", "    if p.grad is not None: p.grad.zero_()",
                                LOSS, BACKWARD, STEP),
    "an optimizer for each task": program(
        "fresh = nn.Linear(4, 2); inner = torch.optim.SGD(fresh.parameters(), lr=0.1)",
        "criterion(fresh(x), y).backward()", "inner.step()"),
    "stepped by a library": program(
        CLEAR, LOSS, BACKWARD, STEP, "engine.run(1)",
        before="from ignite.engine import Engine\nengine = Engine(print)\n" + COSINE.format(total="9")
               + "\nengine.add_event_handler('completed', scheduler)"),
    "in helpers": program("clear()", LOSS, "step(loss)", before=HELPERS),
    "accumulated": program(
        "loss = criterion(model(x), y) / 4", BACKWARD, "if (i + 1) % 4 == 0:", "    optimizer.step()",
        "    optimizer.zero_grad()",
    ),
    "scaled and unscaled": program(
        CLEAR, LOSS, "scaler.scale(loss).backward()", "scaler.unscale_(optimizer)", CLIP, "scaler.step(optimizer)",
        "scaler.update()",
    ),
    "with a closure": program(
        "def closure():", "    optimizer.zero_grad(); loss = criterion(model(x), y); loss.backward(); return loss",
        "optimizer.step(closure)", before="optimizer = torch.optim.LBFGS(model.parameters())",
    ),
    "two optimizers": program(
        "first.zero_grad()", "criterion(model(x), y).backward()", "first.step()", "second.zero_grad()",
        "criterion(other(x), y).backward()", "second.step()",
        before="other = nn.Linear(4, 2); first, second = (torch.optim.Adam(m.parameters()) for m in (model, other))",
    ),
    "prepared by a library": program(
        LOSS, "accelerator.backward(loss)", STEP,
        before="import accelerate\naccelerator = accelerate.Accelerator()\n"
               "optimizer = accelerator.prepare(optimizer)",
    ),
    "scheduled by epoch": program(
        CLEAR, LOSS, BACKWARD, STEP, after=BY_EPOCH, before=COSINE.format(total="args.epochs")),
    "scheduled by step": program(
        CLEAR, LOSS, BACKWARD, STEP, "scheduler.step()", before=COSINE.format(total="args.epochs * len(loader)")),
    "a chain of schedules": program(
        CLEAR, LOSS, BACKWARD, STEP, "scheduler.step()",
        before="warm, rest = lrs.LinearLR(optimizer), lrs.StepLR(optimizer, 9)\n"
               "scheduler = lrs.SequentialLR(optimizer, [warm, rest], milestones=[3])",
    ),
    "the last one too": program(
        "loss = criterion(model(x), y) / 4", BACKWARD, "if (i + 1) % 4 == 0 or i + 1 == len(loader):",
        "    clip(model.parameters(), 1.0); optimizer.step(); optimizer.zero_grad()",
    ),
}  # fmt: skip


@pytest.mark.parametrize("text", SOUND.values(), ids=SOUND)
def test_a_sound_order_is_left_alone(look: Look, text: str) -> None:
    assert [one for one in look(text).findings if one.severity is not Severity.INFO] == []


def test_a_function_that_is_handed_over_is_followed(look: Look) -> None:
    body = "".join(f"            {line}\n" for line in (LOSS, BACKWARD, STEP))
    loops = f"def work(rank):\n    for epoch in range(3):\n        for x, y in loader:\n{body}"
    source = f"{START}\n{loops}torch.multiprocessing.spawn(work, nprocs=2)\n"

    assert [one.code for one in look(source).findings] == ["optim.zero_grad"]


def test_methods_that_only_a_library_calls_are_told(look: Look) -> None:
    module = "class Net(lightning.LightningModule):\n    def training_step(self, batch): return 1\n"
    checked = look(f"import lightning\n{module}lightning.Trainer().fit(Net())\n")

    assert checked.findings == ()
    assert any(words.startswith("what Net.training_step would do") for words in checked.not_verified)


def test_a_seed_that_is_nowhere_is_worth_knowing(look: Look) -> None:
    source = program(CLEAR, LOSS, BACKWARD, STEP)

    assert [one.code for one in look(source).findings] == []
    (found,) = look(source.replace("torch.manual_seed(0)", "")).findings
    assert (found.code, found.severity) == ("repro.seed", Severity.INFO)
