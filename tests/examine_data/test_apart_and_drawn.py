"""Labels that went apart from rows which were scaled, and evaluated items that are drawn anew."""

from __future__ import annotations

import pytest

from .conftest import Examine

DIGITS = """
import numpy as np, torch
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset
torch.manual_seed(0); np.random.seed(0)
digits = load_digits()
order = np.random.default_rng(0).permutation(len(digits.target))
images, labels = digits.data[order].astype("float32") / 16, digits.target[LABELS]
class Images(Dataset):
    def __init__(self, first, last, varied=False):
        self.x, self.y, self.varied = torch.tensor(images[first:last]), torch.tensor(labels[first:last]), varied
    def __len__(self): return len(self.y)
    def __getitem__(self, i):
        x = self.x[i]
        return (x + 0.1 * torch.randn(64) if self.varied else x), self.y[i]
train, test = DataLoader(Images(0, 1400, True), 64, shuffle=True), DataLoader(Images(1400, 1797, VARIED), 128)
model = nn.Linear(64, 10)
optimizer = torch.optim.Adam(model.parameters(), 1e-2)
for epoch in range(2):
    for x, y in train:
        optimizer.zero_grad(); nn.functional.cross_entropy(model(x), y).backward(); optimizer.step()
model.eval()
with torch.no_grad():
    right = sum((model(x).argmax(1) == y).sum().item() for x, y in test)
print("test accuracy", right / 397)
"""


@pytest.mark.parametrize(
    ("labels", "varied", "blamed"),
    [("order", "False", set()), (":", "False", {"data.misaligned"}), ("order", "True", {"eval.mode.augmentation"})],
    ids=["sound", "labels in their old order", "a varied test"],
)
def test_rows_labels_and_draws(examine: Examine, labels: str, varied: str, blamed: set[str]) -> None:
    examined = examine(DIGITS.replace("LABELS", labels).replace("VARIED", varied))

    assert examined.blamed == blamed
