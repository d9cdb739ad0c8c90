import argparse
import json
import random

import numpy as np
import torch
from sklearn.datasets import make_regression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn, optim
from torch.utils.data import DataLoader, TensorDataset
from tqdm import tqdm


def set_seed(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)
    torch.manual_seed(seed)


def parse_args():
    p = argparse.ArgumentParser(description="Regression with an MLP")
    p.add_argument("--num_epochs", type=int, default=40)
    p.add_argument("--n_samples", type=int, default=8000)
    p.add_argument("--hidden_dim", type=int, default=256)
    p.add_argument("--seed", type=int, default=42)
    p.add_argument("--report", default="report.json")
    return p.parse_args()


cfg = parse_args()
set_seed(cfg.seed)

X, y = make_regression(n_samples=cfg.n_samples, n_features=40, n_informative=20, noise=5.0, random_state=cfg.seed)
X_tr, X_te, y_tr, y_te = train_test_split(X, y, test_size=0.2, random_state=cfg.seed)
x_scaler = StandardScaler().fit(X_tr)
y_scaler = StandardScaler().fit(y_tr[:, None])


def tensors(features, targets):
    return TensorDataset(torch.tensor(x_scaler.transform(features), dtype=torch.float32),
                         torch.tensor(y_scaler.transform(targets[:, None]), dtype=torch.float32))


train_dl = DataLoader(tensors(X_tr, y_tr), batch_size=64, shuffle=True)
test_dl = DataLoader(tensors(X_te, y_te), batch_size=256)

model = nn.Sequential(nn.Linear(40, cfg.hidden_dim), nn.ReLU(), nn.Linear(cfg.hidden_dim, cfg.hidden_dim), nn.ReLU(),
                      nn.Linear(cfg.hidden_dim, 1))
criterion = nn.MSELoss()
optimizer = optim.Adam(model.parameters(), lr=1e-3)
scheduler = optim.lr_scheduler.OneCycleLR(optimizer, max_lr=3e-3, total_steps=cfg.num_epochs * len(train_dl))

for epoch in tqdm(range(cfg.num_epochs), desc="epochs"):
    model.train()
    running_loss = 0.0
    for i, (inputs, targets) in enumerate(tqdm(train_dl, leave=False)):
        optimizer.zero_grad()
        outputs = model(inputs)
        loss = criterion(outputs, targets)
        loss.backward()
        optimizer.step()
        scheduler.step()
        running_loss += loss.item()
    tqdm.write(f"epoch {epoch:03d} mse {running_loss / (i + 1):.5f}")

model.eval()
squared, count = 0.0, 0
with torch.inference_mode():
    for inputs, targets in tqdm(test_dl, desc="test"):
        squared += ((model(inputs) - targets) ** 2).sum().item()
        count += targets.numel()
result = {"test_mse": squared / count, "epochs": cfg.num_epochs}
with open(cfg.report, "w") as f:
    json.dump(result, f, indent=2)
print(result)
