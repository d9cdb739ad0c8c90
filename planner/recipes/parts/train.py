"""Train as experiment.toml says. The epoch is chosen on the validation split; the test split is not read here.

    python train.py              # the full run
    python train.py --resume     # go on from runs/last.pt, exactly where it was

SIGTERM and SIGUSR1 save a checkpoint at the end of the step; SIGTERM then ends the run.
"""

import argparse
import json
import math
import signal
from pathlib import Path
from typing import Any

import torch
from torch import nn
from torch.utils.data import DataLoader

from checkpoint import EpochSampler, Progress, load, save
from data import load_data
from model import build_model
from objective import build_criterion, scores
from optimization import build_optimizer, build_schedule
from settings import HERE, Settings, read_settings, seed_everything

EVALUATION_BATCH = 256  # rows at once: changes how fast an evaluation is, not what it finds


class Signals:
    """What was asked of this process from outside, looked at once a step."""

    def __init__(self) -> None:
        self.save = self.stop = False
        signal.signal(signal.SIGTERM, self._on_stop)
        signal.signal(signal.SIGUSR1, self._on_save)

    def _on_stop(self, number: int, frame: Any) -> None:
        self.save = self.stop = True

    def _on_save(self, number: int, frame: Any) -> None:
        self.save = True


class Training:
    """A model with everything that a checkpoint has to hold of its training."""

    def __init__(self, settings: Settings, folder: Path):
        self.settings, self.folder = settings, folder
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        self.progress = Progress()
        data = load_data(settings, ("train", "val"))
        train_set, val_set = data.splits["train"], data.splits["val"]
        sampler = EpochSampler(len(train_set), settings["batch_size"], settings["seed"], self.progress)
        # A generator of their own: a loader that starts again after a resume must not draw from the model's numbers.
        self.train_loader = DataLoader(train_set, batch_sampler=sampler, generator=torch.Generator())
        self.val_loader = DataLoader(val_set, batch_size=EVALUATION_BATCH, generator=torch.Generator())
        self.coding = data.coding
        self.model = build_model(settings, data.shape).to(self.device)
        self.criterion = build_criterion(settings)
        self.optimizer = build_optimizer(self.model, settings)
        steps_per_epoch = len(sampler)
        sampler.last_step = settings.get("steps")
        steps = settings.get("steps") or settings["epochs"] * steps_per_epoch
        self.epochs = math.ceil(steps / steps_per_epoch)
        self.schedule = build_schedule(self.optimizer, settings, steps, steps_per_epoch)

    def save(self, name: str) -> None:
        save(self.folder / name, self.progress, self.model, optimizer=self.optimizer, schedule=self.schedule)

    def resume(self) -> None:
        path = self.folder / "last.pt"
        load(path, self.progress, self.model, self.device, optimizer=self.optimizer, schedule=self.schedule)


def train_one_epoch(training: Training, signals: Signals) -> float:
    """What is left of this epoch; returns the mean loss of its rows."""
    model, progress = training.model, training.progress
    clip = training.settings.get("gradient_clip")
    model.train()
    for inputs, targets in training.train_loader:
        inputs, targets = inputs.to(training.device), targets.to(training.device)
        training.optimizer.zero_grad()
        loss = training.criterion(model(inputs), targets)
        loss.backward()
        if clip:
            nn.utils.clip_grad_norm_(model.parameters(), clip)
        training.optimizer.step()
        training.schedule.step()
        progress.step += 1
        progress.batch += 1
        progress.loss_sum += loss.item() * len(targets)
        progress.rows += len(targets)
        if signals.save:
            training.save("last.pt")
            signals.save = False
        if signals.stop:
            raise SystemExit(f"stopped at step {progress.step}; `python train.py --resume` goes on")
    return progress.loss_sum / progress.rows


@torch.no_grad()
def validate(training: Training) -> dict[str, float]:
    """Means over all rows of the validation split."""
    training.model.eval()
    sums: dict[str, float] = {}
    for inputs, targets in training.val_loader:
        inputs, targets = inputs.to(training.device), targets.to(training.device)
        outputs = training.model(inputs)
        found = {"loss": training.criterion(outputs, targets), **scores(outputs, targets, training.coding)}
        for name, mean in found.items():
            sums[name] = sums.get(name, 0.0) + float(mean) * len(targets)
    return {f"val_{name}": total / len(training.val_loader.dataset) for name, total in sums.items()}


def train(settings: Settings, folder: Path, *, resume: bool = False, signals: Signals | None = None) -> Training:
    """The whole run, or what is left of it."""
    signals = signals or Signals()
    folder.mkdir(parents=True, exist_ok=True)
    seed_everything(settings["seed"])
    training = Training(settings, folder)
    progress = training.progress
    if resume:
        training.resume()
    log = folder / "metrics.jsonl"
    kept = log.read_text(encoding="utf-8").splitlines() if resume and log.exists() else []
    kept = [line for line in kept if json.loads(line)["epoch"] <= progress.epoch]
    log.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
    patience = settings.get("patience")
    for _ in range(progress.epoch, training.epochs):
        loss = train_one_epoch(training, signals)
        found = validate(training)
        progress.end_epoch(found["val_loss"])
        if progress.epochs_without_gain == 0:
            training.save("best.pt")
        report(log, {"epoch": progress.epoch, "step": progress.step, "train_loss": loss, **found})
        training.save("last.pt")
        if patience and progress.epochs_without_gain >= patience:
            break
    return training


def report(log: Path, metrics: dict[str, float]) -> None:
    with log.open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(metrics) + "\n")
    print(" ".join(f"{name} {value:.4f}" if isinstance(value, float) else f"{name} {value}"
                   for name, value in metrics.items()), flush=True)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--epochs", type=int, help="in place of the one in experiment.toml")
    parser.add_argument("--seed", type=int, help="in place of the one in experiment.toml")
    parser.add_argument("--out", type=Path, default=HERE / "runs")
    parser.add_argument("--resume", action="store_true")
    args = parser.parse_args()
    train(read_settings(epochs=args.epochs, seed=args.seed), args.out, resume=args.resume)


if __name__ == "__main__":
    main()
