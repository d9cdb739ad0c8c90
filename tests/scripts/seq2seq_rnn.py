"""Sequence to sequence: a bidirectional LSTM reads digits, a GRU cell with attention writes them backwards."""
import argparse
import random

import torch
import torch.nn.functional as F
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

PAD, START = 10, 11
parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=12)
parser.add_argument("--pairs", type=int, default=4000)
parser.add_argument("--hidden", type=int, default=64)
parser.add_argument("--batch", type=int, default=50)
parser.add_argument("--forcing", type=float, default=0.5)
args = parser.parse_args()
random.seed(0)
torch.manual_seed(0)


class Reverser(nn.Module):
    def __init__(self, hidden):
        super().__init__()
        self.embed = nn.Embedding(12, 32, padding_idx=PAD)
        self.encoder = nn.LSTM(32, hidden, batch_first=True, bidirectional=True)
        self.bridge = nn.Linear(2 * hidden, hidden)
        self.cell = nn.GRUCell(32 + hidden, hidden)
        self.out = nn.Linear(hidden, 12)

    def forward(self, source, lengths, target=None, forcing=0.0):
        packed = pack_padded_sequence(self.embed(source), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.encoder(packed)[0], batch_first=True)
        keys = self.bridge(states)
        hidden = keys.mean(dim=1)
        token = torch.full((len(source),), START)
        logits = []
        for position in range(source.shape[1]):
            scores = torch.einsum("bh,bth->bt", hidden, keys).masked_fill(source == PAD, float("-inf"))
            context = torch.einsum("bt,bth->bh", scores.softmax(-1), keys)
            hidden = self.cell(torch.cat([self.embed(token), context], dim=1), hidden)
            logits.append(self.out(hidden))
            forced = target is not None and random.random() < forcing
            token = target[:, position] if forced else logits[-1].argmax(-1)
        return torch.stack(logits, dim=1)


def make(count):
    return [torch.tensor([random.randrange(10) for _ in range(random.randint(4, 12))]) for _ in range(count)]


def collate(sequences):
    lengths = torch.tensor([len(one) for one in sequences])
    source = pad_sequence(sequences, batch_first=True, padding_value=PAD)
    target = pad_sequence([one.flip(0) for one in sequences], batch_first=True, padding_value=PAD)
    return source, lengths, target


train, held_out = make(args.pairs), make(500)
model = Reverser(args.hidden)
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
for epoch in range(args.epochs):
    random.shuffle(train)
    model.train()
    for start in range(0, len(train), args.batch):
        source, lengths, target = collate(train[start:start + args.batch])
        logits = model(source, lengths, target, args.forcing)
        loss = F.cross_entropy(logits.flatten(0, 1), target.flatten(), ignore_index=PAD)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    model.eval()
    right = 0
    with torch.no_grad():
        for start in range(0, len(held_out), 100):
            source, lengths, target = collate(held_out[start:start + 100])
            written = model(source, lengths).argmax(-1)
            right += ((written == target) | (target == PAD)).all(dim=1).sum().item()
    print(f"epoch {epoch}: loss {loss.item():.4f}, whole sequences right {right / len(held_out):.3f}")
