"""Pretrain on digits 0-4, then learn 5-9 with a new head on the fixed backbone, then unfreeze the last layer."""
import argparse

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def backbone():
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * 16, 64), nn.ReLU(),
    )


class Classifier(nn.Module):
    def __init__(self, features, classes):
        super().__init__()
        self.features = features
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(64, classes)

    def forward(self, x):
        return self.head(self.dropout(self.features(x)))


def loaders(images, labels, seed):
    x_rest, x_test, y_rest, y_test = train_test_split(images, labels, test_size=0.25, stratify=labels, random_state=2)
    x_train, x_val, y_train, y_val = train_test_split(x_rest, y_rest, test_size=0.2, stratify=y_rest, random_state=2)
    shuffled = torch.Generator().manual_seed(seed)
    return (
        DataLoader(TensorDataset(x_train, y_train), batch_size=32, shuffle=True, generator=shuffled),
        DataLoader(TensorDataset(x_val, y_val), batch_size=100),
        DataLoader(TensorDataset(x_test, y_test), batch_size=100),
    )


def fit(model, loader, optimizer, epochs, fixed=None):
    criterion = nn.CrossEntropyLoss()
    for _ in range(epochs):
        model.train()
        if fixed is not None:
            fixed.eval()
        for x, y in loader:
            loss = criterion(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()


def accuracy(model, loader):
    model.eval()
    hits = total = 0
    with torch.inference_mode():
        for x, y in loader:
            hits += int((model(x).argmax(-1) == y).sum())
            total += y.numel()
    return hits / total


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--pretrain-epochs", type=int, default=12)
    parser.add_argument("--head-epochs", type=int, default=15)
    parser.add_argument("--tune-epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    data = load_digits()
    images = torch.tensor(data.images, dtype=torch.float32).unsqueeze(1) / 16
    labels = torch.tensor(data.target)
    old, new = labels < 5, labels >= 5

    features = backbone()
    source = Classifier(features, 5)
    train, val, _ = loaders(images[old], labels[old], args.seed)
    fit(source, train, torch.optim.Adam(source.parameters(), lr=1e-3), args.pretrain_epochs)
    print(f"source val accuracy {accuracy(source, val):.4f}")

    for parameter in features.parameters():
        parameter.requires_grad = False
    model = Classifier(features, 5)
    train, val, test = loaders(images[new], labels[new] - 5, args.seed)
    fit(model, train, torch.optim.Adam(model.head.parameters(), lr=3e-3), args.head_epochs, fixed=features)
    print(f"head only, val accuracy {accuracy(model, val):.4f}")

    for parameter in features[8].parameters():
        parameter.requires_grad = True
    tuned = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(tuned, lr=5e-4)
    fit(model, train, optimizer, args.tune_epochs, fixed=features)
    print(f"tuned, val accuracy {accuracy(model, val):.4f}")
    print(f"test accuracy {accuracy(model, test):.4f}")


if __name__ == "__main__":
    main()
