"""Sweeps of a script that takes no time, conducted by the real process, with real runs below it."""

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
from mlintern.planner.sweep.space import Parameter
from mlintern.runtime import launch, processes
from mlintern.store import Store
from mlintern.store.records import Decision, Experiment, Interval, RungName, Sweep, Trial, TrialState
from mlintern.tui import conducting, sweeping

PATIENCE_SECONDS = 90.0

SCRIPT = """\
import argparse, os, time
parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.5)
parser.add_argument("--epochs", type=int, default=9)
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--pause", type=float, default=0.0)
args = parser.parse_args()
if args.lr > 0.9:
    raise MemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
noise = ((args.seed * 7919) % 13 - 6) / 10000
for epoch in range(1, args.epochs + 1):
    time.sleep(args.pause)
    value = (1 - (args.lr - 0.3) ** 2) * (1 - 0.5 ** epoch) + noise
    print(f"epoch {epoch} val accuracy {value:.5f}", flush=True)
"""

LR = Parameter("lr", "--lr", "float", low=0.0, high=0.8, default=0.5)


@dataclass
class Lab:
    """Begins sweeps and waits for them."""

    home: Path
    project: Path
    store: Store

    def experiment(self, *, pause: float = 0.0, tells_once: bool = False, args: tuple[str, ...] = ()) -> Experiment:
        """The script, with ``pause`` seconds an epoch; ``tells_once`` prints at the end alone."""
        script = self.project / "train.py"
        text = SCRIPT.replace("default=0.0)", f"default={pause})")
        script.write_text(text.replace("    print(", "print(") if tells_once else text)
        return self.store.experiments.add(
            name="train", script=script, module=None, args=args, working_dir=self.project,
            python=Path(sys.executable), fingerprint="0" * 64,
        )  # fmt: skip

    def begin(
        self,
        experiment: Experiment,
        *,
        space: tuple[Parameter, ...] = (LR,),
        ceiling: float = 60.0,
        seconds: float = 2.0,
        seeds: int = 0,
        workers: int = 1,
        metric: str = "val accuracy",
        decision: Decision = Decision.APPROVED,
    ) -> Sweep:
        """An approved sweep, as the engine stores it, that nobody conducts yet."""
        approval = self.store.approvals.add(
            experiment_id=experiment.id, rung=RungName.SWEEP, forecast_id=None, decision=decision,
            ceiling_seconds=ceiling, reason=None, decided_by="flag", token_hash=None,
        )  # fmt: skip
        return self.store.sweeps.add(
            experiment_id=experiment.id, approval_id=approval.id, space=[one.to_json() for one in space],
            metric=metric, maximise=True, insisted=False, seeds=seeds, workers=workers, ceiling_seconds=ceiling,
            trial_seconds=Interval(0.8 * seconds, seconds, 1.2 * seconds), setup_seconds=0.0,
            length={"flag": "--epochs", "full": 9}, seed_flag="--seed",
        )  # fmt: skip

    def conduct(self, sweep: Sweep) -> None:
        """Start a conductor; a real process that leaves us."""
        sweeping.go_on(self.store, self.home, sweep)

    def until(self, sweep: Sweep, reached: Callable[[Sweep, tuple[Trial, ...]], bool]) -> tuple[Trial, ...]:
        """Wait until a sweep is as is looked for."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            now, trials = self.store.sweeps.get(sweep.id), self.store.sweeps.trials(sweep.id)
            if reached(now, trials):
                return trials
            time.sleep(0.05)  # between two looks; the deadline ends it
        log = (self.home / "sweeps" / str(sweep.id) / "conductor.log").read_text()
        raise AssertionError(f"still {now}, {trials}\n{log}")

    def finish(self, sweep: Sweep) -> tuple[Sweep, tuple[Trial, ...]]:
        """Conduct a sweep to its end."""
        self.conduct(sweep)
        trials = self.until(sweep, lambda now, _: now.ended_at is not None)
        return self.store.sweeps.get(sweep.id), trials

    def kill_conductor(self, sweep: Sweep) -> None:
        """``kill -9``, and wait until it is gone."""
        now = self.store.sweeps.get(sweep.id)
        assert now.conductor_pid is not None
        os.kill(now.conductor_pid, signal.SIGKILL)
        while processes.is_alive(now.conductor_pid, now.conductor_started):
            time.sleep(0.01)

    def clean_up(self) -> None:
        for sweep in self.store.sweeps.recent():
            if conducting.is_conducted(sweep):
                self.kill_conductor(sweep)
        launch.reconcile(self.store)
        for run in self.store.runs.unfinished():
            with suppress(launch.LaunchError):  # it never had a supervisor, or ended in this moment
                launch.stop(self.store, run.id)
        self.store.close()


def ended(trials: tuple[Trial, ...]) -> list[Trial]:
    """The trials that are over."""
    return [trial for trial in trials if trial.state is not TrialState.RUNNING]


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    """A home, a project and a store."""
    home, project = tmp_path / "home", tmp_path / "project"
    home.mkdir()
    project.mkdir()
    lab = Lab(home, project, Store.open(home))
    yield lab
    lab.clean_up()
