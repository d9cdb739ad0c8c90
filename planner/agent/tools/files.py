"""Reading files, listing folders and searching text, all inside the workspace.

Invariant: what is told is bounded; how much was left out is told with it.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..tool import PATH, Arguments, Found, Surroundings, Tool, Touches
from ..workspace import FailedError

MOST_BYTES = 1 << 20
MOST_CHARACTERS = 6_000
MOST_LINES = 150
MOST_LISTED = 200
MOST_MATCHES = 40
_MOST_FILES = 2_000
_LINE = 300
"""Characters of one line."""


def read_file(surroundings: Surroundings, arguments: Arguments) -> Found:
    """Some lines of a text file, with their numbers."""
    path, first = arguments["path"], arguments["from_line"]
    with surroundings.workspace.opened(path) as file:
        content = file.read(MOST_BYTES + 1)
    if b"\0" in content:
        raise FailedError(f"{path} is binary, not text; inspect_data looks at data.")
    lines = content[:MOST_BYTES].decode("utf-8", "replace").splitlines()
    told, used = list[str](), 0
    for number, line in enumerate(lines[first - 1 : first - 1 + MOST_LINES], start=first):
        shown = f"{number}: {_short(line)}"
        if used + len(shown) > MOST_CHARACTERS:
            break
        told.append(shown)
        used += len(shown) + 1
    last = first + len(told) - 1
    more = "" if len(content) <= MOST_BYTES else f"; only its first {MOST_BYTES >> 20} MiB were looked at"
    head = f"{path}: {len(lines)} lines, {first} to {last} are shown{more}" if told else f"{path}: {len(lines)} lines"
    rest = (f"read_file {path} from line {last + 1} shows more",) if told and last < len(lines) else ()
    return Found("\n".join((head, *told)), rest)


def list_folder(surroundings: Surroundings, arguments: Arguments) -> Found:
    """The names in a folder."""
    path = arguments["path"]
    entries = surroundings.workspace.entries(path)
    told = []
    for entry in entries[:MOST_LISTED]:
        what = "folder" if entry.is_folder else f"{entry.size_bytes} bytes"
        told.append(f"{entry.name}{'/' if entry.is_folder else ''} ({'closed' if entry.closed else what})")
    left = len(entries) - len(told)
    more = [f"and {left} more"] if left > 0 else []
    return Found("\n".join((f"{path}: {len(entries)} entries", *told, *more)))


def search_text(surroundings: Surroundings, arguments: Arguments) -> Found:
    """Lines that hold a text, whatever the case."""
    wanted, place = arguments["text_to_find"], arguments["path"]
    found, looked = list[str](), 0
    for name in surroundings.workspace.files(place):
        if looked >= _MOST_FILES or len(found) > MOST_MATCHES:
            break
        looked += 1
        found += _matches(surroundings, name, wanted.casefold())
    more = f"; the first {MOST_MATCHES} are told" if len(found) > MOST_MATCHES else ""
    head = f"“{wanted}”: {min(len(found), MOST_MATCHES)} lines in {looked} files{more}"
    return Found("\n".join((head, *found[:MOST_MATCHES])))


def _matches(surroundings: Surroundings, name: str, wanted: str) -> Iterator[str]:
    with surroundings.workspace.opened(name) as file:
        content = file.read(MOST_BYTES)
    if b"\0" in content:
        return
    for number, line in enumerate(content.decode("utf-8", "replace").splitlines(), start=1):
        if wanted in line.casefold():
            yield f"{name}:{number}: {_short(line.strip())}"


def _short(line: str) -> str:
    return line if len(line) <= _LINE else f"{line[:_LINE]}… ({len(line) - _LINE} characters more)"


TOOLS = (
    Tool(
        "read_file",
        "shows lines of a text file, code or log",
        {"path": PATH, "from_line": {"type": "integer", "minimum": 1, "maximum": 10**7}},
        Touches.WORKSPACE,
        read_file,
    ),
    Tool("list_folder", "lists a folder; . is the workspace itself", {"path": PATH}, Touches.WORKSPACE, list_folder),
    Tool(
        "search_text",
        "finds lines that hold a text, in a file's folder; . is the whole workspace",
        {"text_to_find": {"type": "string", "minLength": 1, "maxLength": 200}, "path": PATH},
        Touches.WORKSPACE,
        search_text,
    ),
)
