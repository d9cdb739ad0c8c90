"""Where a rank stands, told from its stack: in a collective, in its data loader, at a file, or in code of its own."""

from __future__ import annotations

import re
from collections.abc import Sequence
from enum import StrEnum

from .facts import Frame


class Standing(StrEnum):
    """What a rank is at."""

    COLLECTIVE = "in a collective"
    LOADER = "in its data loader"
    STORAGE = "at a file"
    CODE = "in its own code"
    UNKNOWN = "unknown"


_COLLECTIVE = re.compile(r"torch/distributed/|torch/nn/parallel/|torch/_C/_distributed|deepspeed/comm|horovod/|/gloo/")
_BACKWARD = re.compile(r"_engine_run_backward|^backward$")
_LOADER = re.compile(r"torch/utils/data/|(?:^|/)multiprocessing/queues\.py$")
_STORAGE = re.compile(
    r"torch/serialization\.py|numpy/lib/.*npyio|(?:^|/)(?:shutil|tempfile|pathlib|zipfile)\.py|safetensors"
)
_AT_A_FILE = re.compile(
    r"(?<![\w.])open\(|\.write\(|\.read\(|os\.(?:fsync|replace|rename|stat|listdir)|torch\.(?:save|load)|np\.(?:save|load)"
    r"|shutil\.|\.flush\(\)|lockf?\("
)
_SAVES = re.compile(r"save|checkpoint|ckpt|dump|write|persist", re.IGNORECASE)


def standing(stack: Sequence[Frame]) -> Standing:
    """What the innermost frames show; frames of waiting itself (locks, queues) take the meaning of their callers."""
    if not stack:
        return Standing.UNKNOWN
    gets = next((at for at, frame in enumerate(stack) if _LOADER.search(frame.file)), None)
    if gets is not None and not any(_COLLECTIVE.search(frame.file) for frame in stack[:gets]):
        return Standing.LOADER  # whatever the data set does inside it
    for frame in stack:
        if _COLLECTIVE.search(frame.file) and not _is_launcher(frame):
            return Standing.COLLECTIVE
        if _STORAGE.search(frame.file):
            return Standing.STORAGE
        if frame.is_users:
            saves = _SAVES.search(frame.function) and not frame.code
            return Standing.STORAGE if _AT_A_FILE.search(frame.code) or saves else Standing.CODE
        if _BACKWARD.search(frame.function):
            return Standing.COLLECTIVE  # a reduction inside the backward pass has no frame of its own
    return Standing.UNKNOWN


def place(stack: Sequence[Frame]) -> Frame | None:
    """The user's innermost line, or else the innermost of all."""
    return next((frame for frame in stack if frame.is_users), stack[0] if stack else None)


def _is_launcher(frame: Frame) -> bool:
    return "/elastic/" in frame.file or frame.file.endswith(("distributed/run.py", "distributed/launch.py"))
