"""Semi-supervised digits: a labelled and an unlabelled loader walked together (pseudo-label consistency)."""
import argparse

import torch
import torch.nn as nn
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, TensorDataset

ap = argparse.ArgumentParser()
ap.add_argument("--epochs", type=int, default=80)
ap.add_argument("--hidden", type=int, default=400)
ap.add_argument("--labelled", type=int, default=400)
ap.add_argument("--weight", type=float, default=0.5)
args = ap.parse_args()

gen = torch.Generator().manual_seed(11)
torch.manual_seed(11)
d = load_digits()
X, Y = torch.tensor(d.data, dtype=torch.float32) / 16, torch.tensor(d.target)
perm = torch.randperm(len(X), generator=gen)
test, lab, unlab = perm[:360], perm[360:360 + args.labelled], perm[360 + args.labelled:]

labelled = DataLoader(TensorDataset(X[lab], Y[lab]), batch_size=16, shuffle=True, drop_last=True)
unlabelled = DataLoader(TensorDataset(X[unlab]), batch_size=48, shuffle=True, drop_last=True)

net = nn.Sequential(nn.Linear(64, args.hidden), nn.GELU(), nn.Linear(args.hidden, args.hidden), nn.GELU(),
                    nn.Linear(args.hidden, 10))
opt = torch.optim.AdamW(net.parameters(), lr=1e-3, weight_decay=1e-2)

for epoch in range(args.epochs):
    net.train()
    sup_sum = con_sum = steps = 0
    for (xl, yl), (xu,) in zip(labelled, unlabelled):
        supervised = F.cross_entropy(net(xl), yl)
        with torch.no_grad():
            target = F.softmax(net(xu), dim=1)
        noisy = xu + 0.1 * torch.randn_like(xu)
        consistency = F.kl_div(F.log_softmax(net(noisy), dim=1), target, reduction="batchmean")
        loss = supervised + args.weight * consistency
        opt.zero_grad()
        loss.backward()
        opt.step()
        sup_sum += supervised.item(); con_sum += consistency.item(); steps += 1
    if (epoch + 1) % 10 == 0 or epoch == 0:
        print(f"epoch={epoch + 1} supervised={sup_sum / steps:.4f} consistency={con_sum / steps:.5f}")

net.eval()
with torch.no_grad():
    acc = (net(X[test]).argmax(1) == Y[test]).float().mean().item()
print(f"final test accuracy: {acc:.2%}")
