"""Contrastive representation of digits, judged by a linear probe."""
import argparse

import numpy as np
import torch
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from torch import nn
from torch.nn import functional as F


class Encoder(nn.Module):
    def __init__(self, width=128, code=32):
        super().__init__()
        self.body = nn.Sequential(
            nn.Linear(64, width), nn.LayerNorm(width), nn.ReLU(),
            nn.Linear(width, width), nn.LayerNorm(width), nn.ReLU(),
        )
        self.code = nn.Linear(width, code)
        self.projector = nn.Sequential(nn.Linear(code, code), nn.ReLU(), nn.Linear(code, 16))

    def forward(self, x):
        return self.code(self.body(x))

    def project(self, x):
        return F.normalize(self.projector(self(x)), dim=1)


class Decoder(nn.Module):
    def __init__(self, code=32, width=128):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(code, width), nn.ReLU(), nn.Linear(width, 64))

    def forward(self, z):
        return self.body(z)


def two_views(x, generator):
    def view():
        noise = 0.15 * torch.randn(x.shape, generator=generator)
        kept = (torch.rand(x.shape, generator=generator) > 0.15).float()
        return (x + noise) * kept
    return view(), view()


def info_nce(a, b, temperature):
    similarity = a @ b.T / temperature
    target = torch.arange(len(a))
    return (F.cross_entropy(similarity, target) + F.cross_entropy(similarity.T, target)) / 2


def encode(encoder, x):
    encoder.eval()
    with torch.no_grad():
        codes = encoder(x).numpy()
    encoder.train()
    return codes


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=60)
    parser.add_argument("--batch-size", type=int, default=128)
    parser.add_argument("--seed", type=int, default=3)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    generator = torch.Generator().manual_seed(args.seed)

    images, labels = load_digits(return_X_y=True)
    images = torch.tensor(images / 16, dtype=torch.float32)
    train_x, test_x, train_y, test_y = train_test_split(images, labels, test_size=0.25, random_state=8)

    encoder, decoder = Encoder(), Decoder()
    optimizer = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-3)
    for epoch in range(args.epochs):
        total, batches = 0.0, 0
        for rows in torch.randperm(len(train_x), generator=generator).split(args.batch_size):
            x = train_x[rows]
            first, second = two_views(x, generator)
            contrast = info_nce(encoder.project(first), encoder.project(second), 0.2)
            rebuilt = F.mse_loss(decoder(encoder(first)), x)
            loss = contrast + 5.0 * rebuilt
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            total += loss.item()
            batches += 1
        if (epoch + 1) % 10 == 0:
            print(f"{epoch + 1:3d} objective {total / batches:.4f}")

    probe = LogisticRegression(max_iter=3000)
    probe.fit(encode(encoder, train_x), train_y)
    predicted = probe.predict(encode(encoder, test_x))
    print(f"probe accuracy on test: {np.mean(predicted == test_y):.4f}")


if __name__ == "__main__":
    main()
