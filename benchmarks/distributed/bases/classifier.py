"""A classifier on several processes: DistributedDataParallel, a sampler for each rank, metrics over all ranks."""

import os

import torch
import torch.distributed as dist
from torch import nn
from torch.utils.data import DataLoader, Dataset, DistributedSampler

EPOCHS = 6


class Points(Dataset):
    def __init__(self, first, count):
        generator = torch.Generator().manual_seed(first)
        self.x = torch.randn(count, 8, generator=generator)
        self.y = (self.x[:, :4].sum(1) > 0).long()

    def __len__(self):
        return len(self.x)

    def __getitem__(self, index):
        return self.x[index], self.y[index]


class Network(nn.Module):
    def __init__(self):
        super().__init__()
        self.body = nn.Sequential(nn.Linear(8, 16), nn.ReLU())
        self.head = nn.Linear(16, 2)

    def forward(self, x):
        return self.head(self.body(x))


def log_loss(loss):
    total = loss.detach().clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()


def log_accuracy(right):
    total = right.detach().clone()
    dist.all_reduce(total)
    return total / dist.get_world_size()


def evaluate(model, loader):
    counts = torch.zeros(2)
    model.eval()
    with torch.no_grad():
        for x, y in loader:
            counts += torch.tensor([(model(x).argmax(1) == y).sum(), len(y)])
    dist.all_reduce(counts)
    return counts[0] / counts[1]


def save(model, epoch):
    torch.save({"model": model.module.state_dict(), "epoch": epoch}, "checkpoint.pt")


def main():
    dist.init_process_group("gloo")
    rank, world = dist.get_rank(), dist.get_world_size()
    torch.manual_seed(0)
    train, test = Points(1, 512), Points(2, 128)
    sampler = DistributedSampler(train, shuffle=True)
    loader = DataLoader(train, 16, sampler=sampler)
    tests = DataLoader(test, 16, sampler=DistributedSampler(test, shuffle=False))
    model = nn.parallel.DistributedDataParallel(Network())
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    for epoch in range(EPOCHS):
        sampler.set_epoch(epoch)
        model.train()
        for step, (x, y) in enumerate(loader):
            output = model(x)
            loss = nn.functional.cross_entropy(output, y)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            mean_loss = log_loss(loss)
            mean_accuracy = log_accuracy((output.argmax(1) == y).float().mean())
        accuracy = evaluate(model, tests)
        if rank == 0:
            print(f"epoch {epoch} loss {mean_loss:.4f} train {mean_accuracy:.3f} test {accuracy:.3f}", flush=True)
            save(model, epoch)
    dist.barrier()
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
