"""What the looks of a dry run vary: the batch, the precision, checkpointing, gradients in evaluation.

Each is applied to one process, right after it was forked at the crossroads, and changes nothing of the script's own.
"""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Callable
from typing import Any

import torch

from .stages import Stages

HALF = 0.5


def apply(name: str, stages: Stages, *, share: float = HALF) -> str | None:
    """Vary what the look ``name`` is about; returns why that is not possible, if it is not."""
    vary = _VARIATIONS.get(name)
    if vary is not None:
        return vary(stages)
    if name in ("half", "real"):
        stages.cut_batch = lambda count: _cut(count, share, stages)
    return None


def _cut(count: int, share: float, stages: Stages) -> int:
    if count < 2:
        stages.cannot("a batch is a single item, which cannot be cut")
    return max(1, round(count * share))


def _autocast(stages: Stages) -> str | None:
    """Forward passes in bfloat16 where torch thinks it safe."""

    def wrap(module: Any) -> Any:
        parameter = next(module.parameters(), None)
        device = parameter.device.type if parameter is not None else "cpu"
        return torch.autocast(device, dtype=torch.bfloat16)

    stages.wrap_forward = wrap
    return None


def _eval_no_grad(stages: Stages) -> str | None:
    """Modules in evaluation mode run without recording for a backward pass."""

    def wrap(module: Any) -> Any:
        return contextlib.nullcontext() if module.training else torch.no_grad()

    stages.wrap_forward = wrap
    return None


def _checkpoint(stages: Stages) -> str | None:
    """Blocks that repeat keep their input alone, and run a second time in the backward pass."""
    from torch.utils.checkpoint import checkpoint

    blocks = _repeated_blocks()
    if not blocks:
        return "the model has no list of blocks that repeat"
    for block in blocks:
        block.forward = _checkpointed(block, block.forward, checkpoint)
    return None


def _checkpointed(block: Any, forward: Callable[..., Any], checkpoint: Any) -> Callable[..., Any]:
    def run(*args: Any, **kwargs: Any) -> Any:
        if not (block.training and torch.is_grad_enabled()):
            return forward(*args, **kwargs)
        return checkpoint(forward, *args, use_reentrant=False, **kwargs)

    return run


def _repeated_blocks() -> list[Any]:
    """Children of a module list or sequence that are of one class, that has children itself, two times or more."""
    found: dict[int, Any] = {}
    for holder in gc.get_objects():
        if not isinstance(holder, (torch.nn.ModuleList, torch.nn.Sequential)):
            continue
        by_class: dict[type, list[Any]] = {}
        for child in holder.children():
            if next(child.children(), None) is not None:
                by_class.setdefault(type(child), []).append(child)
        for children in by_class.values():
            if len(children) > 1:
                found.update((id(child), child) for child in children)
    return _outermost(found)


def _outermost(blocks: dict[int, Any]) -> list[Any]:
    """Blocks inside of blocks are part of them."""
    inner = {id(part) for block in blocks.values() for part in block.modules() if part is not block}
    return [block for key, block in blocks.items() if key not in inner]


_VARIATIONS: dict[str, Callable[[Stages], str | None]] = {
    "autocast": _autocast,
    "checkpoint": _checkpoint,
    "eval_no_grad": _eval_no_grad,
}
