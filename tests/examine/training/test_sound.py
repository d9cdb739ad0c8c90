"""What is sound, or may be meant so, is not held against a program."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

Examined = Callable[..., Any]

PLAIN = """
model = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Dropout(0.2), nn.Linear(32, 3))
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
plan = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, 4)
for epoch in range(4):
    model.train()
    for x, y in loader:
        loss = F.cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    plan.step()
    model.eval()
    with torch.no_grad():
        hits = sum((model(x).argmax(1) == y).sum().item() for x, y in loader)
    print(epoch, hits / len(X))
"""

FULL_BATCH = """
model = nn.Sequential(nn.Linear(8, 16), nn.Tanh(), nn.Linear(16, 1))
optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)
target = Y.float()[:, None]
step = 0
while step < 30:
    loss = ((model(X) - target) ** 2).mean()
    loss.backward()
    optimizer.step()
    for p in model.parameters():
        p.grad = None
    step += 1
print(loss.item())
"""

FROZEN_BACKBONE = """
backbone = nn.Sequential(nn.Linear(8, 32), nn.BatchNorm1d(32), nn.ReLU())
backbone.load_state_dict({k: v.clone() for k, v in backbone.state_dict().items()})
for p in backbone.parameters():
    p.requires_grad = False
model = nn.Sequential(backbone, nn.Linear(32, 3))
optimizer = torch.optim.Adam(model[1].parameters(), lr=1e-2)
for epoch in range(3):
    model.train()
    backbone.eval()
    for x, y in loader:
        optimizer.zero_grad(set_to_none=True)
        loss = F.nll_loss(F.log_softmax(model(x), dim=-1), y)
        loss.backward()
        optimizer.step()
"""

ACCUMULATION = """
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
warm = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda s: min(1.0, (s + 1) / 3) * max(0.0, 1 - s / 16))
for epoch in range(4):
    for i, (x, y) in enumerate(loader):
        loss = nn.CrossEntropyLoss()(model(x), y) / 4
        loss.backward()
        if (i + 1) % 4 == 0:
            optimizer.step()
            optimizer.zero_grad()
            warm.step()
"""

TWO_MODELS = """
G = nn.Sequential(nn.Linear(4, 32), nn.BatchNorm1d(32), nn.ReLU(), nn.Linear(32, 8))
D = nn.Sequential(nn.Linear(8, 32), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(32, 1))
oG, oD = (torch.optim.Adam(m.parameters(), lr=2e-4, betas=(0.5, 0.999)) for m in (G, D))
bce = nn.BCEWithLogitsLoss()
for epoch in range(3):
    for x, _ in loader:
        ones, zeros = torch.ones(len(x), 1), torch.zeros(len(x), 1)
        with torch.no_grad():
            fake = G(torch.randn(len(x), 4))
        oD.zero_grad()
        bce(D(x), ones).backward()
        bce(D(fake), zeros).backward()
        oD.step()
        oG.zero_grad()
        bce(D(G(torch.randn(len(x), 4))), ones).backward()
        oG.step()
"""

TEACHER = """
import copy
student = nn.Sequential(nn.Linear(8, 32), nn.Dropout(0.1), nn.ReLU(), nn.Linear(32, 3))
teacher = copy.deepcopy(student).requires_grad_(False)
optimizer = torch.optim.RMSprop(student.parameters(), lr=1e-3)
running, n = 0.0, 0
for epoch in range(3):
    for x, y in loader:
        out = student(x)
        with torch.no_grad():
            soft = teacher(x).softmax(-1)
        loss = F.cross_entropy(out, y) + F.kl_div(out.log_softmax(-1), soft, reduction="batchmean")
        optimizer.zero_grad(); loss.backward(); optimizer.step()
        running += loss.item(); n += 1
        with torch.no_grad():
            for a, b in zip(teacher.parameters(), student.parameters()):
                a.mul_(0.9).add_(b, alpha=0.1)
"""

CLOSURE = """
model = nn.Linear(8, 3)
optimizer = torch.optim.LBFGS(model.parameters(), max_iter=4)
def closure():
    optimizer.zero_grad()
    loss = F.cross_entropy(model(X), Y)
    loss.backward()
    return loss
for _ in range(8):
    optimizer.step(closure)
"""

MASKED = """
tokens = torch.randint(1, 20, (400, 12))
class Encoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.emb = nn.Embedding(20, 16)
        self.layer = nn.TransformerEncoderLayer(16, 2, 32, batch_first=True)
        self.head = nn.Linear(16, 20)
        self.head.weight = self.emb.weight
    def forward(self, x):
        return self.head(self.layer(self.emb(x)))
model = Encoder()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for step in range(30):
    x = tokens[torch.randint(0, 400, (16,))]
    hidden = torch.rand(x.shape) < 0.3
    logits = model(x.masked_fill(hidden, 0))
    loss = F.cross_entropy(logits.transpose(1, 2), x.masked_fill(~hidden, -100))
    optimizer.zero_grad(); loss.backward(); optimizer.step()
"""

SUMMED = """
model = nn.Sequential(nn.Linear(8, 32), nn.ReLU(), nn.Linear(32, 3))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1 / 16)
for epoch in range(3):
    for x, y in loader:
        loss = F.cross_entropy(model(x), y, reduction="sum")
        optimizer.zero_grad(); loss.backward(); optimizer.step()
"""

UNUSED_HEAD = """
class Two(nn.Module):
    def __init__(self):
        super().__init__()
        self.body, self.a, self.b = nn.Linear(8, 16), nn.Linear(16, 3), nn.Linear(16, 5)
        self.never = nn.Linear(3, 3)
    def forward(self, x):
        h = self.body(x).relu()
        return self.a(h), self.b(h)
model = Two()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(2):
    for x, y in loader:
        loss = F.cross_entropy(model(x)[0], y)
        optimizer.zero_grad(); loss.backward(); optimizer.step()
"""

MONTE_CARLO = PLAIN + """
model.eval()
for m in model.modules():
    if isinstance(m, nn.Dropout):
        m.train()
with torch.no_grad():
    spread = torch.stack([model(X).softmax(-1) for _ in range(8)]).std(0).mean()
"""

SOUND = {
    "plain": PLAIN, "full_batch": FULL_BATCH, "frozen_backbone": FROZEN_BACKBONE, "accumulation": ACCUMULATION,
    "two_models": TWO_MODELS, "teacher": TEACHER, "closure": CLOSURE, "masked": MASKED, "summed": SUMMED,
    "unused_head": UNUSED_HEAD, "monte_carlo": MONTE_CARLO,
}  # fmt: skip


@pytest.mark.parametrize("name", SOUND)
def test_nothing_is_held_against_it(name: str, examined: Examined) -> None:
    seen = examined(SOUND[name], rehearsed=name == "plain")

    assert seen.counted == []
    assert seen.checked.verified


def test_every_question_is_answered_of_a_plain_program(examined: Examined) -> None:
    seen = examined(PLAIN, rehearsed=True)

    verified = " | ".join(seen.checked.verified)
    assert "bit-equal losses" in verified
    assert "one batch is learned" in verified
    assert "do not influence one another" in verified
    assert "schedules are stepped as often as their length says" in verified


def test_what_may_be_meant_is_asked(examined: Examined) -> None:
    assert "frozen" in examined(FROZEN_BACKBONE).of("model.frozen").message
    assert "on purpose" in examined(MONTE_CARLO).of("eval.mode").message
    assert "sums" in examined(SUMMED).of("model.loss").message


def test_a_missing_seed_is_told(examined: Examined) -> None:
    seen = examined(PLAIN.replace("\nmodel =", "\ntorch.seed()\nmodel ="), rehearsed=True)

    assert seen.of("repro.seed").severity.value == "warning"
    assert [code for code, _ in seen.counted] == ["repro.seed"]


RESUMING = PLAIN.replace("for epoch in range(4):", """import os
start = 0
if os.path.exists("last.pt"):  # resume
    state = torch.load("last.pt")
    model.load_state_dict(state["model"])
    start = state["epoch"]
for epoch in range(start, 4):""") + """
    torch.save({"model": model.state_dict(), "epoch": epoch + 1}, "last.pt")
"""


def test_a_checkpoint_that_is_resumed_from_without_its_optimizer_is_told(examined: Examined) -> None:
    assert examined(RESUMING).of("checkpoint.incomplete").severity.value == "warning"


def test_a_checkpoint_that_holds_everything_is_complete(examined: Examined) -> None:
    whole = RESUMING.replace('"epoch": epoch + 1', '"optimizer": optimizer.state_dict(), "epoch": epoch + 1').replace(
        '    start = state["epoch"]', '    optimizer.load_state_dict(state["optimizer"]); start = state["epoch"]'
    )

    assert examined(whole).counted == []
