# Which of six tags does a sample carry? Shared trunk, a tag head and an auxiliary size head.
from __future__ import annotations

import sys
from dataclasses import dataclass

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import make_multilabel_classification
from sklearn.metrics import f1_score


@dataclass
class Config:
    seed: int = 0
    rounds: int = 40
    batch: int = 50
    rate: float = 3e-3
    accumulate: int = 2
    aux: float = 0.1


def load():
    x, y = make_multilabel_classification(
        n_samples=1500, n_features=30, n_classes=6, n_labels=2, length=40, random_state=5
    )
    x = np.log1p(x).astype(np.float32)
    y = y.astype(np.float32)
    cut_a, cut_b = 900, 1200
    centre, spread = x[:cut_a].mean(0), x[:cut_a].std(0) + 1e-6
    x = (x - centre) / spread
    return [tuple(map(torch.from_numpy, (x[part], y[part]))) for part in np.s_[:cut_a, cut_a:cut_b, cut_b:]]


class TagNet(nn.Module):
    def __init__(self, features, tags):
        super().__init__()
        self.trunk = nn.Sequential(nn.Linear(features, 64), nn.GELU(), nn.LayerNorm(64), nn.Dropout(0.2))
        self.tag_head = nn.Linear(64, tags)
        self.size_head = nn.Linear(64, 1)

    def forward(self, x):
        hidden = self.trunk(x)
        return self.tag_head(hidden), self.size_head(hidden).squeeze(-1)


def fit(net, data, config):
    x, y = data
    parameters = [
        {"params": net.trunk.parameters(), "lr": config.rate},
        {"params": [*net.tag_head.parameters(), *net.size_head.parameters()], "lr": 2 * config.rate},
    ]
    opt = torch.optim.Adam(parameters)
    plan = torch.optim.lr_scheduler.StepLR(opt, step_size=15, gamma=0.3)
    bce, huber = nn.BCEWithLogitsLoss(), nn.SmoothL1Loss()
    for _ in range(config.rounds):
        net.train()
        opt.zero_grad()
        for number, rows in enumerate(torch.randperm(len(x)).split(config.batch), 1):
            tags, size = net(x[rows])
            loss = bce(tags, y[rows]) + config.aux * huber(size, y[rows].sum(1))
            (loss / config.accumulate).backward()
            if number % config.accumulate == 0:
                opt.step()
                opt.zero_grad()
        plan.step()
        yield loss.item()


def scores(net, data):
    net.eval()
    with torch.no_grad():
        tags, _ = net(data[0])
    return torch.sigmoid(tags).numpy()


def best_threshold(probabilities, truth):
    grid = np.linspace(0.2, 0.7, 11)
    return max(grid, key=lambda cut: f1_score(truth, probabilities > cut, average="macro"))


def main(config):
    torch.manual_seed(config.seed)
    train, valid, test = load()
    net = TagNet(train[0].shape[1], train[1].shape[1])
    for number, loss in enumerate(fit(net, train, config)):
        if number % 10 == 9:
            f1 = f1_score(valid[1].numpy(), scores(net, valid) > 0.5, average="macro")
            print(f"round {number + 1}: loss {loss:.4f}, validation macro-F1 {f1:.4f}")
    cut = best_threshold(scores(net, valid), valid[1].numpy())
    final = f1_score(test[1].numpy(), scores(net, test) > cut, average="macro")
    print(f"threshold {cut:.2f}, test macro-F1 {final:.4f}")


if __name__ == "__main__":
    arguments = dict(zip(sys.argv[1::2], sys.argv[2::2]))
    main(Config(seed=int(arguments.get("--seed", 0))))
