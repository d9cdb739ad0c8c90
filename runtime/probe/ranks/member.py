"""One rank's side: says where it stands when the launcher asks, and what it saw when it ends.

A thread of its own answers, because the main thread may be inside a collective. Where even that cannot (native code
that holds the interpreter), the launcher sends a signal to which the C library answers with the stack.

Invariant: nothing of the script is changed or stopped, and no random number is drawn.
"""

from __future__ import annotations

import faulthandler
import linecache
import os
import pickle
import sys
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..channel import Channel
from ..stuck import SIGNAL
from ..tracker import Tracker
from .ledger import MOST_ROWS, Ledger

MOST_FRAMES = 30
MOST_CALLS = 400
"""Of the collectives the last so many are told, fewer where there are many ranks: one report holds all."""
MANY_RANKS = 8
_OURS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_COLLECTIVE = ("torch/distributed/distributed_c10d.py", "torch/nn/parallel/distributed.py", "torch/autograd/graph.py")


class Membership:
    """What one process knows of itself as a rank."""

    def __init__(
        self, settings: Mapping[str, Any], channel: Channel, tracker: Tracker, is_users: Callable[[str], bool]
    ) -> None:
        self._rank = int(settings["rank"])
        self._control = int(settings["control_fd"])
        self._channel = channel
        self._tracker = tracker
        self._is_users = is_users
        self._main = threading.get_ident()
        self._torch: Any = None
        self._most_calls = MOST_CALLS * MANY_RANKS // max(MANY_RANKS, int(settings["world"]))
        most_rows = MOST_ROWS * MANY_RANKS // max(MANY_RANKS, int(settings["world"]))
        self._ledger = Ledger(tracker, most_rows) if tracker.policy.mode == "rehearse" else None
        faulthandler.enable(file=int(settings["stacks_fd"]), all_threads=True)
        if SIGNAL:
            faulthandler.register(SIGNAL, file=int(settings["stacks_fd"]), all_threads=True)

    def on_torch(self, torch: Any) -> None:
        """Torch was imported: begin to listen."""
        self._torch = torch
        if self._ledger is not None:
            self._ledger.install(torch)
        if not torch.cuda.is_available() and self._tracker.policy.rehearses:
            _without_nccl(torch)
        threading.Thread(target=self._listen, name="mlintern-rank", daemon=True).start()

    def finish(self) -> None:
        """The script is over: tell what was seen."""
        facts = {} if self._ledger is None else self._ledger.told()
        self._channel.send("rank", collectives=self._collectives(), **facts)

    def _listen(self) -> None:
        asked = b""
        while data := os.read(self._control, 4096):
            asked += data
            while b"\n" in asked:
                asked = asked.partition(b"\n")[2]
                self._tell_where()

    def _tell_where(self) -> None:
        stack = self._stack()
        calls = self._collectives()
        waits = any(frame["file"].endswith(_COLLECTIVE) for frame in stack[:8])
        self._channel.send(
            "look",
            steps=self._tracker.steps_done,
            stack=stack,
            collective=waits,
            collectives=calls,
            count=calls[-1]["sequence"] if calls else 0,
            cpu=None if self._torch.cuda.is_available() else time.process_time(),  # waiting for a GPU may spin
        )

    def _stack(self) -> list[dict[str, Any]]:
        frame = sys._current_frames().get(self._main)
        found: list[dict[str, Any]] = []
        while frame is not None and len(found) < MOST_FRAMES:
            file, line = frame.f_code.co_filename, frame.f_lineno
            if not os.path.abspath(file).startswith(_OURS):
                users = self._is_users(file)
                code = linecache.getline(file, line).strip()[:200] if users else ""
                found.append(
                    {"file": file, "line": line, "function": frame.f_code.co_name, "users": users, "code": code}
                )
            frame = frame.f_back
        return found

    def _collectives(self) -> list[dict[str, Any]]:
        """The flight recorder's last entries; empty where this torch has none. Its bytes are torch's own."""
        try:
            entries = pickle.loads(self._torch._C._distributed_c10d._dump_fr_trace())["entries"]
        except Exception:  # noqa: BLE001  boundary: a private interface that another torch may not have
            return []
        return [self._collective(entry) for entry in entries[-self._most_calls :] if not entry.get("is_p2p")]

    def _collective(self, entry: Mapping[str, Any]) -> dict[str, Any]:
        frames = entry.get("frames") or ()
        own = [
            {"file": one["filename"], "line": one["line"], "function": one["name"]}
            for one in frames
            if self._is_users(one["filename"]) and not os.path.abspath(one["filename"]).startswith(_OURS)
        ]
        inside = any("torch/nn/parallel" in one["filename"] or "torch/autograd" in one["filename"] for one in frames)
        group = entry.get("process_group") or ("",)
        sizes = " ".join(str(list(size)) for size in list(entry.get("input_sizes") or ())[:4])
        kinds = " ".join(dict.fromkeys(str(kind) for kind in entry.get("input_dtypes") or ()))
        return {
            "group": str(group[0]),
            "sequence": int(entry.get("collective_seq_id") or 0),
            "kind": str(entry.get("profiling_name", "")).rpartition(":")[2],
            "shape": f"{sizes} {kinds}".strip(),
            "frames": own[:4],
            "done": bool(entry.get("retired", True)) or entry.get("state") == "completed",
            "by_user": not inside,
            "at": int(entry.get("time_created_ns") or 0),
        }


def _without_nccl(torch: Any) -> None:
    """On a machine without a GPU a short run takes gloo where the script names NCCL."""
    start = torch.distributed.init_process_group

    def init_process_group(backend: Any = None, *args: Any, **kwargs: Any) -> Any:
        return start("gloo" if backend == "nccl" else backend, *args, **kwargs)

    torch.distributed.init_process_group = init_process_group
