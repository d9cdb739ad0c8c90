"""Are the collectives of all ranks paired as they were meant? Compared number by number: kind, shape and call site.

Equal numbers are paired by the library whatever was meant. A call that one rank leaves out pairs its next one with the
others' call before it: of another kind or shape that ends the job, of the same it gives wrong numbers and no error.

Invariant: two lines of an ``if rank == 0`` that make the same call are no difference, since the calls after them pair
again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .facts import Collective

MOST_SHIFT = 4
"""So many calls left out or added in one go are recognised as such."""
FEWEST_AGAIN = 2
"""So many calls in a row that pair again end a difference of call sites."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first number at which ranks made different calls."""

    group: str
    sequence: int
    calls: Mapping[int, Collective]
    """Each rank's call of that number."""
    odd: tuple[int, ...]
    """The ranks that went another way than the others; empty where nobody can tell which."""
    skipped: int
    """How many calls the odd ranks left out (positive) or made besides (negative); 0 where that does not explain it."""
    is_silent: bool
    """Whether kind and shape agree, so that no library notices."""


@dataclass(frozen=True, slots=True)
class Missing:
    """Ranks that never came to a call in which others wait."""

    group: str
    waiting: Mapping[int, Collective]
    """The ranks that made the last call, with it."""
    behind: tuple[int, ...]
    last: Mapping[int, Collective]
    """The last call of each rank that is behind."""


def first_difference(records: Mapping[int, Sequence[Collective]]) -> Difference | None:
    """The first difference in any group; ``None`` where all that can be compared agrees."""
    found = [one for group in _groups(records) if (one := _difference(group, _by_number(records, group))) is not None]
    return min(found, key=lambda one: one.sequence, default=None)


def missing(records: Mapping[int, Sequence[Collective]]) -> Missing | None:
    """Who is behind in a group whose others wait; ``None`` where everybody has made the same number of calls."""
    for group in _groups(records):
        calls = _by_number(records, group)
        last = {rank: max(made) for rank, made in calls.items() if made}
        front = max(last.values(), default=0)
        behind = tuple(rank for rank, number in last.items() if number < front)
        ahead = {rank: calls[rank][front] for rank, number in last.items() if number == front}
        if behind and not all(call.is_done for call in ahead.values()):
            return Missing(group, ahead, behind, {rank: calls[rank][last[rank]] for rank in behind})
    return None


def _groups(records: Mapping[int, Sequence[Collective]]) -> list[str]:
    return list(dict.fromkeys(call.group for calls in records.values() for call in calls))


def _by_number(records: Mapping[int, Sequence[Collective]], group: str) -> dict[int, dict[int, Collective]]:
    made = {rank: {call.sequence: call for call in calls if call.group == group} for rank, calls in records.items()}
    return {rank: calls for rank, calls in made.items() if calls}


def _difference(group: str, calls: Mapping[int, Mapping[int, Collective]]) -> Difference | None:
    if len(calls) < 2:
        return None
    first, last = max(min(made) for made in calls.values()), min(max(made) for made in calls.values())
    for number in range(first, last + 1):
        here = {rank: made[number] for rank, made in calls.items() if number in made}
        if len(here) < len(calls):
            return None  # a hole in a record: nothing after it is sure
        noisy = len({(call.kind, call.shape) for call in here.values() if _is_fixed(call)}) > 1
        apart = len({call.places for call in here.values() if call.places}) > 1
        if noisy or (apart and not _pairs_again(calls, number, last)):
            odd, skipped = _odd(calls, here, number)
            return Difference(group, number, here, odd, skipped, is_silent=not noisy)
    return None


def _is_fixed(call: Collective) -> bool:
    """Whether its shape is the same on all ranks by its kind; what is scattered or gathered may differ."""
    return call.kind not in ("gather", "scatter", "alltoall", "all_to_all", "alltoall_base")


def _pairs_again(calls: Mapping[int, Mapping[int, Collective]], number: int, last: int) -> bool:
    """Whether the calls after this one agree again by themselves."""
    after = range(number + 1, min(number + FEWEST_AGAIN, last) + 1)
    return len(after) > 0 and all(len({made[at].places for made in calls.values() if at in made}) == 1 for at in after)


def _odd(
    calls: Mapping[int, Mapping[int, Collective]], here: Mapping[int, Collective], number: int
) -> tuple[tuple[int, ...], int]:
    """The ranks that went another way, and by how many calls: the few, or who came by a rare way to a rare call."""
    sides: dict[object, list[int]] = {}
    for rank, call in here.items():
        sides.setdefault((call.kind, call.shape, call.places), []).append(rank)
    if len(sides) != 2:
        return (), 0
    fewer, more = sorted(sides.values(), key=len)
    if len(fewer) == len(more):
        ways, sites = _ways(calls), Counter(call.places for made in calls.values() for call in made.values())
        here_by = [(ways[_way(calls[side[0]], number)], sites[here[side[0]].places]) for side in (fewer, more)]
        if here_by[0] == here_by[1]:
            return (), 0
        fewer, more = (fewer, more) if here_by[0] < here_by[1] else (more, fewer)
    return tuple(fewer), _shift(calls[fewer[0]], calls[more[0]], number)


def _ways(calls: Mapping[int, Mapping[int, Collective]]) -> Counter[object]:
    """How often a call followed upon another, in all records together."""
    return Counter(_way(made, number) for made in calls.values() for number in made)


def _way(made: Mapping[int, Collective], number: int) -> object:
    before, here = made.get(number - 1), made[number]
    return (None if before is None else (before.kind, before.places)), (here.kind, here.places)


def _shift(odd: Mapping[int, Collective], other: Mapping[int, Collective], number: int) -> int:
    """By how many calls ``odd`` is ahead of ``other`` from this number on: positive where it left some out."""
    for by in range(1, MOST_SHIFT + 1):
        if _matches(odd, other, number, by):
            return by
        if _matches(other, odd, number, by):
            return -by
    return 0


def _matches(ahead: Mapping[int, Collective], other: Mapping[int, Collective], number: int, by: int) -> bool:
    pairs = list(_pairs(ahead, other, number, by))
    return bool(pairs) and all(one.kind == two.kind and one.places == two.places for one, two in pairs)


def _pairs(
    ahead: Mapping[int, Collective], other: Mapping[int, Collective], number: int, by: int
) -> Iterator[tuple[Collective, Collective]]:
    for at in range(number, number + 12):
        if at in ahead and at + by in other:
            yield ahead[at], other[at + by]
