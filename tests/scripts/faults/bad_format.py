import argparse
import torch
from sklearn.datasets import load_wine
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=300)
parser.add_argument("--hidden", type=int, default=512)
args = parser.parse_args()

torch.manual_seed(0)
wine = load_wine()
x, y = torch.tensor(wine.data, dtype=torch.float32), torch.tensor(wine.target)
order = torch.randperm(len(x))
train, test = order[:120], order[120:]
x = (x - x[train].mean(0)) / x[train].std(0)

loader = DataLoader(TensorDataset(x[train], y[train]), batch_size=8, shuffle=True)
model = nn.Sequential(nn.Linear(13, args.hidden), nn.ReLU(), nn.Linear(args.hidden, args.hidden), nn.ReLU(),
                      nn.Linear(args.hidden, 3))
opt = torch.optim.Adam(model.parameters(), lr=1e-4)

for epoch in range(args.epochs):
    for xb, yb in loader:
        opt.zero_grad()
        loss = nn.functional.cross_entropy(model(xb), yb)
        loss.backward()
        opt.step()

with torch.no_grad():
    result = (model(x[test]).argmax(1) == y[test]).float().mean().item()
print(f"final accuracy: {result:.3d}")
