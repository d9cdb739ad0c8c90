"""The last batch of an epoch is smaller than the view that was written for a full one."""
import argparse

import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument("--samples", type=int, default=200_000)
parser.add_argument("--hidden", type=int, default=256)
args = parser.parse_args()
BATCH_SIZE, STEPS, FEATURES = 64, 10, 8

torch.manual_seed(0)
signals = torch.randn(args.samples + 17, STEPS * FEATURES)
targets = signals[:, :FEATURES].sum(dim=1)
loader = DataLoader(TensorDataset(signals, targets), batch_size=BATCH_SIZE)

gru = nn.GRU(FEATURES, args.hidden, batch_first=True)
head = nn.Linear(args.hidden, 1)
optimizer = torch.optim.Adam([*gru.parameters(), *head.parameters()], lr=1e-3)

for i, (x, y) in enumerate(loader):
    sequence = x.view(BATCH_SIZE, STEPS, FEATURES)
    output, _ = gru(sequence)
    loss = nn.functional.mse_loss(head(output[:, -1]).squeeze(1), y)
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if i % 100 == 0:
        print(f"batch {i} loss {loss.item():.4f}")
print("done, last loss", loss.item())
