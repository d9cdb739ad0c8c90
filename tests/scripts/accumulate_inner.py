"""Sequence model with gradient accumulation as an inner loop over micro-batches."""
import argparse

import torch
import torch.nn as nn


def make_batch(batch, length, vocab, gen):
    """Copy task: repeat the first half of the sequence."""
    half = torch.randint(1, vocab, (batch, length // 2), generator=gen)
    seq = torch.cat([half, half], dim=1)
    return seq[:, :-1], seq[:, 1:]


class Model(nn.Module):
    def __init__(self, vocab, dim):
        super().__init__()
        self.embed = nn.Embedding(vocab, dim)
        self.rnn = nn.GRU(dim, dim, num_layers=2, batch_first=True)
        self.head = nn.Linear(dim, vocab)

    def forward(self, x):
        return self.head(self.rnn(self.embed(x))[0])


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--steps", type=int, default=600)
    p.add_argument("--grad-accum", type=int, default=4)
    p.add_argument("--micro-batch", type=int, default=16)
    p.add_argument("--length", type=int, default=32)
    p.add_argument("--dim", type=int, default=128)
    a = p.parse_args()

    torch.manual_seed(0)
    gen = torch.Generator().manual_seed(123)
    vocab = 16
    model = Model(vocab, a.dim)
    optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
    ce = nn.CrossEntropyLoss()

    for step in range(a.steps):
        optimizer.zero_grad()
        total = 0.0
        for micro in range(a.grad_accum):
            x, y = make_batch(a.micro_batch, a.length, vocab, gen)
            logits = model(x)
            loss = ce(logits.reshape(-1, vocab), y.reshape(-1)) / a.grad_accum
            loss.backward()
            total += loss.item()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if step % 20 == 0:
            print(f"step {step:5d}  loss {total:.4f}")

    model.eval()
    held_out = torch.Generator().manual_seed(999)
    correct = count = 0
    with torch.no_grad():
        for _ in range(10):
            x, y = make_batch(64, a.length, vocab, held_out)
            pred = model(x).argmax(-1)[:, a.length // 2 - 1:]
            correct += (pred == y[:, a.length // 2 - 1:]).sum().item()
            count += pred.numel()
    print(f"copy accuracy {correct / count:.4f}")


if __name__ == "__main__":
    main()
