import argparse

import lightning as L
import torch
import torch.nn.functional as F
from lightning.pytorch.callbacks import EarlyStopping, ModelCheckpoint
from sklearn.datasets import load_digits
from torch import nn
from torch.utils.data import DataLoader, TensorDataset, random_split


class DigitsData(L.LightningDataModule):
    def __init__(self, batch_size):
        super().__init__()
        self.batch_size = batch_size

    def setup(self, stage):
        digits = load_digits()
        images = torch.tensor(digits.images, dtype=torch.float32).flatten(1) / 16
        everything = TensorDataset(images, torch.tensor(digits.target))
        split = torch.Generator().manual_seed(6)
        self.train_set, self.val_set, self.test_set = random_split(everything, [1197, 300, 300], split)

    def train_dataloader(self):
        return DataLoader(self.train_set, batch_size=self.batch_size, shuffle=True)

    def val_dataloader(self):
        return DataLoader(self.val_set, batch_size=100)

    def test_dataloader(self):
        return DataLoader(self.test_set, batch_size=100)


class LitClassifier(L.LightningModule):
    def __init__(self, hidden=192, lr=2e-3, epochs=25):
        super().__init__()
        self.save_hyperparameters()
        self.encoder = nn.Sequential(nn.Linear(64, hidden), nn.ReLU(), nn.Linear(hidden, hidden), nn.ReLU())
        self.dropout = nn.Dropout(0.2)
        self.head = nn.Linear(hidden, 10)

    def forward(self, x):
        return self.head(self.dropout(self.encoder(x)))

    def training_step(self, batch, batch_idx):
        x, y = batch
        loss = F.cross_entropy(self(x), y)
        self.log("train_loss", loss, on_epoch=True, on_step=False)
        return loss

    def validation_step(self, batch, batch_idx):
        x, y = batch
        logits = self(x)
        self.log("val_loss", F.cross_entropy(logits, y))
        self.log("val_accuracy", (logits.argmax(dim=1) == y).float().mean())

    def test_step(self, batch, batch_idx):
        x, y = batch
        self.log("test_accuracy", (self(x).argmax(dim=1) == y).float().mean())

    def configure_optimizers(self):
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.hparams.lr)
        scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=self.hparams.epochs)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": scheduler, "interval": "epoch"}}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=25)
    parser.add_argument("--batch-size", type=int, default=32)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--root", default="lightning-out")
    args = parser.parse_args()
    L.seed_everything(args.seed)
    data = DigitsData(args.batch_size)
    model = LitClassifier(epochs=args.epochs)
    keep = ModelCheckpoint(dirpath=args.root, monitor="val_accuracy", mode="max")
    stop = EarlyStopping(monitor="val_loss", patience=10)
    trainer = L.Trainer(max_epochs=args.epochs, accelerator="cpu", devices=1, logger=False, callbacks=[keep, stop],
                        default_root_dir=args.root, enable_progress_bar=False, enable_model_summary=False)
    trainer.fit(model, datamodule=data)
    result = trainer.test(model, datamodule=data, ckpt_path=keep.best_model_path, verbose=False)
    print("test accuracy", round(result[0]["test_accuracy"], 4))


if __name__ == "__main__":
    main()
