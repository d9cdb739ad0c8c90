"""The one folder whose files the agent may look at.

Invariant: nothing outside is ever opened, whatever a path says. A path is walked part by part from the folder itself,
each part opened without following links, and what is no regular file or folder is refused before it is read. There is
no way to write.
"""

from __future__ import annotations

import itertools
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .sealed import why_closed

MOST_ENTRIES = 20_000
_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class RefusedError(Exception):
    """What is not allowed; the text says why, for the model and for the person."""


class FailedError(Exception):
    """What is allowed and cannot be done; the text says why and what to do."""


@dataclass(frozen=True, slots=True)
class Entry:
    """One name in a folder."""

    name: str
    is_folder: bool
    size_bytes: int
    closed: str | None
    """Why it is not opened."""


class Workspace:
    """A folder, by its real path."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        if self.folder == Path(self.folder.anchor):
            raise FailedError("The whole disk is no workspace; start in the folder of a project.")

    def parts(self, path: str) -> tuple[str, ...]:
        """The names that lead to a path from the folder; an absolute path is taken where it says this folder."""
        if "\0" in path or len(path) > 4096:
            raise RefusedError("that is no path")
        if path.startswith("~"):
            raise RefusedError(f"{path} lies outside the workspace {self.folder}")
        if path.startswith("/"):
            own = f"{self.folder}/"
            if not f"{path}/".startswith(own):
                raise RefusedError(f"{path} lies outside the workspace {self.folder}")
            path = path[len(own) :]
        found = tuple(part for part in path.split("/") if part not in ("", "."))
        if ".." in found:
            raise RefusedError(f"{path} climbs out of its folder; paths go down from {self.folder} only")
        closed = why_closed(found)
        if closed is not None:
            raise RefusedError(closed)
        return found

    @contextmanager
    def opened(self, path: str) -> Iterator[BinaryIO]:
        """A regular file, to be read."""
        parts = self.parts(path)
        if not parts:
            raise FailedError("That is the folder itself; name a file in it.")
        descriptor = self._descend(parts)
        try:
            if not stat.S_ISREG(os.fstat(descriptor).st_mode):
                raise RefusedError(f"{path} is no regular file")
            with os.fdopen(os.dup(descriptor), "rb") as file:
                yield file
        finally:
            os.close(descriptor)

    def entries(self, path: str) -> tuple[Entry, ...]:
        """What a folder holds, by name; at most ``MOST_ENTRIES``."""
        parts = self.parts(path)
        descriptor = self._descend(parts)
        try:
            if not stat.S_ISDIR(os.fstat(descriptor).st_mode):
                raise FailedError(f"{path} is no folder.")
            with os.scandir(descriptor) as found:
                names = sorted(entry.name for entry in itertools.islice(found, MOST_ENTRIES))
            return tuple(self._entry(descriptor, parts, name) for name in names)
        finally:
            os.close(descriptor)

    def files(self, path: str) -> Iterator[str]:
        """The files that may be read below a path, from the folder on; at most ``MOST_ENTRIES`` are looked at."""
        waiting, looked = ["/".join(self.parts(path))], 0
        while waiting:
            place = waiting.pop()
            for entry in self.entries(place):
                looked += 1
                if looked > MOST_ENTRIES:
                    return
                name = f"{place}/{entry.name}" if place else entry.name
                if entry.closed is None and entry.is_folder:
                    waiting.append(name)
                elif entry.closed is None:
                    yield name

    def real(self, path: str) -> Path:
        """The path on disk of a file or a whole folder, for readers that open it themselves: nothing on the way to it
        or in it is a link or closed."""
        parts = self.parts(path)
        descriptor = self._descend(parts)
        try:
            mode = os.fstat(descriptor).st_mode
        finally:
            os.close(descriptor)
        if stat.S_ISDIR(mode):
            self._check_below("/".join(parts))
        elif not stat.S_ISREG(mode):
            raise RefusedError(f"{path} is no regular file")
        return self.folder.joinpath(*parts)

    def _check_below(self, path: str) -> None:
        waiting, looked = [path], 0
        while waiting:
            place = waiting.pop()
            for entry in self.entries(place):
                looked += 1
                name = f"{place}/{entry.name}" if place else entry.name
                if looked > MOST_ENTRIES:
                    raise FailedError(f"{path or 'The folder'} holds too much to be looked at; name a part of it.")
                if entry.closed is not None and not entry.name.startswith("."):
                    raise RefusedError(f"the folder holds what stays closed: {entry.closed}; name the other files")
                if entry.is_folder and entry.closed is None:
                    waiting.append(name)

    def _entry(self, folder: int, parts: tuple[str, ...], name: str) -> Entry:
        try:
            status = os.stat(name, dir_fd=folder, follow_symlinks=False)
        except OSError as error:
            return Entry(name, False, 0, f"{name} cannot be looked at: {error.strerror}")
        closed = why_closed((*parts, name))
        if closed is None and stat.S_ISLNK(status.st_mode):
            closed = f"{name} is a link, and links are not followed"
        elif closed is None and not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
            closed = f"{name} is no regular file"
        return Entry(name, stat.S_ISDIR(status.st_mode), status.st_size, closed)

    def _descend(self, parts: tuple[str, ...]) -> int:
        """A descriptor of what the parts lead to."""
        try:
            descriptor = os.open(self.folder, _FLAGS | os.O_DIRECTORY)
        except OSError as error:
            raise FailedError(f"The workspace {self.folder} cannot be entered: {error.strerror}.") from error
        for index, part in enumerate(parts):
            is_last = index == len(parts) - 1
            try:
                status = os.stat(part, dir_fd=descriptor, follow_symlinks=False)
                if stat.S_ISLNK(status.st_mode):
                    raise RefusedError(f"{part} is a link, and links are not followed")
                if is_last and not (stat.S_ISREG(status.st_mode) or stat.S_ISDIR(status.st_mode)):
                    raise RefusedError(f"{part} is no regular file")
                inner = os.open(part, _FLAGS | (0 if is_last else os.O_DIRECTORY), dir_fd=descriptor)
            except (OSError, ValueError) as error:
                why = getattr(error, "strerror", None) or "that is no name"
                raise FailedError(f"{'/'.join(parts)} cannot be opened: {why}.") from error
            finally:
                os.close(descriptor)
            descriptor = inner
        return descriptor
