"""The experiment holds together: python -m pytest (or python test_experiment.py). Takes seconds."""

import contextlib
import csv
import hashlib
import json
import tempfile
from pathlib import Path

import torch

from data import load_data
from evaluate import write_predictions
from model import build_model
from settings import read_settings
from train import Signals, train


def test_the_data_is_what_it_was() -> None:
    settings = read_settings()
    if "sha256" in settings.data:
        with settings.data_path.open("rb") as stream:
            assert hashlib.file_digest(stream, "sha256").hexdigest() == settings.data["sha256"]


def test_no_row_is_in_two_splits() -> None:
    ids = load_data(read_settings(), ("train", "val", "test")).ids
    everything = [row_id for split in ids.values() for row_id in split]
    assert all(ids.values()) and len(set(everything)) == len(everything)


def test_the_model_takes_the_data() -> None:
    settings = read_settings()
    data = load_data(settings, ("train",))
    inputs, target = data.splits["train"][0]
    outputs = build_model(settings, data.shape)(inputs.unsqueeze(0))
    assert outputs.shape[0] == 1 and outputs.shape[-1] == data.shape["outputs"] and torch.isfinite(outputs).all()


def test_a_training_that_was_stopped_goes_on_exactly() -> None:
    settings = read_settings(epochs=2, steps=3)
    with tempfile.TemporaryDirectory() as folder:
        whole, stopped = Path(folder, "whole"), Path(folder, "stopped")
        straight = train(settings, whole)
        signals = Signals()
        signals.save = signals.stop = True
        with contextlib.suppress(SystemExit):
            train(settings, stopped, signals=signals)
        resumed = train(settings, stopped, resume=True)
        for name, value in straight.model.state_dict().items():
            assert torch.equal(value, resumed.model.state_dict()[name]), name
        lines = [(run / "metrics.jsonl").read_text(encoding="utf-8") for run in (whole, stopped)]
        assert lines[0] == lines[1] and json.loads(lines[0].splitlines()[-1])["step"] == 3


def test_a_prediction_is_written_for_every_row() -> None:
    with tempfile.TemporaryDirectory() as folder:
        train(read_settings(epochs=1, steps=1), Path(folder))
        path = Path(folder, "predictions_val.csv")
        write_predictions(Path(folder, "best.pt"), "val", path)
        with path.open(encoding="utf-8", newline="") as stream:
            written = [row["row_id"] for row in csv.DictReader(stream)]
    assert written == load_data(read_settings(), ("val",)).ids["val"]


if __name__ == "__main__":
    for name, test in list(globals().items()):
        if name.startswith("test_"):
            test()
            print(f"{name}: passed")
