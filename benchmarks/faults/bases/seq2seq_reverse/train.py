"""An encoder-decoder that learns to sort short sequences of symbols, with teacher forcing."""
import argparse

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pad_sequence

PAD, BOS, EOS, SYMBOLS = 0, 1, 2, 20
SIZE = SYMBOLS + 3


def sequences(count, generator):
    seen, rows = set(), []
    while len(rows) < count:
        length = int(torch.randint(3, 11, (1,), generator=generator))
        row = tuple((torch.randint(SYMBOLS, (length,), generator=generator) + 3).tolist())
        if row not in seen:
            seen.add(row)
            rows.append(row)
    return rows


def batch_of(rows):
    source = pad_sequence([torch.tensor(row) for row in rows], batch_first=True, padding_value=PAD)
    target = [torch.tensor([BOS, *sorted(row), EOS]) for row in rows]
    return source, pad_sequence(target, batch_first=True, padding_value=PAD)


class Sorter(nn.Module):
    def __init__(self, width=64):
        super().__init__()
        self.embedding = nn.Embedding(SIZE, width, padding_idx=PAD)
        self.place = nn.Embedding(16, width)
        self.core = nn.Transformer(width, 4, 2, 2, 128, dropout=0.1, batch_first=True)
        self.project = nn.Linear(width, SIZE, bias=False)
        self.project.weight = self.embedding.weight

    def embed(self, ids):
        return self.embedding(ids) * 8 + self.place(torch.arange(ids.shape[1]))

    def forward(self, source, given):
        causal = torch.triu(torch.ones(given.shape[1], given.shape[1], dtype=torch.bool), diagonal=1)
        hidden = self.core(
            self.embed(source), self.embed(given), tgt_mask=causal,
            src_key_padding_mask=source == PAD, tgt_key_padding_mask=given == PAD, memory_key_padding_mask=source == PAD,
        )
        return self.project(hidden) / 8


def split_batches(rows, size, order=None):
    order = torch.arange(len(rows)) if order is None else order
    for part in order.split(size):
        yield batch_of([rows[i] for i in part])


@torch.no_grad()
def token_accuracy(model, rows):
    model.eval()
    right = count = 0
    for source, target in split_batches(rows, 128):
        guess = model(source, target[:, :-1]).argmax(-1)
        wanted = target[:, 1:]
        real = wanted != PAD
        right += ((guess == wanted) & real).sum().item()
        count += real.sum().item()
    return right / count


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--batch", type=int, default=64)
    args = parser.parse_args()
    torch.manual_seed(args.seed)
    rows = sequences(2400, torch.Generator().manual_seed(99))
    train, test = rows[:2000], rows[2000:]
    model = Sorter()
    criterion = nn.CrossEntropyLoss(ignore_index=PAD)
    optimizer = torch.optim.Adam(model.parameters(), lr=1e-3, betas=(0.9, 0.98))
    total = args.epochs * -(-len(train) // args.batch)
    scheduler = torch.optim.lr_scheduler.OneCycleLR(optimizer, 2e-3, total_steps=total, pct_start=0.1)
    for epoch in range(args.epochs):
        model.train()
        losses = []
        for source, target in split_batches(train, args.batch, torch.randperm(len(train))):
            logits = model(source, target[:, :-1])
            loss = criterion(logits.flatten(0, 1), target[:, 1:].flatten())
            optimizer.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            scheduler.step()
            losses.append(loss.item())
        print(f"epoch {epoch}  loss {sum(losses) / len(losses):.4f}")
    print(f"test token accuracy {token_accuracy(model, test):.4f}")


if __name__ == "__main__":
    main()
