"""Training where the loader is the bottleneck: every sample is rendered in Python."""
import argparse
import math
import random

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Shapes(Dataset):
    def __init__(self, size, resolution, seed):
        self.size, self.resolution, self.seed = size, resolution, seed

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        rng = random.Random(self.seed * 1_000_003 + index)
        sides = index % 3 + 3
        cx, cy, r = rng.uniform(0.4, 0.6), rng.uniform(0.4, 0.6), rng.uniform(0.2, 0.35)
        turn = rng.uniform(0, 2 * math.pi)
        n = self.resolution
        pixels = []
        for row in range(n):
            for col in range(n):
                dx, dy = col / n - cx, row / n - cy
                angle = (math.atan2(dy, dx) - turn) % (2 * math.pi / sides) - math.pi / sides
                inside = math.hypot(dx, dy) * math.cos(angle) < r * math.cos(math.pi / sides)
                pixels.append((1.0 if inside else 0.0) + rng.gauss(0, 0.1))
        return torch.tensor(pixels).view(1, n, n), sides - 3


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=4)
    parser.add_argument("--size", type=int, default=6000)
    parser.add_argument("--resolution", type=int, default=40)
    parser.add_argument("--workers", type=int, default=2)
    args = parser.parse_args()

    torch.manual_seed(0)
    train_loader = DataLoader(Shapes(args.size, args.resolution, 1), batch_size=32, shuffle=True,
                              num_workers=args.workers)
    val_loader = DataLoader(Shapes(args.size // 10, args.resolution, 2), batch_size=32, num_workers=args.workers)

    model = nn.Sequential(
        nn.Conv2d(1, 8, 5, stride=2, padding=2), nn.ReLU(), nn.Conv2d(8, 16, 5, stride=2, padding=2), nn.ReLU(),
        nn.Flatten(), nn.Linear(16 * (args.resolution // 4) ** 2, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(args.epochs):
        model.train()
        for images, labels in train_loader:
            optimizer.zero_grad()
            loss = nn.functional.cross_entropy(model(images), labels)
            loss.backward()
            optimizer.step()
        model.eval()
        hits = 0
        with torch.no_grad():
            for images, labels in val_loader:
                hits += (model(images).argmax(1) == labels).sum().item()
        print(f"epoch {epoch}: loss {loss.item():.4f}, validation accuracy {hits / len(val_loader.dataset):.3f}")


if __name__ == "__main__":
    main()
