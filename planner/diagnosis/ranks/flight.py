"""torch's flight recorder: the last collectives of one rank, from its dump (a pickle) or its JSON form.

The JSON form holds no stacks, so no call sites. Dumps of gloo and of NCCL name the same fields; what is missing or of a
wrong type is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from . import plain_pickle
from .facts import Collective, Frame

MOST_ENTRIES = 4_000
"""Of a longer record the last so many."""
MOST_FRAMES = 40


def read(data: bytes) -> tuple[Collective, ...] | None:
    """The record in order; ``None`` when the bytes are no dump."""
    try:
        content = json.loads(data) if data[:1] in b"{[ \n" else plain_pickle.loads(data)
    except (ValueError, RecursionError):  # NotPlainError is one
        return None
    return of_content(content)


def of_content(content: object) -> tuple[Collective, ...] | None:
    """The record of an opened dump."""
    entries = content.get("entries") if isinstance(content, dict) else None
    if not isinstance(entries, list):
        return None
    return tuple(_collectives(entries[-MOST_ENTRIES:]))


def _collectives(entries: Sequence[object]) -> Iterator[Collective]:
    for entry in entries:
        if not isinstance(entry, dict) or entry.get("is_p2p"):
            continue
        sequence, name = entry.get("collective_seq_id"), entry.get("profiling_name")
        if isinstance(sequence, int) and isinstance(name, str):
            yield Collective(
                _group(entry),
                sequence,
                name.rpartition(":")[2],
                _shape(entry),
                tuple(_frames(entry.get("frames"))),
                is_done=bool(entry.get("retired", True)) or entry.get("state") == "completed",
            )


def _group(entry: Mapping[str, Any]) -> str:
    named = entry.get("process_group")
    if isinstance(named, list | tuple) and named:
        return str(named[0])
    return str(entry.get("pg_id", ""))


def _shape(entry: Mapping[str, Any]) -> str:
    sizes, types = entry.get("input_sizes"), entry.get("input_dtypes")
    if not isinstance(sizes, list | tuple):
        return ""
    kinds = types if isinstance(types, list | tuple) else ()
    told = [f"{list(size) if isinstance(size, list | tuple) else size}" for size in sizes[:4]]
    return " ".join([*told, *dict.fromkeys(str(kind) for kind in kinds[:4])])


def _frames(frames: object) -> Iterator[Frame]:
    if not isinstance(frames, list | tuple):
        return
    for frame in frames[:MOST_FRAMES]:
        if isinstance(frame, dict) and isinstance(frame.get("filename"), str) and isinstance(frame.get("line"), int):
            yield Frame(frame["filename"], frame["line"], str(frame.get("name", "")))
