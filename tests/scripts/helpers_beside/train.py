import argparse

import torch

from models import build_model
from models.losses import focal_loss
from utils import AverageMeter, get_loaders, seed_everything


def run_epoch(model, loader, optimizer=None):
    training = optimizer is not None
    model.train(training)
    losses, accuracy = AverageMeter(), AverageMeter()
    with torch.set_grad_enabled(training):
        for images, targets in loader:
            logits = model(images)
            loss = focal_loss(logits, targets)
            if training:
                optimizer.zero_grad()
                loss.backward()
                optimizer.step()
            losses.update(loss.item(), len(targets))
            accuracy.update((logits.argmax(1) == targets).float().mean().item(), len(targets))
    return losses.average, accuracy.average


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--epochs", type=int, default=30)
    parser.add_argument("--arch", default="resnet_tiny")
    parser.add_argument("--width", type=int, default=16)
    args = parser.parse_args()

    seed_everything(0)
    train_loader, val_loader, test_loader = get_loaders(batch_size=32)
    model = build_model(args.arch, width=args.width)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05, momentum=0.9, weight_decay=5e-4)
    scheduler = torch.optim.lr_scheduler.StepLR(optimizer, step_size=10, gamma=0.3)
    for epoch in range(args.epochs):
        train_loss, train_acc = run_epoch(model, train_loader, optimizer)
        val_loss, val_acc = run_epoch(model, val_loader)
        scheduler.step()
        print(f"{epoch:03d} train {train_loss:.4f}/{train_acc:.3f} val {val_loss:.4f}/{val_acc:.3f}")
    test_loss, test_acc = run_epoch(model, test_loader)
    print(f"test accuracy {test_acc:.4f}")


if __name__ == "__main__":
    main()
