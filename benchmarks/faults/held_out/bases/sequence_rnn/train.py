"""Tag every token of a bracket sequence with its depth, with an LSTM over padded batches."""
import argparse

import numpy as np
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset

IGNORED = -100


class Brackets(Dataset):
    def __init__(self, size, seed, deepest=4):
        rng = np.random.default_rng(seed)
        self.items = []
        for _ in range(size):
            depth, tokens, tags = 0, [], []
            for _ in range(int(rng.integers(14, 35))):
                kind = int(rng.choice([1, 2, 3], p=[0.35, 0.35, 0.3]))
                if kind == 1:
                    depth = min(deepest, depth + 1)
                elif kind == 2:
                    depth = max(0, depth - 1)
                tokens.append(kind)
                tags.append(depth)
            self.items.append((torch.tensor(tokens), torch.tensor(tags)))

    def __len__(self):
        return len(self.items)

    def __getitem__(self, index):
        return self.items[index]


def collate(items):
    tokens, tags = zip(*items)
    lengths = torch.tensor([len(t) for t in tokens])
    return (pad_sequence(tokens, batch_first=True), pad_sequence(tags, batch_first=True, padding_value=IGNORED), lengths)


class Tagger(nn.Module):
    def __init__(self, hidden=48, tags=5):
        super().__init__()
        self.embed = nn.Embedding(4, 16, padding_idx=0)
        self.rnn = nn.LSTM(16, hidden, batch_first=True)
        self.drop = nn.Dropout(0.1)
        self.out = nn.Linear(hidden, tags)

    def forward(self, tokens, lengths):
        packed = pack_padded_sequence(self.embed(tokens), lengths, batch_first=True, enforce_sorted=False)
        states, _ = pad_packed_sequence(self.rnn(packed)[0], batch_first=True)
        return self.out(self.drop(states))


def tag_accuracy(model, loader):
    model.eval()
    right, counted = 0, 0
    with torch.no_grad():
        for tokens, tags, lengths in loader:
            known = tags != IGNORED
            right += (model(tokens, lengths).argmax(dim=-1)[known] == tags[known]).sum().item()
            counted += known.sum().item()
    model.train()
    return right / counted


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--size", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=0)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    train_loader = DataLoader(Brackets(args.size, seed=100), batch_size=32, shuffle=True, collate_fn=collate)
    val_loader = DataLoader(Brackets(300, seed=101), batch_size=100, collate_fn=collate)
    test_loader = DataLoader(Brackets(500, seed=102), batch_size=100, collate_fn=collate)

    model = Tagger()
    optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
    criterion = nn.CrossEntropyLoss(ignore_index=IGNORED)
    for epoch in range(args.epochs):
        for tokens, tags, lengths in train_loader:
            optimizer.zero_grad()
            logits = model(tokens, lengths)
            loss = criterion(logits.transpose(1, 2), tags)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
        print(f"epoch {epoch} last loss {loss.item():.4f} val accuracy {tag_accuracy(model, val_loader):.4f}")
    print(f"test accuracy {tag_accuracy(model, test_loader):.4f}")


if __name__ == "__main__":
    main()
