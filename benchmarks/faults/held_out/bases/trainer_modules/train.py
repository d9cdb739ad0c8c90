import argparse
import random

import numpy as np
import torch

from data import build_loaders
from engine import Trainer
from networks import WideNet


def parse():
    parser = argparse.ArgumentParser(description="Wide network on synthetic blobs")
    parser.add_argument("--epochs", type=int, default=20)
    parser.add_argument("--batch-size", type=int, default=64)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--weight-decay", type=float, default=1e-4)
    parser.add_argument("--patience", type=int, default=8)
    parser.add_argument("--output", default="output")
    parser.add_argument("--seed", type=int, default=0)
    return parser.parse_args()


def main():
    args = parse()
    random.seed(args.seed)
    np.random.seed(args.seed)
    torch.manual_seed(args.seed)
    loaders = build_loaders(args.batch_size)
    model = WideNet(inputs=20, classes=6)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.lr, weight_decay=args.weight_decay)
    scheduler = torch.optim.lr_scheduler.ReduceLROnPlateau(optimizer, mode="max", patience=3, factor=0.5)
    trainer = Trainer(model, optimizer, scheduler, args.output, args.patience)
    trainer.fit(loaders["train"], loaders["val"], args.epochs)
    trainer.restore()
    loss, accuracy = trainer.evaluate(loaders["test"])
    print(f"test loss {loss:.4f}")
    print(f"test accuracy {accuracy:.4f}")


if __name__ == "__main__":
    main()
