"""The seal of a run: what its record held when it was whole, so that a later change to it is found.

Invariant: made by the supervisor, from what it saw itself: the log's hash is of the bytes as they came. It is an event,
which is appended once and never changed. Who rewrites the event as well is not found out: it is no signature.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path
from typing import Any

from ..store import Store
from ..store.acceptances import fingerprint_of
from ..store.records import Experiment, Json, Run, Severity
from ..store.runs import RunChanges
from .budgets import COSTLY_RUNGS
from .project import ScriptTarget, own_files

SEALED = "run.sealed"
FIELDS = (
    "status", "reason", "exit_code", "signal", "started_at", "ended_at", "wall_seconds", "cpu_seconds", "steps",
    "planned_steps", "last_loss", "peak_host_bytes", "peak_device_bytes", "gpu_seconds", "energy_joules", "usd",
)  # fmt: skip
"""What of a run's row is sealed."""
IDENTITY = ("script", "module", "args", "working_dir", "python", "fingerprint")
"""What of its experiment is."""
PREDICTIONS = "predictions"
"""What the name of a file with predictions begins with, and the folder of a run where they are kept."""
SUFFIXES = (".csv", ".jsonl")
_MOST_BYTES = 64 * 1024 * 1024
"""Of all files of predictions that are kept of one run."""
_MOST_FILES = 20
_MOST_FOLDERS = 200


def target_of(experiment: Experiment) -> ScriptTarget:
    """What an experiment runs."""
    return ScriptTarget(experiment.script, experiment.module, experiment.args, experiment.working_dir)


def code(store: Store, run: Run) -> list[Json]:
    """The hash of each file of the user's program as it is now, for a run that costs; else nothing."""
    if run.rung not in COSTLY_RUNGS:
        return []
    target = target_of(store.experiments.get(run.experiment_id))
    found = ((file, file_hash(file)) for file in own_files(target))
    return [{"path": str(file), "sha256": digest} for file, digest in found if digest is not None]


def content(
    store: Store,
    run: Run,
    changes: RunChanges,
    *,
    log: Json,
    code: list[Json],
    started: float,
    places: Sequence[Path] = (),
) -> dict[str, Any]:
    """What the seal says. ``changes`` are those that the run's end brings; ``started`` is seconds since the epoch.

    ``places`` are the folders that the script worked in, where they are not those of its experiment.
    """
    experiment = store.experiments.get(run.experiment_id)
    digest, count = store.metrics.digest(run.id)
    worked_in = tuple(dict.fromkeys(places or (experiment.working_dir, experiment.script.parent)))
    kept = keep_predictions(run, worked_in, since=started) if run.rung in COSTLY_RUNGS else []
    return {
        "log": log,
        "metrics": {"sha256": digest, "count": count},
        "record": record(asdict(store.runs.get(run.id)) | dict(changes)),
        "experiment": identity(experiment),
        "code": code,
        "predictions": kept,
        "errors": errors(store, experiment),
    }


def record(fields: Mapping[str, Any]) -> dict[str, Any]:
    """The sealed part of a run's row."""
    return {name: fields[name] for name in FIELDS}


def identity(experiment: Experiment) -> dict[str, Any]:
    """The sealed part of an experiment, as JSON has it."""
    values = {name: getattr(experiment, name) for name in IDENTITY}
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()} | {
        "args": list(experiment.args)
    }


def errors(store: Store, experiment: Experiment) -> list[Json]:
    """The findings at level error that the experiment has, by what they say."""
    found = store.findings.for_experiment(experiment.id)
    return [{"code": one.code, "fingerprint": fingerprint_of(one)} for one in found if one.severity is Severity.ERROR]


def keep_predictions(run: Run, places: Sequence[Path], *, since: float) -> list[Json]:
    """Copy the files of predictions that the script wrote into the run's folder, because the next run overwrites them.

    A file counts that lies in one of the places (where the script works, and where it is) or one folder below, is named
    ``predictions….csv`` or ``.jsonl`` and was written since the run began.
    """
    kept: list[Json] = []
    room = _MOST_BYTES
    for path in dict.fromkeys(found for place in places for found in _written(place, since)):
        copy = run.folder / PREDICTIONS / f"{len(kept)}-{path.name}"
        with suppress(OSError):
            room -= path.stat().st_size
            if len(kept) == _MOST_FILES or room < 0:
                break
            copy.parent.mkdir(exist_ok=True)
            shutil.copyfile(path, copy)
            kept.append({"path": str(path), "copy": copy.name, "sha256": file_hash(copy)})
    return kept


def _written(folder: Path, since: float) -> Iterator[Path]:
    for place in _folders(folder):
        with suppress(OSError), os.scandir(place) as entries:
            for entry in sorted(entries, key=lambda one: one.name):
                if not (entry.name.startswith(PREDICTIONS) and entry.name.endswith(SUFFIXES)):
                    continue
                # A second's grace: file systems differ in how finely they tell time.
                if entry.is_file() and entry.stat().st_mtime >= since - 1:
                    yield Path(entry.path)


def _folders(folder: Path) -> list[Path]:
    """The folder and those right below it, hidden ones left out."""
    with suppress(OSError), os.scandir(folder) as entries:
        below = [Path(one.path) for one in entries if one.is_dir(follow_symlinks=False) and one.name[0] != "."]
        return [folder, *sorted(below)[:_MOST_FOLDERS]]
    return [folder]


def file_hash(path: Path) -> str | None:
    """sha256 of a file; ``None`` where it cannot be read."""
    digest = sha256()
    try:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                digest.update(piece)
    except OSError:
        return None
    return digest.hexdigest()


def sealed(store: Store, run_id: int) -> Json | None:
    """What a run's seal says; ``None`` where it has none."""
    events = store.events.of_kind(SEALED, run_id=run_id)
    return events[0].data if events else None
