"""python -m forecaster.train --epochs 10"""
import argparse
from pathlib import Path

import torch
from torch import nn
from torch.utils.data import DataLoader

from .data import Windows, series
from .network import Forecaster


def main(argv=None):
    parser = argparse.ArgumentParser(prog="forecaster.train")
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--hidden", type=int, default=48)
    parser.add_argument("--length", type=int, default=4000)
    parser.add_argument("--checkpoint", type=Path, default=Path("forecaster.pt"))
    args = parser.parse_args(argv)

    torch.manual_seed(0)
    context, horizon = 72, 12
    values = series(args.length, seed=0)
    cut = int(0.8 * len(values))
    mean, std = values[:cut].mean(), values[:cut].std()
    values = (values - mean) / std
    train = DataLoader(Windows(values[:cut], context, horizon), batch_size=64, shuffle=True)
    test = DataLoader(Windows(values[cut:], context, horizon), batch_size=256)

    model = Forecaster(args.hidden, horizon)
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.SmoothL1Loss()
    for epoch in range(args.epochs):
        model.train()
        for x, y in train:
            optimizer.zero_grad()
            loss = criterion(model(x), y)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        print(f"epoch {epoch} loss {loss.item():.4f}")

    model.eval()
    absolute = count = 0
    with torch.no_grad():
        for x, y in test:
            absolute += (model(x) - y).abs().sum().item()
            count += y.numel()
    torch.save(model.state_dict(), args.checkpoint)
    print(f"test MAE {absolute / count:.4f} standard deviations")


if __name__ == "__main__":
    main()
