"""Weights that are not the trained ones, padding that counts, states and schedules that hold on to the wrong thing."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Examined = Callable[..., Any]

AVERAGED = """
import copy
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
average = copy.deepcopy(model)
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
def evaluate(net):
    net.eval()
    with torch.no_grad():
        return sum((net(x).argmax(1) == y).sum().item() for x, y in loader) / 256
for epoch in range(4):
    model.train()
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
        UPDATE
    print(epoch, evaluate(average))
LAST
"""
UPDATE = "[a.data.lerp_(b.data, 0.1) for a, b in zip(average.parameters(), model.parameters())]"
WEIGHTS = "model.frozen.evaluated"


def averaged(update: str = "pass", last: str = "print(evaluate(average))") -> str:
    return AVERAGED.replace("UPDATE", update).replace("LAST", last)


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        (averaged(), "warning"),
        (averaged(last="print(evaluate(nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))))"), "error"),
    ],
    ids=["an average that stays as it began", "a new model"],
)
def test_an_evaluation_of_other_weights_is_found(examined: Examined, text: str, severity: str) -> None:
    seen = examined(text)

    assert seen.of(WEIGHTS).severity == severity
    assert seen.of(WEIGHTS).line


@pytest.mark.parametrize(
    "text",
    [
        averaged(UPDATE),
        averaged(last="print(evaluate(model))"),
        averaged("average(x) if epoch < 3 else None", "print(evaluate(model))"),
    ],
    ids=["an average", "the first weights for comparison", "a teacher"],
)
def test_evaluations_that_are_sound(examined: Examined, text: str) -> None:
    assert [one for one in examined(text).counted if one[0] == WEIGHTS] == []


PADDED = """
import random, torch
from torch import nn
import torch.nn.functional as F
torch.manual_seed(0); random.seed(0)
def batch():
    rows = [torch.randint(2, 20, (random.randint(4, 12),)) for _ in range(16)]
    return nn.utils.rnn.pad_sequence(rows, batch_first=True)
class Tagger(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(20, 16, padding_idx=0); self.out = nn.Linear(16, 20); self.top = nn.Linear(16, 2)
    def forward(self, x, mask):
        h = self.emb(x)
        return self.out(h), self.top(POOLED)
model = Tagger()
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
for step in range(30):
    x = batch(); mask = x != 0
    each, whole = model(x, mask)
    loss = F.cross_entropy(each.flatten(0, 1), (TARGETS).flatten(), ignore_index=IGNORED)
    loss = loss + F.cross_entropy(whole, x[:, 0] % 2)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
print(loss.item())
"""
PLAIN_MEAN = "torch.relu(h + self.emb.weight[3]).mean(1)"
MASKED_MEAN = "(h * mask.unsqueeze(2)).sum(1) / mask.sum(1, keepdim=True)"


def padded(pooled: str = MASKED_MEAN, targets: str = "(x * 7 + 1) % 20 * mask", ignored: str = "0") -> str:
    return PADDED.replace("POOLED", pooled).replace("TARGETS", targets).replace("IGNORED", ignored)


@pytest.mark.parametrize(
    ("text", "code"),
    [(padded(ignored="-100"), "model.loss.padding"), (padded(PLAIN_MEAN), "model.batchmix.padding")],
    ids=["in the loss", "in a mean"],
)
def test_padding_that_counts_is_found(examined: Examined, text: str, code: str) -> None:
    seen = examined("", data=text)

    assert seen.of(code).severity == "warning"
    assert [one[0] for one in seen.counted] == [code]


@pytest.mark.parametrize(
    "text",
    [padded(), padded(targets="((x * 7 + 1) % 20).masked_fill(~mask, -100)", ignored="-100")],
    ids=["ignored by its token", "ignored by -100"],
)
def test_padding_that_is_kept_apart(examined: Examined, text: str) -> None:
    assert examined("", data=text).counted == []


STATE = """
import copy
model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
SCHEDULE
best = None
for epoch in range(4):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), TARGET).backward()
        optimizer.step()
    scheduler.step()
    best = KEPT
model.load_state_dict(best)
print(float(model(X).sum()))
"""
COPY, STEP_LR = "copy.deepcopy(model.state_dict())", "scheduler = torch.optim.lr_scheduler.StepLR(optimizer, 3)"
PLATEAU, BY_EPOCH, MEASURED = "ReduceLROnPlateau(optimizer)", "scheduler.step()", "scheduler.step(1.0)"
STALE = STEP_LR + "; optimizer = torch.optim.SGD(model.parameters(), 0.05)"


def stated(kept: str = COPY, schedule: str = STEP_LR, target: str = "y") -> str:
    return STATE.replace("KEPT", kept).replace("SCHEDULE", schedule).replace("TARGET", target)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        (stated("model.state_dict()"), "checkpoint.incomplete"),
        (stated(schedule=STALE), "optim.schedule"),
        (stated(schedule=STALE.replace("StepLR(optimizer, 3)", PLATEAU)).replace(BY_EPOCH, MEASURED), "optim.schedule"),
        (stated(target="(x[:, :3] > 0).float()"), "model.loss"),
    ],
    ids=["a state by reference", "a replaced optimizer", "its plateau", "several classes under a softmax"],
)
def test_what_holds_on_to_the_wrong_thing_is_found(examined: Examined, text: str, code: str) -> None:
    seen = examined(text)

    assert seen.of(code).severity == "warning"
    assert [one[0] for one in seen.counted] == [code]


def test_copies_and_shares_are_sound(examined: Examined) -> None:
    assert examined(stated(target="F.softmax(x[:, :3], 1)")).counted == []


WRAPPED = """
class Wrapper(torch.optim.Optimizer):
    def __init__(self, inner):
        self.inner = inner
    @property
    def param_groups(self):
        return self.inner.param_groups
    state = defaults = property(lambda self: {})
    def step(self, closure=None):
        self.inner.step()
    def zero_grad(self, set_to_none=True):
        self.inner.zero_grad()
optimizer = Wrapper(optimizer)
"""


def test_a_wrapper_that_shows_the_groups_of_its_optimizer_is_no_other(examined: Examined) -> None:
    assert examined(stated(schedule=WRAPPED + STEP_LR)).counted == []


ACCUMULATED = """
model = nn.Linear(8, 3)
optimizer = torch.optim.SGD(model.parameters(), 0.1)
for epoch in range(4):
    for i, (x, y) in enumerate(loader):
        loss = F.cross_entropy(model(x), y) + 0.1 * model.weight.pow(2).sum()
        (LOSS).backward()
        if i % 4 == 3:
            optimizer.step()
            optimizer.zero_grad()
print(loss.item())
"""


@pytest.mark.parametrize(("loss", "codes"), [("loss", ["optim.accumulation"]), ("loss / 4", [])])
def test_a_sum_of_losses_is_divided_too(examined: Examined, loss: str, codes: list[str]) -> None:
    assert [one[0] for one in examined(ACCUMULATED.replace("LOSS", loss)).counted] == codes


SWITCHED = """
model = nn.Sequential(nn.Linear(8, 32), nn.Dropout(0.5), nn.Linear(32, 3))
optimizer = torch.optim.Adam(model.parameters(), 1e-3)
model.train()
for epoch in range(4):
    for x, y in loader:
        optimizer.zero_grad()
        F.cross_entropy(model(x), y).backward()
        optimizer.step()
    model.eval()
    with torch.no_grad():
        print(epoch, (model(X).argmax(1) == Y).float().mean().item())
    BACK
"""


@pytest.mark.parametrize(("back", "codes"), [("pass", ["eval.mode"]), ("model.train()", [])])
def test_training_that_an_evaluation_switched_off(examined: Examined, back: str, codes: list[str]) -> None:
    assert [one[0] for one in examined(SWITCHED.replace("BACK", back)).counted] == codes
