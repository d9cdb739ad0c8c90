"""Fixtures for the tests of the screens."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # for `synthetic` and `harness`, which lie beside the tests

from mlintern.tui.widgets.guard import ApprovalGuard
from synthetic import FakeBackend, FakeEngine, fill


@pytest.fixture(autouse=True)
def fixed_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "UTC")
    monkeypatch.delenv("NO_COLOR", raising=False)
    time.tzset()
    monkeypatch.setattr("mlintern.tui.screens.run_words.own_cores", lambda: 2)


@pytest.fixture
def backend(tmp_path: Path) -> FakeBackend:
    fill(tmp_path)
    return FakeBackend(tmp_path, FakeEngine())


@pytest.fixture
def no_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what comes after the guard; the guard itself is tested with its real times."""
    monkeypatch.setattr(ApprovalGuard.__init__, "__kwdefaults__", {"grace": 0.0, "pause": 0.0})


@pytest.fixture
def patient_guard(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests of what the guard holds off: however slow the machine is, its time is not over."""
    monkeypatch.setattr(ApprovalGuard.__init__, "__kwdefaults__", {"grace": 600.0, "pause": 600.0})
