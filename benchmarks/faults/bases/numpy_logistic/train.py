"""Multinomial logistic regression on 8x8 digits with nothing but numpy."""
import argparse

import numpy as np
from sklearn.datasets import load_digits


def softmax(z):
    z = z - z.max(axis=1, keepdims=True)
    e = np.exp(z)
    return e / e.sum(axis=1, keepdims=True)


def polynomial(x, pairs):
    return np.hstack([x, x[:, pairs[:, 0]] * x[:, pairs[:, 1]]])


def main():
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", type=int, default=1500)
    ap.add_argument("--batch", type=int, default=32)
    ap.add_argument("--lr", type=float, default=0.05)
    ap.add_argument("--l2", type=float, default=1e-4)
    ap.add_argument("--seed", type=int, default=0)
    args = ap.parse_args()

    rng = np.random.default_rng(args.seed)
    x, y = load_digits(return_X_y=True)
    x = x / 16.0
    order = np.random.default_rng(99).permutation(len(x))
    x, y = x[order], y[order]
    n_train, n_val = 1100, 300
    pairs = rng.integers(0, x.shape[1], size=(600, 2))
    x_train, y_train = polynomial(x[:n_train], pairs), y[:n_train]
    x_val, y_val = polynomial(x[n_train:n_train + n_val], pairs), y[n_train:n_train + n_val]
    x_test, y_test = polynomial(x[n_train + n_val:], pairs), y[n_train + n_val:]
    mean, std = x_train.mean(axis=0), x_train.std(axis=0) + 1e-8
    x_train, x_val, x_test = ((part - mean) / std for part in (x_train, x_val, x_test))

    w = np.zeros((x_train.shape[1], 10))
    b = np.zeros(10)
    best, kept = -1.0, (w, b)
    for epoch in range(args.epochs):
        lr = args.lr / (1 + 0.01 * epoch)
        shuffled = rng.permutation(n_train)
        total = 0.0
        for start in range(0, n_train, args.batch):
            rows = shuffled[start:start + args.batch]
            xb, yb = x_train[rows], y_train[rows]
            p = softmax(xb @ w + b)
            total -= np.log(p[np.arange(len(rows)), yb] + 1e-12).sum()
            p[np.arange(len(rows)), yb] -= 1
            grad_w = xb.T @ p / len(rows) + args.l2 * w
            grad_b = p.mean(axis=0)
            w -= lr * grad_w
            b -= lr * grad_b
        accuracy = np.mean((x_val @ w + b).argmax(axis=1) == y_val)
        if accuracy > best:
            best, kept = accuracy, (w.copy(), b.copy())
        if epoch % 50 == 0:
            print(f"epoch {epoch} loss {total / n_train:.4f} val {accuracy:.4f}")

    w, b = kept
    accuracy = np.mean((x_test @ w + b).argmax(axis=1) == y_test)
    print(f"test accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
