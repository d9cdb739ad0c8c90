"""Trials of models: whether one runs on this machine with this llama.cpp, and how fast.

Invariant: appended; the latest for a file and a runtime holds. A file that changed, or another build, is not tried yet.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from enum import StrEnum

from .area import Area
from .codec import Shape


class TrialOutcome(StrEnum):
    """What came of a trial."""

    RUNS = "runs"
    REFUSED = "refused"  # llama.cpp said no: memory, an unknown architecture, a broken file
    CRASHED = "crashed"


@dataclass(frozen=True, slots=True)
class ModelTrial:
    """One trial."""

    id: int
    fingerprint: str
    """Of the model's file."""
    runtime: str
    """The version of llama.cpp's package, and the processor."""
    outcome: TrialOutcome
    extra_buffers: bool
    """Whether weights may be repacked for this processor."""
    prompt_tokens_per_second: float | None
    tokens_per_second: float | None
    detail: str | None
    created_at: float


_SHAPE = Shape(ModelTrial)


class ModelTrials(Area):
    """The trials, oldest first by id."""

    def add(
        self,
        *,
        fingerprint: str,
        runtime: str,
        outcome: TrialOutcome,
        extra_buffers: bool,
        prompt_tokens_per_second: float | None = None,
        tokens_per_second: float | None = None,
        detail: str | None = None,
    ) -> ModelTrial:
        """Record one."""
        values = {
            "fingerprint": fingerprint,
            "runtime": runtime,
            "outcome": str(outcome),
            "extra_buffers": extra_buffers,
            "prompt_tokens_per_second": prompt_tokens_per_second,
            "tokens_per_second": tokens_per_second,
            "detail": detail,
            "created_at": time.time(),
        }
        trial_id = self._database.insert("model_trials", values)
        (row,) = self._database.rows(f"SELECT {_SHAPE.columns} FROM model_trials WHERE id = ?", (trial_id,))
        return _SHAPE.load(row)

    def latest(self, fingerprint: str, runtime: str) -> ModelTrial | None:
        """The one that holds for a file and a runtime; ``None`` before the first."""
        row = self._database.row(
            f"SELECT {_SHAPE.columns} FROM model_trials WHERE fingerprint = ? AND runtime = ? ORDER BY id DESC LIMIT 1",
            (fingerprint, runtime),
        )
        return None if row is None else _SHAPE.load(row)
