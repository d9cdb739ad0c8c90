"""Rare events in a table: a network, class weights, and a decision threshold chosen on validation data."""
import argparse

import numpy as np
import torch
from sklearn.datasets import make_classification
from sklearn.metrics import average_precision_score, f1_score, precision_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import StandardScaler
from torch import nn
from torch.utils.data import DataLoader, TensorDataset


def network(inputs):
    return nn.Sequential(
        nn.Linear(inputs, 64), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(64, 64), nn.ReLU(), nn.Dropout(0.2),
        nn.Linear(64, 1),
    )


def scores(model, x):
    model.eval()
    with torch.no_grad():
        return torch.sigmoid(model(x)).squeeze(1).numpy()


def best_threshold(y, probability):
    grid = np.linspace(0.05, 0.95, 91)
    return grid[np.argmax([f1_score(y, probability >= t, zero_division=0) for t in grid])]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--rows", type=int, default=12000)
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--seed", type=int, default=4)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    X, y = make_classification(n_samples=args.rows, n_features=24, n_informative=8, n_redundant=4, weights=[0.95],
                               flip_y=0.02, class_sep=1.0, random_state=31)
    X_rest, X_test, y_rest, y_test = train_test_split(X, y, test_size=0.2, stratify=y, random_state=31)
    X_train, X_val, y_train, y_val = train_test_split(X_rest, y_rest, test_size=0.2, stratify=y_rest, random_state=31)
    scaler = StandardScaler().fit(X_train)
    X_train, X_val, X_test = (torch.tensor(scaler.transform(part), dtype=torch.float32)
                              for part in (X_train, X_val, X_test))

    loader = DataLoader(TensorDataset(X_train, torch.tensor(y_train, dtype=torch.float32).unsqueeze(1)),
                        batch_size=args.batch_size, shuffle=True)
    model = network(X_train.shape[1])
    weight = torch.tensor([(y_train == 0).sum() / (y_train == 1).sum()], dtype=torch.float32).sqrt()
    criterion = nn.BCEWithLogitsLoss(pos_weight=weight)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
    for epoch in range(args.epochs):
        model.train()
        total = 0.0
        for features, target in loader:
            optimizer.zero_grad()
            loss = criterion(model(features), target)
            loss.backward()
            optimizer.step()
            total += loss.item() * len(features)
        precision = average_precision_score(y_val, scores(model, X_val))
        print(f"epoch {epoch + 1}: loss {total / len(X_train):.4f} val average precision {precision:.4f}")

    threshold = best_threshold(y_val, scores(model, X_val))
    flagged = scores(model, X_test) >= threshold
    print(f"threshold {threshold:.2f}")
    print(f"test precision {precision_score(y_test, flagged):.4f} recall {recall_score(y_test, flagged):.4f}")
    print(f"test F1: {f1_score(y_test, flagged):.4f}")


if __name__ == "__main__":
    main()
