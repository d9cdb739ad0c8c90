"""The report ``ranks`` of a run of ours as facts: what each rank did, and where it stood when all waited.

The report comes from the script's side: what has another shape than expected is left out.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import pairwise
from typing import Any

from .facts import Collective, Frame, RankFacts
from .stacks import read

MOST_FRAMES = 4
"""A collective is told with so many of the user's frames; see runtime/probe/ranks/member.py."""
MOST_AFTER = 6
"""So many calls after it left its round a rank may still have been paired by chance."""


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
    deaths = {
        row["rank"]: row["died_at"]
        for row in _dicts(report.get("ranks"))
        if isinstance(row.get("rank"), int) and isinstance(row.get("died_at"), str)
    }
    return {rank: _until_death(facts, deaths.get(rank), found) for rank, facts in found.items()}


def _until_death(facts: RankFacts, died_at: str | None, ranks: Mapping[int, RankFacts]) -> RankFacts:
    """A rank that native code ended told nothing but its last stack: what it did before is inferred from the others.

    The call in which it ended has the number of the others' last one, since that is what it was paired with.
    """
    model = next((other.collectives for other in ranks.values() if other.collectives and other.exit_code), ())
    stack = next((one.frames for one in read(died_at or "")), ())
    own = tuple(frame for frame in stack if frame.is_users)[:MOST_FRAMES]
    if facts.collectives or not model or not own:
        return replace(facts, stack=facts.stack or stack)
    return replace(facts, collectives=_inferred(model, own), is_inferred=True)


def _inferred(model: Sequence[Collective], ended_at: tuple[Frame, ...]) -> tuple[Collective, ...]:
    """The calls of a rank that ended there, beside one whose calls are known.

    Where the known one left its usual round shortly before, and going on with the round leads to that place, the other
    one went on with it; else it did the same until its last call.
    """
    place = tuple((frame.file, frame.line) for frame in ended_at)
    usual = _followers(model)
    steps = range(len(model) - 1, 0, -1)
    left = next((at for at in steps if usual[model[at - 1].places].places != model[at].places), 0)
    if left and len(model) - left <= MOST_AFTER:
        regular = list(model[:left])
        for call in model[left:]:
            follower = usual[regular[-1].places]
            regular.append(replace(follower, sequence=call.sequence, is_done=call.is_done))
        if regular[-1].places == place:
            return tuple(regular)
    known = next((call for call in model if call.places == place), None)
    last = model[-1]
    ended_in = replace(last, kind="call", shape="", frames=ended_at)
    if known is not None:
        ended_in = replace(known, sequence=last.sequence, is_done=False)
    return (*model[:-1], ended_in)


def _followers(model: Sequence[Collective]) -> dict[object, Collective]:
    """For every call site the call that follows it most often."""
    counts: dict[object, Counter[object]] = {}
    calls: dict[object, Collective] = {}
    for before, after in pairwise(model):
        counts.setdefault(before.places, Counter())[after.places] += 1
        calls[after.places] = after
    calls[model[0].places] = calls.get(model[0].places, model[0])
    found = {site: calls[after.most_common(1)[0][0]] for site, after in counts.items()}
    return {**{site: call for site, call in calls.items() if site not in found}, **found}


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
