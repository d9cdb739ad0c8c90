"""The report ``ranks`` of a run of ours as facts: what each rank did, and where it stood when all waited.

The report comes from the script's side: what has another shape than expected is left out.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Any

from .facts import Collective, Frame, RankFacts
from .stacks import read

MOST_FRAMES = 4
"""A collective is told with so many of the user's frames; see runtime/probe/ranks/member.py."""


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
    deaths = {row["rank"]: row["died_at"] for row in _dicts(report.get("ranks")) if isinstance(row.get("died_at"), str)}
    return {rank: _until_death(facts, deaths.get(rank), found) for rank, facts in found.items()}


def _until_death(facts: RankFacts, died_at: str | None, ranks: Mapping[int, RankFacts]) -> RankFacts:
    """A rank that native code ended told nothing but its last stack: until there it did as those that could tell.

    The call in which it ended has the number of the others' last one, since that is what it was paired with.
    """
    model = next((other.collectives for other in ranks.values() if other.collectives and other.exit_code), ())
    stack = next((one.frames for one in read(died_at or "")), ())
    own = tuple(frame for frame in stack if frame.is_users)
    if facts.collectives or not model or not own:
        return replace(facts, stack=facts.stack or stack)
    last = model[-1]
    same = tuple((frame.file, frame.line) for frame in own[:MOST_FRAMES]) == last.places
    shape = last.shape if same else ""
    ended_in = replace(last, shape=shape, kind=last.kind if same else "call", frames=own[:MOST_FRAMES])
    return replace(facts, collectives=(*model[:-1], ended_in))


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
