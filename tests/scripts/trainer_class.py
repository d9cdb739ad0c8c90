from __future__ import annotations

import argparse
import dataclasses
import json
import pathlib
import typing as t

import torch
from sklearn.datasets import load_digits
from torch import Tensor, nn
from torch.utils.data import DataLoader, Dataset, Subset


@dataclasses.dataclass
class Config:
    epochs: int = 25
    batch_size: int = 48
    patch: int = 2
    dim: int = 64
    depth: int = 3
    lr: float = 1e-3
    warmup: int = 50
    save_every: int = 5
    folder: str = "vit-digits"

    @classmethod
    def from_command_line(cls) -> Config:
        parser = argparse.ArgumentParser()
        for field in dataclasses.fields(cls):
            parser.add_argument("--" + field.name.replace("_", "-"), type=type(field.default), default=field.default)
        return cls(**vars(parser.parse_args()))


class Digits(Dataset):
    def __init__(self) -> None:
        bunch = load_digits()
        self.images = torch.tensor(bunch.images, dtype=torch.float32) / 8 - 1
        self.targets = torch.tensor(bunch.target)

    def __len__(self) -> int:
        return len(self.targets)

    def __getitem__(self, index: int) -> dict[str, Tensor]:
        return {"image": self.images[index], "target": self.targets[index]}


class TinyViT(nn.Module):
    def __init__(self, config: Config) -> None:
        super().__init__()
        self.patch = config.patch
        count = (8 // config.patch) ** 2
        self.project = nn.Linear(config.patch ** 2, config.dim)
        self.position = nn.Parameter(torch.randn(1, count, config.dim) * 0.02)
        layer = nn.TransformerEncoderLayer(config.dim, 4, 2 * config.dim, dropout=0.1, batch_first=True,
                                           activation="gelu")
        self.encoder = nn.TransformerEncoder(layer, config.depth)
        self.head = nn.Linear(config.dim, 10)

    def forward(self, image: Tensor) -> Tensor:
        p = self.patch
        patches = image.unfold(1, p, p).unfold(2, p, p).flatten(1, 2).flatten(2)
        return self.head(self.encoder(self.project(patches) + self.position).mean(dim=1))


class Trainer:
    def __init__(self, config: Config) -> None:
        self.config = config
        torch.manual_seed(0)
        data = Digits()
        order = torch.randperm(len(data)).tolist()
        self.train_loader = DataLoader(Subset(data, order[:1300]), config.batch_size, shuffle=True)
        self.val_loader = DataLoader(Subset(data, order[1300:1550]), 250)
        self.test_loader = DataLoader(Subset(data, order[1550:]), 250)
        self.model = TinyViT(config)
        self.optimizer = torch.optim.AdamW(self.model.parameters(), lr=config.lr)
        self.schedule = torch.optim.lr_scheduler.LambdaLR(
            self.optimizer, lambda step: min(1.0, (step + 1) / config.warmup))
        self.folder = pathlib.Path(config.folder)
        self.folder.mkdir(exist_ok=True)
        self.history: list[dict[str, t.Any]] = []

    def fit(self) -> None:
        for epoch in range(1, self.config.epochs + 1):
            loss = self._epoch()
            accuracy = self.score(self.val_loader)
            self.history.append({"epoch": epoch, "loss": loss, "val_accuracy": accuracy})
            print(f"[{epoch}/{self.config.epochs}] loss={loss:.4f} val_accuracy={accuracy:.4f}")
            if epoch % self.config.save_every == 0:
                torch.save({"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
                            "epoch": epoch}, self.folder / f"epoch{epoch}.pt")

    def _epoch(self) -> float:
        self.model.train()
        total = 0.0
        for batch in self.train_loader:
            loss = self._step(batch)
            total += loss * len(batch["target"])
        return total / len(self.train_loader.dataset)

    def _step(self, batch: dict[str, Tensor]) -> float:
        self.optimizer.zero_grad()
        loss = nn.functional.cross_entropy(self.model(batch["image"]), batch["target"])
        loss.backward()
        self.optimizer.step()
        self.schedule.step()
        return loss.item()

    @torch.inference_mode()
    def score(self, loader: DataLoader) -> float:
        self.model.eval()
        hits = sum((self.model(b["image"]).argmax(1) == b["target"]).sum().item() for b in loader)
        return hits / len(loader.dataset)


if __name__ == "__main__":
    trainer = Trainer(Config.from_command_line())
    trainer.fit()
    result = {"test_accuracy": trainer.score(trainer.test_loader), "history": trainer.history}
    (trainer.folder / "result.json").write_text(json.dumps(result, indent=1))
    print("test accuracy", result["test_accuracy"])
