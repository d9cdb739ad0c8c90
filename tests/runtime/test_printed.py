"""What a script prints is a metric only where that is beyond doubt."""

from __future__ import annotations

import math

import pytest
from mlintern.runtime.printed import PrintedReader, parse_line


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("epoch 3 loss 0.21 test accuracy 0.97", {"loss": 0.21, "test accuracy": 0.97}),
        ("val_loss=0.3", {"val loss": 0.3}),
        ("acc: 97.1%", {"acc": 0.971}),
        ("step 100: train loss 2.3412, val loss 2.4", {"train loss": 2.3412, "val loss": 2.4}),
        ("Train Epoch: 1 [640/60000 (1%)]\tLoss: 2.206", {"loss": 2.206}),
        ("{'loss': 2.3, 'grad_norm': 1.2, 'learning_rate': 5e-05}", {"loss": 2.3}),
        ("Test set: Average loss: 0.0487, Accuracy: 9841/10000 (98%)", {"average loss": 0.0487}),
        (" 10%|█   | 1/10 loss=2.3\r 20%|██  | 2/10 loss=1.3\r", {"loss": 1.3}),
        ("\x1b[32mloss: 1.5\x1b[0m", {"loss": 1.5}),
        ("Top-1 acc 76.1", {"top 1 acc": 76.1}),
        ("best val accuracy: 0.93 (epoch 7).", {"best val accuracy": 0.93}),
        ("f1=0.9.", {"f1": 0.9}),
        ("error 1.2e-3", {"error": 0.0012}),
    ],
)
def test_metrics(line: str, expected: dict[str, float]) -> None:
    assert {found.name: found.value for found in parse_line(line)} == pytest.approx(expected)


@pytest.mark.parametrize(
    "line",
    [
        "",
        "loss function: cross entropy",
        "saving loss 3/model.pt",
        "saved to loss-0.31.pt",
        "loss weight 0.5",
        "lr 0.001",
        "accuracy of 3 models",
        "map 3 workers",
        "error 404 not found",
        "Error: 3",
        "recall 5 items",
        "python train.py --loss 3",
        "loss_scale 65536",
        "loss: 1e-3/step",
        "accuracy at 10:30",
        "glossary 0.5",
        "loss 0.5 " * 100,
    ],
)
def test_no_metrics(line: str) -> None:
    assert parse_line(line) == ()


def test_values_that_are_not_finite() -> None:
    (found,) = parse_line("loss nan")
    assert math.isnan(found.value)
    assert parse_line("loss: inf")[0].value == math.inf


def test_step_of_the_line() -> None:
    assert parse_line("iter 250: loss 0.5")[0].step == 250
    assert parse_line("loss 0.5")[0].step is None
    assert parse_line("epoch 1.5 loss 0.5")[0].step is None


def test_reader_finds_lines_across_pieces() -> None:
    reader = PrintedReader()
    assert reader.feed(b"epoch 1 lo", now=0.0) == ()
    assert reader.feed(b"ss 0.5\nepoch 2 loss 0.4\nepoch 3", now=0.1)[0].value == 0.5
    assert [found.step for found in reader.feed(b" loss 0.3\n", now=0.2)] == [3]


def test_reader_stays_cheap_in_a_flood_and_recovers() -> None:
    reader = PrintedReader()
    flood = b"loss 0.5\n" * 100_000
    assert len(reader.feed(flood, now=0.0)) == 200
    assert reader.feed(flood, now=0.0) == ()
    assert len(reader.feed(b"loss 0.5\n", now=1.0)) == 1


def test_reader_holds_little_of_an_endless_line() -> None:
    reader = PrintedReader()
    for _ in range(100):
        assert reader.feed(b"x" * 100_000, now=0.0) == ()
    assert reader.feed(b" loss 0.5\n", now=0.1) == ()
    assert len(reader.feed(b"loss 0.5\n", now=0.2)) == 1
