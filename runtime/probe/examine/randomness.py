"""The state of all global random generators: Python's, NumPy's, and torch's on every device that is in use.

Invariant: restoring it leaves no trace of what was drawn since.
"""

from __future__ import annotations

import random
import sys
from typing import Any


class RandomState:
    """The state of all global random generators."""

    def __init__(self, torch: Any) -> None:
        self._torch = torch
        self._python = random.getstate()
        self._cpu = torch.get_rng_state()
        self._devices = torch.cuda.get_rng_state_all() if torch.cuda.is_initialized() else None
        numpy = sys.modules.get("numpy")
        self._numpy = numpy.random.get_state() if numpy is not None else None

    def restore(self) -> None:
        """Put it back."""
        random.setstate(self._python)
        self._torch.set_rng_state(self._cpu)
        if self._devices is not None:
            self._torch.cuda.set_rng_state_all(self._devices)
        if self._numpy is not None:
            sys.modules["numpy"].random.set_state(self._numpy)

    def seed(self) -> None:
        """Let all of them begin at one place, so that what is drawn is the same each time."""
        random.seed(0)
        self._torch.manual_seed(0)
        if self._numpy is not None:
            sys.modules["numpy"].random.seed(0)
