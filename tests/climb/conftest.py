"""A real climb: a real store, real supervisors, a real script."""

from __future__ import annotations

import hashlib
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.moves import Move, RunRung, Wait
from mlintern.runtime.project import script_target
from mlintern.store import Store
from mlintern.store.records import RungName
from mlintern.tui.climb import Climb

TRAIN = """
import sys
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X, y = torch.randn(640, 8), torch.randint(0, 2, (640,))
model = nn.Linear(8, 2)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for epoch in range(int(sys.argv[1])):
    for xb, yb in DataLoader(TensorDataset(X, y), 16, shuffle=True):
        opt.zero_grad(); loss = nn.functional.cross_entropy(model(xb), yb); loss.backward(); opt.step()
    print("epoch", epoch, "loss", loss.item())
torch.save(model.state_dict(), "model.pt")
"""


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two busy threads on two shared cores would measure each other."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Where the store and the runs are."""
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    """A real store."""
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A person's folder with a script and data of theirs."""
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(TRAIN)
    (folder / "model.pt").write_bytes(b"the result of last week")
    return folder


@dataclass(frozen=True)
class Climber:
    """Opens engines on one project and climbs with them."""

    home: Path
    project: Path

    def open(self, store: Store, *args: str, **limits: Any) -> Climb:
        """The engine on the script with arguments as for the full run."""
        script = script_target(Path("train.py"), args or ("40",), working_dir=self.project)
        return Climb.open(store, self.home, script, python=Path(sys.executable), **limits)

    def freely(self, climb: Climb, to: RungName = RungName.FULL) -> Move:
        """Climb whatever needs no approval, and wait for what runs."""
        return self.until(climb, to, lambda move: not isinstance(move, (RunRung, Wait)))

    def until(self, climb: Climb, to: RungName, reached: Callable[[Move], bool], *, seconds: float = 120.0) -> Move:
        """Start free rungs and wait until a move is what is looked for."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            move = climb.next(to)
            if reached(move):
                return move
            if isinstance(move, RunRung):
                climb.start(move.rung)
            else:
                time.sleep(0.05)  # between two looks; the deadline ends it
        raise AssertionError(f"still {move} after {seconds:.0f} s")

    def checksums(self) -> dict[str, str]:
        """Every file of the project with its content and time of change."""
        return {
            str(path.relative_to(self.project)): f"{_digest(path)} {path.stat().st_mtime_ns}"
            for path in sorted(self.project.rglob("*"))
            if path.is_file()
        }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


@pytest.fixture
def climber(home: Path, project: Path) -> Climber:
    """Opens engines and climbs."""
    return Climber(home, project)
