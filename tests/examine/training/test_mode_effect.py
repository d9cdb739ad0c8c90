"""What an evaluation in training mode does to its own number."""

from __future__ import annotations

from collections.abc import Callable

from .conftest import Examined

BODY = """
    model = nn.Sequential(nn.Linear(8, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Dropout(0.6), nn.Linear(64, 3))
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    val = DataLoader(TensorDataset(torch.randn(200, 8), torch.randint(0, 3, (200,))), batch_size=50)
    for epoch in range(4):
        model.train()
        for x, y in loader:
            optimizer.zero_grad()
            F.cross_entropy(model(x), y).backward()
            optimizer.step()
        {mode}
        with torch.no_grad():
            right = sum((model(x).argmax(1) == y).sum().item() for x, y in val)
        print("val accuracy", right / 200)
"""


def test_both_numbers_stand_in_the_finding(examined: Callable[..., Examined]) -> None:
    found = examined(BODY.format(mode="pass")).of("eval.mode")

    assert "the accuracy of 200 of these rows is" in found.message
    effect = next(row["effect"] for row in found.evidence if "effect" in row)
    assert 0 < effect["in_training_mode"] < 1 and effect["rows"] == 200


def test_an_evaluation_in_evaluation_mode_has_none(examined: Callable[..., Examined]) -> None:
    assert examined(BODY.format(mode="model.eval()")).counted == []
