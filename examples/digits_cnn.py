"""Handwritten digits (scikit-learn's, 8x8 pixels) with a small convolutional network.

The epoch is chosen on the validation split; the test split is read once, at the end.

    python digits_cnn.py                  # 220 epochs, a minute or two on a laptop
    python digits_cnn.py --epochs 3       # a quick look
"""

import argparse
import json
from pathlib import Path

import torch
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


class DigitNet(nn.Module):
    def __init__(self, width: int, dropout: float):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, width, 3, padding=1), nn.BatchNorm2d(width), nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(width, 2 * width, 3, padding=1), nn.BatchNorm2d(2 * width), nn.ReLU(),
            nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(nn.Flatten(), nn.Dropout(dropout), nn.Linear(2 * width * 2 * 2, 10))

    def forward(self, images):
        return self.classifier(self.features(images))


def load_splits(seed: int):
    """Stratified 70 / 15 / 15; pixels are scaled by their known range, so nothing is fitted on held-out rows."""
    images, labels = load_digits(return_X_y=True)
    rest, test, rest_labels, test_labels = train_test_split(
        images, labels, test_size=0.15, random_state=seed, stratify=labels)
    train, val, train_labels, val_labels = train_test_split(
        rest, rest_labels, test_size=len(test), random_state=seed, stratify=rest_labels)
    return [
        TensorDataset(torch.tensor(x, dtype=torch.float32).view(-1, 1, 8, 8) / 16, torch.tensor(y))
        for x, y in ((train, train_labels), (val, val_labels), (test, test_labels))
    ]


def train_one_epoch(model, loader, criterion, optimizer, device):
    model.train()
    total_loss = 0.0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        optimizer.zero_grad()
        loss = criterion(model(images), labels)
        loss.backward()
        optimizer.step()
        total_loss += loss.item() * len(labels)
    return total_loss / len(loader.dataset)


@torch.no_grad()
def evaluate(model, loader, criterion, device):
    model.eval()
    total_loss, correct = 0.0, 0
    for images, labels in loader:
        images, labels = images.to(device), labels.to(device)
        logits = model(images)
        total_loss += criterion(logits, labels).item() * len(labels)
        correct += (logits.argmax(dim=1) == labels).sum().item()
    return total_loss / len(loader.dataset), correct / len(loader.dataset)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, default=220)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--width", type=int, default=64)
    parser.add_argument("--dropout", type=float, default=0.3)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("runs/digits_cnn"))
    args = parser.parse_args()

    torch.manual_seed(args.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    args.out.mkdir(parents=True, exist_ok=True)

    train_set, val_set, test_set = load_splits(args.seed)
    train_loader = DataLoader(train_set, batch_size=args.batch_size, shuffle=True)
    val_loader = DataLoader(val_set, batch_size=256)
    test_loader = DataLoader(test_set, batch_size=256)

    model = DigitNet(args.width, args.dropout).to(device)
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=1e-2)
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.epochs)

    best_loss = float("inf")
    for epoch in range(1, args.epochs + 1):
        train_loss = train_one_epoch(model, train_loader, criterion, optimizer, device)
        val_loss, val_accuracy = evaluate(model, val_loader, criterion, device)
        scheduler.step()
        print(f"epoch {epoch} train loss {train_loss:.4f} val loss {val_loss:.4f} val accuracy {val_accuracy:.4f}")
        if val_loss < best_loss:
            best_loss = val_loss
            torch.save({"epoch": epoch, "model": model.state_dict()}, args.out / "best.pt")

    best = torch.load(args.out / "best.pt", weights_only=True)
    model.load_state_dict(best["model"])
    test_loss, test_accuracy = evaluate(model, test_loader, criterion, device)
    report = {"best_epoch": best["epoch"], "test_loss": test_loss, "test_accuracy": test_accuracy}
    (args.out / "report.json").write_text(json.dumps(report, indent=2) + "\n")
    print(f"best epoch {best['epoch']} test loss {test_loss:.4f} test accuracy {test_accuracy:.4f}")


if __name__ == "__main__":
    main()
