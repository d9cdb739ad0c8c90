"""What the script saves, and how it takes a saved run up again.

Invariant: of what is saved only keys and kinds are kept.
"""

from __future__ import annotations

import functools
import linecache
import os
import re
from typing import Any, ClassVar

from .looks import place_of
from .observer import Observer

MOST_SAVES = 20
MOST_KEYS = 40
LINES_NEAR = 3


class Checkpoints(Observer):
    """Notes every ``torch.save``, and reads in the text whether the script resumes."""

    name: ClassVar[str] = "checkpoints"

    def __post_init__(self) -> None:
        self._saves: dict[Any, dict[str, Any]] = {}
        self._schedulers = 0
        self._own: dict[Any, dict[str, Any]] = {}

    def on_torch(self, torch: Any) -> None:
        save = torch.save

        @functools.wraps(save)
        def watched(obj: Any, f: Any, *args: Any, **kwargs: Any) -> Any:
            if self.examiner.is_here():
                self.examiner.guard(self, self._note, obj, f)
            return save(obj, f, *args, **kwargs)

        torch.save = watched
        load = torch.nn.Module.load_state_dict

        @functools.wraps(load)
        def load_state_dict(module: Any, state_dict: Any, *args: Any, **kwargs: Any) -> Any:
            if self.examiner.is_here():
                self.examiner.guard(self, self._note_load, module, state_dict)
            return load(module, state_dict, *args, **kwargs)

        torch.nn.Module.load_state_dict = load_state_dict

    def _note_load(self, module: Any, state: Any) -> None:
        """Whether what is loaded after steps is the very memory that it is loaded into."""
        place = self.examiner.place()
        if not self.examiner.steps or place in self._own or len(self._own) >= MOST_SAVES or not hasattr(state, "get"):
            return
        pairs = [(own, state.get(name)) for name, own in module.named_parameters() if own.numel()]
        same = [other is not None and other.data_ptr() == own.data_ptr() for own, other in pairs]
        if same and all(same):
            self._own[place] = {"place": place_of(place), "model": type(module).__name__, "parameters": len(same)}

    def on_scheduler(self, scheduler: Any, place: Any) -> None:
        self._schedulers += 1

    def _note(self, saved: Any, file: Any) -> None:
        place = self.examiner.place()
        if place is None or place in self._saves or len(self._saves) >= MOST_SAVES or not hasattr(saved, "keys"):
            return
        kinds = {str(key): _kind(value) for key, value in list(saved.items())[:MOST_KEYS]}
        name = os.path.basename(str(file)) if isinstance(file, (str, os.PathLike)) else ""
        resume = _resuming_lines(place.file)
        self._saves[place] = {
            "place": place_of(place), "kinds": kinds, "resume": resume,
            "resumes_from_it": _loads_to_resume(place.file, resume, name),
        }  # fmt: skip

    def report(self) -> dict[str, Any] | None:
        return {"saves": list(self._saves.values()), "schedulers": self._schedulers, "own": list(self._own.values())}


def _loads_to_resume(file: str, resume: dict[str, list[int]], name: str) -> bool:
    """Whether the text loads a file of this name, by its constant, where it speaks of resuming."""
    lines = linecache.getlines(file)
    return bool(name) and any(
        name in lines[load - 1] and any(0 <= load - word <= LINES_NEAR for word in resume["resume"])
        for load in resume["load"]
        if load <= len(lines)
    )


def _kind(value: Any) -> str:
    if hasattr(value, "keys"):
        keys = set(map(str, list(value.keys())[:200]))
        if {"param_groups", "state"} <= keys:
            return "optimizer"
        if "last_epoch" in keys or "_step_count" in keys:
            return "scheduler"
        if any(hasattr(one, "grad_fn") for one in list(value.values())[:20]):
            return "weights"
        return "mapping"
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return "number"
    return "random" if hasattr(value, "grad_fn") and str(value.dtype) == "torch.uint8" else type(value).__name__


def _resuming_lines(file: str) -> dict[str, list[int]]:
    """Where the text speaks of resuming, loads a file, and puts a state back."""
    patterns = {
        "resume": r"resume|start_epoch|start_step|restart_from",
        "load": r"torch\.load\(",
        "optimizer": r"opt\w*(\[\w+\])?\.load_state_dict\(",
        "state": r"\.load_state_dict\(",
        "count": r"=\s*\w+\[[\"'](epoch|step|iter|iteration|global_step|iter_num)\w*[\"']\]",
    }
    lines = linecache.getlines(file)
    return {
        name: [number for number, text in enumerate(lines, 1) if re.search(pattern, text)][:20]
        for name, pattern in patterns.items()
    }
