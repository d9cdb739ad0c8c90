"""The training script whose steps are timed: it knows nothing of the probe. A line on stdin starts a block of steps."""

import argparse
import sys
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def build(kind: str, size: int) -> tuple[nn.Module, tuple[int, ...]]:
    if kind == "mlp":
        model = nn.Sequential(nn.Linear(256, size), nn.ReLU(), nn.Linear(size, size), nn.ReLU(), nn.Linear(size, 10))
        return model, (256,)
    if kind == "cnn":
        model = nn.Sequential(
            nn.Conv2d(3, size, 3, padding=1), nn.BatchNorm2d(size), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(size, size, 3, padding=1), nn.BatchNorm2d(size), nn.ReLU(), nn.MaxPool2d(2),
            nn.Flatten(), nn.Linear(size * 16, 10),
        )  # fmt: skip
        return model, (3, 16, 16)
    layer = nn.TransformerEncoderLayer(size, 4, 4 * size, batch_first=True, dropout=0.0)
    return nn.Sequential(nn.TransformerEncoder(layer, 4), nn.Flatten(), nn.Linear(32 * size, 10)), (32, size)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--kind", choices=["mlp", "cnn", "transformer"], required=True)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True, help="per block")
    args = parser.parse_args()
    torch.manual_seed(0)
    model, shape = build(args.kind, args.size)
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    criterion = nn.CrossEntropyLoss()
    data = TensorDataset(torch.randn(args.steps * 16, *shape), torch.randint(10, (args.steps * 16,)))
    loader = DataLoader(data, batch_size=16, shuffle=True)
    for _ in sys.stdin:
        cpu, wall = time.process_time(), time.perf_counter()
        for inputs, targets in loader:
            optimizer.zero_grad()
            loss = criterion(model(inputs), targets)
            loss.backward()
            optimizer.step()
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
        print(cpu / args.steps, wall / args.steps, loss.item().hex(), flush=True)


if __name__ == "__main__":
    main()
