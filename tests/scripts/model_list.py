"""Train an ensemble, one member after another, then average their predictions."""
import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_breast_cancer

ap = argparse.ArgumentParser()
ap.add_argument("--members", type=int, default=5)
ap.add_argument("--epochs", type=int, default=60)
ap.add_argument("--hidden", type=int, default=256)
args = ap.parse_args()

torch.manual_seed(0)
data = load_breast_cancer()
X, Y = torch.tensor(data.data, dtype=torch.float32), torch.tensor(data.target)
order = torch.randperm(len(X))
train, test = order[:450], order[450:]
X = (X - X[train].mean(0)) / X[train].std(0)

models = [nn.Sequential(nn.Linear(30, args.hidden), nn.ReLU(), nn.Linear(args.hidden, args.hidden), nn.ReLU(),
                        nn.Linear(args.hidden, 2)) for _ in range(args.members)]

for number, model in enumerate(models):
    optimizer = torch.optim.SGD(model.parameters(), lr=0.02, momentum=0.9)
    for epoch in range(args.epochs):
        for idx in train[torch.randperm(len(train))].split(16):
            optimizer.zero_grad()
            loss = F.cross_entropy(model(X[idx]), Y[idx])
            loss.backward()
            optimizer.step()
    print(f"member {number}: last loss {loss.item():.4f}")

with torch.no_grad():
    probabilities = torch.stack([model.eval()(X[test]).softmax(1) for model in models]).mean(0)
print(f"ensemble accuracy {(probabilities.argmax(1) == Y[test]).float().mean().item():.4f}")
