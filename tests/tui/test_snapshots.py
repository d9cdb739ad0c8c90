"""What the screens look like, picture by picture, at the smallest size and at a roomy one.

The pictures belong to one version of Textual: another draws the same screens in other SVG. To make them anew:
python -m pytest tests/tui/test_snapshots.py --snapshot-update
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import textual
from harness import TARGET, shown, until
from inspected import inspect
from mlintern.store import Store
from mlintern.tui.app import MlinternApp, application
from mlintern.tui.engine import Paper, Target
from mlintern.tui.screens.ladder import LadderScreen
from synthetic import NOW, FakeBackend, FakeEngine, blocked_view, running_view
from textual.pilot import Pilot
from textual.widgets import Input

MADE_WITH = "8.2.8"
SMALL, ROOMY = (80, 24), (120, 36)
SnapCompare = Callable[..., bool]
Prepare = Callable[[Pilot[None]], Awaitable[None]]

pytestmark = [
    pytest.mark.skipif(textual.__version__ != MADE_WITH, reason=f"the pictures were made with Textual {MADE_WITH}"),
    pytest.mark.usefixtures("no_guard"),
]


@contextmanager
def still(backend: FakeBackend, target: Target | Paper | None = None) -> Iterator[MlinternApp]:
    app = application(backend, target, clock=lambda: NOW)
    app.animation_level = "none"
    yield app
    app.close_desks()


def waiting_for(*signs: str, keys: tuple[str, ...] = ()) -> Prepare:
    """Press the keys one after the other, and wait until all signs stand on the screen."""

    async def prepare(pilot: Pilot[None]) -> None:
        await until(lambda: getattr(pilot.app.screen, "is_ready", True))
        for key in keys:
            await pilot.press(key)
            await pilot.app.workers.wait_for_complete()
        await until(lambda: all(sign in shown(pilot.app) for sign in signs))
        for entry in pilot.app.screen.query(Input):
            entry.cursor_blink = False
        await pilot.pause()

    return prepare


async def asking(pilot: Pilot[None]) -> None:
    await until(lambda: isinstance(pilot.app.screen, LadderScreen) and pilot.app.screen.is_ready)
    screen: Any = pilot.app.screen
    await until(lambda: screen.approval.armed and screen.approval.has_focus)
    await pilot.pause()


@pytest.mark.parametrize("size", [SMALL, ROOMY], ids=["small", "roomy"])
def test_home(snap_compare: SnapCompare, backend: FakeBackend, size: tuple[int, int]) -> None:
    with still(backend) as app:
        assert snap_compare(app, terminal_size=size, run_before=waiting_for("full is running", "kept in"))


@pytest.mark.parametrize("size", [SMALL, ROOMY], ids=["small", "roomy"])
def test_checklist(snap_compare: SnapCompare, backend: FakeBackend, size: tuple[int, int]) -> None:
    paper = Paper(Path(__file__).parents[2] / "benchmarks" / "reading" / "first" / "conflict_readme.md")
    with still(backend, paper) as app:
        assert snap_compare(app, terminal_size=size, run_before=waiting_for("said in two ways", keys=("n", "x", "n")))


@pytest.mark.parametrize("size", [SMALL, ROOMY], ids=["small", "roomy"])
def test_ladder_asking(snap_compare: SnapCompare, backend: FakeBackend, size: tuple[int, int]) -> None:
    with still(backend, TARGET) as app:
        assert snap_compare(app, terminal_size=size, run_before=asking)


def test_ladder_without_colour(
    snap_compare: SnapCompare, backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    with still(backend, TARGET) as app:
        assert snap_compare(app, terminal_size=SMALL, run_before=asking)


def test_ladder_writing_a_ceiling(snap_compare: SnapCompare, backend: FakeBackend) -> None:
    async def prepare(pilot: Pilot[None]) -> None:
        await asking(pilot)
        await waiting_for("is not a duration", keys=("c", "ctrl+u", "s", "o", "o", "n", "enter"))(pilot)

    with still(backend, TARGET) as app:
        assert snap_compare(app, terminal_size=SMALL, run_before=prepare)


def test_ladder_blocked(snap_compare: SnapCompare, backend: FakeBackend) -> None:
    backend.engine = FakeEngine(blocked_view())
    with still(backend, TARGET) as app:
        assert snap_compare(app, terminal_size=SMALL, run_before=waiting_for("r climbs again"))


def test_ladder_running(snap_compare: SnapCompare, backend: FakeBackend) -> None:
    backend.engine = FakeEngine(running_view())
    with still(backend, TARGET) as app:
        assert snap_compare(app, terminal_size=SMALL, run_before=waiting_for("run 3 climbs pilot"))


def test_evidence(snap_compare: SnapCompare, backend: FakeBackend) -> None:
    async def prepare(pilot: Pilot[None]) -> None:
        await asking(pilot)
        await waiting_for("made from", "will verify", keys=("v",))(pilot)

    with still(backend, TARGET) as app:
        assert snap_compare(app, terminal_size=SMALL, run_before=prepare)


def test_evidence_of_a_finding(snap_compare: SnapCompare, backend: FakeBackend) -> None:
    async def prepare(pilot: Pilot[None]) -> None:
        await asking(pilot)
        pilot.app.screen.query_one("#findings").focus()
        await waiting_for("what shows it again", "--to rehearsal", keys=("enter",))(pilot)

    with still(backend, TARGET) as app:
        assert snap_compare(app, terminal_size=SMALL, run_before=prepare)


@pytest.mark.parametrize("size", [SMALL, ROOMY], ids=["small", "roomy"])
def test_hyperparameters(snap_compare: SnapCompare, backend: FakeBackend, size: tuple[int, int]) -> None:
    async def prepare(pilot: Pilot[None]) -> None:
        await asking(pilot)
        await waiting_for("AdamW.lr", "2 of 6 matter", "given to torch.optim.AdamW", keys=("o",))(pilot)

    with Store.open(backend.home) as store:
        inspect(store, store.experiments.get(1))
    with still(backend, TARGET) as app:
        assert snap_compare(app, terminal_size=size, run_before=prepare)


def test_run(snap_compare: SnapCompare, backend: FakeBackend) -> None:
    with still(backend) as app:
        prepare = waiting_for("epoch 82", "132/s", "eval.selection", keys=("tab", "3"))
        assert snap_compare(app, terminal_size=SMALL, run_before=prepare)


def test_run_with_its_baseline_on_a_log_scale(snap_compare: SnapCompare, backend: FakeBackend) -> None:
    with still(backend) as app:
        prepare = waiting_for("epoch 82", "2 run 2 (pilot)", "log · smoothed", keys=("tab", "3", "y", "s", "b"))
        assert snap_compare(app, terminal_size=ROOMY, run_before=prepare)


def test_history(snap_compare: SnapCompare, backend: FakeBackend) -> None:
    with still(backend) as app:
        prepare = waiting_for("2 marked", "gpt.py", keys=("tab", "4", "space", "space"))
        assert snap_compare(app, terminal_size=SMALL, run_before=prepare)


def test_compare(snap_compare: SnapCompare, backend: FakeBackend) -> None:
    with still(backend) as app:
        prepare = waiting_for("compare runs 3, 2", "≠ rung", keys=("tab", "4", "space", "space", "c"))
        assert snap_compare(app, terminal_size=ROOMY, run_before=prepare)


def test_help(snap_compare: SnapCompare, backend: FakeBackend) -> None:
    with still(backend) as app:
        prepare = waiting_for("Home", "esc close", keys=("tab", "question_mark"))
        assert snap_compare(app, terminal_size=SMALL, run_before=prepare)


def test_the_readmes_picture_is_the_real_screen(tmp_path: Path) -> None:
    root = Path(__file__).resolve().parents[2]
    subprocess.run([sys.executable, root / "scripts" / "screenshot.py", tmp_path / "made.svg"], check=True)
    made = (tmp_path / "made.svg").read_text(encoding="utf-8")
    kept = (root / "docs" / "screenshot.svg").read_text(encoding="utf-8")
    assert made == kept, "run: python scripts/screenshot.py"
