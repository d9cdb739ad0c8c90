"""Synthetic records for the screens: a real store filled with made-up runs, and a fake engine over a fixed ladder."""

from __future__ import annotations

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from unittest.mock import patch

from mlintern.planner.confirm.wanted import Wanted
from mlintern.planner.moves import Ask, Blocked, Move, Reached, RunRung, Wait
from mlintern.planner.view import LadderView, RungView
from mlintern.runtime.budgets import Account, Unit
from mlintern.runtime.room import Room
from mlintern.store import Store
from mlintern.store.records import (
    Acceptance,
    Experiment,
    Finding,
    Forecast,
    GpuSample,
    Interval,
    Metric,
    Run,
    RungName,
    RungStatus,
    RunStatus,
    Sample,
    Severity,
)
from mlintern.tui.climb import StaleError
from mlintern.tui.engine import Limits, Target
from mlintern.tui.extension import extend
from mlintern.tui.machine import MachineFact

NOW = 1_790_000_000.0
"""A Monday afternoon in 2026."""
MIB = 1 << 20
SCRIPT = Path("/home/ada/digits/train.py")


def interval(low: float, mid: float, high: float) -> Interval:
    return Interval(low, mid, high)


def forecast(rung: RungName, *, id: int = 7, seconds: Interval | None = None, steps: int | None = 440) -> Forecast:
    return Forecast(
        id=id,
        experiment_id=1,
        rung=rung,
        source_run_id=2,
        created_at=NOW - 5,
        seconds=seconds,
        cpu_seconds=None,
        steps=steps,
        steps_exact=True,
        peak_host_bytes=interval(690 * MIB, 717 * MIB, 760 * MIB),
        peak_device_bytes=None,
        energy_joules=None,
        usd=None,
        gpu_seconds=interval(0, 0, 0),
        unknown=(
            "peak_device_bytes: no GPU seen",
            "energy_joules: no meter",
            "usd: no price set; put usd_per_hour under [price] into /home/ada/.local/share/mlintern/config.toml",
        ),
    )


PILOT = forecast(RungName.PILOT, seconds=interval(18, 21, 25.2))
FULL = forecast(RungName.FULL, id=8, seconds=interval(320, 365, 430), steps=48_400)

EXPERIMENT = Experiment(
    id=1,
    name="train.py",
    script=SCRIPT,
    module=None,
    args=("--epochs", "220"),
    working_dir=SCRIPT.parent,
    python=Path("/home/ada/.venv/bin/python"),
    fingerprint="5f0c" * 16,
    declared_steps=None,
    budget_seconds=1800.0,
    created_at=NOW - 60,
)

LEARNING_RATE = Finding(
    id=1,
    experiment_id=1,
    run_id=2,
    code="optim.lr",
    severity=Severity.WARNING,
    rung=RungName.REHEARSAL,
    message="the update is 0.11 of the weights' size in every step; usual is 0.001 to 0.01",
    evidence=({"parameter": "net.conv1.weight", "ratio": 0.11, "step": 3},),
    file="/home/ada/digits/train.py",
    line=31,
    fix="Adam with lr=0.001 is the usual start",
)


def run_record(**changes: object) -> Run:
    record = Run(
        id=3,
        experiment_id=1,
        rung=RungName.PILOT,
        status=RunStatus.RUNNING,
        reason=None,
        created_at=NOW - 12,
        started_at=NOW - 12,
        ended_at=None,
        supervisor_pid=4242,
        supervisor_started=NOW - 12,
        ceiling_seconds=26.0,
        exit_code=None,
        signal=None,
        isolation="overlay",
        folder=Path("/nowhere"),
        steps=200,
        planned_steps=440,
        last_loss=0.4,
        wall_seconds=None,
        cpu_seconds=None,
        peak_host_bytes=None,
        peak_device_bytes=None,
        energy_joules=None,
        usd=None,
    )
    return replace(record, **changes)  # type: ignore[arg-type]


def rung(name: RungName, status: RungStatus, shows: str, **changes: object) -> RungView:
    plain = RungView(name, status, None, None, shows, None, None, None, 0)
    return replace(plain, **changes)  # type: ignore[arg-type]


def accounts_of(seconds: float, *, reserved: float = 0.0, **others: Account) -> tuple[Account, ...]:
    """Half an hour of time, and no other budget unless it is given by the name of its unit."""
    plain = {unit: Account(unit, None, 0.0, 0.0) for unit in Unit}
    plain[Unit.SECONDS] = Account(Unit.SECONDS, 1800.0, seconds, reserved)
    return tuple({**plain, **{Unit(name): account for name, account in others.items()}}.values())


def ladder_view(move: Move | None = None, **changes: object) -> LadderView:
    """The ladder of the sketch: static, dryrun and rehearsal are passed, the pilot asks."""
    view = LadderView(
        experiment=EXPERIMENT,
        target=RungName.FULL,
        rungs=(
            rung(RungName.STATIC, RungStatus.PASSED, "parses, imports resolve, arguments fit", actual_seconds=0.6),
            rung(RungName.DRYRUN, RungStatus.PASSED, "shapes, peak memory", actual_seconds=4.1),
            rung(
                RungName.REHEARSAL,
                RungStatus.PASSED,
                "every line to the end, exact counts",
                actual_seconds=8.4,
                findings=1,
            ),
            rung(RungName.OVERFIT, RungStatus.PASSED, "learns one batch, step by step", actual_seconds=6.2),
            rung(RungName.PILOT, RungStatus.PLANNED, "throughput, curve, calibrated time", forecast=PILOT),
            rung(RungName.SWEEP, RungStatus.PLANNED, "which knobs matter (optional)"),
            rung(RungName.FULL, RungStatus.PLANNED, "the result", forecast=FULL),
            rung(RungName.CONFIRM, RungStatus.PLANNED, "whether the result holds"),
        ),
        findings=(LEARNING_RATE,),
        verified=(
            "the code parses",
            "imports resolve in the chosen interpreter",
            "every loop, evaluation and save runs through to the end",
            "exact iteration counts",
        ),
        not_verified=(
            "steady throughput (pilot)",
            "the metric's formula, and that evaluation rows are unseen in training",
            "the result on more than one seed (confirm)",
            "GPU memory: no GPU here",
        ),
        budgets=accounts_of(52.0),
        move=move or asks(),
        room=Room(19 << 30),
    )
    return replace(view, **changes)  # type: ignore[arg-type]


def asks(about: Forecast = PILOT) -> Ask:
    return Ask(
        about.rung,
        about,
        ("steady throughput", "the first part of the learning curve", "the time forecast"),
        "it costs",
    )


def running_view() -> LadderView:
    """The pilot under way."""
    view = ladder_view(Wait(RungName.PILOT, 3), budgets=accounts_of(52.0, reserved=26.0))
    rungs = [
        replace(each, status=RungStatus.RUNNING, run=run_record()) if each.name is RungName.PILOT else each
        for each in view.rungs
    ]
    return replace(view, rungs=tuple(rungs))


def blocked_view() -> LadderView:
    """The rehearsal has failed."""
    why = "FileNotFoundError at train.py:97: the folder checkpoints/ does not exist when the last model is saved"
    view = ladder_view(Blocked(RungName.REHEARSAL, why), verified=("the code parses",))
    rungs = [
        replace(each, status=RungStatus.FAILED, why=why, findings=1) if each.name is RungName.REHEARSAL else each
        for each in view.rungs
    ]
    crash = replace(LEARNING_RATE, code="run.crash", severity=Severity.ERROR, message=why, line=97)
    return replace(view, rungs=tuple(rungs), findings=(LEARNING_RATE, crash))


@dataclass
class FakeEngine:
    """An engine over a ladder that the test sets; it remembers what it was asked to do."""

    ladder: LadderView = field(default_factory=ladder_view)
    approved: list[tuple[RungName, float, str]] = field(default_factory=list)
    declined: list[tuple[RungName, str | None, str]] = field(default_factory=list)
    started: list[RungName] = field(default_factory=list)
    limits: list[Limits] = field(default_factory=list)
    aimed: RungName | None = None
    wanted: Wanted | None = None
    settled: int = 0
    refuses: Exception | None = None
    stale: bool = False

    @property
    def experiment(self) -> Experiment:
        return self.ladder.experiment

    def settle(self) -> bool:
        self.settled += 1
        return False

    def aim(self, to: RungName, wanted: Wanted | None = None) -> None:
        self.aimed, self.wanted = to, wanted

    def is_stale(self) -> bool:
        return self.stale

    def view(self) -> LadderView:
        return self.ladder

    def start(self, rung: RungName, *, ceiling_seconds: float | None = None) -> Run | None:
        self.started.append(rung)
        self.ladder = replace(self.ladder, move=asks())
        return None

    def approve(self, rung: RungName, *, ceiling_seconds: float, by: str, forecast_id: int | None = None) -> Run:
        if self.refuses is not None:
            raise self.refuses
        if self.stale:
            raise StaleError("train.py changed since this climb began")
        self.approved.append((rung, ceiling_seconds, by))
        self.ladder = running_view()
        return run_record(ceiling_seconds=ceiling_seconds)

    def decline(self, rung: RungName, reason: str | None, *, by: str) -> None:
        self.declined.append((rung, reason, by))

    def accept(self, finding_id: int, reason: str, *, by: str) -> None:
        acceptance = Acceptance(1, 1, "f", "code", None, "message", reason, by, NOW)
        self.ladder = replace(self.ladder, accepted={**self.ladder.accepted, finding_id: acceptance})

    def withdraw(self, finding_id: int, *, by: str) -> None:
        left = {known: one for known, one in self.ladder.accepted.items() if known != finding_id}
        self.ladder = replace(self.ladder, accepted=left)

    def change_limits(self, limits: Limits) -> None:
        self.limits.append(limits)


@dataclass
class FakeBackend:
    """A real store in ``home``, and the fake engine for whatever is asked for."""

    home: Path
    engine: FakeEngine = field(default_factory=FakeEngine)
    python: Path | None = None
    opened: list[Target] = field(default_factory=list)
    stopped: list[int] = field(default_factory=list)
    reconciled: int = 0
    went_on: list[int] = field(default_factory=list)
    facts: tuple[MachineFact, ...] = (
        MachineFact("python", "3.12.4  /home/ada/.venv/bin/python  (VIRTUAL_ENV)"),
        MachineFact("torch", "2.9.1, CPU only"),
        MachineFact("cpu", "2 cores"),
        MachineFact("memory", "19 GiB free of 24 GiB"),
        MachineFact("gpu", "none seen"),
        MachineFact("price", "$1.20 an hour (usd_per_hour in config.toml)"),
        MachineFact("kept in", "/home/ada/.local/share/mlintern, 210 GiB free"),
    )

    def open_store(self) -> Store:
        return Store.open(self.home)

    def open_engine(self, store: Store, target: Target) -> FakeEngine:
        self.opened.append(target)
        return self.engine

    def machine(self) -> tuple[MachineFact, ...]:
        return self.facts

    def stop(self, store: Store, run_id: int) -> None:
        self.stopped.append(run_id)

    def extend(self, store: Store, run_id: int, ceiling_seconds: float) -> object:
        return extend(store, run_id, ceiling_seconds=ceiling_seconds, by="tui")

    def go_on(self, store: Store, sweep_id: int) -> None:
        self.went_on.append(sweep_id)

    def reconcile(self, store: Store) -> None:
        self.reconciled += 1


# ---- a store with something in it


def loss_curve(steps: int, *, seed: int = 0, floor: float = 0.02, stride: int = 1) -> list[Metric]:
    """A loss that falls and jitters."""
    noise = random.Random(seed)
    return [
        Metric("loss", step, floor + 2.3 * math.exp(-4 * step / steps) * (1 + noise.gauss(0, 0.12)))
        for step in range(1, steps + 1, stride)
    ]


def add_experiment(store: Store, script: str = "train.py", args: Sequence[str] = ("--epochs", "220")) -> Experiment:
    return store.experiments.add(
        name=script,
        script=SCRIPT.with_name(script),
        module=None,
        args=tuple(args),
        working_dir=SCRIPT.parent,
        python=Path("/home/ada/.venv/bin/python"),
        fingerprint="5f0c" * 16,
        budget_seconds=1800.0,
    )


def add_run(store: Store, experiment: Experiment, name: RungName, status: RunStatus, **changes: object) -> Run:
    run = store.runs.add(experiment_id=experiment.id, rung=name, ceiling_seconds=430.0, folder_root=store.path.parent)
    ended = None if not status.is_over else NOW - 600
    known = {"started_at": NOW - 800, "ended_at": ended, "isolation": "overlay", **changes}
    return store.runs.update(run.id, status=status, **known)  # type: ignore[arg-type]


def fill(home: Path) -> None:
    """A small history: a digits experiment with a pilot and a running full run, and a few others."""
    # The store stamps records with the time of day: here it is always the same.
    with patch("time.time", return_value=NOW - 300), Store.open(home) as store:
        digits = add_experiment(store)
        gpt = add_experiment(store, "gpt.py", ("--layers", "6", "--lr", "3e-4"))
        for name in (RungName.STATIC, RungName.DRYRUN, RungName.REHEARSAL, RungName.PILOT):
            store.rungs.set(digits.id, name, RungStatus.PASSED, seconds=4.0)
        store.rungs.set(gpt.id, RungName.STATIC, RungStatus.PASSED, seconds=0.7)
        store.rungs.set(gpt.id, RungName.DRYRUN, RungStatus.PASSED, seconds=3.1)
        store.rungs.set(gpt.id, RungName.REHEARSAL, RungStatus.FAILED, why="out of memory at the evaluation")
        add_run(
            store, gpt, RungName.REHEARSAL, RunStatus.FAILED,
            reason="exit 1: out of memory at the evaluation", wall_seconds=41.0, exit_code=1,
        )  # fmt: skip
        pilot = add_run(
            store, digits, RungName.PILOT, RunStatus.DONE,
            steps=440, planned_steps=440, last_loss=0.41, wall_seconds=20.4, peak_host_bytes=700 * MIB, usd=0.0,
        )  # fmt: skip
        store.metrics.add(pilot.id, loss_curve(440, seed=1, floor=0.3))
        full = add_run(
            store, digits, RungName.FULL, RunStatus.RUNNING,
            started_at=NOW - 138, steps=18_240, planned_steps=48_400, last_loss=0.0213, usd=0.0,
        )  # fmt: skip
        metrics = loss_curve(18_240, stride=10)
        store.metrics.add(full.id, metrics)
        store.metrics.add(
            full.id, [Metric("test accuracy", step, 0.5 + step / 40_000) for step in range(220, 18_240, 220)]
        )
        store.samples.add(
            full.id,
            Sample(
                137.0, 1.6, 730 * MIB, 19 << 30, 12 * MIB, (GpuSample(0, "RTX", None, 24 << 30, 0.93, 210, 71, None),)
            ),
        )
        store.findings.add(
            experiment_id=digits.id, run_id=full.id, code="eval.selection", severity=Severity.WARNING,
            rung=RungName.FULL, message="test accuracy is computed on rows the script has now used 83 times",
        )  # fmt: skip
        full.log_path.write_text(
            "".join(
                f"epoch {epoch} loss {2.3 / epoch:.4f} test accuracy {0.97 - 0.5 / epoch:.4f}\n"
                for epoch in range(1, 83)
            )
        )


def reached_view() -> LadderView:
    return ladder_view(Reached(RungName.FULL))


def free_view() -> LadderView:
    return ladder_view(RunRung(RungName.STATIC), findings=())
