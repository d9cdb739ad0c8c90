"""Run a script of the corpus and tell how often it really stepped and went backward. Independent of the probe on purpose.

Usage: python count_steps.py COUNTS.json SCRIPT [ARGS…]   or   … COUNTS.json -m MODULE [ARGS…]
"""

from __future__ import annotations

import json
import os
import runpy
import sys
import time
from pathlib import Path


def main() -> None:
    """Patch two counters into torch, run the program as ``__main__``, and write what was counted."""
    target, rest = Path(sys.argv[1]).resolve(), sys.argv[2:]
    counts = {"steps": 0, "backwards": 0}

    import torch
    from torch.optim.optimizer import register_optimizer_step_post_hook

    plain_backward = torch.autograd.backward

    def backward(*args: object, **kwargs: object) -> object:
        counts["backwards"] += 1
        return plain_backward(*args, **kwargs)

    def stepped(*_: object) -> None:
        counts["steps"] += 1

    torch.autograd.backward = backward
    register_optimizer_step_post_hook(stepped)
    owner = os.getpid()
    try:
        if rest[0] == "-m":
            sys.argv = rest[1:]
            sys.path.insert(0, str(Path.cwd()))
            runpy.run_module(rest[1], run_name="__main__", alter_sys=True)
        else:
            sys.argv = rest
            sys.path.insert(0, str(Path(rest[0]).resolve().parent))
            runpy.run_path(rest[0], run_name="__main__")
    finally:
        if os.getpid() == owner:
            used = os.times()
            cpu = used.user + used.system + used.children_user + used.children_system
            target.write_text(json.dumps({**counts, "cpu_seconds": round(cpu, 2), "wall_seconds": round(
                time.clock_gettime(time.CLOCK_MONOTONIC) - STARTED, 2)}))


STARTED = time.clock_gettime(time.CLOCK_MONOTONIC)

if __name__ == "__main__":
    main()
