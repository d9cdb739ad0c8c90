import argparse
import time

import torch
from torch import nn
from torch.utils.data import DataLoader, Dataset


class Waves(Dataset):
    """Classify the waveform of a noisy signal: sine, square, saw or triangle."""

    def __init__(self, size, length, offset):
        self.size, self.length, self.offset = size, length, offset

    def __len__(self):
        return self.size

    def __getitem__(self, index):
        g = torch.Generator().manual_seed(self.offset + index)
        kind = index % 4
        freq = 1 + 4 * torch.rand(1, generator=g)
        t = torch.linspace(0, 1, self.length) * freq + torch.rand(1, generator=g)
        phase = t - t.floor()
        if kind == 0:
            x = torch.sin(2 * torch.pi * t)
        elif kind == 1:
            x = torch.where(phase < 0.5, 1.0, -1.0)
        elif kind == 2:
            x = 2 * phase - 1
        else:
            x = 4 * (phase - 0.5).abs() - 1
        return (x + 0.3 * torch.randn(self.length, generator=g)).unsqueeze(0), kind


p = argparse.ArgumentParser()
p.add_argument("--epochs", type=int, default=10)
p.add_argument("--size", type=int, default=8000)
p.add_argument("--length", type=int, default=256)
p.add_argument("--workers", type=int, default=2)
opt = p.parse_args()

torch.manual_seed(3)
train_loader = DataLoader(Waves(opt.size, opt.length, 0), batch_size=64, shuffle=True, num_workers=opt.workers)
test_loader = DataLoader(Waves(opt.size // 4, opt.length, 10_000_000), batch_size=256, num_workers=opt.workers)

net = nn.Sequential(
    nn.Conv1d(1, 32, 9, stride=2, padding=4), nn.BatchNorm1d(32), nn.ReLU(),
    nn.Conv1d(32, 64, 9, stride=2, padding=4), nn.BatchNorm1d(64), nn.ReLU(),
    nn.Conv1d(64, 64, 9, stride=2, padding=4), nn.ReLU(),
    nn.AdaptiveAvgPool1d(1), nn.Flatten(), nn.Linear(64, 4),
)
loss_fn = nn.CrossEntropyLoss()
optim = torch.optim.SGD(net.parameters(), lr=0.05, momentum=0.9)

start = time.time()
for epoch in range(opt.epochs):
    net.train()
    for step, (x, y) in enumerate(train_loader):
        optim.zero_grad(set_to_none=True)
        loss = loss_fn(net(x), y)
        loss.backward()
        optim.step()
        if step % 50 == 0:
            print(f"[{epoch}] {step}/{len(train_loader)} loss: {loss.item():.4f}")

net.eval()
hits = seen = 0
with torch.no_grad():
    for x, y in test_loader:
        hits += (net(x).argmax(1) == y).sum().item()
        seen += len(y)
print(f"accuracy on {seen} unseen signals: {100 * hits / seen:.2f}% after {time.time() - start:.0f}s")
