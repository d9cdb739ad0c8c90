import argparse
import multiprocessing

import numpy as np
import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Spirals(Dataset):
    def __init__(self, n, seed):
        rng = np.random.default_rng(seed)
        self.labels = rng.integers(0, 3, n)
        r = rng.uniform(0.1, 1, n)
        angle = 4 * r + self.labels * 2 * np.pi / 3 + rng.normal(0, 0.15, n)
        self.points = np.stack([r * np.cos(angle), r * np.sin(angle)], axis=1).astype(np.float32)

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, i):
        return torch.from_numpy(self.points[i]), int(self.labels[i])


def parse():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--samples", type=int, default=20000)
    parser.add_argument("--hidden", type=int, default=256)
    return parser.parse_args()


def main():
    args = parse()
    torch.manual_seed(1)
    ctx = multiprocessing.get_context("spawn")
    train = DataLoader(Spirals(args.samples, 0), batch_size=128, shuffle=True, num_workers=2,
                       multiprocessing_context=ctx, persistent_workers=True)
    test = DataLoader(Spirals(args.samples // 5, 1), batch_size=512)
    model = nn.Sequential(nn.Linear(2, args.hidden), nn.Tanh(), nn.Linear(args.hidden, args.hidden), nn.Tanh(),
                          nn.Linear(args.hidden, 3))
    opt = torch.optim.Adam(model.parameters(), 3e-3)
    for epoch in range(args.epochs):
        for xb, yb in train:
            loss = nn.functional.cross_entropy(model(xb), yb)
            opt.zero_grad()
            loss.backward()
            opt.step()
        print("epoch", epoch, "loss", round(loss.item(), 4))
    model.eval()
    with torch.no_grad():
        right = sum((model(xb).argmax(1) == yb).sum().item() for xb, yb in test)
    print("test acc:", right / len(test.dataset))


if __name__ == "__main__":
    main()
