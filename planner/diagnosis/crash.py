"""An exception that nobody caught, and that no rule knows better."""

from __future__ import annotations

from collections.abc import Sequence

from ..crashes import tell
from .hypothesis import Certainty, Depth, Hypothesis, Measure, Quote, quote
from .log import Line
from .tracebacks import Raised, Trace


def of_trace(lines: Sequence[Line], trace: Trace) -> Hypothesis:
    """The exception in words: what the last one says, and the first where it is named as the cause."""
    raised = trace.chain[0] if trace.direct else trace.last
    place = raised.place
    story = tell({"type": raised.kind, "message": raised.message, "phase": None})
    where = f", at {place[0]}:{place[1]}" if place else ""
    others = [other for other in trace.chain if other is not raised]
    return Hypothesis(
        "run.crash",
        f"{story.message.removesuffix(', in the script')}{where}",
        Certainty.CERTAIN,
        (quote(lines[raised.index]), *places(lines, raised), *(quote(lines[other.index]) for other in others)),
        "run up to this line on few rows (`mlintern check` does so): it fails again in seconds if it is the code",
        (Measure(story.fix or "mend the line that the traceback ends in", "this line is wrong"),),
        ("data of that batch that is unlike the rest",),
        Depth.EXCEPTION,
        raised.index,
    )


def places(lines: Sequence[Line], raised: Raised) -> tuple[Quote, ...]:
    """The frame to look at, with its line of code."""
    if raised.place is None:
        return ()
    index = raised.place[2]
    stream = lines[index].stream
    code = next((line for line in lines[index + 1 : index + 4] if line.stream == stream), None)
    return (quote(lines[index]), *([quote(code)] if code is not None and code.text[:1].isspace() else []))
