import argparse
import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

ap = argparse.ArgumentParser()
ap.add_argument("--epochs", type=int, default=30)
ap.add_argument("--batch", type=int, default=16)
ap.add_argument("--accum", type=int, default=4)
ap.add_argument("--channels", type=int, default=32)
args = ap.parse_args()

torch.manual_seed(2024)
data = load_digits()
imgs = torch.tensor(data.images, dtype=torch.float32)[:, None] / 16.0
labels = torch.tensor(data.target)
shuffled = torch.randperm(len(imgs))
tr, va = shuffled[:1400], shuffled[1400:]

loader = DataLoader(TensorDataset(imgs[tr], labels[tr]), batch_size=args.batch, shuffle=True)
val_loader = DataLoader(TensorDataset(imgs[va], labels[va]), batch_size=100)

c = args.channels
model = nn.Sequential(
    nn.Conv2d(1, c, 3, padding=1), nn.GroupNorm(4, c), nn.ReLU(),
    nn.Conv2d(c, c, 3, padding=1), nn.GroupNorm(4, c), nn.ReLU(), nn.MaxPool2d(2),
    nn.Flatten(), nn.Linear(c * 16, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, nesterov=True)

for epoch in range(args.epochs):
    model.train()
    optimizer.zero_grad()
    for i, (x, y) in enumerate(loader):
        loss = F.cross_entropy(model(x), y)
        (loss / args.accum).backward()
        if (i + 1) % args.accum == 0 or i + 1 == len(loader):
            optimizer.step()
            optimizer.zero_grad()

    model.eval()
    val_loss = 0.0
    good = 0
    with torch.no_grad():
        for x, y in val_loader:
            out = model(x)
            val_loss += F.cross_entropy(out, y, reduction="sum").item()
            good += int((out.argmax(1) == y).sum())
    print(f"epoch {epoch:2d} val loss {val_loss / len(va):.4f} val acc {good / len(va):.4f}")

torch.save(model.state_dict(), "accumulate_modulo.pt")
