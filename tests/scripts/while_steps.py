import argparse, os
import torch
import torch.nn as nn
from sklearn.datasets import load_breast_cancer
from torch.utils.data import DataLoader, TensorDataset

parser = argparse.ArgumentParser()
parser.add_argument('--max-steps', type=int, default=4000)
parser.add_argument('--eval-every', type=int, default=500)
parser.add_argument('--hidden', type=int, default=512)
parser.add_argument('--save-dir', default='checkpoints')
args = parser.parse_args()

torch.manual_seed(5)
raw = load_breast_cancer()
x = torch.tensor(raw.data, dtype=torch.float32)
y = torch.tensor(raw.target, dtype=torch.float32)
idx = torch.randperm(len(x))
train_idx, val_idx = idx[:400], idx[400:]
mean, std = x[train_idx].mean(0), x[train_idx].std(0)
x = (x - mean) / std

loader = DataLoader(TensorDataset(x[train_idx], y[train_idx]), batch_size=32, shuffle=True)
model = nn.Sequential(nn.Linear(30, args.hidden), nn.ReLU(), nn.Dropout(0.2),
                      nn.Linear(args.hidden, args.hidden), nn.ReLU(), nn.Dropout(0.2), nn.Linear(args.hidden, 1))
opt = torch.optim.Adam(model.parameters(), lr=3e-4)
bce = nn.BCEWithLogitsLoss()


def validate():
    model.eval()
    with torch.no_grad():
        logits = model(x[val_idx]).squeeze(1)
        val_loss = bce(logits, y[val_idx]).item()
        acc = ((logits > 0).float() == y[val_idx]).float().mean().item()
    model.train()
    return val_loss, acc


os.makedirs(args.save_dir, exist_ok=True)
step = 0
model.train()
while step < args.max_steps:
    for xb, yb in loader:
        opt.zero_grad()
        loss = bce(model(xb).squeeze(1), yb)
        loss.backward()
        opt.step()
        step += 1
        if step % args.eval_every == 0:
            val_loss, acc = validate()
            print(f'step {step} | loss {loss.item():.4f} | val loss {val_loss:.4f} | val acc {acc:.4f}')
            torch.save({'step': step, 'model': model.state_dict(), 'opt': opt.state_dict()},
                       os.path.join(args.save_dir, f'step{step}.pt'))
        if step >= args.max_steps:
            break

val_loss, acc = validate()
print(f'done after {step} steps, val acc {acc:.4f}')
