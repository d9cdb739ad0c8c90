# makemore style: no optimizer, no modules, just tensors
import argparse
import keyword
import sys

import torch
import torch.nn.functional as F

ap = argparse.ArgumentParser()
ap.add_argument("--max-steps", type=int, default=8000)
ap.add_argument("--hidden", type=int, default=300)
ap.add_argument("--block", type=int, default=4)
ap.add_argument("--batch", type=int, default=64)
args = ap.parse_args()

words = sorted({w.lower() for w in list(sys.stdlib_module_names) + keyword.kwlist + dir(str) + dir(dict) + dir(int)})
g = torch.Generator().manual_seed(2147483647)
order = torch.randperm(len(words), generator=g).tolist()
words = [words[i] for i in order]
alphabet = sorted(set("".join(words)))
stoi = {ch: i + 1 for i, ch in enumerate(alphabet)}
stoi["."] = 0


def build_dataset(words):
    X, Y = [], []
    for w in words:
        context = [0] * args.block
        for ch in w + ".":
            X.append(context)
            Y.append(stoi[ch])
            context = context[1:] + [stoi[ch]]
    return torch.tensor(X), torch.tensor(Y)


n1, n2 = int(0.8 * len(words)), int(0.9 * len(words))
Xtr, Ytr = build_dataset(words[:n1])
Xdev, Ydev = build_dataset(words[n1:n2])
Xte, Yte = build_dataset(words[n2:])

V, E = len(stoi), 16
C = torch.randn((V, E), generator=g)
W1 = torch.randn((args.block * E, args.hidden), generator=g) * (5 / 3) / (args.block * E) ** 0.5
b1 = torch.randn(args.hidden, generator=g) * 0.01
W2 = torch.randn((args.hidden, V), generator=g) * 0.01
b2 = torch.zeros(V)
parameters = [C, W1, b1, W2, b2]
for p in parameters:
    p.requires_grad = True

for i in range(args.max_steps):
    ix = torch.randint(0, Xtr.shape[0], (args.batch,), generator=g)
    Xb, Yb = Xtr[ix], Ytr[ix]

    h = torch.tanh(C[Xb].view(Xb.shape[0], -1) @ W1 + b1)
    loss = F.cross_entropy(h @ W2 + b2, Yb)

    for p in parameters:
        p.grad = None
    loss.backward()

    lr = 0.1 if i < args.max_steps // 2 else 0.01
    with torch.no_grad():
        for p in parameters:
            p -= lr * p.grad

    if i % 1000 == 0:
        print(f"{i:7d}/{args.max_steps:7d}: {loss.item():.4f}")


@torch.no_grad()
def split_loss(name, x, y):
    h = torch.tanh(C[x].view(x.shape[0], -1) @ W1 + b1)
    print(name, round(F.cross_entropy(h @ W2 + b2, y).item(), 4))


split_loss("train", Xtr, Ytr)
split_loss("dev", Xdev, Ydev)
split_loss("test", Xte, Yte)
