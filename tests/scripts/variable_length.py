"""Character classifier over sequences of very different lengths: which standard-library module is this docstring from?"""
import argparse
import ast
import random
from pathlib import Path

import torch
import torch.nn as nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_sequence
from torch.utils.data import DataLoader, Dataset, Sampler

parser = argparse.ArgumentParser()
parser.add_argument("--epochs", type=int, default=4)
parser.add_argument("--order", choices=["random", "sorted", "bucketed"], default="random")
parser.add_argument("--limit", type=int, default=1000)
parser.add_argument("--max-length", type=int, default=600)
parser.add_argument("--hidden", type=int, default=96)
parser.add_argument("--batch-size", type=int, default=16)
args = parser.parse_args()

random.seed(0)
torch.manual_seed(0)
CLASSES = ["argparse", "asyncio", "email", "http", "logging", "unittest"]


def docstrings(name):
    root = Path(random.__file__).parent
    files = sorted((root / name).rglob("*.py")) if (root / name).is_dir() else [root / f"{name}.py"]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Module)):
                text = ast.get_docstring(node)
                if text and len(text) >= 8:
                    yield text[:args.max_length]


seen, examples = set(), []
for label, name in enumerate(CLASSES):
    for text in docstrings(name):
        if text not in seen:
            seen.add(text)
            examples.append((torch.tensor([min(ord(c), 127) for c in text]), label))
random.shuffle(examples)
examples = examples[:args.limit]
cut = int(0.85 * len(examples))


class Texts(Dataset):
    def __init__(self, items):
        self.items = items

    def __len__(self):
        return len(self.items)

    def __getitem__(self, i):
        return self.items[i]


class BucketSampler(Sampler):
    """Batches of similar length, in random order."""

    def __init__(self, lengths, batch_size):
        order = sorted(range(len(lengths)), key=lengths.__getitem__)
        self.batches = [order[i:i + batch_size] for i in range(0, len(order), batch_size)]

    def __iter__(self):
        return iter(random.sample(self.batches, len(self.batches)))

    def __len__(self):
        return len(self.batches)


def collate(batch):
    texts, labels = zip(*batch)
    lengths = torch.tensor([len(t) for t in texts])
    return pad_sequence(texts, batch_first=True), lengths, torch.tensor(labels)


train_items, test_items = examples[:cut], examples[cut:]
if args.order == "bucketed":
    sampler = BucketSampler([len(t) for t, _ in train_items], args.batch_size)
    train_loader = DataLoader(Texts(train_items), batch_sampler=sampler, collate_fn=collate)
elif args.order == "sorted":
    train_items = sorted(train_items, key=lambda item: len(item[0]))
    train_loader = DataLoader(Texts(train_items), batch_size=args.batch_size, collate_fn=collate)
else:
    train_loader = DataLoader(Texts(train_items), batch_size=args.batch_size, shuffle=True, collate_fn=collate)
test_loader = DataLoader(Texts(test_items), batch_size=args.batch_size, collate_fn=collate)


class Classifier(nn.Module):
    def __init__(self):
        super().__init__()
        self.embed = nn.Embedding(128, 32)
        self.gru = nn.GRU(32, args.hidden, batch_first=True, bidirectional=True)
        self.out = nn.Linear(2 * args.hidden, len(CLASSES))

    def forward(self, x, lengths):
        packed = pack_padded_sequence(self.embed(x), lengths, batch_first=True, enforce_sorted=False)
        _, hidden = self.gru(packed)
        return self.out(torch.cat([hidden[0], hidden[1]], dim=1))


model = Classifier()
optimizer = torch.optim.Adam(model.parameters(), lr=2e-3)
criterion = nn.CrossEntropyLoss()
for epoch in range(args.epochs):
    model.train()
    total = 0.0
    for x, lengths, y in train_loader:
        optimizer.zero_grad()
        loss = criterion(model(x, lengths), y)
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        total += loss.item() * len(y)
    print(f"epoch {epoch + 1} loss {total / len(train_items):.4f}")

model.eval()
correct = 0
with torch.no_grad():
    for x, lengths, y in test_loader:
        correct += (model(x, lengths).argmax(1) == y).sum().item()
print(f"test accuracy {correct / len(test_items):.4f} on {len(test_items)} docstrings")
