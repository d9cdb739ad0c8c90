"""One-step-ahead forecast of hourly demand from the last day, with a GRU."""
import argparse

import numpy as np
import pandas as pd
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset

WINDOW = 24


def demand(hours=3200):
    rng = np.random.default_rng(8)
    t = np.arange(hours)
    wave = 10 + 3 * np.sin(2 * np.pi * t / 24) + 1.5 * np.sin(2 * np.pi * t / 168)
    noise = np.zeros(hours)
    for i in range(1, hours):
        noise[i] = 0.8 * noise[i - 1] + rng.normal(0, 0.5)
    frame = pd.DataFrame({"time": pd.date_range("2023-01-01", periods=hours, freq="h"), "load": wave + noise})
    frame["sin"] = np.sin(2 * np.pi * frame.time.dt.hour / 24)
    frame["cos"] = np.cos(2 * np.pi * frame.time.dt.hour / 24)
    frame["day_mean"] = frame["load"].rolling(24).mean()
    return frame.dropna().reset_index(drop=True)


class Windows(Dataset):
    def __init__(self, values):
        self.values = torch.tensor(values, dtype=torch.float32)

    def __len__(self):
        return len(self.values) - WINDOW

    def __getitem__(self, i):
        return self.values[i : i + WINDOW], self.values[i + WINDOW, 0]


class Forecaster(nn.Module):
    def __init__(self, features, hidden=32):
        super().__init__()
        self.gru = nn.GRU(features, hidden, num_layers=2, dropout=0.1, batch_first=True)
        self.read = nn.Linear(hidden, 1)

    def forward(self, x):
        states, _ = self.gru(x)
        return self.read(states[:, -1]).squeeze(-1)


def evaluate(model, loader, scale):
    model.eval()
    errors = []
    with torch.no_grad():
        for x, y in loader:
            errors.append((model(x) - y).abs() * scale)
    return torch.cat(errors).mean().item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=10)
    parser.add_argument("--patience", type=int, default=4)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    frame = demand()
    columns = ["load", "sin", "cos", "day_mean"]
    values = frame[columns].to_numpy()
    first, second = int(0.7 * len(values)), int(0.85 * len(values))
    mean, std = values[:first].mean(0), values[:first].std(0)
    values = (values - mean) / std
    train = DataLoader(Windows(values[:first]), batch_size=64, shuffle=True)
    valid = DataLoader(Windows(values[first:second]), batch_size=256)
    test = DataLoader(Windows(values[second:]), batch_size=256)

    model = Forecaster(len(columns))
    loss_of = nn.MSELoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    plateau = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, patience=2, factor=0.5)
    best, waited = float("inf"), 0
    for epoch in range(args.epochs):
        model.train()
        for x, y in train:
            loss = loss_of(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
        error = evaluate(model, valid, std[0])
        plateau.step(error)
        print(f"epoch {epoch}: validation MAE {error:.4f}")
        if error < best:
            best, waited = error, 0
            torch.save(model.state_dict(), "forecaster.pt")
        else:
            waited += 1
            if waited >= args.patience:
                break
    model.load_state_dict(torch.load("forecaster.pt"))
    print(f"test MAE: {evaluate(model, test, std[0]):.4f}")


if __name__ == "__main__":
    main()
