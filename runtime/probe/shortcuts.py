"""Results that can be told at once, without torch's own way to a fake result, which takes a tenth of a millisecond.

Only where nothing can go wrong: floating-point tensors of one shape, type and device, dense and in order, which are
most of what an optimizer does; and views and matrix products, whose shapes torch's own kernels for shapes tell.
Everything else is ``NotImplemented`` and goes the long way.
"""

from __future__ import annotations

from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, in_kernel_invocation_manager

POINTWISE = {
    "add", "sub", "mul", "div", "neg", "sqrt", "rsqrt", "exp", "log", "abs", "sigmoid", "tanh", "relu", "silu", "gelu",
    "reciprocal", "addcmul", "addcdiv", "lerp", "square", "clamp", "sigmoid_backward", "tanh_backward", "silu_backward",
    "gelu_backward", "sin", "cos",
}  # fmt: skip
"""Operations whose result is like each of their inputs."""

IN_PLACE = {"add_", "sub_", "mul_", "div_", "neg_", "sqrt_", "addcmul_", "addcdiv_", "lerp_", "zero_", "fill_", "copy_",
            "clamp_", "normal_", "uniform_", "sigmoid_", "tanh_", "relu_", "exp_"}  # fmt: skip
"""Operations that return what they change."""

SHAPED = {
    "view", "t", "transpose", "permute", "select", "slice", "expand", "unsqueeze", "squeeze", "detach", "alias",
    "split", "split_with_sizes", "unsafe_split", "unbind", "_unsafe_view", "mm", "addmm", "bmm", "cat", "stack",
    "clone", "sum", "mean", "slice_backward", "select_backward",
}  # fmt: skip
"""Operations whose shapes torch's kernels for shapes tell by themselves."""


PLAIN = {"alpha", "value", "approximate", "keepdim"}
"""Keyword arguments that change neither type nor device."""


def result(fakes: Any, name: str, func: Any, args: Any, kwargs: Any) -> Any:
    """What the operation returns, or ``NotImplemented`` where that is not certain at a glance."""
    if name in SHAPED:
        return _shaped(fakes, func, args, kwargs)
    if name in IN_PLACE and _like(args) is not None:
        return args[0]
    if name in POINTWISE and kwargs.keys() <= PLAIN and (model := _like(args)) is not None:
        if not all(one.is_contiguous() for one in args if isinstance(one, FakeTensor)):
            return _shaped(fakes, func, args, kwargs)
        like = torch.empty(model.shape, dtype=model.dtype, device="meta")
        return FakeTensor(fakes, like, model.fake_device)
    return NotImplemented


def _shaped(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    device = None
    for argument in args:
        for one in argument if isinstance(argument, (list, tuple)) else (argument,):
            if isinstance(one, FakeTensor) and device in (None, one.fake_device):
                device = one.fake_device
            elif isinstance(one, torch.Tensor):
                return NotImplemented
    if device is None or not kwargs.keys() <= PLAIN:
        return NotImplemented
    with in_kernel_invocation_manager(fakes):
        out = func(*args, **kwargs)
    if isinstance(out, torch.Tensor):
        return FakeTensor(fakes, out, device)
    return type(out)(FakeTensor(fakes, one, device) for one in out)


def _like(args: Any) -> Any:
    """The first argument, if all tensors among the arguments are fake and like it; numbers may stand beside them."""
    first = args[0]
    if not isinstance(first, FakeTensor) or not first.dtype.is_floating_point:
        return None
    shape, dtype, device = first.shape, first.dtype, first.fake_device
    for other in args[1:]:
        if isinstance(other, FakeTensor):
            if other.shape != shape or other.dtype != dtype or other.fake_device != device:
                return None
        elif not isinstance(other, (int, float, str)):
            return None
    return first
