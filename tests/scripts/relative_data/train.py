import argparse
import csv

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=400)
parser.add_argument("--hidden", type=int, default=256)
args = parser.parse_args()


def read(path):
    with open(path, newline="") as f:
        rows = list(csv.DictReader(f))
    names = [k for k in rows[0] if k != "progression"]
    x = torch.tensor([[float(r[k]) for k in names] for r in rows])
    y = torch.tensor([float(r["progression"]) for r in rows])
    return x, y


torch.manual_seed(0)
x_train, y_train = read("data/train.csv")
x_test, y_test = read("data/test.csv")
mu, sigma = x_train.mean(0), x_train.std(0)
y_mu, y_sigma = y_train.mean(), y_train.std()
x_train, x_test = (x_train - mu) / sigma, (x_test - mu) / sigma
y_train_n = (y_train - y_mu) / y_sigma

model = nn.Sequential(nn.Linear(x_train.shape[1], args.hidden), nn.ReLU(), nn.Dropout(0.5),
                      nn.Linear(args.hidden, args.hidden), nn.ReLU(), nn.Dropout(0.5), nn.Linear(args.hidden, 1))
optimizer = torch.optim.AdamW(model.parameters(), lr=5e-4, weight_decay=0.1)

batch_size = 16
for epoch in range(1, args.epochs + 1):
    model.train()
    permutation = torch.randperm(x_train.size(0))
    for i in range(0, x_train.size(0), batch_size):
        indices = permutation[i:i + batch_size]
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x_train[indices]).squeeze(-1), y_train_n[indices])
        loss.backward()
        optimizer.step()
    if epoch % 20 == 0:
        print(f"epoch {epoch} loss {loss.item():.4f}")

model.eval()
with torch.no_grad():
    prediction = model(x_test).squeeze(-1) * y_sigma + y_mu
rmse = ((prediction - y_test) ** 2).mean().sqrt().item()
print(f"test RMSE {rmse:.2f}")
with open("data/predictions.csv", "w", newline="") as f:
    writer = csv.writer(f)
    writer.writerow(["target", "prediction"])
    writer.writerows(zip(y_test.tolist(), prediction.tolist()))
