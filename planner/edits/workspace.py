"""Which files may be changed: text files inside one folder, reached without any link.

Invariant: what is opened here lies inside the folder; a link on the way there is refused, whatever it points to.
"""

from __future__ import annotations

import os
import stat
from hashlib import sha256
from pathlib import Path, PurePosixPath

MOST_BYTES = 1024 * 1024
_HIDDEN = (".git", ".hg", ".svn")


class EditError(Exception):
    """An edit that cannot be: what is the matter, and what to do."""


def place_of(root: Path, path: str) -> tuple[Path, str]:
    """The file that is meant, and its path as it is written down. Raises :class:`EditError`."""
    written = PurePosixPath(path)
    if written.is_absolute() and not written.is_relative_to(root):
        raise EditError(f"{path} is not in {root}: only files of the project are changed")
    parts = (written.relative_to(root) if written.is_absolute() else written).parts
    if not parts or ".." in parts or "\0" in path:
        raise EditError(f"{path} is not in {root}: only files of the project are changed")
    if parts[0] in _HIDDEN:
        raise EditError(f"{path} belongs to the version control, which is nobody's to edit")
    here = root
    for part in parts:
        here = here / part
        if here.is_symlink():
            raise EditError(f"{path} leads over the link {here}: name the file itself")
    return here, "/".join(parts)


def read_bytes(root: Path, path: str) -> bytes:
    """A text file's bytes. Raises :class:`EditError`."""
    place, shown = place_of(root, path)
    try:
        # Opened without following a link, so that what was looked at and what is read are one.
        descriptor = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(descriptor, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise EditError(f"{shown} is no file with text")
            content = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise EditError(f"{shown} cannot be read: {error.strerror or error}") from error
    if len(content) > MOST_BYTES:
        raise EditError(f"{shown} has more than {MOST_BYTES // 1024} KiB, and is not changed by a diff")
    return content


def read_text(root: Path, path: str) -> str:
    """A text file's text, every character as it stands. Raises :class:`EditError`."""
    content = read_bytes(root, path)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise EditError(f"{path} is no text in UTF-8") from error
    if "\0" in text:
        raise EditError(f"{path} is no text")
    return text


def digest(text: str) -> str:
    """The hash of a text's bytes."""
    return sha256(text.encode("utf-8")).hexdigest()
