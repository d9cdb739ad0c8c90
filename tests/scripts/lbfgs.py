import argparse

import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import train_test_split
from torch import nn

ap = argparse.ArgumentParser()
ap.add_argument("--iterations", type=int, default=150)
ap.add_argument("--hidden", type=int, default=400)
ap.add_argument("--l2", type=float, default=1e-3)
args = ap.parse_args()

torch.manual_seed(0)
wine = load_wine()
xtr, xte, ytr, yte = train_test_split(wine.data, wine.target, test_size=0.3, random_state=0, stratify=wine.target)
mu, sd = xtr.mean(0), xtr.std(0)
xtr, xte = [torch.tensor((a - mu) / sd, dtype=torch.float32) for a in (xtr, xte)]
ytr, yte = torch.tensor(ytr), torch.tensor(yte)

model = nn.Sequential(nn.Linear(13, args.hidden), nn.Tanh(), nn.Linear(args.hidden, args.hidden), nn.Tanh(),
                      nn.Linear(args.hidden, 3))
optimizer = torch.optim.LBFGS(model.parameters(), lr=0.1, max_iter=10, history_size=20, tolerance_grad=0,
                              tolerance_change=0)
ce = nn.CrossEntropyLoss()


def closure():
    optimizer.zero_grad()
    loss = ce(model(xtr), ytr) + args.l2 * sum((p ** 2).sum() for p in model.parameters())
    loss.backward()
    return loss


for it in range(args.iterations):
    loss = optimizer.step(closure)
    if it % 10 == 0:
        print(f"iteration {it}: loss {loss.item():.6f}")

model.eval()
with torch.no_grad():
    acc = (model(xte).argmax(1) == yte).float().mean().item()
print(f"test accuracy: {acc:.3f} on {len(yte)} wines")
