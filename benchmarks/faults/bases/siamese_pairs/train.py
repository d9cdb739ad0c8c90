"""Metric learning on wine samples: pairs of rows, a contrastive loss, and retrieval by the nearest neighbour."""
import argparse
import os
from collections import namedtuple

import numpy as np
import torch
from sklearn.datasets import load_wine
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.nn import functional as F

Split = namedtuple("Split", "x y")


def read():
    wine = load_wine()
    order = np.random.RandomState(4).permutation(len(wine.target))
    x, y = wine.data[order], wine.target[order]
    x_train, x_query = x[:120], x[120:]
    y_train, y_query = y[:120], y[120:]
    scaler = StandardScaler().fit(x_train)
    make = lambda a, b: Split(torch.tensor(scaler.transform(a), dtype=torch.float32), torch.tensor(b))
    return make(x_train, y_train), make(x_query, y_query)


class Encoder(nn.Module):
    def __init__(self, size, width=32, out=8):
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(size, width), nn.Linear(width, width), nn.Linear(width, out)])
        self.noise = nn.Dropout(0.1)

    def forward(self, x):
        for layer in self.layers[:-1]:
            x = self.noise(F.relu(layer(x)))
        return F.normalize(self.layers[-1](x), dim=1)


def contrastive(a, b, same, margin=0.8):
    distance = (a - b).pow(2).sum(1).clamp(min=1e-9).sqrt()
    return (same * distance.pow(2) + (1 - same) * F.relu(margin - distance).pow(2)).mean()


def draw_pairs(y, count, generator):
    left = torch.randint(len(y), (count,), generator=generator)
    right = torch.randint(len(y), (count,), generator=generator)
    return left, right, (y[left] == y[right]).float()


def retrieval(encoder, gallery, queries):
    encoder.eval()
    with torch.no_grad():
        keys, found = encoder(gallery.x), encoder(queries.x)
    nearest = torch.cdist(found, keys).argmin(dim=1)
    return (gallery.y[nearest] == queries.y).float().mean().item()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=600)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    pairs_from = torch.Generator().manual_seed(args.seed + 1)
    train, queries = read()
    encoder = Encoder(train.x.shape[1])
    optimizer = torch.optim.RMSprop(encoder.parameters(), lr=1e-3)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=args.steps)
    for step in range(args.steps):
        encoder.train()
        left, right, same = draw_pairs(train.y, 48, pairs_from)
        loss = contrastive(encoder(train.x[left]), encoder(train.x[right]), same)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
        if step % 100 == 0:
            print(f"step {step}: loss {loss.item():.4f}")
    torch.save({"encoder": encoder.state_dict()}, os.path.join(".", "encoder.pt"))
    print(f"retrieval accuracy of the queries {retrieval(encoder, train, queries):.4f}")


if __name__ == "__main__":
    main()
