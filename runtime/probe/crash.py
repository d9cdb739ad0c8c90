"""An exception in the user's script, told in values: type, message, the user's own line, and where in the run it
happened.
"""

from __future__ import annotations

import linecache
import os
import re
import traceback
from collections.abc import Callable
from types import TracebackType
from typing import Any

from .tracker import Tracker

_OURS = os.path.dirname(os.path.realpath(__file__))

_COLOURS = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]")
MOST_FRAMES = 30
MOST_TEXT = 4000


def describe(
    error: BaseException, trace: TracebackType | None, tracker: Tracker, is_users: Callable[[str], bool]
) -> dict[str, Any]:
    """The ``crash`` message for an exception that nobody caught."""
    frames: list[dict[str, Any]] = [
        {
            "file": frame.filename,
            "line": line,
            "function": frame.name,
            "text": linecache.getline(frame.filename, line).strip(),
        }
        for frame in traceback.extract_tb(trace)
        if (line := frame.lineno or 0) and os.path.dirname(os.path.realpath(frame.filename)) != _OURS
    ]
    own = [frame for frame in frames if is_users(str(frame["file"]))]
    place: dict[str, Any] = own[-1] if own else (frames[-1] if frames else {"file": None, "line": None})
    if isinstance(error, SyntaxError) and error.filename:
        place = {"file": error.filename, "line": error.lineno}
    context = tracker.crash_context
    return {
        "type": type(error).__name__,
        "message": _COLOURS.sub("", str(error)[:MOST_TEXT]),
        "file": place["file"],
        "line": place["line"],
        "frames": frames[-MOST_FRAMES:],
        "phase": _phase(tracker),
        "context": context,
        "forced": any(frame["forced"] for frame in context if frame["kind"] == "branch"),
        "after_cut": tracker.was_cut,
        "cut_counts": sorted(tracker.cut_counts)[:200],
        "steps": tracker.steps_done,
    }


def _phase(tracker: Tracker) -> str:
    roles = {frame["role"] for frame in tracker.crash_context}
    if "eval" in roles:
        return "evaluation"
    if roles & {"train", "accumulate"}:
        return "training"
    if tracker.crash_context and "outer" in roles:
        return "between epochs"
    return "after training" if tracker.steps_done else "before training"
