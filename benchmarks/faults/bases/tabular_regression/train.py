# Median house value style regression with a small network, plain tensors and slices.
import argparse

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_friedman1

p = argparse.ArgumentParser()
p.add_argument("--n", type=int, default=6000)
p.add_argument("--epochs", type=int, default=80)
p.add_argument("--bs", type=int, default=64)
p.add_argument("--lr", type=float, default=3e-3)
p.add_argument("--seed", type=int, default=0)
a = p.parse_args()

torch.manual_seed(a.seed)
X, y = make_friedman1(n_samples=a.n, n_features=12, noise=1.0, random_state=5)
rng = np.random.default_rng(3)
order = rng.permutation(a.n)
tr, va, te = order[:int(0.7 * a.n)], order[int(0.7 * a.n):int(0.85 * a.n)], order[int(0.85 * a.n):]

mu, sd = X[tr].mean(0), X[tr].std(0)
ym, ys = y[tr].mean(), y[tr].std()
X = torch.tensor((X - mu) / sd, dtype=torch.float32)
y = torch.tensor((y - ym) / ys, dtype=torch.float32)
Xtr, ytr, Xva, yva, Xte, yte = X[tr], y[tr], X[va], y[va], X[te], y[te]


class Regressor(nn.Module):
    def __init__(self, d, width=96):
        super().__init__()
        self.stem = nn.Linear(d, width)
        self.blocks = nn.ModuleList([nn.Linear(width, width) for _ in range(2)])
        self.head = nn.Linear(width, 1)

    def forward(self, x):
        h = torch.relu(self.stem(x))
        for block in self.blocks:
            h = h + torch.relu(block(h))
        return self.head(h).squeeze(1)


def rmse(model, x, t):
    model.eval()
    with torch.no_grad():
        out = ys * ((model(x) - t) ** 2).mean().sqrt().item()
    model.train()
    return out


model = Regressor(X.shape[1])
opt = torch.optim.Adam(model.parameters(), lr=a.lr)
sched = torch.optim.lr_scheduler.StepLR(opt, step_size=20, gamma=0.3)
loss_fn = nn.MSELoss()
best, keep = float("inf"), None
for epoch in range(a.epochs):
    perm = torch.randperm(len(Xtr))
    for i in range(0, len(Xtr), a.bs):
        idx = perm[i:i + a.bs]
        loss = loss_fn(model(Xtr[idx]), ytr[idx])
        opt.zero_grad()
        loss.backward()
        opt.step()
    sched.step()
    val = rmse(model, Xva, yva)
    if val < best:
        best, keep = val, {k: v.clone() for k, v in model.state_dict().items()}
    if epoch % 10 == 9:
        print("epoch", epoch + 1, "train", round(rmse(model, Xtr, ytr), 4), "val", round(val, 4))

model.load_state_dict(keep)
print("baseline rmse (mean of the training rows)", round(ys * (yte ** 2).mean().sqrt().item(), 4))
print("test rmse", round(rmse(model, Xte, yte), 4))
