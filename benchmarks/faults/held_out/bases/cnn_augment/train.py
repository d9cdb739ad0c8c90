import argparse
import os
import random

import numpy as np
import torch
import torch.nn as nn
import torch.optim as optim
from sklearn.datasets import load_digits
from torch.utils.data import DataLoader, Dataset


class Digits(Dataset):
    def __init__(self, images, labels, augment=False):
        self.images, self.labels, self.augment = images, labels, augment

    def __len__(self):
        return len(self.images)

    def __getitem__(self, i):
        image = self.images[i]
        if self.augment:
            image = np.roll(image, (random.randint(-1, 1), random.randint(-1, 1)), axis=(0, 1))
            image = image * random.uniform(0.8, 1.2)
        return torch.tensor(image, dtype=torch.float32).unsqueeze(0), int(self.labels[i])


class ConvNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(1, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
            nn.Conv2d(16, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
            nn.Conv2d(32, 32, 3, padding=1), nn.BatchNorm2d(32), nn.ReLU(), nn.MaxPool2d(2),
        )
        self.classifier = nn.Sequential(nn.Dropout(0.3), nn.Linear(32 * 4, 10))

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


def run_eval(model, loader, criterion):
    model.eval()
    loss_sum, correct, n = 0.0, 0, 0
    with torch.no_grad():
        for inputs, targets in loader:
            outputs = model(inputs)
            loss_sum += criterion(outputs, targets).item() * inputs.size(0)
            _, predicted = outputs.max(1)
            correct += predicted.eq(targets).sum().item()
            n += inputs.size(0)
    return loss_sum / n, 100.0 * correct / n


def main(opt):
    random.seed(opt.seed)
    np.random.seed(opt.seed)
    torch.manual_seed(opt.seed)
    digits = load_digits()
    images, labels = digits.images / 16.0, digits.target
    idx = np.random.RandomState(1).permutation(len(images))
    train_idx, val_idx, test_idx = idx[:1100], idx[1100:1400], idx[1400:]
    trainloader = DataLoader(Digits(images[train_idx], labels[train_idx], augment=True), batch_size=opt.bs, shuffle=True)
    valloader = DataLoader(Digits(images[val_idx], labels[val_idx]), batch_size=128, shuffle=False)
    testloader = DataLoader(Digits(images[test_idx], labels[test_idx]), batch_size=128, shuffle=False)

    model = ConvNet()
    criterion = nn.CrossEntropyLoss(label_smoothing=0.05)
    optimizer = optim.SGD(model.parameters(), lr=opt.lr, momentum=0.9, weight_decay=5e-4)
    scheduler = optim.lr_scheduler.MultiStepLR(optimizer, milestones=[int(0.5 * opt.epochs), int(0.8 * opt.epochs)])
    best_acc = 0
    os.makedirs(opt.save, exist_ok=True)
    for epoch in range(opt.epochs):
        model.train()
        for inputs, targets in trainloader:
            optimizer.zero_grad()
            outputs = model(inputs)
            loss = criterion(outputs, targets)
            loss.backward()
            optimizer.step()
        scheduler.step()
        val_loss, val_acc = run_eval(model, valloader, criterion)
        print("Epoch: %d | Val loss: %.3f | Val acc: %.2f%%" % (epoch, val_loss, val_acc))
        if val_acc > best_acc:
            best_acc = val_acc
            torch.save(model.state_dict(), os.path.join(opt.save, "best.pth"))
    model.load_state_dict(torch.load(os.path.join(opt.save, "best.pth"), weights_only=True))
    test_loss, test_acc = run_eval(model, testloader, criterion)
    print("Test acc: %.2f%%" % test_acc)


if __name__ == "__main__":
    ap = argparse.ArgumentParser()
    ap.add_argument("--epochs", default=20, type=int)
    ap.add_argument("--bs", default=32, type=int)
    ap.add_argument("--lr", default=0.05, type=float)
    ap.add_argument("--save", default="weights")
    ap.add_argument("--seed", default=0, type=int)
    main(ap.parse_args())
