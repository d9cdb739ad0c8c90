"""The stored record against the seal that its supervisor made: row, metrics, log, predictions, and what was run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Any

from ...runtime import seal
from ...store import Store
from ...store.records import Experiment, Json, Run
from .checked import Checked, could_not, differs, matches

NO_SEAL = "the run has no seal: it was made before there were seals, or its supervisor died"


def check_seal(store: Store, run: Run, experiment: Experiment) -> Iterator[Checked]:
    """Everything that the seal holds."""
    held = seal.sealed(store, run.id)
    if held is None:
        for what in ("record", "metrics", "log"):
            yield could_not(what, NO_SEAL)
        return
    yield _fields("record", "the run's row with its seal", seal.record(asdict(run)), held["record"])
    yield _fields("experiment", "what was run with the seal", seal.identity(experiment), held["experiment"])
    yield _metrics(store, run, held["metrics"])
    yield _log(run, held["log"])
    yield _errors(store, experiment, held["errors"])
    for kept in held["predictions"]:
        yield _predictions(run, kept)


def _fields(what: str, compared: str, now: Json, sealed: Json) -> Checked:
    changed = [name for name, value in sealed.items() if not _same(value, now.get(name))]
    if not changed:
        return matches(what, compared)
    said = "; ".join(f"{name} is {now.get(name)}, and was {sealed[name]} when it ended" for name in changed)
    return differs(what, compared, said)


def _same(one: Any, other: Any) -> bool:
    return bool(one == other) or (one != one and other != other)  # NaN is the same as NaN here


def _errors(store: Store, experiment: Experiment, sealed: Sequence[Json]) -> Checked:
    compared = "the errors that the checks had found when it ended with those that are stored"
    there = {one["fingerprint"] for one in seal.errors(store, experiment)}
    gone = sorted({str(one["code"]) for one in sealed if one["fingerprint"] not in there})
    return differs("findings", compared, f"gone since: {', '.join(gone)}") if gone else matches("findings", compared)


def _metrics(store: Store, run: Run, sealed: Json) -> Checked:
    digest, count = store.metrics.digest(run.id)
    compared = "all stored values with the hash in the seal"
    if digest == sealed["sha256"]:
        return matches("metrics", compared, f"{count} values")
    lost = "" if count == sealed["count"] else f": {count} values, and {sealed['count']} when it ended"
    return differs("metrics", compared, f"a stored value was changed, added or removed{lost}")


def _log(run: Run, sealed: Json) -> Checked:
    compared = "the log file with the hash of what the script wrote"
    digest = seal.file_hash(run.log_path)
    if digest is None:
        return could_not("log", f"{run.log_path} cannot be read")
    if digest == sealed["sha256"]:
        return matches("log", compared)
    return differs("log", compared, f"{run.log_path} is not what the script wrote")


def _predictions(run: Run, kept: Json) -> Checked:
    path = run.folder / seal.PREDICTIONS / str(kept["copy"])
    compared = f"the kept copy of {kept['path']} with its hash in the seal"
    digest = seal.file_hash(path)
    if digest is None:
        return could_not("predictions file", f"{path} cannot be read")
    if digest == kept["sha256"]:
        return matches("predictions file", compared)
    return differs("predictions file", compared, f"{path} was changed after the run")
