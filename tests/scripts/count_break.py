import argparse
import itertools

import torch
from torch import nn

ap = argparse.ArgumentParser()
ap.add_argument("--iterations", type=int, default=8000)
ap.add_argument("--layers", type=int, default=4)
ap.add_argument("--width", type=int, default=256)
args = ap.parse_args()

torch.manual_seed(0)
true_f = lambda t: torch.sin(3 * t) + 0.3 * torch.cos(9 * t)  # noqa: E731

layers = [nn.Linear(1, args.width), nn.Tanh()]
for _ in range(args.layers - 1):
    layers += [nn.Linear(args.width, args.width), nn.Tanh()]
net = nn.Sequential(*layers, nn.Linear(args.width, 1))
opt = torch.optim.Adam(net.parameters(), lr=1e-3)

for it in itertools.count():
    if it == args.iterations:
        break
    t = torch.rand(128, 1) * 4 - 2
    loss = ((net(t) - true_f(t)) ** 2).mean()
    opt.zero_grad()
    loss.backward()
    opt.step()
    if it % 500 == 0:
        print("iteration %d loss %.6f" % (it, loss.item()))

with torch.no_grad():
    grid = torch.linspace(-2, 2, 1001).unsqueeze(1)
    worst = (net(grid) - true_f(grid)).abs().max().item()
print("largest error on the grid: %.4f" % worst)
