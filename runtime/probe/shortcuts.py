"""Results that can be told at once, without torch's own way to a fake result, which takes a tenth of a millisecond.

Only where nothing can go wrong: floating-point tensors of one shape, type and device, dense and in order. These are
most of what an optimizer does. Everything else is ``NotImplemented`` and goes the long way.
"""

from __future__ import annotations

from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor

POINTWISE = {
    "add", "sub", "mul", "div", "neg", "sqrt", "rsqrt", "exp", "log", "abs", "sigmoid", "tanh", "relu", "silu", "gelu",
    "reciprocal", "addcmul", "addcdiv", "lerp", "square", "clamp", "sigmoid_backward", "tanh_backward", "silu_backward",
    "gelu_backward", "sin", "cos",
}  # fmt: skip
"""Operations whose result is like each of their inputs."""

IN_PLACE = {"add_", "sub_", "mul_", "div_", "neg_", "sqrt_", "addcmul_", "addcdiv_", "lerp_", "zero_", "fill_", "copy_",
            "clamp_", "normal_", "uniform_"}  # fmt: skip
"""Operations that return what they change."""


def result(fakes: Any, name: str, args: Any, kwargs: Any) -> Any:
    """What the operation returns, or ``NotImplemented`` where that is not certain at a glance."""
    if name in IN_PLACE:
        return args[0] if _like(args) is not None else NotImplemented
    if name in POINTWISE:
        model = _like(args)
        if model is not None and not kwargs.keys() - {"alpha", "value", "approximate"}:
            like = torch.empty(model.shape, dtype=model.dtype, device="meta")
            return FakeTensor(fakes, like, model.fake_device)
    return NotImplemented


def _like(args: Any) -> Any:
    """The first argument, if all tensors among the arguments are fake and like it; numbers may stand beside them."""
    first = args[0]
    if not isinstance(first, FakeTensor) or not first.dtype.is_floating_point or not first.is_contiguous():
        return None
    shape, dtype, device = first.shape, first.dtype, first.fake_device
    for other in args[1:]:
        if isinstance(other, FakeTensor):
            if other.shape != shape or other.dtype != dtype or other.fake_device != device:
                return None
            if not other.is_contiguous():
                return None
        elif not isinstance(other, (int, float, str)):
            return None
    return first
