"""Small programs for the command line to check and run."""

from __future__ import annotations

TRAIN = """\
import argparse
import time
import torch

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=40)
parser.add_argument("--pause", type=float, default=0.0)
parser.add_argument("--out", default="model.pt")
args = parser.parse_args()
torch.manual_seed(0)
rows = torch.randn(320, 8)
labels = (rows.sum(1) > 0).long()
model = torch.nn.Linear(8, 2)
optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(args.epochs):
    for start in range(0, 320, 32):
        optimizer.zero_grad()
        loss = torch.nn.functional.cross_entropy(model(rows[start:start + 32]), labels[start:start + 32])
        loss.backward()
        optimizer.step()
        time.sleep(args.pause)
    print(f"epoch {epoch} loss {loss.item():.4f}", flush=True)
torch.save(model.state_dict(), args.out)
"""

UNKNOWN_STEPS = """\
import random
import torch

model = torch.nn.Linear(4, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
while random.random() > 1e-9:
    optimizer.zero_grad()
    loss = model(torch.randn(16, 4)).pow(2).mean()
    loss.backward()
    optimizer.step()
"""
