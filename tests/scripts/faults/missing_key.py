"""The last report asks for a metric that was never recorded."""
import argparse
import json
from collections import defaultdict

import torch
from sklearn.datasets import make_regression
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def train_one_epoch(model, loader, optimizer):
    total = 0.0
    for x, y in loader:
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x).squeeze(1), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
    return total / len(loader.dataset)


def evaluate(model, loader):
    with torch.no_grad():
        return sum(((model(x).squeeze(1) - y) ** 2).sum().item() for x, y in loader) / len(loader.dataset)


def summarise(history):
    return {"train_loss": history["train_loss"][-1], "best": min(history["val_loss"]),
            "learning_rate": dict(history)["lr"][-1]}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--samples", type=int, default=8000)
    parser.add_argument("--hidden", type=int, default=256)
    args = parser.parse_args()
    torch.manual_seed(0)
    x, y = make_regression(args.samples, 20, noise=1.0, random_state=0)
    x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y / 100, dtype=torch.float32)
    cut = int(0.8 * len(x))
    train_loader = DataLoader(TensorDataset(x[:cut], y[:cut]), batch_size=64, shuffle=True)
    val_loader = DataLoader(TensorDataset(x[cut:], y[cut:]), batch_size=256)
    model = nn.Sequential(nn.Linear(20, args.hidden), nn.ReLU(), nn.Linear(args.hidden, args.hidden), nn.ReLU(),
                          nn.Linear(args.hidden, 1))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    history = defaultdict(list)
    for epoch in range(args.epochs):
        history["train_loss"].append(train_one_epoch(model, train_loader, optimizer))
        history["val_loss"].append(evaluate(model, val_loader))
        print(epoch, history["train_loss"][-1], history["val_loss"][-1])
    print(json.dumps(summarise(history)))


if __name__ == "__main__":
    main()
