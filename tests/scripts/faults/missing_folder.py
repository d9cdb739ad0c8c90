"""Trains for minutes, then saves into a folder that nobody made."""
import argparse

import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

ap = argparse.ArgumentParser()
ap.add_argument("--epochs", type=int, default=60)
ap.add_argument("--hidden", type=int, default=512)
ap.add_argument("--save-dir", default="results/final")
args = ap.parse_args()

torch.manual_seed(0)
X, y = load_digits(return_X_y=True)
xtr, xte, ytr, yte = train_test_split(X / 16, y, test_size=0.25, random_state=0)
xtr, xte = torch.tensor(xtr, dtype=torch.float32), torch.tensor(xte, dtype=torch.float32)
ytr, yte = torch.tensor(ytr), torch.tensor(yte)

model = nn.Sequential(nn.Linear(64, args.hidden), nn.ReLU(), nn.Linear(args.hidden, args.hidden), nn.ReLU(),
                      nn.Linear(args.hidden, 10))
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(args.epochs):
    permutation = torch.randperm(len(xtr))
    for i in range(0, len(xtr), 32):
        rows = permutation[i:i + 32]
        optimizer.zero_grad()
        loss = nn.functional.cross_entropy(model(xtr[rows]), ytr[rows])
        loss.backward()
        optimizer.step()
    print(f"epoch {epoch}: loss {loss.item():.4f}")

with torch.no_grad():
    print("test accuracy", (model(xte).argmax(1) == yte).float().mean().item())
torch.save(model.state_dict(), f"{args.save_dir}/model.pt")
print("saved")
