"""A real store in a folder of its own, with one experiment and one run to hang things on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlintern.store import Store
from mlintern.store.records import Experiment, Run, RungName


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def experiment(store: Store) -> Experiment:
    return store.experiments.add(
        name="digits",
        script=Path("/home/ada/train.py"),
        module=None,
        args=("--epochs", "60"),
        working_dir=Path("/home/ada"),
        python=Path("/usr/bin/python3"),
        fingerprint="f" * 64,
    )


@pytest.fixture
def run(store: Store, experiment: Experiment, home: Path) -> Run:
    return store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=60.0, folder_root=home)
