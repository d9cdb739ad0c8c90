"""Low-rank adapters on a frozen network: a base is trained for one task, saved, loaded, frozen in bfloat16, and adapted."""
import argparse
import io

import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--base-epochs", type=int, default=60)
parser.add_argument("--epochs", type=int, default=100)
parser.add_argument("--rank", type=int, default=4)
parser.add_argument("--width", type=int, default=512)
parser.add_argument("--batch-size", type=int, default=50)
args = parser.parse_args()


class Adapted(nn.Module):
    """A frozen linear layer with a trainable low-rank correction."""

    def __init__(self, base, rank):
        super().__init__()
        self.base = base
        self.down = nn.Parameter(torch.randn(rank, base.in_features) / base.in_features**0.5)
        self.up = nn.Parameter(torch.zeros(base.out_features, rank))

    def forward(self, x):
        return self.base(x.to(self.base.weight.dtype)).float() + x @ self.down.T @ self.up.T


def network(width):
    return nn.Sequential(nn.Linear(64, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 10))


def train(model, loader, epochs, lr):
    optimizer = torch.optim.AdamW([p for p in model.parameters() if p.requires_grad], lr=lr)
    for _ in range(epochs):
        model.train()
        for x, y in loader:
            loss = F.cross_entropy(model(x), y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return loss.item()


torch.manual_seed(0)
images, labels = load_digits(return_X_y=True)
images, labels = torch.tensor(images, dtype=torch.float32) / 16, torch.tensor(labels)
base_loader = DataLoader(TensorDataset(images[:1000], labels[:1000]), args.batch_size, shuffle=True)
upside_down = images.view(-1, 8, 8).flip(1).reshape(-1, 64)
adapt_loader = DataLoader(TensorDataset(upside_down[:1000], labels[:1000]), args.batch_size, shuffle=True)

base = network(args.width)
print(f"base: loss {train(base, base_loader, args.base_epochs, 1e-3):.4f}")
kept = io.BytesIO()
torch.save(base.state_dict(), kept)
kept.seek(0)

model = network(args.width)
model.load_state_dict(torch.load(kept, weights_only=True))
model.requires_grad_(False).to(torch.bfloat16)
for index, layer in enumerate(model):
    if isinstance(layer, nn.Linear):
        model[index] = Adapted(layer, args.rank)
trainable = sum(p.numel() for p in model.parameters() if p.requires_grad)
print(f"adapting {trainable} of {sum(p.numel() for p in model.parameters())} parameters")
print(f"adapted: loss {train(model, adapt_loader, args.epochs, 2e-3):.4f}")
model.eval()
with torch.inference_mode():
    hits = (model(upside_down[1000:]).argmax(1) == labels[1000:]).float().mean().item()
print(f"accuracy upside down {hits:.4f}")
