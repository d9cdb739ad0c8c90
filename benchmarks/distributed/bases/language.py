"""A character model in another style: a trainer class, shares made by hand, metrics gathered as objects."""

import fcntl
import math
import os
import random
import time

import torch
import torch.distributed as dist
import torch.nn.functional as F
from torch import nn
from torch.nn.parallel import DistributedDataParallel as DDP

TEXT = "".join(random.Random(0).choices("etaoinshrdlucmfwypvbgkjqxz", range(26, 0, -1), k=4000))


class CharModel(nn.Module):
    def __init__(self, vocabulary=26, width=24):
        super().__init__()
        self.embed = nn.Embedding(vocabulary, width)
        self.rnn = nn.GRU(width, width, batch_first=True)
        self.out = nn.Linear(width, vocabulary)

    def forward(self, tokens):
        hidden, _ = self.rnn(self.embed(tokens))
        return self.out(hidden)


class Trainer:
    def __init__(self):
        dist.init_process_group(backend="gloo")
        self.rank, self.world = dist.get_rank(), dist.get_world_size()
        torch.manual_seed(1)
        self.model = DDP(CharModel())
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=3e-3)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(self.optimizer, lambda step: 1 / (1 + step / 10))
        data = torch.tensor([ord(c) - 97 for c in TEXT])
        self.train_data, self.held_out = data[:3200], data[3200:]

    def batches(self, data, size=8, length=16, epoch=0):
        starts = torch.randperm(len(data) // length - 1, generator=torch.Generator().manual_seed(epoch)) * length
        starts = starts[: len(starts) // (size * self.world) * size * self.world]
        starts = starts[self.rank :: self.world]
        for at in range(0, len(starts), size):
            rows = torch.stack([data[s : s + length + 1] for s in starts[at : at + size].tolist()])
            yield rows[:, :-1], rows[:, 1:]

    def step(self, x, y):
        loss = F.cross_entropy(self.model(x).flatten(0, 1), y.flatten())
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        self.schedule.step()
        return loss.item()

    @torch.no_grad()
    def evaluate(self):
        total, count = 0.0, 0
        for x, y in self.batches(self.held_out, size=4):
            total += F.cross_entropy(self.model(x).flatten(0, 1), y.flatten(), reduction="sum").item()
            count += y.numel()
        parts = [None] * self.world
        dist.all_gather_object(parts, (total, count))
        return sum(t for t, _ in parts) / sum(c for _, c in parts)

    def save(self):
        torch.save(self.model.module.state_dict(), "language.pt")

    def fit(self, epochs=8):
        done = 0
        for epoch in range(epochs):
            losses = []
            for x, y in self.batches(self.train_data, epoch=epoch):
                losses.append(self.step(x, y))
                done += 1
            loss = self.evaluate()
            if self.rank == 0:
                print(f"epoch {epoch} train loss {sum(losses) / len(losses):.4f} perplexity {math.exp(loss):.2f}")
        if self.rank == 0:
            self.save()
        dist.barrier()
        dist.destroy_process_group()


if __name__ == "__main__":
    Trainer().fit()
