import argparse
import os

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--max_steps", type=int, default=6000)
parser.add_argument("--save_every", type=int, default=500)
parser.add_argument("--dim", type=int, default=256)
parser.add_argument("--output", default="ckpts")
args = parser.parse_args()


def save(model, optimizer, step):
    path = os.path.join(args.output, f"step_{step:06d}.pt")
    torch.save({"model": model.state_dict(), "optimizer": optimizer.state_dict(), "step": step}, path)
    print("saved", path)


torch.manual_seed(0)
gen = torch.Generator().manual_seed(0)
teacher = nn.Sequential(nn.Linear(16, 32), nn.Tanh(), nn.Linear(32, 1)).requires_grad_(False)
student = nn.Sequential(nn.Linear(16, args.dim), nn.ReLU(), nn.Linear(args.dim, args.dim), nn.ReLU(),
                        nn.Linear(args.dim, 1))
optimizer = torch.optim.AdamW(student.parameters(), lr=1e-3)

for step in range(1, args.max_steps + 1):
    x = torch.randn(128, 16, generator=gen)
    loss = nn.functional.mse_loss(student(x), teacher(x))
    optimizer.zero_grad()
    loss.backward()
    optimizer.step()
    if step % 100 == 0:
        print(f"step {step} loss {loss.item():.6f}")
    if step % args.save_every == 0:
        save(student, optimizer, step)
