"""Builds what a supervisor leaves behind, without any training: rows, logs, predictions and seals, as they would be.

Invariant: everything goes through the product's own writers, so that a story holds nothing that a real run could not.
"""

from __future__ import annotations

import json
import random
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from mlintern.runtime.output_log import OutputLog
from mlintern.runtime.printed import PREFIX
from mlintern.runtime.project import fingerprint
from mlintern.runtime.recorder import Recorder
from mlintern.runtime.seal import target_of
from mlintern.store import Store
from mlintern.store.records import (
    Experiment,
    Interval,
    Metric,
    Run,
    RungName,
    RungStatus,
    RunStatus,
    Severity,
)
from mlintern.store.runs import RunChanges

ROWS = 1000
SCRIPT = "import torch  # a script that trains\n"


class World:
    """One home, one project, and the runs that were made in it."""

    def __init__(self, folder: Path) -> None:
        self.home = folder / "home"
        self.project = folder / "project"
        self.project.mkdir(parents=True)
        self.script("train.py", SCRIPT)
        self.store = Store.open(self.home)

    def script(self, name: str, text: str) -> Path:
        """Write a script of the user's."""
        path = self.project / name
        path.write_text(text, encoding="utf-8")
        return path

    def experiment(self, *args: str, name: str = "train.py", examined: bool = True) -> Experiment:
        """What is run, with its climb passed."""
        script = self.project / name
        known = {"script": script, "module": None, "args": args, "working_dir": self.project}
        python = Path("/usr/bin/python3")
        found = self.store.experiments.find(**known, python=python)  # type: ignore[arg-type]
        if found is not None and found.fingerprint == fingerprint(target_of(found)):
            return found
        made = self.store.experiments.add(name=name, **known, python=python, fingerprint="")  # type: ignore[arg-type]
        code = fingerprint(target_of(made))
        self.store._connection.write("UPDATE experiments SET fingerprint = ? WHERE id = ?", (code, made.id))
        for rung in (RungName.STATIC, RungName.REHEARSAL, *((RungName.OVERFIT,) if examined else ())):
            self.store.rungs.set(made.id, rung, RungStatus.PASSED, seconds=1.0)
        self.store.forecasts.add(
            experiment_id=made.id, rung=RungName.FULL, seconds=Interval(80.0, 100.0, 120.0), steps=400
        )
        return self.store.experiments.get(made.id)

    def run(
        self,
        experiment: Experiment,
        told: Mapping[str, Sequence[float]],
        *,
        predictions: Sequence[tuple[str, str]] | None = None,
        steps: int = 400,
        status: RunStatus = RunStatus.DONE,
        rung: RungName = RungName.FULL,
        ids: Sequence[str] | None = None,
    ) -> Run:
        """One run that printed ``told`` (each look of each metric) and wrote predictions, label by label."""
        run = self.store.runs.add(
            experiment_id=experiment.id, rung=rung, ceiling_seconds=200.0, folder_root=self.home
        )
        started = time.time()
        log, recorder = OutputLog(run.log_path), Recorder(self.store, run)
        recorder.begin(isolation="none", pid=1)
        for name, values in told.items():
            for place, value in enumerate(values, start=1):
                step = steps * place // len(values)
                log.write(f"step {step} {name}: {value!r}\n".encode())
                recorder.measured((Metric(PREFIX + name, step, value),))
        if predictions is not None:
            self._write_predictions(predictions, ids)
        log.close()
        changes: RunChanges = {
            "status": status, "reason": None if status is RunStatus.DONE else "ValueError: loss is nan",
            "exit_code": 0 if status is RunStatus.DONE else 1, "signal": None, "ended_at": time.time() + 100.0,
            "wall_seconds": 100.0, "cpu_seconds": None, "steps": steps, "planned_steps": steps,
        }  # fmt: skip
        held = {"sha256": log.sha256, "bytes": log.size_bytes}
        recorder.seal(changes, log=held, code=[], started=started)
        recorder.end(changes)
        (self.project / "predictions.csv").unlink(missing_ok=True)
        return self.store.runs.get(run.id)

    def find(self, experiment: Experiment, code: str, *, accepted: bool = False) -> None:
        """A finding at level error, and perhaps a person who takes it as it is."""
        finding = self.store.findings.add(
            experiment_id=experiment.id, run_id=None, code=code, severity=Severity.ERROR, rung=RungName.OVERFIT,
            message=f"{code}: seen by a check", file="train.py", line=1,
        )  # fmt: skip
        if accepted:
            self.store.acceptances.accept(experiment.id, finding, reason="we know", by="terminal")

    def forge(self, sql: str, *parameters: object) -> None:
        """Change the database as somebody would who wants another number, with nothing in the way but triggers."""
        self.store._connection.raw.execute(sql, parameters)

    def _write_predictions(self, rows: Sequence[tuple[str, str]], ids: Sequence[str] | None) -> None:
        names = ids if ids is not None else [f"row{number}" for number in range(len(rows))]
        lines = [f"{name},{label},{guess}\n" for name, (label, guess) in zip(names, rows, strict=True)]
        (self.project / "predictions.csv").write_text("id,label,prediction\n" + "".join(lines), encoding="utf-8")


def guesses(right: int, *, rows: int = ROWS, minority: float = 0.5, seed: int = 0) -> list[tuple[str, str]]:
    """Rows of two classes with so many right guesses, at places that the seed decides."""
    labels = ["b" if number < rows * minority else "a" for number in range(rows)]
    wrong = set(random.Random(seed).sample(range(rows), rows - right))
    other = {"a": "b", "b": "a"}
    return [(label, other[label] if number in wrong else label) for number, label in enumerate(labels)]


def seeds(count: int, mean: float, noise: float, *, salt: int = 0) -> list[int]:
    """How many rows each seed gets right: a mean and a spread in shares, drawn by a fixed generator."""
    draw = random.Random(1000 + salt)
    return [round(ROWS * min(1.0, draw.gauss(mean, noise))) for _ in range(count)]


def change_report(path: Path, old: object, new: object) -> None:
    """Edit one value in a report's file, wherever it stands."""
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(json.dumps(old), json.dumps(new)), encoding="utf-8")
