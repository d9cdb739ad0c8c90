"""Contrastive learning with a momentum encoder and a queue of negatives, then a linear probe on what was learned."""
import argparse
import copy

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from sklearn.linear_model import LogisticRegression
from torch import nn
from torch.utils.data import DataLoader, Dataset

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=60)
parser.add_argument("--batch-size", type=int, default=64)
parser.add_argument("--dim", type=int, default=32)
parser.add_argument("--queue", type=int, default=512)
parser.add_argument("--temperature", type=float, default=0.2)
args = parser.parse_args()


class TwoViews(Dataset):
    """Each image twice, shifted and with noise."""

    def __init__(self, images):
        self.images = images

    def __len__(self):
        return len(self.images)

    def __getitem__(self, index):
        return tuple(self.view(self.images[index]) for _ in range(2))

    def view(self, image):
        shift = torch.randint(-1, 2, (2,)).tolist()
        return torch.roll(image, shift, dims=(1, 2)) + 0.1 * torch.randn_like(image)


def encoder(dim):
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(),
        nn.Linear(32, dim))


torch.manual_seed(0)
images, labels = load_digits(return_X_y=True)
images = torch.tensor(images, dtype=torch.float32).view(-1, 1, 8, 8) / 16
loader = DataLoader(TwoViews(images[:1400]), args.batch_size, shuffle=True, drop_last=True)
query, key = encoder(args.dim), encoder(args.dim)
key = copy.deepcopy(query)
for parameter in key.parameters():
    parameter.requires_grad = False
queue, pointer = F.normalize(torch.randn(args.queue, args.dim), dim=1), 0
optimizer = torch.optim.SGD(query.parameters(), lr=0.05, momentum=0.9, weight_decay=1e-4)

for epoch in range(args.epochs):
    total = 0.0
    for first, second in loader:
        q = F.normalize(query(first), dim=1)
        with torch.no_grad():
            for slow, fast in zip(key.parameters(), query.parameters(), strict=True):
                slow.data.mul_(0.99).add_(fast.data, alpha=0.01)
            k = F.normalize(key(second), dim=1)
        positive = (q * k).sum(dim=1, keepdim=True)
        negative = q @ queue.T
        logits = torch.cat([positive, negative], dim=1) / args.temperature
        loss = F.cross_entropy(logits, torch.zeros(len(q), dtype=torch.long))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        queue[pointer:pointer + len(k)] = k
        pointer = (pointer + len(k)) % args.queue
        total += loss.item()
    print(f"epoch {epoch}: loss {total / len(loader):.4f}")

query.eval()
with torch.no_grad():
    features = query(images).numpy()
probe = LogisticRegression(max_iter=500).fit(features[:1400], labels[:1400])
print(f"accuracy of a linear probe {probe.score(features[1400:], labels[1400:]):.4f}")
