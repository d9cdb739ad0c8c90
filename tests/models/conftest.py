"""Real llama.cpp on files that the tests write; skipped where it is not installed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from mlintern.models.engine import Message, Role
from mlintern.models.fit import Plan
from mlintern.models.gguf import read_header
from mlintern.models.local import LocalEngine, Surroundings, is_installed

Opens = Callable[..., LocalEngine]
WAIT_SECONDS = 60.0


def user(text: str) -> Message:
    return Message(Role.USER, text)


def wait_for(condition: Callable[[], Any]) -> Any:
    """The condition's value once it is true."""
    deadline = time.monotonic() + WAIT_SECONDS
    waiting = threading.Event()
    while not (value := condition()):
        assert time.monotonic() < deadline, "it never came true"
        waiting.wait(0.005)
    return value


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def opens(home: Path) -> Iterator[Opens]:
    """``opens(path)`` is an engine with the model at ``path``."""
    if not is_installed():
        pytest.skip("llama.cpp is not installed: pip install 'mlintern[llama]'")
    engines: list[LocalEngine] = []

    def open_one(path: Path, *, context: int = 2048, **settings: Any) -> LocalEngine:
        surroundings = settings.pop("surroundings", None) or Surroundings(plan=lambda: Plan(context, "f16", 0, 0, 0))
        engines.append(LocalEngine(read_header(path), home, surroundings, **settings))
        return engines[-1]

    yield open_one
    for engine in engines:
        engine.close()
