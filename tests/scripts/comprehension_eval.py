import argparse

import torch
from sklearn.datasets import make_moons
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

args = argparse.ArgumentParser()
args.add_argument("--epochs", type=int, default=60)
args.add_argument("--n", type=int, default=6000)
args.add_argument("--width", type=int, default=200)
args = args.parse_args()

torch.manual_seed(9)
x, y = make_moons(args.n, noise=0.25, random_state=9)
x, y = torch.tensor(x, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)
k = int(args.n * 0.8)
train_loader = DataLoader(TensorDataset(x[:k], y[:k]), batch_size=50, shuffle=True)
val_loader = DataLoader(TensorDataset(x[k:], y[k:]), batch_size=50)

model = nn.Sequential(nn.Linear(2, args.width), nn.ReLU(), nn.Linear(args.width, args.width), nn.ReLU(),
                      nn.Linear(args.width, 1), nn.Flatten(0))
criterion = nn.BCEWithLogitsLoss()
optimizer = torch.optim.RMSprop(model.parameters(), lr=1e-3)

for epoch in range(args.epochs):
    model.train()
    for inputs, labels in train_loader:
        optimizer.zero_grad()
        criterion(model(inputs), labels).backward()
        optimizer.step()

    model.eval()
    with torch.no_grad():
        losses = [criterion(model(inputs), labels).item() * len(labels) for inputs, labels in val_loader]
        hits = sum(((model(inputs) > 0) == labels.bool()).sum().item() for inputs, labels in val_loader)
    print(f"epoch {epoch} val_loss={sum(losses) / len(val_loader.dataset):.4f} "
          f"val_acc={hits / len(val_loader.dataset):.4f}")
