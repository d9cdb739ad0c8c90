"""A model's call that can be made again after the script's end, on the arguments of a real one.

Invariant: a trial runs in evaluation mode unless told, without gradients and with the random state put back, and leaves
the modes of all layers as they were.
"""

from __future__ import annotations

from typing import Any

from .looks import tensors_in
from .observer import ModelCall
from .randomness import RandomState

MOST_BYTES = 128 << 20
NOISE = 1e-4
"""Relative difference below which two results are the same: another order of additions."""


class Trial:
    """One call, with copies of its tensors."""

    def __init__(self, torch: Any, module: Any, args: Any, kwargs: Any) -> None:
        self._torch = torch
        self.module = module
        self.args = args
        self.kwargs = kwargs

    @classmethod
    def of(cls, torch: Any, call: ModelCall) -> Trial | None:
        """A trial of this call; ``None`` where its arguments are too large to keep, or were computed with gradients."""
        given = list(tensors_in((call.args, call.kwargs)))
        if sum(one.numel() * one.element_size() for one in given) > MOST_BYTES:
            return None
        return cls(torch, call.module, copied(call.args), copied(call.kwargs))

    def run(self, args: Any = None, kwargs: Any = None, *, training: bool = False) -> Any:
        """The model's output in evaluation mode, or in training mode; ``None`` where it fails."""
        torch = self._torch
        modes = [(one, one.training) for one in self.module.modules()]
        state = RandomState(torch)
        with torch.no_grad():
            state.seed()
            for one, _ in modes:
                one.training = training
            try:
                return self.module(*copied(args or self.args), **copied(kwargs or self.kwargs))
            except Exception:  # noqa: BLE001  boundary: a foreign model may not bear to be called alone
                return None
            finally:
                state.restore()
                for one, was in modes:
                    one.training = was

    def run_twice(self) -> Any:
        """The output, where it is the same both times."""
        one, other = self.run(), self.run()
        pairs = list(zip(tensors_in(one), tensors_in(other)))
        return one if pairs and not any(differ(*pair) for pair in pairs) else None


def copied(value: Any) -> Any:
    """The same arguments with every tensor copied and without a graph."""
    if hasattr(value, "grad_fn") and hasattr(value, "dim"):
        return value.detach().clone()
    if type(value) in (list, tuple):
        return type(value)(copied(one) for one in value)
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(copied(one) for one in value))
    if type(value) is dict:
        return {key: copied(one) for key, one in value.items()}
    return value


def differ(one: Any, other: Any, tolerance: float = NOISE) -> bool:
    """Whether two results differ by more than the order of additions makes."""
    if one.shape != other.shape:
        return True
    if one.numel() == 0 or not one.is_floating_point():
        return bool((one != other).any())
    one, other = one.detach().float(), other.detach().float()
    scale = max(float(one.abs().max()), 1e-6)
    return float((one - other).abs().max()) > tolerance * scale
