"""Small convolutional network on 8x8 digit images, with a trainer object and random shifts."""
import argparse
import copy
import random
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, Dataset, Subset


class DigitImages(Dataset):
    def __init__(self, images, labels, augment=False):
        self.images = torch.as_tensor(images, dtype=torch.float32).unsqueeze(1) / 16.0
        self.labels = torch.as_tensor(labels)
        self.augment = augment

    def __len__(self):
        return len(self.labels)

    def __getitem__(self, index):
        image = self.images[index]
        if self.augment:
            shift = (int(np.random.randint(-1, 2)), int(np.random.randint(-1, 2)))
            image = torch.roll(image, shift, dims=(1, 2))
        return image, self.labels[index]


class Block(nn.Sequential):
    def __init__(self, c_in, c_out):
        super().__init__(nn.Conv2d(c_in, c_out, 3, padding=1, bias=False), nn.BatchNorm2d(c_out), nn.ReLU())


class SmallConvNet(nn.Module):
    def __init__(self, width=24, classes=10):
        super().__init__()
        self.features = nn.Sequential(Block(1, width), Block(width, width), nn.MaxPool2d(2), Block(width, 2 * width))
        self.dropout = nn.Dropout(0.25)
        self.head = nn.Linear(2 * width, classes)

    def forward(self, x):
        x = self.features(x)
        x = x.mean(dim=(2, 3))
        return self.head(self.dropout(x))


class Trainer:
    def __init__(self, model, train_set, val_set, config):
        self.model = model
        self.config = config
        self.train_loader = DataLoader(train_set, batch_size=config.batch, shuffle=True)
        self.val_loader = DataLoader(val_set, batch_size=256)
        decay = [p for p in model.parameters() if p.ndim > 1]
        plain = [p for p in model.parameters() if p.ndim <= 1]
        groups = [{"params": decay, "weight_decay": 5e-4}, {"params": plain, "weight_decay": 0.0}]
        self.optimizer = torch.optim.SGD(groups, lr=config.lr, momentum=0.9, nesterov=True)
        steps = config.epochs * len(self.train_loader)
        self.scheduler = torch.optim.lr_scheduler.OneCycleLR(self.optimizer, max_lr=config.lr, total_steps=steps)
        self.ema = copy.deepcopy(model).eval().requires_grad_(False)
        self.best = -1.0

    def update_ema(self, decay=0.98):
        with torch.no_grad():
            for slow, fast in zip(self.ema.state_dict().values(), self.model.state_dict().values()):
                if slow.dtype.is_floating_point:
                    slow.lerp_(fast, 1 - decay)
                else:
                    slow.copy_(fast)

    def train_epoch(self):
        self.model.train()
        running = 0.0
        for images, labels in self.train_loader:
            logits = self.model(images)
            loss = F.cross_entropy(logits, labels, label_smoothing=0.05)
            self.optimizer.zero_grad(set_to_none=True)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
            self.optimizer.step()
            self.scheduler.step()
            self.update_ema()
            running += loss.item() * len(labels)
        return running / len(self.train_loader.dataset)

    @torch.inference_mode()
    def evaluate(self, model, loader):
        model.eval()
        hits = 0
        for images, labels in loader:
            hits += int((model(images).argmax(1) == labels).sum())
        return hits / len(loader.dataset)

    def fit(self):
        for epoch in range(1, self.config.epochs + 1):
            loss = self.train_epoch()
            score = self.evaluate(self.ema, self.val_loader)
            if score > self.best:
                self.best = score
                torch.save(self.ema.state_dict(), self.config.out / "best.pt")
            print(f"[{epoch:02d}] loss={loss:.4f} val_acc={score:.4f}")
        self.ema.load_state_dict(torch.load(self.config.out / "best.pt"))
        return self.ema


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--lr", type=float, default=0.1)
    parser.add_argument("--out", type=Path, default=Path("runs"))
    config = parser.parse_args()
    config.out.mkdir(parents=True, exist_ok=True)
    random.seed(config.seed)
    np.random.seed(config.seed)
    torch.manual_seed(config.seed)

    digits = load_digits()
    order = np.random.default_rng(3).permutation(len(digits.target))
    images, labels = digits.images[order], digits.target[order]
    train_idx, val_idx, test_idx = range(0, 1200), range(1200, 1450), range(1450, len(labels))
    train_set = Subset(DigitImages(images, labels, augment=True), train_idx)
    plain = DigitImages(images, labels)
    trainer = Trainer(SmallConvNet(), train_set, Subset(plain, val_idx), config)
    model = trainer.fit()
    test_loader = DataLoader(Subset(plain, test_idx), batch_size=256)
    print(f"test_acc={trainer.evaluate(model, test_loader):.4f}")


if __name__ == "__main__":
    main()
