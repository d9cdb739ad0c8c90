"""How the inputs of a configuration differ now from what was recorded at the run that chose it.

Invariant: reads only. What was not recorded is told as that, never as unchanged.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from ...runtime import seal
from ...runtime.fresh_copy import code_files
from ...store import Store
from ...store.records import Experiment, Json, Run

_SHOWN = 5


def differences(store: Store, experiment: Experiment, chosen: Run) -> tuple[str, ...]:
    """In words, nothing where all of it is as it was."""
    return (*_code(store, experiment, chosen), *_data(store.reports.get(chosen.id, "environment")))


def recorded_data(store: Store, chosen: Run) -> list[Json]:
    """The files that the run opened to read; what it had itself written before is none of its data."""
    report = store.reports.get(chosen.id, "environment") or {}
    begun = chosen.started_at or chosen.created_at
    return [one for one in report.get("files", ()) if float(one["modified_at"]) < begun]


def _code(store: Store, experiment: Experiment, chosen: Run) -> Iterator[str]:
    held = seal.sealed(store, chosen.id)
    if held is None or not held["code"]:
        yield f"run {chosen.id} kept no hashes of its code, so only the fingerprint of the climb was compared"
        return
    then = {str(one["path"]): one["sha256"] for one in held["code"]}
    now = {str(path): seal.file_hash(path) for path in code_files(seal.target_of(experiment))}
    for path in sorted(then.keys() & now.keys()):
        if then[path] != now[path]:
            yield f"{path} is not what it was at run {chosen.id}"
    if gone := sorted(then.keys() - now.keys()):
        yield f"gone since run {chosen.id}: {', '.join(gone[:_SHOWN])}"
    if new := sorted(now.keys() - then.keys()):
        yield f"copied as it is now, because run {chosen.id} kept no hash of it: {', '.join(new[:_SHOWN])}"


def _data(report: Json | None) -> Iterator[str]:
    if report is None:
        yield "which data was read was not recorded, so the copy has none: paths that are absolute still work"
        return
    for one in report.get("files", ()):
        path = Path(str(one["path"]))
        try:
            state = path.stat()
        except OSError:
            yield f"{path} is not there any more"
            continue
        if (state.st_size, state.st_mtime) != (one["bytes"], one["modified_at"]):
            yield f"{path} was changed since"
