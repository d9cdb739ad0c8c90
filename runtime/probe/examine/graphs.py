"""Variables of the script from which more and more of the autograd graph can be reached, step after step.

Invariant: nothing found is kept; a look follows a bounded number of nodes.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .looks import place_of
from .observer import Observer, Place

LOOKS = 24
MOST_NODES = 4000
MOST_VARIABLES = 200
MOST_FRAMES = 4
MOST_LISTED = 400


class Graphs(Observer):
    """Counts, at the first backward passes, the graph nodes behind each variable of the user's frames."""

    name: ClassVar[str] = "graphs"

    def __post_init__(self) -> None:
        self._counts: dict[tuple[str, int, str], list[int]] = {}
        self._place: Place | None = None
        self._looks = 0
        self._last_step = -1

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        if self._looks >= LOOKS or self.examiner.steps == self._last_step:
            return
        self._last_step = self.examiner.steps
        self._looks += 1
        self._place = self._place or place
        for frame in self.examiner.user_frames()[:MOST_FRAMES]:
            code = frame.f_code
            for name, value in list(frame.f_locals.items())[:MOST_VARIABLES]:
                self._count(code.co_filename, code.co_firstlineno, name, value)
                if name == "self" and hasattr(value, "__dict__"):
                    for inner, held in list(vars(value).items())[:MOST_VARIABLES]:
                        self._count(code.co_filename, code.co_firstlineno, f"self.{inner}", held)

    def _count(self, file: str, line: int, name: str, value: Any) -> None:
        roots = [node for node in _nodes_of(value) if node is not None]
        key = (file, line, name)
        if roots or key in self._counts:
            self._counts.setdefault(key, []).append(_reachable(roots))

    def report(self) -> dict[str, Any] | None:
        if not self._looks:
            return None
        growing = {name: counts for (_, _, name), counts in self._counts.items() if len(counts) > 5}
        return {"variables": growing, "looks": self._looks, "place": place_of(self._place)}


def _nodes_of(value: Any) -> list[Any]:
    if type(value) in (list, tuple):
        return [getattr(one, "grad_fn", None) for one in value[-MOST_LISTED:] if hasattr(one, "grad_fn")]
    if type(value) is dict:
        return [getattr(one, "grad_fn", None) for one in list(value.values())[:MOST_LISTED] if hasattr(one, "grad_fn")]
    return [value.grad_fn] if hasattr(value, "grad_fn") and hasattr(value, "dim") else []


def _reachable(roots: list[Any]) -> int:
    seen, waiting = set(roots), list(roots)
    while waiting and len(seen) < MOST_NODES:
        for following, _ in waiting.pop().next_functions:
            if following is not None and following not in seen:
                seen.add(following)
                waiting.append(following)
    return len(seen)
