import argparse
import inspect
import textwrap
import difflib
import tarfile
import typing

import torch
import torch.nn as nn

ap = argparse.ArgumentParser()
ap.add_argument("--epochs", type=int, default=3)
ap.add_argument("--hidden", type=int, default=128)
ap.add_argument("--chars", type=int, default=120_000)
args = ap.parse_args()

torch.manual_seed(0)
corpus = "".join(inspect.getsource(m) for m in (textwrap, difflib, tarfile, typing))[:args.chars]
vocab = sorted(set(corpus))
ids = torch.tensor([vocab.index(c) for c in corpus])
split = int(0.9 * len(ids))
SEQ, BATCH = 48, 32


def batches(tokens):
    """Yield (input, target) blocks, the text cut into BATCH parallel streams."""
    per_stream = len(tokens) // BATCH
    streams = tokens[:per_stream * BATCH].view(BATCH, per_stream)
    for start in range(0, per_stream - 1, SEQ):
        stop = min(start + SEQ, per_stream - 1)
        yield streams[:, start:stop], streams[:, start + 1:stop + 1]


class CharRNN(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(len(vocab), 64)
        self.lstm = nn.LSTM(64, args.hidden, batch_first=True)
        self.decoder = nn.Linear(args.hidden, len(vocab))

    def forward(self, x, state):
        out, state = self.lstm(self.embedding(x), state)
        return self.decoder(out), state


model = CharRNN()
optimizer = torch.optim.Adam(model.parameters(), lr=3e-3)
criterion = nn.CrossEntropyLoss()

for epoch in range(args.epochs):
    model.train()
    state = None
    total = tokens = 0
    for x, y in batches(ids[:split]):
        if state is not None:
            state = tuple(s.detach() for s in state)
        logits, state = model(x, state)
        loss = criterion(logits.reshape(-1, len(vocab)), y.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1)
        optimizer.step()
        total += loss.item() * y.numel()
        tokens += y.numel()
    model.eval()
    v_total = v_tokens = 0
    state = None
    with torch.no_grad():
        for x, y in batches(ids[split:]):
            logits, state = model(x, state)
            v_total += criterion(logits.reshape(-1, len(vocab)), y.reshape(-1)).item() * y.numel()
            v_tokens += y.numel()
    print(f"epoch {epoch}: train {total / tokens:.4f} nats, validation {v_total / v_tokens:.4f} nats")
