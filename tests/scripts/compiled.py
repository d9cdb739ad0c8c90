"""torch.compile: the first step is slow."""
import argparse
import time

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=3000)
parser.add_argument("--batch", type=int, default=64)
parser.add_argument("--dim", type=int, default=256)
parser.add_argument("--depth", type=int, default=4)
parser.add_argument("--backend", default="inductor")
args = parser.parse_args()

torch.manual_seed(0)
data = load_digits()
x = torch.tensor(data.data, dtype=torch.float32) / 16
y = torch.tensor(data.target)
perm = torch.randperm(len(x))
train_idx, test_idx = perm[:1437], perm[1437:]


class ResidualMLP(nn.Module):
    def __init__(self, dim, depth):
        super().__init__()
        self.inp = nn.Linear(64, dim)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.LayerNorm(dim), nn.Linear(dim, 2 * dim), nn.GELU(), nn.Linear(2 * dim, dim))
            for _ in range(depth))
        self.out = nn.Linear(dim, 10)

    def forward(self, x):
        h = self.inp(x)
        for block in self.blocks:
            h = h + block(h)
        return self.out(h)


model = ResidualMLP(args.dim, args.depth)
compiled = torch.compile(model, backend=args.backend)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-4)

start = time.perf_counter()
for step in range(args.steps):
    idx = train_idx[torch.randint(len(train_idx), (args.batch,))]
    loss = F.cross_entropy(compiled(x[idx]), y[idx])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step == 0:
        print(f"first step took {time.perf_counter() - start:.1f} s")
    if step % 500 == 0:
        print(f"step {step} loss {loss.item():.4f}")

model.eval()
with torch.no_grad():
    accuracy = (model(x[test_idx]).argmax(1) == y[test_idx]).float().mean()
print(f"accuracy {accuracy.item():.4f}, {time.perf_counter() - start:.1f} s")
