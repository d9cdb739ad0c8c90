"""Writing several files all or none, also over a crash or a power cut.

What is to be written lies whole in a folder of the journal before the first file is touched; a marker in it says so.
Then each file is written beside its place and renamed over it. Whoever comes next finishes a journal with the marker,
and throws away one without. Invariant: a file that somebody else changed meanwhile is never written over: then what was
written of the same edit is taken back.
"""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

FOLDER = "edits"
_CONTENT, _MARKER = "journal.json", "committed"


class JournalError(Exception):
    """It could not be written; nothing of it is there any more. The text says why."""


@dataclass(frozen=True, slots=True)
class Write:
    """One file with what it holds and what it is to hold."""

    path: Path
    before: bytes
    after: bytes


Done = Callable[[dict[str, Any]], None]
"""Called with the journal's note once all files are written; it must bear to be called twice for one token."""


def commit(home: Path, writes: Sequence[Write], note: dict[str, Any], done: Done) -> None:
    """Write them all, or none. ``note`` comes back to ``done``. Raises :class:`JournalError`."""
    folder = home / FOLDER / secrets.token_hex(8)
    try:
        with _alone(home, wait=True):
            folder.mkdir(parents=True)
            entries = [{"path": str(one.path), "number": number} for number, one in enumerate(writes)]
            for number, one in enumerate(writes):
                _put(folder / f"{number}.before", one.before)
                _put(folder / f"{number}.after", one.after)
            told = {**note, "token": folder.name}
            _put(folder / _CONTENT, json.dumps({"files": entries, "note": told}).encode())
            _put(folder / _MARKER, b"")
            _sync_folder(folder)
            _sync_folder(folder.parent)
            problem = _finish(folder, done)
    except OSError as error:
        with suppress(OSError):
            recover(home, done)
        raise JournalError(f"{error.filename or home} cannot be written: {error.strerror}") from error
    if problem is not None:
        raise JournalError(problem)


def recover(home: Path, done: Done) -> int:
    """Finish or take back what a crash left; how many there were. Nothing while another process writes."""
    if not (home / FOLDER).is_dir():
        return 0
    with _alone(home, wait=False) as is_alone:
        found = [one for one in sorted((home / FOLDER).iterdir()) if one.is_dir()] if is_alone else []
        for folder in found:
            if (folder / _MARKER).exists():
                _finish(folder, done)
            else:
                shutil.rmtree(folder)
        return len(found)


def _finish(folder: Path, done: Done) -> str | None:
    """Write what is left; what stood in the way, after which all of it was taken back."""
    content = json.loads((folder / _CONTENT).read_bytes())
    writes = [
        Write(Path(one["path"]), (folder / f"{one['number']}.before").read_bytes(),
              (folder / f"{one['number']}.after").read_bytes())
        for one in content["files"]
    ]  # fmt: skip
    problem = None
    for one in writes:
        try:
            _replace(one.path, one.before, one.after, folder.name)
        except (OSError, JournalError) as error:
            problem = str(error)
            break
    if problem is None:
        done(content["note"])
    else:
        for one in writes:
            with suppress(OSError, JournalError):
                _replace(one.path, one.after, one.before, folder.name)
    shutil.rmtree(folder)
    return problem


def _replace(path: Path, before: bytes, after: bytes, token: str) -> None:
    beside = path.with_name(f".{path.name}.{token}.mlintern")
    beside.unlink(missing_ok=True)
    now = path.read_bytes()
    if now == after:
        return
    if now != before or path.is_symlink():
        raise JournalError(f"{path} was changed meanwhile, so nothing was written")
    try:
        with beside.open("xb") as file:
            os.fchmod(file.fileno(), path.stat().st_mode & 0o7777)
            file.write(after)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _put(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _alone(home: Path, *, wait: bool) -> Iterator[bool]:
    """Whether nobody else writes with the same home; the kernel lets go of it when a process dies."""
    (home / FOLDER).mkdir(parents=True, exist_ok=True)
    with (home / FOLDER / "lock").open("wb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
            return
        yield True

