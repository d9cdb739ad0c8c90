"""What a person decides of a proposed edit: apply it, some hunks of it, or none; and undo.

Invariant: a file that changed since is never written over; all files are written or none; each decision is an event.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from pathlib import Path
from typing import Any

from ...runtime.project import SETTINGS, own_files
from ...runtime.seal import target_of
from ...store import Store
from ...store.records import Experiment, Run
from . import journal
from .hunks import with_hunks
from .proposal import APPLIED, DECLINED, UNDONE, FileEdit, Proposal, State, proposal
from .workspace import EditError, place_of, read_text


def apply(store: Store, home: Path, edit: int, *, by: str, hunks: Collection[int] | None = None) -> Proposal:
    """Write it, or those hunks of it, numbered from 1 through all its files. Raises :class:`EditError`."""
    one = proposal(store, edit)
    if one.state not in (State.PROPOSED, State.UNDONE):
        raise EditError(f"edit {edit} is {one.state}: nothing was written")
    files = tuple(chosen(one, hunks))
    if not files:
        raise EditError("no hunk of it was chosen, so nothing was written")
    _write(store, home, one, files, {"kind": APPLIED, "by": by})
    return proposal(store, edit)


def undo(store: Store, home: Path, edit: int, *, by: str) -> Proposal:
    """Put back what stood there before it was applied. Raises :class:`EditError`, also where a file changed since."""
    one = proposal(store, edit)
    if one.state is not State.APPLIED:
        raise EditError(f"edit {edit} is {one.state}: only what was applied can be undone")
    back = tuple(FileEdit(file.path, file.after, file.before) for file in one.written)
    _write(store, home, one, back, {"kind": UNDONE, "by": by})
    return proposal(store, edit)


def decline(store: Store, edit: int, *, by: str, reason: str | None = None) -> Proposal:
    """Record a no."""
    one = proposal(store, edit)
    if one.state is not State.PROPOSED:
        raise EditError(f"edit {edit} is {one.state}: there is nothing to decline")
    store.events.append(DECLINED, edit=edit, by=by, reason=reason)
    return proposal(store, edit)


def recover(store: Store, home: Path) -> int:
    """Finish what a crash left half done; how many edits that were."""
    return journal.recover(home, lambda note: _record(store, note))


def chosen(one: Proposal, hunks: Collection[int] | None) -> Iterator[FileEdit]:
    """The files as they would be written with these hunks; ``None`` takes all. Raises :class:`EditError`."""
    if hunks is not None and not set(hunks) <= set(range(1, one.hunk_count + 1)):
        raise EditError(f"edit {one.id} has the hunks 1 to {one.hunk_count}")
    first = 1
    for file in one.files:
        of_file = file.hunks
        taken = {number - first + 1 for number in hunks or () if first <= number < first + len(of_file)}
        after = file.after if hunks is None else with_hunks(file.before, of_file, taken)
        first += len(of_file)
        if after != file.before:
            yield FileEdit(file.path, file.before, after)


def climbs_again(store: Store, one: Proposal) -> tuple[Experiment, ...]:
    """The latest experiment of each script whose climb starts again because of it: its code or its values change."""
    changed = {place_of(one.root, file.path)[0] for file in one.files}
    found: dict[Path, Experiment] = {}
    for experiment in store.experiments.recent(100):
        if experiment.script in found or not experiment.script.resolve().is_relative_to(one.root):
            continue
        followed = (*own_files(target_of(experiment)), experiment.script.parent / SETTINGS)
        if changed & {path.resolve() for path in followed}:
            found[experiment.script] = experiment
    return tuple(found.values())


def runs_under_way(store: Store, one: Proposal) -> tuple[Run, ...]:
    """The runs that use the project's files now: nothing is changed under them."""
    return tuple(
        run
        for run in store.runs.unfinished()
        if store.experiments.get(run.experiment_id).script.resolve().is_relative_to(one.root)
    )


def _write(store: Store, home: Path, one: Proposal, files: Sequence[FileEdit], note: dict[str, Any]) -> None:
    _refuse_while_it_runs(store, one)
    writes = []
    for file in files:
        if read_text(one.root, file.path) != file.before:
            raise EditError(f"{file.path} changed since, so nothing was written: look at it, and propose it anew")
        place = place_of(one.root, file.path)[0]
        writes.append(journal.Write(place, file.before.encode("utf-8"), file.after.encode("utf-8")))
    rows = [{"path": file.path, "before": file.before, "after": file.after} for file in files]
    try:
        journal.commit(home, writes, {**note, "edit": one.id, "files": rows}, lambda told: _record(store, told))
    except journal.JournalError as error:
        raise EditError(str(error)) from error


def _record(store: Store, note: dict[str, Any]) -> None:
    data = dict(note)
    kind = data.pop("kind")
    if any(event.data.get("token") == data["token"] for event in store.events.newest(kind, limit=50)):
        return
    store.events.append(kind, **data)


def _refuse_while_it_runs(store: Store, one: Proposal) -> None:
    runs = runs_under_way(store, one)
    if runs:
        raise EditError(f"run {runs[0].id} is under way with these files: wait for it, or stop it, and try again")
