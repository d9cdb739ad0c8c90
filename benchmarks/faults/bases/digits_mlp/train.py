"""MLP on handwritten digits."""
import argparse
import copy

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class Net(nn.Module):
    def __init__(self, hidden=256):
        super().__init__()
        self.inp = nn.Linear(64, hidden)
        self.norm = nn.BatchNorm1d(hidden)
        self.mid = nn.Linear(hidden, hidden)
        self.drop = nn.Dropout(0.3)
        self.out = nn.Linear(hidden, 10)

    def forward(self, x):
        h = torch.relu(self.norm(self.inp(x)))
        h = self.drop(torch.relu(self.mid(h)))
        return self.out(h)


def train_epoch(net, loader, optimizer, criterion):
    net.train()
    total, seen = 0.0, 0
    for x, y in loader:
        optimizer.zero_grad()
        loss = criterion(net(x), y)
        loss.backward()
        optimizer.step()
        total += loss.item() * len(y)
        seen += len(y)
    return total / seen


@torch.no_grad()
def evaluate(net, loader):
    net.eval()
    correct, seen = 0, 0
    for x, y in loader:
        correct += (net(x).argmax(dim=1) == y).sum().item()
        seen += len(y)
    return correct / seen


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()

    np.random.seed(args.seed)
    torch.manual_seed(args.seed)
    x, y = load_digits(return_X_y=True)
    x_rest, x_test, y_rest, y_test = train_test_split(x, y, test_size=0.2, stratify=y, random_state=11)
    x_train, x_val, y_train, y_val = train_test_split(x_rest, y_rest, test_size=0.2, stratify=y_rest, random_state=11)
    mean, std = x_train.mean(), x_train.std()

    def dataset(features, labels):
        features = (features - mean) / std
        return TensorDataset(torch.tensor(features, dtype=torch.float32), torch.tensor(labels))

    train_loader = DataLoader(dataset(x_train, y_train), batch_size=args.batch_size, shuffle=True, drop_last=True)
    val_loader = DataLoader(dataset(x_val, y_val), batch_size=128)
    test_loader = DataLoader(dataset(x_test, y_test), batch_size=128)

    net = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(net.parameters(), lr=args.lr)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)
    best, best_state = 0.0, None
    for epoch in range(args.epochs):
        loss = train_epoch(net, train_loader, optimizer, criterion)
        scheduler.step()
        accuracy = evaluate(net, val_loader)
        if accuracy > best:
            best, best_state = accuracy, copy.deepcopy(net.state_dict())
        print(f"epoch {epoch + 1:3d}  loss {loss:.4f}  val accuracy {accuracy:.4f}")

    net.load_state_dict(best_state)
    print(f"test accuracy: {evaluate(net, test_loader):.4f}")


if __name__ == "__main__":
    main()
