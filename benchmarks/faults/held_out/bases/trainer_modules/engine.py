import copy
import os

import torch
from torch import nn


class Trainer:
    def __init__(self, model, optimizer, scheduler, output, patience):
        self.model = model
        self.optimizer = optimizer
        self.scheduler = scheduler
        self.output = output
        self.patience = patience
        self.criterion = nn.CrossEntropyLoss()
        self.best = {"accuracy": 0.0, "epoch": -1, "state": None}
        os.makedirs(output, exist_ok=True)

    def train_epoch(self, loader):
        self.model.train()
        total, rows = 0.0, 0
        for inputs, labels in loader:
            self.optimizer.zero_grad()
            loss = self.criterion(self.model(inputs), labels)
            loss.backward()
            nn.utils.clip_grad_norm_(self.model.parameters(), 5.0)
            self.optimizer.step()
            total += loss.item() * len(labels)
            rows += len(labels)
        return total / rows

    @torch.no_grad()
    def evaluate(self, loader):
        self.model.eval()
        total, correct, rows = 0.0, 0, 0
        for inputs, labels in loader:
            logits = self.model(inputs)
            total += self.criterion(logits, labels).item() * len(labels)
            correct += (logits.argmax(dim=1) == labels).sum().item()
            rows += len(labels)
        return total / rows, correct / rows

    def fit(self, train_loader, val_loader, epochs):
        for epoch in range(epochs):
            train_loss = self.train_epoch(train_loader)
            val_loss, val_accuracy = self.evaluate(val_loader)
            self.scheduler.step(val_accuracy)
            print(f"epoch {epoch}: train loss {train_loss:.4f}, val loss {val_loss:.4f}, val accuracy {val_accuracy:.4f}")
            if val_accuracy > self.best["accuracy"]:
                state = copy.deepcopy(self.model.state_dict())
                self.best = {"accuracy": val_accuracy, "epoch": epoch, "state": state}
                self.save(epoch)
            elif epoch - self.best["epoch"] >= self.patience:
                break

    def save(self, epoch):
        torch.save({
            "model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(),
            "scheduler": self.scheduler.state_dict(), "epoch": epoch, "rng": torch.get_rng_state(),
        }, os.path.join(self.output, "last.pt"))

    def restore(self):
        self.model.load_state_dict(self.best["state"])
