import argparse

import numpy as np
import torch
from sklearn.datasets import load_wine
from sklearn.model_selection import StratifiedKFold
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--folds", type=int, default=5)
parser.add_argument("--epochs", type=int, default=150)
parser.add_argument("--hidden", type=int, default=256)
args = parser.parse_args()

X, y = load_wine(return_X_y=True)
kfold = StratifiedKFold(n_splits=args.folds, shuffle=True, random_state=0)
scores = []

for fold, (train_idx, test_idx) in enumerate(kfold.split(X, y)):
    torch.manual_seed(fold)
    scaler = StandardScaler().fit(X[train_idx])
    to_x = lambda rows: torch.tensor(scaler.transform(X[rows]), dtype=torch.float32)  # noqa: E731
    loader = DataLoader(TensorDataset(to_x(train_idx), torch.tensor(y[train_idx])), batch_size=8, shuffle=True)

    model = nn.Sequential(nn.Linear(13, args.hidden), nn.ReLU(), nn.Linear(args.hidden, args.hidden), nn.ReLU(),
                          nn.Linear(args.hidden, 3))
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-4)
    for epoch in range(args.epochs):
        model.train()
        for xb, yb in loader:
            optimizer.zero_grad()
            nn.functional.cross_entropy(model(xb), yb).backward()
            optimizer.step()

    model.eval()
    with torch.no_grad():
        score = (model(to_x(test_idx)).argmax(1).numpy() == y[test_idx]).mean()
    scores.append(score)
    print(f"fold {fold + 1}: accuracy {score:.4f}")

print(f"mean accuracy {np.mean(scores):.4f} +/- {np.std(scores, ddof=1):.4f} over {args.folds} folds")
