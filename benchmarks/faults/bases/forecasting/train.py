"""One-day-ahead forecast of a daily demand series with a GRU over the last four weeks."""
import argparse

import numpy as np
import pandas as pd
import torch
from torch import nn

HISTORY = 28


def demand(days, seed=17):
    rng = np.random.default_rng(seed)
    t = np.arange(days)
    noise = np.zeros(days)
    for i in range(1, days):
        noise[i] = 0.8 * noise[i - 1] + rng.normal(0, 3)
    weekly = np.array([0, 2, 4, 3, 9, 14, -12])[t % 7]
    level = 100 + 0.01 * t + 12 * np.sin(2 * np.pi * t / 365.25)
    return pd.Series(level + weekly + noise, index=pd.date_range("2009-01-01", periods=days), name="demand")


def features(series):
    frame = pd.DataFrame({"demand": series})
    frame["mean7"] = series.rolling(7).mean()
    frame["weekday_sin"] = np.sin(2 * np.pi * series.index.dayofweek / 7)
    frame["weekday_cos"] = np.cos(2 * np.pi * series.index.dayofweek / 7)
    return frame.dropna()


def make_windows(frame):
    values = frame.to_numpy(dtype=np.float32)
    inputs = np.stack([values[i - HISTORY:i] for i in range(HISTORY, len(values))])
    return torch.from_numpy(inputs), torch.from_numpy(values[HISTORY:, 0].copy())


class Forecaster(nn.Module):
    def __init__(self, inputs, hidden):
        super().__init__()
        self.gru = nn.GRU(inputs, hidden, batch_first=True)
        self.readout = nn.Linear(hidden, 1)

    def forward(self, x):
        states, _ = self.gru(x)
        return self.readout(states[:, -1]).squeeze(-1)


def mean_absolute_error(model, x, y, scale):
    model.eval()
    with torch.no_grad():
        error = (model(x) - y).abs().sum().item() / len(y)
    return error * scale


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--days", type=int, default=3600)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--hidden", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    frame = features(demand(args.days))
    val_start, test_start = int(0.7 * len(frame)), int(0.85 * len(frame))
    mean, std = frame.iloc[:val_start].mean(), frame.iloc[:val_start].std()
    frame = (frame - mean) / std
    train_x, train_y = make_windows(frame.iloc[:val_start])
    val_x, val_y = make_windows(frame.iloc[val_start - HISTORY:test_start])
    test_x, test_y = make_windows(frame.iloc[test_start - HISTORY:])

    model = Forecaster(train_x.shape[-1], args.hidden)
    optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
    criterion = nn.MSELoss()
    best, best_weights, waited = float("inf"), None, 0
    for epoch in range(args.epochs):
        model.train()
        for rows in torch.randperm(len(train_x)).split(32):
            optimizer.zero_grad()
            loss = criterion(model(train_x[rows]), train_y[rows])
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        error = mean_absolute_error(model, val_x, val_y, std["demand"])
        print(f"epoch {epoch:2d} val mae {error:.3f}")
        if error < best:
            best, waited = error, 0
            best_weights = {name: value.clone() for name, value in model.state_dict().items()}
        else:
            waited += 1
            if waited == 8:
                break
    model.load_state_dict(best_weights)
    naive = (test_x[:, -7, 0] - test_y).abs().mean().item() * std["demand"]
    print(f"last week's value, test mae {naive:.3f}")
    print(f"test mae {mean_absolute_error(model, test_x, test_y, std['demand']):.4f}")


if __name__ == "__main__":
    main()
