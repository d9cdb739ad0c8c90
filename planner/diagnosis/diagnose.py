"""Weigh what a log shows: the first cause before what followed from it, and what only looked like a failure aside.

Invariant: pure. A sign after which the training went on is never a cause, whatever it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from . import crash, device, distributed, endings, files, loader, memory, numbers, programs, stall
from .hypothesis import Certainty, Depth, Diagnosis, Hypothesis, quote
from .log import Line, Log, may_tell
from .progress import Mark, losses, marks, went_on
from .ranks.attribution import attributed, of_failures
from .ranks.launcher_words import failures
from .rules import Rule
from .tracebacks import Trace, tracebacks

RULES: tuple[Rule, ...] = (
    *memory.RULES,
    *loader.RULES,
    *numbers.RULES,
    *distributed.RULES,
    *device.RULES,
    *files.RULES,
    *programs.RULES,
    *endings.RULES,
)
"""Where several fit one line, the first holds."""

_DATA = re.compile(
    r"""^\s*(?:[{\[(]\s*['"]|['"]|(?:sample|text|example|prompt|question|answer|input|target)s?\b\W)""", re.IGNORECASE
)
"""A line that shows a row of data: its words are not the program's."""
_OUTLASTS = ("memory.oom", "run.crash.disk_full")
"""What no handler mends: whatever fails while it is handled is a consequence."""
_NO_WORDS = ("SystemExit", "ChildFailedError", "ProcessRaisedException", "ProcessExitedException")
"""Exceptions that only tell that somebody else failed."""
_MOST_RULED_OUT = 10
_MESSAGE_LINES = 8
_MOST_LINES = 20_000
"""Lines that may tell something are looked at as far as this, from the end."""


@dataclass(frozen=True, slots=True)
class _Seen:
    """A log with what all rules need to know of it."""

    lines: Sequence[Line]
    marks: tuple[Mark, ...]
    traces: tuple[Trace, ...]


def diagnose(log: Log, more: Iterable[Hypothesis] = ()) -> Diagnosis:
    """What a log shows; ``more`` is what is known besides, from telemetry."""
    seen = _Seen(log.lines, marks(log.lines), tracebacks(log.lines))
    ruled_out: list[str] = []
    found = [*more, *_by_rules(seen, ruled_out), *_by_numbers(seen)]
    found += [one for one in _by_traces(seen, ruled_out) if not _is_told(one, found, seen)]
    found += of_failures(seen.lines, failed := failures(seen.lines))
    if not found and (end := stall.of_end(seen.lines, seen.marks)) is not None:
        found.append(end)
    return attributed(weigh(found, tuple(ruled_out[:_MOST_RULED_OUT])), seen.lines, failed)


def weigh(found: Iterable[Hypothesis], ruled_out: tuple[str, ...] = ()) -> Diagnosis:
    """The deepest and earliest is the cause; what lies less deep followed from it."""
    signs = list(found)
    ordered = sorted(signs, key=lambda one: (_depth(one, signs), one.at))
    if not ordered:
        return Diagnosis(None, ruled_out=ruled_out)
    cause, *rest = ordered
    first = {one.code: one for one in reversed(rest) if one.code != cause.code}
    others = [one for one in rest if first.get(one.code) is one]
    followed = tuple(one for one in others if _depth(one, signs) > cause.depth)
    return Diagnosis(cause, tuple(one for one in others if one not in followed), followed, ruled_out)


def _depth(one: Hypothesis, signs: Sequence[Hypothesis]) -> Depth:
    """An exception that nothing is known about is an echo where its process had been asked to end before."""
    source = one.quotes[0].source
    ended = any(
        other.depth is Depth.ENDING and other.at < one.at and other.quotes[0].source == source for other in signs
    )
    return Depth.ECHO if one.depth is Depth.EXCEPTION and ended else one.depth


def _by_rules(seen: _Seen, ruled_out: list[str]) -> Iterator[Hypothesis]:
    done: set[int] = set()
    candidates = [index for index, line in enumerate(seen.lines) if may_tell(line.text)][-_MOST_LINES:]
    for index in candidates:
        text = seen.lines[index].text
        number, match = next(((n, m) for n, rule in enumerate(RULES) if (m := rule.pattern.search(text))), (-1, None))
        if match is None or number in done or _DATA.match(text):
            continue
        trace = _trace_of(seen, index)
        if trace is not None and (trace.harmless or text[:1].isspace()):
            continue  # an indented line of a traceback is source code, which may quote any message
        if (later := went_on(seen.lines, seen.marks, _end_of(trace, index))) is not None:
            ruled_out.append(_went_on(seen.lines[index], later))
            continue
        done.add(number)
        yield _hypothesis(seen, RULES[number], match, index, trace)


def _hypothesis(seen: _Seen, rule: Rule, match: re.Match[str], index: int, trace: Trace | None) -> Hypothesis:
    said = next((group for group in match.groups() if group), "").strip()
    shown = [quote(seen.lines[index])]
    made = Hypothesis(
        rule.code,
        rule.what.replace("{0}", said).removesuffix(": "),
        rule.certainty,
        tuple(shown),
        rule.test,
        rule.measures,
        rule.instead,
        rule.depth,
        index,
        fault_class=rule.fault_class,
    )
    raised = None if trace is None else next((one for one in trace.chain if one.index == index), None)
    if raised is None or trace is None:
        return made
    made = replace(made, quotes=(*made.quotes, *crash.places(seen.lines, raised)))
    if raised is not trace.last and not trace.direct and rule.code not in _OUTLASTS:
        # It was caught, and handling it failed for a reason of its own.
        return replace(made, certainty=Certainty.POSSIBLE, depth=Depth.ECHO)
    return made


def _by_numbers(seen: _Seen) -> Iterator[Hypothesis]:
    for name, values in losses(seen.lines, seen.marks):
        quotes = {index: quote(seen.lines[index]) for index, _ in values}
        if (found := numbers.of_series(name, values, quotes)) is not None:
            yield found


def _by_traces(seen: _Seen, ruled_out: list[str]) -> Iterator[Hypothesis]:
    for trace in seen.traces:
        line = seen.lines[trace.last.index]
        if trace.harmless or trace.last.kind in _NO_WORDS:
            continue
        if (later := went_on(seen.lines, seen.marks, trace.last.index)) is not None:
            ruled_out.append(_went_on(line, later))
        else:
            yield crash.of_trace(seen.lines, trace)


def _is_told(exception: Hypothesis, found: Iterable[Hypothesis], seen: _Seen) -> bool:
    """Whether a rule has said what the exception is: in the traceback, or in the message's further lines."""
    trace = _trace_of(seen, exception.at)
    if trace is None:
        return False
    stream = seen.lines[exception.at].stream
    for one in found:
        if one.quotes[0].line is None or seen.lines[one.at].stream != stream or one.code.startswith("numeric"):
            continue
        last = trace.last.index
        if one.at == last or (one.depth is not Depth.ECHO and trace.start <= one.at <= last + _MESSAGE_LINES):
            return True
    return False


def _trace_of(seen: _Seen, index: int) -> Trace | None:
    """The traceback that a line stands in."""
    stream = seen.lines[index].stream
    around = (trace for trace in seen.traces if trace.start <= index <= trace.last.index)
    return next((trace for trace in around if seen.lines[trace.start].stream == stream), None)


def _end_of(trace: Trace | None, index: int) -> int:
    return index if trace is None else trace.last.index


def _went_on(line: Line, later: Line) -> str:
    return f"line {line.number}, “{line.text.strip()[:80]}”: the training went on at line {later.number}"
