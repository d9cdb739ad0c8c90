"""A unified diff that somebody gives, held against the files that it names.

Pure. Invariant: every line that the diff shows as old stands in the file at one place only, or the diff is refused.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from .hunks import split

_HEAD = re.compile(r"@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@")
_NOT_DONE = re.compile(r"(rename|copy|deleted file|new file|Binary files|GIT binary|old mode|similarity)\b")
_NOWHERE = "/dev/null"


class PatchError(ValueError):
    """A diff that cannot be taken; the text says why."""


@dataclass(slots=True)
class _Piece:
    at: int
    old: list[str] = field(default_factory=list)
    new: list[str] = field(default_factory=list)


def changed_files(patch: str, read: Callable[[str], str]) -> dict[str, tuple[str, str]]:
    """The old and the new text of each file, by its path. ``read`` gives a file's text. Raises :class:`PatchError`."""
    found: dict[str, tuple[str, str]] = {}
    for path, pieces in _files(patch).items():
        old = read(path)
        found[path] = (old, _patched(path, split(old), pieces))
    if not found:
        raise PatchError("it holds no change: write a unified diff, as `diff -u` or `git diff` prints it")
    return found


def _files(patch: str) -> dict[str, list[_Piece]]:
    files: dict[str, list[_Piece]] = {}
    lines = split(patch.replace("\r\n", "\n") if "\r\n" in patch and "\n" not in patch.replace("\r\n", "") else patch)
    at, path = 0, None
    while at < len(lines):
        line = lines[at].rstrip("\r\n")
        if _NOT_DONE.match(line):
            raise PatchError(f"“{line[:60]}”: only changes of files that are there are proposed, no other kind")
        if line.startswith("--- ") and at + 1 < len(lines) and lines[at + 1].startswith("+++ "):
            path = _path(line, lines[at + 1].rstrip("\r\n"))
            files.setdefault(path, [])
            at += 2
        elif (head := _HEAD.match(line)) is not None:
            if path is None:
                raise PatchError("a hunk stands before the file that it is of")
            at = _hunk(lines, at + 1, head, files[path])
        else:
            at += 1
    return {path: pieces for path, pieces in files.items() if pieces}


def _path(old: str, new: str) -> str:
    names = [line[4:].split("\t")[0].strip() for line in (old, new)]
    if _NOWHERE in names:
        raise PatchError("only changes of files that are there are proposed: it makes or deletes one")
    plain = [name[2:] if name.startswith(prefix) else name for name, prefix in zip(names, ("a/", "b/"), strict=True)]
    if plain[0] != plain[1]:
        raise PatchError(f"it moves {plain[0]} to {plain[1]}: only changes of files in their place are proposed")
    return plain[1]


def _hunk(lines: list[str], at: int, head: re.Match[str], pieces: list[_Piece]) -> int:
    old_left, new_left = (int(count) if count is not None else 1 for count in (head[2], head[4]))
    piece = _Piece(max(0, int(head[1]) - (1 if old_left else 0)))
    while at < len(lines) and (old_left > 0 or new_left > 0 or lines[at].startswith("\\")):
        sign, text = (lines[at][0], lines[at][1:]) if lines[at].strip("\r\n") else (" ", lines[at])
        if sign == "\\":
            _take_ending_off(piece, lines[at - 1][0])
        elif sign in " -+":
            if sign != "+":
                piece.old.append(text)
                old_left -= 1
            if sign != "-":
                piece.new.append(text)
                new_left -= 1
        else:
            break
        at += 1
    if old_left or new_left:
        raise PatchError(f"the hunk {head[0]} is not whole")
    pieces.append(piece)
    return at


def _take_ending_off(piece: _Piece, sign: str) -> None:
    for side, signs in ((piece.old, " -"), (piece.new, " +")):
        if sign in signs and side:
            side[-1] = side[-1].rstrip("\n")


def _patched(path: str, lines: list[str], pieces: list[_Piece]) -> str:
    kept: list[str] = []
    at = 0
    for piece in pieces:
        place = _place(path, lines, piece, at)
        kept += [*lines[at:place], *piece.new]
        at = place + len(piece.old)
    return "".join([*kept, *lines[at:]])


def _place(path: str, lines: list[str], piece: _Piece, after: int) -> int:
    """Where the old lines stand: where the diff says, else the only place behind the piece before."""
    size = len(piece.old)
    if piece.at >= after and lines[piece.at : piece.at + size] == piece.old:
        return piece.at
    places = [n for n in range(after, len(lines) - size + 1) if size and lines[n : n + size] == piece.old]
    if len(places) != 1:
        often = "not" if not places else f"at {len(places)} places"
        raise PatchError(f"the lines that it changes near line {piece.at + 1} stand {often} in {path}: make it anew")
    return places[0]
