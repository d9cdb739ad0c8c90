"""Character-level language model on the sources of the standard library."""
import argparse
import inspect
import math
import random
import textwrap
import argparse as source_a
import subprocess as source_b
import tarfile as source_c

import torch
from torch import nn
from torch.nn import functional as F


class Attention(nn.Module):
    def __init__(self, dim, heads, context):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.out = nn.Linear(dim, dim)
        self.register_buffer("mask", torch.triu(torch.ones(context, context, dtype=torch.bool), diagonal=1))

    def forward(self, x):
        b, t, d = x.shape
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        q = q.view(b, t, self.heads, d // self.heads).transpose(1, 2)
        k = k.view(b, t, self.heads, d // self.heads).transpose(1, 2)
        v = v.view(b, t, self.heads, d // self.heads).transpose(1, 2)
        scores = q @ k.transpose(-2, -1) / math.sqrt(d // self.heads)
        scores = scores.masked_fill(self.mask[:t, :t], float("-inf"))
        y = scores.softmax(dim=-1) @ v
        return self.out(y.transpose(1, 2).reshape(b, t, d))


class Layer(nn.Module):
    def __init__(self, dim, heads, context, dropout):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attention = Attention(dim, heads, context)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(), nn.Linear(4 * dim, dim), nn.Dropout(dropout))

    def forward(self, x):
        x = x + self.attention(self.norm1(x))
        return x + self.mlp(self.norm2(x))


class CharModel(nn.Module):
    def __init__(self, vocabulary, dim=64, heads=4, layers=2, context=64, dropout=0.1):
        super().__init__()
        self.token = nn.Embedding(vocabulary, dim)
        self.position = nn.Embedding(context, dim)
        self.layers = nn.ModuleList([Layer(dim, heads, context, dropout) for _ in range(layers)])
        self.norm = nn.LayerNorm(dim)
        self.head = nn.Linear(dim, vocabulary)

    def forward(self, ids):
        x = self.token(ids) + self.position(torch.arange(ids.shape[1], device=ids.device))
        for layer in self.layers:
            x = layer(x)
        return self.head(self.norm(x))


def windows(ids, context):
    usable = (len(ids) - 1) // context * context
    inputs = ids[:usable].view(-1, context)
    targets = ids[1:usable + 1].view(-1, context)
    return inputs, targets


@torch.no_grad()
def bits_per_character(model, inputs, targets):
    model.eval()
    total = 0.0
    for start in range(0, len(inputs), 64):
        logits = model(inputs[start:start + 64])
        total += F.cross_entropy(logits.flatten(0, 1), targets[start:start + 64].flatten(), reduction="sum").item()
    model.train()
    return total / targets.numel() / math.log(2)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--context", type=int, default=64)
    parser.add_argument("--lr", type=float, default=2e-3)
    parser.add_argument("--seed", type=int, default=1)
    args = parser.parse_args()
    random.seed(args.seed)
    torch.manual_seed(args.seed)

    text = "\n".join(inspect.getsource(m) for m in (source_a, source_b, source_c, textwrap))
    vocabulary = sorted(set(text))
    index = {c: i for i, c in enumerate(vocabulary)}
    ids = torch.tensor([index[c] for c in text])
    cut, end = int(0.8 * len(ids)), int(0.9 * len(ids))
    train_x, train_y = windows(ids[:cut], args.context)
    val_x, val_y = windows(ids[cut:end], args.context)
    test_x, test_y = windows(ids[end:], args.context)

    model = CharModel(len(vocabulary), context=args.context)
    decayed = [p for p in model.parameters() if p.dim() >= 2]
    plain = [p for p in model.parameters() if p.dim() < 2]
    optimizer = torch.optim.AdamW(
        [{"params": decayed, "weight_decay": 0.1}, {"params": plain, "weight_decay": 0.0}], lr=args.lr)
    steps = args.epochs * math.ceil(len(train_x) / args.batch)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, max_lr=args.lr, total_steps=steps)
    for epoch in range(args.epochs):
        order = torch.randperm(len(train_x))
        total = 0.0
        for start in range(0, len(order), args.batch):
            rows = order[start:start + args.batch]
            logits = model(train_x[rows])
            loss = F.cross_entropy(logits.flatten(0, 1), train_y[rows].flatten())
            optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            total += loss.item() * len(rows)
        print(f"epoch {epoch}: train loss {total / len(order):.3f}, "
              f"val bits per character {bits_per_character(model, val_x, val_y):.3f}")
    print(f"test bits per character: {bits_per_character(model, test_x, test_y):.4f}")


if __name__ == "__main__":
    main()
