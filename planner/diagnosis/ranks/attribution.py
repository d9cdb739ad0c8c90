"""Which rank a diagnosis speaks of, told from whose log its signs stand in.

Who complains of a timeout or of a broken connection was left waiting; who says nothing is to blame.

Invariant: where all ranks say the same, or the log does not tell them apart, no rank is named.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeAlias

from ..fault_class import FaultClass
from ..hypothesis import Certainty, Depth, Diagnosis, Hypothesis, Measure, Quote, quote
from ..log import Line
from .launcher_words import Failed

_NAMES_RANK = re.compile(
    r"did not receive grad for rank (\d+)|[Rr]ank (\d+) (?:failed to|timed out|is (?:not|missing))"
)
_WAITED = re.compile(
    r"Watchdog caught collective|before timing out|Timed out waiting|monitoredBarrier|[Tt]imeout.*(?:store|key)"
    r"|client socket has timed out|Connection (?:reset|closed|refused)|Broken pipe|aborted"
)
_RAISED = re.compile(r"Traceback \(most recent call last\)|\bError\b|[a-z]Error:|Exception")
_MEASURES = (
    Measure("use fewer loader workers, or ask for more host memory", "the kernel killed it for want of memory"),
)

_Tell: TypeAlias = Callable[[Failed, tuple[Quote, ...]], Hypothesis]


def of_failures(lines: Sequence[Line], failed: Sequence[Failed]) -> list[Hypothesis]:
    """What the launcher's own words show: a rank that was killed from outside, or by native code."""
    killed = [one for one in failed if one.exit_code in (-9, 137)]
    broken = [one for one in failed if one.exit_code in (-4, -6, -7, -8, -11)]
    spoke = {line.rank for line in lines if _RAISED.search(line.text)}
    quiet = [one for one in failed if one.exit_code > 0 and one.rank not in spoke]
    return [*_first(_killed, lines, killed), *_first(_broken, lines, broken), *_first(_quiet, lines, quiet)]


def _first(tell: _Tell, lines: Sequence[Line], failed: Sequence[Failed]) -> list[Hypothesis]:
    """What the first of these failures means; the launcher ends the others because of it."""
    if not failed:
        return []
    one = failed[0]
    told = tell(one, (quote(lines[one.index]),))
    return [replace(told, depth=Depth.ENDING, at=one.index, ranks=(one.rank,))]


def _quiet(one: Failed, quotes: tuple[Quote, ...]) -> Hypothesis:
    return Hypothesis(
        "run.crash",
        f"rank {one.rank} ended with exit code {one.exit_code} and said nothing",
        Certainty.LIKELY,
        quotes,
        "look for sys.exit and os._exit in the code, and at that rank's own log where it is kept elsewhere",
        (
            Measure("let it say why it ends, and let all ranks end together", "its code ended it on purpose"),
            Measure("keep every rank's words (torchrun --redirects 3 --tee 3)", "they went elsewhere"),
        ),
    )


def _broken(one: Failed, quotes: tuple[Quote, ...]) -> Hypothesis:
    return Hypothesis(
        "run.crash.native",
        f"native code ended rank {one.rank} (signal {-one.exit_code})",
        Certainty.LIKELY,
        quotes,
        "repeat with python -X faulthandler: it prints the Python lines that led there",
        (
            Measure("make every rank take the same branches around collectives", "gloo met a call of another size"),
            Measure("bring the library that the stack names to a version built for this torch", "binaries differ"),
        ),
    )


def _killed(one: Failed, quotes: tuple[Quote, ...]) -> Hypothesis:
    return Hypothesis(
        "run.crash.killed",
        f"rank {one.rank} was killed from outside (SIGKILL), most often by the kernel for want of host memory",
        Certainty.LIKELY,
        quotes,
        "look for oom-kill at that time in dmesg or journalctl -k",
        _MEASURES,
        ("a person or a scheduler killed it",),
    )


def attributed(diagnosis: Diagnosis, lines: Sequence[Line], failed: Sequence[Failed]) -> Diagnosis:
    """The diagnosis with the ranks that its cause speaks of."""
    cause = diagnosis.cause
    everybody = {line.rank for line in lines if line.rank is not None} | {one.rank for one in failed}
    if cause is None or cause.ranks or len(everybody) < 2 or cause.at == -1 or cause.at >= 1 << 40:
        return diagnosis
    if cause.code == "dist.hang":
        return replace(diagnosis, cause=_of_waiting(cause, lines, everybody))
    if named := _named_in(cause):
        return replace(diagnosis, cause=replace(cause, ranks=named))
    if cause.code == "dist.mispaired":
        return replace(diagnosis, cause=replace(cause, ranks=()))  # who raises it is often the other one
    said = _who_says(cause, lines)
    if not said:
        first = next((one for one in failed if one.is_first), None)
        said = () if first is None else (first.rank,)
    return replace(diagnosis, cause=replace(cause, ranks=() if len(said) == len(everybody) else said))


def _of_waiting(cause: Hypothesis, lines: Sequence[Line], everybody: set[int]) -> Hypothesis:
    complain = {line.rank for line in lines if line.rank is not None and _WAITED.search(line.text)}
    silent = tuple(sorted(everybody - complain))
    if complain and silent and len(silent) < len(everybody):
        named = ", ".join(map(str, silent[:6]))
        what = f"{cause.what}; rank {named} does not complain, so the others waited for it"
        return replace(cause, what=what, ranks=silent, fault_class=FaultClass.CODE)
    return replace(cause, ranks=())


def _named_in(cause: Hypothesis) -> tuple[int, ...]:
    found = (_NAMES_RANK.search(one.text) for one in cause.quotes)
    return tuple(int(next(group for group in one.groups() if group)) for one in found if one)[:1]


def _who_says(cause: Hypothesis, lines: Sequence[Line]) -> tuple[int, ...]:
    """The ranks whose logs hold the same sign, numbers aside."""
    sign = _plain(cause.quotes[0].text)
    said = {line.rank for line in lines if line.rank is not None and _plain(line.text.strip()[:500]) == sign}
    return tuple(sorted(said))


def _plain(text: str) -> str:
    return re.sub(r"0x[0-9a-f]+|\d+", "#", text)
