import argparse

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

p = argparse.ArgumentParser()
p.add_argument("--epochs", type=int, default=30)
p.add_argument("--eval-copies", type=int, default=40, help="noisy copies of the validation set")
p.add_argument("--eval-every", type=int, default=5)
p.add_argument("--hidden", type=int, default=512)
a = p.parse_args()

torch.manual_seed(0)
digits = load_digits()
X = torch.tensor(digits.data, dtype=torch.float32) / 16
y = torch.tensor(digits.target)
order = torch.randperm(len(X))
train_rows, val_rows, test_rows = order[:1000], order[1000:1400], order[1400:]

# a large, fixed validation set: every held-out digit under many noises
noise = torch.Generator().manual_seed(1)
Xv = X[val_rows].repeat(a.eval_copies, 1)
Xv = Xv + 0.1 * torch.randn(Xv.shape, generator=noise)
yv = y[val_rows].repeat(a.eval_copies)

train_loader = DataLoader(TensorDataset(X[train_rows], y[train_rows]), batch_size=64, shuffle=True)
robust_loader = DataLoader(TensorDataset(Xv, yv), batch_size=256)
test_loader = DataLoader(TensorDataset(X[test_rows], y[test_rows]), batch_size=256)

model = nn.Sequential(nn.Linear(64, a.hidden), nn.ReLU(), nn.Linear(a.hidden, a.hidden), nn.ReLU(),
                      nn.Linear(a.hidden, a.hidden), nn.ReLU(), nn.Linear(a.hidden, 10))
opt = torch.optim.Adam(model.parameters())
loss_fn = nn.CrossEntropyLoss()


@torch.no_grad()
def accuracy(loader):
    model.eval()
    correct, total = 0, 0
    for xb, yb in loader:
        correct += (model(xb).argmax(1) == yb).sum().item()
        total += len(yb)
    return correct / total


for epoch in range(a.epochs):
    model.train()
    for xb, yb in train_loader:
        opt.zero_grad()
        loss = loss_fn(model(xb), yb)
        loss.backward()
        opt.step()
    print(f"epoch {epoch} robust accuracy {accuracy(robust_loader):.4f}")
    if epoch % a.eval_every == 0:
        print(f"epoch {epoch} training-set accuracy {accuracy(train_loader):.4f}")

print(f"test accuracy {accuracy(test_loader):.4f}")
