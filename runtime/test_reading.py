"""Reading the test split of an experiment, once: its own ``evaluate.py`` writes predictions, and they are kept.

Invariant: a run's test split is read once, by the checkpoint that this very run has left, with the code that it ran;
who asks for it is recorded. No metric is taken from the script.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..store import Store
from ..store.records import Experiment, Json, Run, RungName, RunStatus
from .project import SETTINGS, fingerprint
from .seal import PREDICTIONS, file_hash, target_of

TEST_READ = "test.read"
"""The event: which checkpoint predicted, and where its predictions lie."""
LEAST_CEILING_SECONDS = 60.0
_SPLIT = "test"
_LAST_WORDS = 400


class TestReadingError(RuntimeError):
    """The test split cannot be read now; the text says why and what to do."""

    __test__ = False  # its name begins as those of test classes do


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What would be run to read the test split of a run."""

    command: tuple[str, ...]
    working_dir: Path
    checkpoint: Path
    predictions: Path
    ceiling_seconds: float
    """The evaluation may take as long as the training took, and is stopped there."""


def already_read(store: Store, run_id: int) -> Json | None:
    """What was kept when the test split of a run was read; ``None`` where it was not."""
    events = store.events.of_kind(TEST_READ, run_id=run_id)
    return events[-1].data if events else None


def predictions_of(run: Run, read: Json) -> Path:
    """The copy of the predictions that was kept."""
    return run.folder / PREDICTIONS / str(read["copy"])


def evaluation_of(store: Store, run: Run) -> Evaluation:
    """How the test split of a run would be read. Raises :class:`TestReadingError` where it cannot be, with why."""
    experiment = store.experiments.get(run.experiment_id)
    if run.rung not in (RungName.FULL, RungName.CONFIRM) or run.status is not RunStatus.DONE:
        raise TestReadingError(f"run {run.id} is no full run that is done: only such a run has a result to test")
    if already_read(store, run.id) is not None:
        raise TestReadingError(f"the test split was read already for run {run.id}, and is read once")
    script = experiment.script.parent / _evaluates(experiment)
    if fingerprint(target_of(experiment)) != experiment.fingerprint:
        raise TestReadingError("the code or its values changed since this run: climb again, and test that run")
    out = _out_folder(experiment)
    evaluation = Evaluation(
        command=(str(experiment.python), str(script), "--out", str(out)),
        working_dir=experiment.working_dir,
        checkpoint=out / "best.pt",
        predictions=out / f"{PREDICTIONS}_{_SPLIT}.csv",
        ceiling_seconds=max(LEAST_CEILING_SECONDS, run.wall_seconds or 0.0),
    )
    _refuse_anothers(run, evaluation)
    return evaluation


def read_test(store: Store, run: Run, *, by: str) -> Json:
    """Read it; what is kept of it. Raises :class:`TestReadingError`; then nothing is recorded."""
    evaluation = evaluation_of(store, run)
    checkpoint = file_hash(evaluation.checkpoint)
    if not evaluation.predictions.exists():
        _run(evaluation)
    if not evaluation.predictions.exists():
        raise TestReadingError(f"{evaluation.command[1]} ended well and wrote no {evaluation.predictions}")
    copy = run.folder / PREDICTIONS / f"{_SPLIT}-{evaluation.predictions.name}"
    try:
        copy.parent.mkdir(exist_ok=True)
        shutil.copyfile(evaluation.predictions, copy)
    except OSError as error:
        raise TestReadingError(f"the predictions cannot be kept: {error.strerror}") from error
    event = store.events.append(
        TEST_READ,
        experiment_id=run.experiment_id,
        run_id=run.id,
        by=by,
        path=str(evaluation.predictions),
        copy=copy.name,
        sha256=file_hash(copy),
        checkpoint={"path": str(evaluation.checkpoint), "sha256": checkpoint},
        script={"path": evaluation.command[1], "sha256": file_hash(Path(evaluation.command[1]))},
    )
    return event.data


def _run(evaluation: Evaluation) -> None:
    # A session of its own, so that at the ceiling whatever it started ends with it.
    process = subprocess.Popen(
        evaluation.command,
        cwd=evaluation.working_dir,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        start_new_session=True,
    )
    try:
        output, _ = process.communicate(timeout=evaluation.ceiling_seconds)
    except subprocess.TimeoutExpired as error:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise TestReadingError(
            f"the evaluation was stopped after {evaluation.ceiling_seconds:.0f} s, as long as the training took"
        ) from error
    if process.returncode:
        said = " ".join(output.decode("utf-8", "replace").split())[-_LAST_WORDS:]
        raise TestReadingError(f"{evaluation.command[1]} failed with exit code {process.returncode}: {said}")


def _evaluates(experiment: Experiment) -> str:
    """The name of the script that writes predictions, as the experiment's settings have it."""
    settings = experiment.script.parent / SETTINGS
    try:
        content = tomllib.loads(settings.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise TestReadingError(
            f"{experiment.script.name} has no {SETTINGS} beside it that names a script to evaluate with: have it write"
            " predictions itself, and `mlintern verify` counts its metrics again"
        ) from error
    table = content.get("experiment")
    name = table.get("evaluate") if isinstance(table, dict) else None
    if not isinstance(name, str) or Path(name).name != name or not (experiment.script.parent / name).is_file():
        raise TestReadingError(f"{settings} names no script to evaluate with")
    return name


def _out_folder(experiment: Experiment) -> Path:
    given = _option("--out", experiment.args)
    return experiment.script.parent / "runs" if given is None else experiment.working_dir / given


def _option(name: str, args: Sequence[str]) -> str | None:
    words = list(args)
    if name in words[:-1]:
        return words[words.index(name) + 1]
    return next((word.partition("=")[2] for word in words if word.startswith(f"{name}=")), None)


def _refuse_anothers(run: Run, evaluation: Evaluation) -> None:
    """What lies there must be this run's: the folder holds one training at a time."""
    began, ended = run.started_at or run.created_at, run.ended_at or 0.0
    try:
        saved = evaluation.checkpoint.stat().st_mtime
    except OSError as error:
        raise TestReadingError(f"{evaluation.checkpoint} is not there: the run left no checkpoint") from error
    # A second's grace: file systems differ in how finely they tell time.
    if not began - 1 <= saved <= ended + 1:
        raise TestReadingError(f"{evaluation.checkpoint} is of another run: climb again, and test that run")
    if evaluation.predictions.exists() and evaluation.predictions.stat().st_mtime < saved:
        raise TestReadingError(
            f"{evaluation.predictions} is of an earlier run: the test split was read for it. Who reads it again for"
            " another one says so by moving that file away"
        )
