"""The held-out file is opened only when training is over, and it is not there."""
import argparse
import json
from pathlib import Path

import torch
from sklearn.datasets import load_iris
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--steps", type=int, default=20_000)
parser.add_argument("--hidden", type=int, default=256)
parser.add_argument("--test-file", type=Path, default=Path("data/iris_test.json"))
args = parser.parse_args()


def read_test(path):
    rows = json.loads(path.read_text())
    return torch.tensor([r["x"] for r in rows]), torch.tensor([r["y"] for r in rows])


torch.manual_seed(0)
x, y = load_iris(return_X_y=True)
x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y)
net = nn.Sequential(nn.Linear(4, args.hidden), nn.ReLU(), nn.Linear(args.hidden, args.hidden), nn.ReLU(),
                    nn.Linear(args.hidden, 3))
optimizer = torch.optim.SGD(net.parameters(), lr=0.01)
for step in range(args.steps):
    rows = torch.randint(len(x), (32,))
    loss = nn.functional.cross_entropy(net(x[rows]), y[rows])
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 1000 == 0:
        print(f"{step:6d} {loss.item():.4f}")

x_test, y_test = read_test(args.test_file)
with torch.no_grad():
    print("accuracy", (net(x_test).argmax(1) == y_test).float().mean().item())
