"""A world with one experiment, built as a supervisor would leave it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlintern.benchmarks.honesty.world import World


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    with made.store:
        yield made
