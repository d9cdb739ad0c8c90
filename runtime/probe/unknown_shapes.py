"""Operations whose result's size depends on values: under fake tensors nothing is known, so the largest size is taken.

A mask is taken to select everything, every element to be unique, every expert to get every token. Memory is then never
told too low for this reason; that it was assumed is reported.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor

RNN_HIDDEN, RNN_WIDEST = (9.0, 3.0), (6.5, 5.7)
"""What oneDNN keeps of an LSTM layer's forward pass: for each row and hidden unit so many values a step and at the
start, and for each row and the wider of input and hidden units so many more (fitted to 160 sizes, median error 2 %)."""


def _nonzero(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    tensor = args[0]
    with fakes:
        return tensor.new_empty((tensor.numel(), tensor.dim()), dtype=torch.int64)


def _masked_select(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    tensor, mask = args[:2]
    shape = torch.broadcast_shapes(tensor.shape, mask.shape)  # type: ignore[no-untyped-call]
    count = 1
    for size in shape:
        count *= size
    with fakes:
        return torch.empty((count,), dtype=tensor.dtype, device=_device(tensor, mask))


def _index(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    """``x[mask]``: a fake mask selects everything."""
    tensor, indices = args[:2]
    if not any(_is_mask(index) for index in indices):
        return NotImplemented
    spread: list[Any] = []
    with fakes:
        for index in indices:
            if not _is_mask(index):
                spread.append(index)
                continue
            count = index.numel()
            spread.extend(index.new_empty((count,), dtype=torch.int64) for _ in range(index.dim()))
        return func(_as_fake(fakes, tensor), spread)


def _index_put(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    """``x[mask] = values``: as many values as there are, whatever the mask."""
    tensor, indices = args[:2]
    if not any(_is_mask(index) for index in indices):
        return NotImplemented
    if func._schema.name.endswith("_"):
        return tensor
    with fakes:
        return _as_fake(fakes, tensor).clone()


def _unique(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    tensor = args[0]
    with fakes:
        flat = tensor.new_empty((tensor.numel(),))
        return (
            flat,
            tensor.new_empty(tensor.shape, dtype=torch.int64),
            tensor.new_empty((tensor.numel(),), dtype=torch.int64),
        )


def _unique_dim(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    tensor = args[0]
    dim = int(args[1] if len(args) > 1 else kwargs.get("dim", 0))
    with fakes:
        counts = tensor.new_empty((tensor.shape[dim],), dtype=torch.int64)
        return tensor.new_empty(tensor.shape), counts, counts.clone()


def _bincount(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    weights = args[1] if len(args) > 1 else kwargs.get("weights")
    least = args[2] if len(args) > 2 else kwargs.get("minlength", 0)
    with fakes:
        dtype = torch.int64 if weights is None else torch.float64
        return torch.empty((max(1, int(least)),), dtype=dtype, device=_device(args[0]))


def _repeat_interleave(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    if func._overloadname != "Tensor":
        return NotImplemented
    size = kwargs.get("output_size")
    with fakes:
        return args[0].new_empty((args[0].numel() if size is None else size,), dtype=torch.int64)


def _pack(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    """Sequences packed by lengths that are real: their sum is known."""
    tensor, lengths = args[:2]
    if isinstance(lengths, FakeTensor):
        return NotImplemented
    longest, rows = int(lengths.max()), int(lengths.sum())
    sizes = (lengths.unsqueeze(0) > torch.arange(longest).unsqueeze(1)).sum(1)
    with fakes:
        return _as_fake(fakes, tensor).new_empty((rows, *tensor.shape[2:])), sizes


def _pack_backward(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    grad, shape = args[:2]
    with fakes:
        return _as_fake(fakes, grad).new_empty(tuple(shape))


def _rnn_layer(fakes: Any, func: Any, args: Any, kwargs: Any) -> Any:
    """torch's own answer leaves out the workspace that the operation keeps for its backward pass."""
    out, hidden, cell, workspace = fakes.__torch_dispatch__(func, (), args, kwargs)
    is_training = args[15] if len(args) > 15 else kwargs.get("train", False)
    if is_training:
        with fakes:
            values = _rnn_workspace(args[0].shape, out.shape, batch_first=bool(args[14]))
            workspace = torch.empty((values * out.element_size(),), dtype=torch.uint8)
    return out, hidden, cell, workspace


def _rnn_workspace(inside: Any, outside: Any, *, batch_first: bool) -> int:
    steps, rows = (outside[1], outside[0]) if batch_first else (outside[0], outside[1])
    hidden, widest = outside[2], max(inside[2], outside[2])
    of_hidden = RNN_HIDDEN[0] * steps + RNN_HIDDEN[1]
    of_widest = RNN_WIDEST[0] * steps + RNN_WIDEST[1]
    return int(rows * (of_hidden * hidden + of_widest * widest))


def _is_mask(index: Any) -> bool:
    return isinstance(index, FakeTensor) and index.dtype in (torch.bool, torch.uint8)


def _as_fake(fakes: Any, tensor: Any) -> Any:
    return tensor if isinstance(tensor, FakeTensor) else fakes.from_tensor(tensor)


def _device(*tensors: Any) -> Any:
    return next((one.fake_device for one in tensors if isinstance(one, FakeTensor)), torch.device("cpu"))


EXACT = {"index_put", "index_put_", "_index_put_impl_", "_pack_padded_sequence", "_pack_padded_sequence_backward",
         "mkldnn_rnn_layer"}  # fmt: skip
"""Those whose size is right: nothing is assumed."""

BY_NAME: dict[str, Callable[[Any, Any, Any, Any], Any]] = {
    "nonzero": _nonzero,
    "masked_select": _masked_select,
    "index": _index,
    "index_put": _index_put,
    "index_put_": _index_put,
    "_index_put_impl_": _index_put,
    "_unique2": _unique,
    "unique_consecutive": _unique,
    "_unique": _unique,
    "unique_dim": _unique_dim,
    "bincount": _bincount,
    "repeat_interleave": _repeat_interleave,
    "_pack_padded_sequence": _pack,
    "_pack_padded_sequence_backward": _pack_backward,
    "mkldnn_rnn_layer": _rnn_layer,
}
"""By the operation's name; each returns what the operation would, or ``NotImplemented`` where its size is known."""
