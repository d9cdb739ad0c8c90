"""Confirmations of a script that takes no time, conducted by the real process, with real runs below it."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest
from mlintern.planner.confirm.plan import Plan
from mlintern.planner.confirm.state import State, look
from mlintern.planner.confirm.wanted import Wanted
from mlintern.runtime import launch, processes
from mlintern.runtime.printed import PREFIX
from mlintern.runtime.project import fingerprint
from mlintern.runtime.seal import SEALED, code, target_of
from mlintern.store import Store
from mlintern.store.confirmations import Confirmation
from mlintern.store.records import Experiment, Metric, Run, RungName, RungStatus, RunStatus
from mlintern.tui import conducting, confirming
from mlintern.tui.confirming import Confirming

PATIENCE_SECONDS = 90.0

SCRIPT = """\
import argparse, pathlib, time
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.5)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--pause", type=float, default=0.0)
args = parser.parse_args()
time.sleep(args.pause)
rows = pathlib.Path("data/rows.txt").read_text().split()
print("left over:", pathlib.Path("cache.bin").exists())
pathlib.Path("written.txt").write_text("by the script")
noise = ((args.seed * 7919) % 13 - 6) / 1000
print(f"test accuracy {0.9 + noise + len(rows) / 1000:.4f}", flush=True)
"""


@dataclass
class Lab:
    """A finished full run, and what confirms it."""

    home: Path
    project: Path
    store: Store

    def experiment(self, *args: str, text: str = SCRIPT) -> Experiment:
        """The script, as an experiment whose free rungs have passed."""
        script = self.project / "train.py"
        script.write_text(text)
        (self.project / "data").mkdir(exist_ok=True)
        rows = self.project / "data" / "rows.txt"
        if not rows.exists():
            rows.write_text("1 2 3")
        (self.project / "cache.bin").write_text("left over from before")
        known = {"script": script, "module": None, "args": args, "working_dir": self.project}
        made = self.store.experiments.add(
            name="train", **known, python=Path(sys.executable), fingerprint="",  # type: ignore[arg-type]
        )  # fmt: skip
        now = fingerprint(target_of(made))
        self.store._connection.write("UPDATE experiments SET fingerprint = ? WHERE id = ?", (now, made.id))
        for rung in (RungName.STATIC, RungName.REHEARSAL, RungName.OVERFIT):
            self.store.rungs.set(made.id, rung, RungStatus.PASSED)
        return self.store.experiments.get(made.id)

    def full(self, experiment: Experiment, value: float = 0.903, *, seconds: float = 2.0) -> Run:
        """A full run of it that has finished, as its supervisor would have left it."""
        run = self.store.runs.add(
            experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=60.0, folder_root=self.home
        )
        self.store.metrics.add(run.id, [Metric(PREFIX + "test accuracy", 1, value)])
        rows = self.project / "data" / "rows.txt"
        files = [{"path": str(rows), "bytes": rows.stat().st_size, "modified_at": rows.stat().st_mtime}]
        self.store.reports.put(run.id, "environment", {"packages": [], "files": files})
        held = {"code": code(self.store, run), "predictions": [], "errors": []}
        self.store.events.append(SEALED, experiment_id=experiment.id, run_id=run.id, **held)
        self.store.rungs.set(experiment.id, RungName.FULL, RungStatus.PASSED, run_id=run.id)
        return self.store.runs.update(
            run.id, status=RunStatus.DONE, started_at=time.time() + 1, ended_at=time.time() + 1 + seconds,
            wall_seconds=seconds, steps=100,
        )  # fmt: skip

    def plan(self, experiment: Experiment, wanted: Wanted | None = None) -> Plan:
        """What would be done."""
        return Confirming(self.store, self.home, experiment).plan(wanted or Wanted(seeds=3))

    def begin(self, experiment: Experiment, wanted: Wanted | None = None, *, ceiling: float = 60.0) -> Confirmation:
        """An approved confirmation, with its conductor."""
        engine = Confirming(self.store, self.home, experiment)
        plan = engine.plan(wanted or Wanted(seeds=3))
        return engine.approve(plan, engine.ask(plan), ceiling_seconds=ceiling, by="terminal")

    def until(self, confirmation: Confirmation, reached: Callable[[State], bool]) -> State:
        """Wait until it is as is looked for."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            state = look(self.store, self.store.confirmations.get(confirmation.id))
            if reached(state):
                return state
            time.sleep(0.05)  # between two looks; the deadline ends it
        log = (self.home / "confirmations" / str(confirmation.id) / "conductor.log").read_text()
        raise AssertionError(f"still {state}\n{log}")

    def finish(self, confirmation: Confirmation) -> State:
        """Conduct it to its end."""
        confirming.go_on(self.store, self.home, confirmation)
        return self.until(confirmation, lambda state: state.confirmation.ended_at is not None)

    def kill_conductor(self, confirmation: Confirmation) -> None:
        """``kill -9``, and wait until it is gone."""
        now = self.store.confirmations.get(confirmation.id)
        assert now.conductor_pid is not None
        os.kill(now.conductor_pid, signal.SIGKILL)
        while processes.is_alive(now.conductor_pid, now.conductor_started):
            time.sleep(0.01)

    def clean_up(self) -> None:
        for confirmation in self.store.confirmations.recent():
            if conducting.is_conducted(confirmation):
                self.kill_conductor(confirmation)
        launch.reconcile(self.store)
        for run in self.store.runs.unfinished():
            with suppress(launch.LaunchError):  # it never had a supervisor, or ended in this moment
                launch.stop(self.store, run.id)
        self.store.close()


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A home, a project and a store."""
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    lab = Lab(home, project, Store.open(home))
    yield lab
    lab.clean_up()
