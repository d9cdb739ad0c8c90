"""Regression on several processes without any wrapper: parameters broadcast once, gradients averaged by hand."""

import torch
import torch.distributed as dist
from torch import nn

STEPS = 60


def share(rows, rank, world):
    return rows[rank::world]


def average_gradients(model, world):
    for parameter in model.parameters():
        dist.all_reduce(parameter.grad)
        parameter.grad /= world


def main():
    dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(480, 6, generator=generator)
    y = x @ torch.arange(6.0).unsqueeze(1)
    x, y = share(x, rank, world), share(y, rank, world)
    torch.manual_seed(rank)
    model = nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 1))
    for parameter in model.parameters():
        dist.broadcast(parameter.data, 0)
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for step in range(STEPS):
        at = step * 12 % len(x)
        batch, target = x[at : at + 12], y[at : at + 12]
        loss = nn.functional.mse_loss(model(batch), target)
        optimizer.zero_grad()
        loss.backward()
        average_gradients(model, world)
        optimizer.step()
        if step % 10 == 0:
            total = loss.detach().clone()
            dist.reduce(total, 0)
            if rank == 0:
                print(f"step {step}/{STEPS} loss {total / world:.4f}", flush=True)
    if rank == 0:
        torch.save(model.state_dict(), "model.pt")
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
