"""From what is known of each rank to the one that is to blame, and where the cause lies.

Invariant: pure. A rank is named only where the evidence tells ranks apart; where it does not, nobody is.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from ..fault_class import FaultClass
from ..hypothesis import Certainty, Depth, Hypothesis, Measure, Quote
from .facts import RankFacts
from .pairing import Difference, first_difference, missing
from .standing import Standing, place, standing

MOST_QUOTES = 8
_JOINS = "init_process_group"
_LATE = 1 << 40
"""After every exception that a log shows: a rank that hangs waits for one that died."""


@dataclass(frozen=True, slots=True)
class _Blame:
    """What is said of a rank that keeps the others waiting, by where it stands."""

    code: str
    what: str
    fault_class: FaultClass
    test: str
    measures: tuple[Measure, ...]


_BLAMES: Mapping[Standing, _Blame] = {
    Standing.LOADER: _Blame(
        "loader.deadlock",
        "waits for its data loader, and the others wait for it in a collective",
        FaultClass.LOADER,
        "dump the stacks of its loader's workers twice: the same line in both is a standstill",
        (
            Measure("bound what a worker waits for (a file, a lock, the network)", "one item never comes"),
            Measure("repeat with num_workers=0", "a lock was held when the workers were forked"),
        ),
    ),
    Standing.STORAGE: _Blame(
        "dist.hang",
        "is at a file, and the others wait for it in a collective",
        FaultClass.STORAGE,
        "write and read a file of that size there by hand (time dd): it hangs as well if the storage is at fault",
        (
            Measure("save to a local disk and copy from there", "the shared storage does not answer"),
            Measure("keep saving outside of what the others wait for", "it is only slow"),
        ),
    ),
    Standing.CODE: _Blame(
        "dist.hang",
        "is in code of its own, and the others wait for it in a collective",
        FaultClass.CODE,
        "dump its stack once more: the same line twice is where it stands still",
        (
            Measure("move that work to where nobody waits, or give it to all ranks", "one rank alone does it"),
            Measure("give every rank the same number of batches (drop_last, join())", "it has more to do"),
        ),
    ),
}  # fmt: skip


def of_ranks(ranks: Mapping[int, RankFacts]) -> list[Hypothesis]:
    """What the ranks show together, surest first."""
    records = {rank: facts.collectives for rank, facts in ranks.items() if facts.collectives}
    found: list[Hypothesis] = []
    difference = first_difference(records)
    if difference is not None:
        found.append(_mispaired(difference, ranks))
    waits = next(_hangs(ranks), None)
    if waits is not None:
        found.append(waits)
    return found


def _mispaired(difference: Difference, ranks: Mapping[int, RankFacts]) -> Hypothesis:
    odd, skipped = difference.odd, abs(difference.skipped)
    who = _named(odd) if odd else "one of the ranks"
    other = next((call for rank, call in difference.calls.items() if rank not in odd), None)
    how = f"left out {skipped} call{'s' * (skipped > 1)}" if skipped else "went another way"
    where = f", beginning with {other}" if other is not None and odd else ""
    effect = ": same kind and shape, so the numbers are wrong and nothing fails" if difference.is_silent else ""
    quotes = [
        Quote(f"rank {rank}: collective {difference.sequence} is {call}", source=_source(ranks, rank))
        for rank, call in list(difference.calls.items())[:MOST_QUOTES]
    ]
    return Hypothesis(
        "dist.mispaired",
        f"collectives are paired wrongly from number {difference.sequence} on: {who} {how}{where}{effect}",
        Certainty.CERTAIN if odd and not any(ranks[one].is_inferred for one in difference.calls) else Certainty.LIKELY,
        tuple(quotes),
        "print the rank before the call that is named, for ten steps: the counts of the ranks differ",
        (
            Measure("make every rank take the same branches around collectives", "a branch depends on the rank"),
            Measure("give every rank the same number of batches", "one rank has fewer"),
        ),
        at=-1,
        ranks=odd,
        fault_class=FaultClass.CODE,
    )  # fmt: skip


def _hangs(ranks: Mapping[int, RankFacts]) -> Iterator[Hypothesis]:
    """The first that fits: not all came, gone, elsewhere, behind, or nobody apart."""
    joining = [rank for rank, facts in ranks.items() if any(one.function == _JOINS for one in facts.stack)]
    if joining and len(joining) == len(ranks):
        yield _not_all_came(joining, ranks)
        return
    stands = {rank: standing(facts.stack) for rank, facts in ranks.items() if facts.stack and not facts.ended}
    waiting = [rank for rank, one in stands.items() if one is Standing.COLLECTIVE]
    gone = tuple(rank for rank, facts in ranks.items() if facts.ended and facts.exit_code == 0)
    if waiting and gone:
        yield _left(gone, waiting, ranks)
    last = {rank: facts.collectives[-1].sequence for rank, facts in ranks.items() if facts.collectives}
    went_on = [rank for rank, facts in ranks.items() if rank in last and facts.exit_code]
    short = tuple(rank for rank in gone if rank in last and all(last[rank] < last[one] for one in went_on))
    if went_on and short:
        yield _left(short, went_on, ranks)
    for kind in (Standing.LOADER, Standing.STORAGE, Standing.CODE):
        apart = tuple(rank for rank, one in stands.items() if one is kind)
        if waiting and apart and len(apart) < len(ranks):
            yield _blamed(_BLAMES[kind], apart, waiting, ranks)
    behind = missing({rank: facts.collectives for rank, facts in ranks.items() if facts.collectives})
    if behind is not None:
        calls = [f"rank {rank} waits in {call}" for rank, call in list(behind.waiting.items())[:4]]
        calls += [f"rank {rank} has come no further than {call}" for rank, call in list(behind.last.items())[:4]]
        quotes = tuple(Quote(words, source=_source(ranks, int(words.split()[1]))) for words in calls)
        yield _behind(behind.behind, quotes)
    if len(waiting) > 1:
        yield from _all_wait(waiting, ranks)


def _not_all_came(joining: Sequence[int], ranks: Mapping[int, RankFacts]) -> Hypothesis:
    return Hypothesis(
        "dist.rendezvous",
        f"all {len(joining)} ranks that were started wait for more to join: the script expects another number of them",
        Certainty.LIKELY,
        tuple(_stood(joining, ranks)),
        "print the world size that the script gives to init_process_group, and count the processes",
        (
            Measure("take the world size from WORLD_SIZE", "the script states a number of its own"),
            Measure("start as many processes as it expects", "the launcher was given another number"),
        ),
        ("a machine whose ranks cannot reach the master's address and port",),
        depth=Depth.EXCEPTION,
        at=_LATE,
        fault_class=FaultClass.CODE,
    )


def _left(gone: Sequence[int], waiting: Sequence[int], ranks: Mapping[int, RankFacts]) -> Hypothesis:
    return Hypothesis(
        "dist.hang",
        f"{_named(gone)} came to an end while {_named(waiting)} still made collectives",
        Certainty.CERTAIN,
        (*(Quote(f"rank {rank}: ended with exit code 0", source=_source(ranks, rank)) for rank in gone[:4]),
         *_stood(waiting, ranks)),
        "count the batches of each rank: print len(loader) and the rank before the loop",
        (
            Measure("give every rank the same number of batches (drop_last, join())", "it has fewer"),
            Measure("decide together when to stop (all_reduce a flag)", "it stops early by itself"),
        ),
        depth=Depth.EXCEPTION,
        at=_LATE,
        ranks=tuple(gone),
        fault_class=FaultClass.CODE,
    )  # fmt: skip


def _blamed(
    blame: _Blame, apart: Sequence[int], waiting: Sequence[int], ranks: Mapping[int, RankFacts]
) -> Hypothesis:
    return Hypothesis(
        blame.code,
        f"{_named(apart)} {blame.what}",
        Certainty.LIKELY,
        (*_stood(apart, ranks), *_workers(apart, ranks), *_stood(waiting, ranks)),
        blame.test,
        blame.measures,
        depth=Depth.EXCEPTION,
        at=_LATE,
        ranks=tuple(apart),
        fault_class=blame.fault_class,
    )


def _behind(behind: Sequence[int], quotes: tuple[Quote, ...]) -> Hypothesis:
    return Hypothesis(
        "dist.hang",
        f"{_named(behind)} never came to the collective in which the others wait",
        Certainty.LIKELY,
        quotes,
        "dump the stack of that rank while it hangs (py-spy dump --pid): it shows where it stands instead",
        (
            Measure("give every rank the same number of batches", "it left the loop earlier"),
            Measure("let every rank come to the same collectives", "a branch keeps it away"),
        ),
        ("its data loader, a file or the machine under it stands still",),
        depth=Depth.EXCEPTION,
        at=_LATE,
        ranks=tuple(behind),
        fault_class=FaultClass.CODE,
    )


def _all_wait(waiting: Sequence[int], ranks: Mapping[int, RankFacts]) -> Iterator[Hypothesis]:
    """Everybody is in a collective: in different ones it is the code, in the same one what carries it."""
    places: dict[object, list[int]] = {}
    for rank in waiting:
        at = place(ranks[rank].stack)
        places.setdefault(None if at is None else (at.file, at.line), []).append(rank)
    if len(places) > 1:
        sides = sorted(places.values(), key=len)
        few = tuple(sides[0]) if len(sides[0]) < len(sides[-1]) else ()
        who = f"{_named(few)} waits elsewhere than the others" if few else "ranks wait at different lines"
        yield Hypothesis(
            "dist.hang",
            f"{who}, each in a collective that the rest never comes to",
            Certainty.LIKELY,
            tuple(_stood(waiting, ranks)),
            "repeat ten steps with TORCH_DISTRIBUTED_DEBUG=DETAIL: it names the two collectives at once",
            (Measure("make every rank take the same branches around collectives", "a branch depends on the rank"),),
            depth=Depth.EXCEPTION,
            at=_LATE,
            ranks=few,
            fault_class=FaultClass.CODE,
        )
    elif len(waiting) == len(ranks):
        yield Hypothesis(
            "dist.hang",
            "all ranks wait at the same line in the same collective: what carries it does not come through",
            Certainty.POSSIBLE,
            tuple(_stood(waiting, ranks)),
            "run an all_reduce of one number on the same machines (NCCL_DEBUG=INFO): it hangs too if it is the network",
            (
                Measure("name the network interface (NCCL_SOCKET_IFNAME, GLOO_SOCKET_IFNAME)", "the wrong one is used"),
                Measure("leave out one machine after the other", "one link or device has failed"),
            ),
            ("a rank that is not among those that were seen",),
            depth=Depth.EXCEPTION,
            at=_LATE,
            fault_class=FaultClass.NETWORK,
        )


def _stood(which: Sequence[int], ranks: Mapping[int, RankFacts]) -> Iterator[Quote]:
    for rank in which[:4]:
        if not ranks[rank].stack:
            if ranks[rank].collectives:
                yield Quote(f"rank {rank}: last made {ranks[rank].collectives[-1]}", source=_source(ranks, rank))
            continue
        at = place(ranks[rank].stack)
        yield Quote(f"rank {rank}: {standing(ranks[rank].stack)}, {at}", source=_source(ranks, rank))


def _workers(which: Sequence[int], ranks: Mapping[int, RankFacts]) -> Iterator[Quote]:
    for rank in which[:2]:
        for stack in ranks[rank].workers[:2]:
            yield Quote(f"rank {rank}, a worker: {place(stack)}", source=_source(ranks, rank))


def _named(ranks: Sequence[int]) -> str:
    shown = ", ".join(str(rank) for rank in ranks[:6]) + (", …" if len(ranks) > 6 else "")
    return f"rank {shown}" if len(ranks) == 1 else f"ranks {shown}"


def _source(ranks: Mapping[int, RankFacts], rank: int) -> str | None:
    return ranks[rank].sources[0] if rank in ranks and ranks[rank].sources else None
