"""Which files the agent never opens: hidden ones, and those that hold labels or rows kept for the last judgement.

Invariant: decided by the name alone, before anything is opened; what a name may mean is refused, not tried. Code that
speaks of labels holds none.
"""

from __future__ import annotations

import re

_KEPT = re.compile(r"(?:^|[^a-z])(?:sealed|hidden|held[-_ ]?out|private)(?:[^a-z]|$)")
_TEST = re.compile(r"(?:^|[^a-z])test(?:ing)?(?:[^a-z]|$)")
_LABELS = re.compile(r"(?:^|[^a-z])(?:labels?|targets?|answers?|truth|gold|solutions?)(?:[^a-z]|$)")
_LABELS_OF_TEST = re.compile(r"(?:^|[^a-z])y[-_ ]?test(?:[^a-z]|$)")


def why_closed(parts: tuple[str, ...]) -> str | None:
    """Why a path inside the workspace stays closed; ``None`` where it does not."""
    for part in parts:
        name = part.lower()
        if name.startswith("."):
            return f"{part} is hidden, and hidden files are left alone"
        if _KEPT.search(name):
            return f"{part} is sealed: what is kept for the last judgement is opened by nobody before"
    name = "/".join(parts).lower()
    if name.endswith(".py"):
        return None
    if _LABELS_OF_TEST.search(name) or (_TEST.search(name) and _LABELS.search(name)):
        return f"{parts[-1]} holds labels of the test split, which stay sealed"
    return None
