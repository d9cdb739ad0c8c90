"""The report ``ranks`` of a run of ours as facts: what each rank did, and where it stood when all waited.

The report comes from the script's side: what has another shape than expected is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from .facts import Collective, Frame, RankFacts
from .stacks import read


def rank_facts(report: Mapping[str, Any]) -> dict[int, RankFacts]:
    """Every rank of the report; where there was a standstill, with the stacks of that moment."""
    hang = report.get("hang") if isinstance(report.get("hang"), dict) else {}
    looks = (hang or {}).get("looks")
    found: dict[int, RankFacts] = {}
    for told in _dicts(report.get("ranks")):
        rank = told.get("rank")
        if not isinstance(rank, int):
            continue
        look = looks.get(str(rank), {}) if isinstance(looks, dict) else {}
        exit_code = told.get("exit_code") if not look else None
        found[rank] = RankFacts(
            rank,
            step=told.get("steps"),
            stack=_stack(look),
            collectives=_collectives(look.get("collectives") or told.get("collectives")),
            exit_code=exit_code,
            ended=exit_code is not None,
        )
    return found


def _stack(look: Mapping[str, Any]) -> tuple[Frame, ...]:
    frames = tuple(_frames(look.get("stack")))
    if not frames and isinstance(look.get("text"), str):
        frames = next((stack.frames for stack in read(look["text"])), ())
    return frames


def _frames(rows: object) -> Iterable[Frame]:
    for row in _dicts(rows):
        if isinstance(row.get("file"), str) and isinstance(row.get("line"), int):
            yield Frame(row["file"], row["line"], str(row.get("function", "")), str(row.get("code", "")))


def _collectives(rows: object) -> tuple[Collective, ...]:
    return tuple(
        Collective(
            str(row.get("group", "")),
            row["sequence"],
            str(row.get("kind", "")),
            str(row.get("shape", "")),
            tuple(_frames(row.get("frames"))),
            is_done=bool(row.get("done", True)),
        )
        for row in _dicts(rows)
        if isinstance(row.get("sequence"), int)
    )


def _dicts(rows: object) -> list[dict[str, Any]]:
    return [row for row in rows if isinstance(row, dict)] if isinstance(rows, list) else []
