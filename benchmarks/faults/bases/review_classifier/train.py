"""Train the review classifier: python train.py --seed 0"""
import argparse

import torch
from sklearn.metrics import balanced_accuracy_score
from torch import nn
from torch.utils.data import DataLoader

from data import Vocabulary, collate, make_reviews
from model import ReviewModel


def run_epoch(model, loader, optimizer, scheduler, clip):
    model.train()
    total = count = 0
    for tokens, mask, labels in loader:
        loss = nn.functional.cross_entropy(model(tokens, mask), labels)
        optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(model.parameters(), clip)
        optimizer.step()
        scheduler.step()
        total += loss.item() * len(labels)
        count += len(labels)
    return total / count


def predict(model, loader):
    model.eval()
    truth, guesses = [], []
    with torch.no_grad():
        for tokens, mask, labels in loader:
            guesses += model(tokens, mask).argmax(-1).tolist()
            truth += labels.tolist()
    return truth, guesses


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=12)
    parser.add_argument("--warmup", type=int, default=60)
    args = parser.parse_args()
    torch.manual_seed(args.seed)

    reviews = make_reviews(1600, seed=17)
    train, valid, test = reviews[:1000], reviews[1000:1300], reviews[1300:]
    vocabulary = Vocabulary([text for text, _ in train])

    def loader(rows, shuffle=False):
        encoded = [(vocabulary.encode(text), label) for text, label in rows]
        return DataLoader(encoded, batch_size=40, shuffle=shuffle, collate_fn=collate)

    train_loader, valid_loader, test_loader = loader(train, shuffle=True), loader(valid), loader(test)
    model = ReviewModel(len(vocabulary))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3, weight_decay=0.01)
    total = args.epochs * len(train_loader)
    scheduler = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min((step + 1) / args.warmup, max(0.0, (total - step) / (total - args.warmup)))
    )
    best, weights = -1.0, None
    for epoch in range(args.epochs):
        loss = run_epoch(model, train_loader, optimizer, scheduler, 1.0)
        score = balanced_accuracy_score(*predict(model, valid_loader))
        if score > best:
            best, weights = score, {name: value.clone() for name, value in model.state_dict().items()}
        print(f"epoch {epoch} loss {loss:.3f} valid balanced accuracy {score:.3f}")
    model.load_state_dict(weights)
    truth, guesses = predict(model, test_loader)
    print(f"test balanced accuracy {balanced_accuracy_score(truth, guesses):.4f}")


if __name__ == "__main__":
    main()
