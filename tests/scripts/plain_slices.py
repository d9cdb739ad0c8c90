"""MLP on the handwritten digits, mini-batches by slicing a permutation."""
import argparse

import numpy as np
import torch
import torch.nn as nn
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=60)
parser.add_argument("--batch-size", type=int, default=32)
parser.add_argument("--hidden", type=int, default=512)
parser.add_argument("--lr", type=float, default=1e-3)
args = parser.parse_args()

torch.manual_seed(0)
digits = load_digits()
X = (digits.data / 16.0).astype(np.float32)
y = digits.target
x_train, x_test, y_train, y_test = train_test_split(X, y, test_size=0.25, random_state=0, stratify=y)
x_train, x_test = torch.from_numpy(x_train), torch.from_numpy(x_test)
y_train, y_test = torch.from_numpy(y_train), torch.from_numpy(y_test)

model = nn.Sequential(
    nn.Linear(64, args.hidden), nn.ReLU(),
    nn.Linear(args.hidden, args.hidden), nn.ReLU(),
    nn.Linear(args.hidden, 10),
)
criterion = nn.CrossEntropyLoss()
optimizer = torch.optim.Adam(model.parameters(), lr=args.lr)

n = len(x_train)
for epoch in range(args.epochs):
    model.train()
    order = torch.randperm(n)
    total = 0.0
    for i in range(0, n, args.batch_size):
        idx = order[i:i + args.batch_size]
        optimizer.zero_grad()
        loss = criterion(model(x_train[idx]), y_train[idx])
        loss.backward()
        optimizer.step()
        total += loss.item() * len(idx)
    print(f"epoch {epoch + 1} loss {total / n:.4f}")

model.eval()
correct = 0
with torch.no_grad():
    for i in range(0, len(x_test), 64):
        correct += (model(x_test[i:i + 64]).argmax(1) == y_test[i:i + 64]).sum().item()
print(f"test accuracy {correct / len(x_test):.4f}")
