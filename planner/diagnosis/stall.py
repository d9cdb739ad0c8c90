"""A log that just ends: the last position is short of the end, and nothing says why."""

from __future__ import annotations

from collections.abc import Sequence

from .hypothesis import Certainty, Depth, Hypothesis, Measure, quote
from .log import Line
from .progress import Mark, is_over, short_of_end


def of_end(lines: Sequence[Line], told: Sequence[Mark]) -> Hypothesis | None:
    """Ended without a word, as far as the log goes."""
    short = short_of_end(told)
    if short is None:
        return None
    mark, count, total = short
    source = lines[mark.index].source
    after = [line for line in lines[mark.index :] if line.source == source]
    if any(is_over(line.text) for line in after) or sum(bool(line.text.strip()) for line in after) > 12:
        return None
    return Hypothesis(
        "run.crash.silent",
        f"the log ends at {count} of {total}, and nothing in it says why",
        Certainty.POSSIBLE,
        (quote(lines[mark.index]),),
        "see whether its process still runs and whether the log still grows; if so, dump its stack (py-spy dump)",
        (
            Measure("look at the scheduler's record and at dmesg for that time", "it was killed from outside"),
            Measure("repeat with output unbuffered (python -u)", "its last words were lost in a buffer"),
        ),
        ("it is still running", "it hangs: in a collective, in a loader", "it was killed (SIGKILL leaves no words)"),
        Depth.ECHO,
        mark.index,
    )
