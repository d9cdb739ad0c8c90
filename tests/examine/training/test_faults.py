"""Each fault of a training step is found, at its line, in a program that is sound otherwise."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

Examined = Callable[..., Any]

LOOP = """
model = MODEL
optimizer = torch.optim.OPTIMIZER
for epoch in range(4):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        loss = LOSS
        loss.backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        accuracy = (model(X).argmax(1) == Y).float().mean().item()
    print(epoch, accuracy)
"""
MODEL = "nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 3))"
TOKENS = """
import torch
from torch import nn
import torch.nn.functional as F
torch.manual_seed(0)
text = torch.randint(0, 20, (4000,))
text[1::2] = (text[::2] * 7 + 3) % 20
def batch():
    at = torch.randint(0, 3900, (8,))
    x = torch.stack([text[i:i + 16] for i in at]); y = torch.stack([text[i + 1:i + 17] for i in at])
    return x, y
class LM(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(20, 32); self.pos = nn.Embedding(16, 32)
        self.qkv = nn.Linear(32, 96); self.head = nn.Linear(32, 20)
    def forward(self, x):
        h = self.emb(x) + self.pos(torch.arange(x.shape[1]))
        q, k, v = self.qkv(h).chunk(3, -1)
        mask = torch.triu(torch.ones(x.shape[1], x.shape[1], dtype=torch.bool), 1)
        scores = (q @ k.transpose(1, 2) / 32 ** 0.5).masked_fill(mask, float("-inf"))
        return self.head(h + scores.softmax(-1) @ v)
model = LM()
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
for step in range(40):
    x, y = batch()
    logits = model(x)
    loss = F.cross_entropy(logits.reshape(-1, 20), y.reshape(-1))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
print(loss.item())
"""


def program(
    *changes: tuple[str, str],
    model: str = MODEL,
    optimizer: str = "Adam(model.parameters(), lr=3e-3)",
    loss: str = "F.cross_entropy(model(x), y)",
) -> str:
    text = LOOP
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text.replace("MODEL", model).replace("OPTIMIZER", optimizer).replace("LOSS", loss)


def changed(text: str, *changes: tuple[str, str]) -> str:
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    return text


FAULTS = {
    "double_softmax": ("model.loss", "error", program(loss="F.cross_entropy(model(x).softmax(1), y)")),
    "nll_on_logits": ("model.loss", "error", program(loss="F.nll_loss(model(x), y)")),
    "sigmoid_twice": (
        "model.loss", "error",
        program(loss="F.binary_cross_entropy_with_logits(torch.sigmoid(model(x)), F.one_hot(y, 3).float())"),
    ),
    "spread_shapes": ("model.loss", "error", program(loss="nn.MSELoss()(model(x)[:, :1], y.float())")),
    "relu_logits": ("model.loss", "warning", program(loss="F.cross_entropy(model(x).relu(), y)")),
    "kl_of_probabilities": (
        "model.loss", "error",
        program(loss="F.kl_div(model(x).softmax(1), F.one_hot(y, 3) * 0.8 + 0.066, reduction='batchmean')"),
    ),
    "no_zero_grad": ("optim.zero_grad", "error", program(("optimizer.zero_grad()", "pass"))),
    "cleared_before_step": (
        "optim.zero_grad", "error",
        program(
            ("        optimizer.zero_grad()\n", ""), ("optimizer.step()", "optimizer.zero_grad(); optimizer.step()")
        ),
    ),
    "clipped_after_step": (
        "optim.clip", "warning",
        program(("optimizer.step()", "optimizer.step(); nn.utils.clip_grad_norm_(model.parameters(), 1.0)")),
    ),
    "accumulated_undivided": (
        "optim.accumulation", "warning",
        program(
            ("for x, y in loader:\n        optimizer.zero_grad()", "for i, (x, y) in enumerate(loader):"),
            ("optimizer.step()", "if i % 4 == 3: optimizer.step(); optimizer.zero_grad()"),
        ),
    ),
    "noisy_evaluation": ("eval.mode", "error", program(
        ("model.eval()", "pass"),
        ("accuracy = (model(X).argmax(1) == Y)", "accuracy = torch.cat([model(x).argmax(1) == y for x, y in loader])"),
    )),
    "dropout_not_told": (
        "eval.mode", "error",
        program(loss="F.cross_entropy(model(x), y)", model="Dropping()").replace("\nmodel =", """
class Dropping(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(8, 32), nn.Linear(32, 3)
    def forward(self, x):
        return self.last(F.dropout(self.first(x).relu(), 0.3))
model ="""),
    ),
    "difference_spread": (
        "model.loss", "error", program(loss="((model(x)[:, :1] - y.float()) ** 2).mean()"),
    ),
    "stuck_in_evaluation": ("eval.mode", "error", program(("model.train()", "pass"))),
    "cut_path": (
        "model.detached", "error",
        program(model="Cut()", loss="F.cross_entropy(model(x), y)").replace("\nmodel =", """
class Cut(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(8, 32), nn.Linear(32, 3)
    def forward(self, x):
        return self.last(self.first(x).relu().detach())
model ="""),
    ),
    "not_in_the_optimizer": ("model.unregistered", "error", program(optimizer="Adam(model[3].parameters(), lr=3e-3)")),
    "replaced_after_the_optimizer": (
        "model.unregistered", "error",
        program(("for epoch", "model[3] = nn.Linear(32, 3)\nfor epoch")),
    ),
    "plain_list_of_layers": (
        "model.unregistered", "error",
        program(model="Listed()").replace("\nmodel =", """
class Listed(nn.Module):
    def __init__(self):
        super().__init__()
        self.hidden = [nn.Linear(8, 32), nn.Linear(32, 32)]
        self.last = nn.Linear(32, 3)
    def forward(self, x):
        for layer in self.hidden: x = layer(x).relu()
        return self.last(x)
model ="""),
    ),
    "alike_units": (
        "model.init", "warning",
        program(("for epoch", "for p in model.parameters(): nn.init.constant_(p, 0.05)\nfor epoch")).replace(
            "nn.Dropout(0.2), ", ""
        ).replace("model[3]", "model[2]"),
    ),
    "rows_mixed": ("model.batchmix", "error", program(loss="F.cross_entropy(model(x), y)", model="Mixed()").replace(
        "\nmodel =", """
class Mixed(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = nn.Linear(8, 32), nn.Linear(32, 3)
    def forward(self, x):
        h = self.first(x).relu()
        return self.last(h - h.mean(0))
model =""")),
    "never_stepped": (
        "optim.schedule", "warning",
        program(("for epoch", "plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)\nfor epoch")),
    ),
    "stepped_each_step": (
        "optim.schedule", "warning",
        program(
            ("for epoch", "plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)\nfor epoch"),
            ("optimizer.step()", "optimizer.step(); plan.step()"),
        ),
    ),
    "warm_up_of_steps_each_epoch": (
        "optim.schedule", "warning",
        program(
            (
                "for epoch",
                "plan = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1, (s + 1) / 20))\nfor epoch",
            ),
            ("    model.eval()", "    plan.step()\n    model.eval()"),
        ),
    ),
    "made_anew_each_epoch": (
        "optim.schedule.remade", "warning",
        program(("    model.train()", "    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3); model.train()")),
    ),
    "rate_too_high": ("optim.lr", "warning", program(optimizer="Adam(model.parameters(), lr=10.0)")),
    "rate_too_low": ("optim.lr", "warning", program(optimizer="SGD(model.parameters(), lr=1e-7)")),
    "graph_kept": (
        "memory.leak", "warning",
        program(
            ("    model.train()", "    model.train(); running = 0"),
            ("optimizer.step()", "optimizer.step(); running += loss"),
        ),
    ),
    "log_of_zero": (
        "numeric.nan", "error",
        program(loss="-((model(x) * 500).softmax(1).log().gather(1, y[:, None]) * torch.rand(16, 1).round()).mean()"),
    ),
    "reads_ahead": ("model.causal", "error", changed(TOKENS, ("dtype=torch.bool), 1)", "dtype=torch.bool), 2)"))),
    "not_shifted": ("model.causal", "error", changed(TOKENS, ("text[i + 1:i + 17]", "text[i:i + 16]"))),
    "shifted_twice": ("model.causal", "error", changed(TOKENS, ("text[i + 1:i + 17]", "text[i + 2:i + 18]"))),
}  # fmt: skip


@pytest.mark.parametrize("name", FAULTS)
def test_the_fault_is_found(name: str, examined: Examined) -> None:
    code, severity, script = FAULTS[name]
    data = "" if script.startswith("\nimport") else None

    seen = examined(script, **({"data": data} if data is not None else {}))

    finding = seen.of(code)
    assert finding.severity.value == severity, finding
    assert json.dumps(finding.evidence, allow_nan=False)
    assert {one for one, _ in seen.counted} == {code}, seen.counted


def test_the_first_broken_operation_is_named_with_its_line(examined: Examined) -> None:
    finding = examined(FAULTS["log_of_zero"][2]).of("numeric.nan")

    assert "`log`" in finding.message
    assert finding.line == next(
        number for number, line in enumerate(_whole(FAULTS["log_of_zero"][2]).splitlines(), 1) if ".log()" in line
    )


def _whole(body: str) -> str:
    from pathlib import Path

    text = (Path(__file__).parent / "conftest.py").read_text(encoding="utf-8")
    return text.split('DATA = """')[1].split('"""')[0] + body
