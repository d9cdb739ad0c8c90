"""What stands in, during a dry run, for the parts of torch that cannot work on fake tensors or are not wanted there.

Parameters are made fake, conversion and copying of fake modules are mended (three defects of torch 2.13), what is saved
is remembered in place of being written out, loader workers run in this process, nothing is compiled, and a gradient
scaler always steps. Each is a thin patch of this one process, which ends with the dry run.
"""

from __future__ import annotations

import functools
import io
import os
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode

from . import plausible
from .fake import DryMode

_MARK = b"saved during a dry run: "


class CannotFollowError(RuntimeError):
    """The script does something that a dry run cannot follow; the text says what."""


def install(mode: DryMode) -> None:
    """Patch the torch of this process. ``mode`` decides what is fake."""
    _plain_loaders()
    _plain_code()
    _always_step()
    _stay_in_this_process()
    _parameters(mode)
    if mode.is_fake:
        _convert_and_copy(mode)
        _show_values(mode)
        _remember_what_is_saved()


def _parameters(mode: DryMode) -> None:
    """A parameter is counted as one, and fake from the start: the real values that it was made of are dropped."""
    make = torch.nn.Parameter.__new__

    def __new__(cls: Any, data: Any = None, requires_grad: bool = True) -> Any:
        if data is None:
            data = torch.empty(0)
        if mode.ledger.stage == "outside":
            mode.ledger.enter("outside", "setup")  # a model is made: whatever was trained or evaluated before is over
        is_plain = type(data) in (torch.Tensor, torch.nn.Parameter) and data.device.type != "meta"
        if mode.is_fake and is_plain:
            if type(data) is torch.Tensor and data._base is None:
                mode.ledger.forget(data)
            data = mode.fake_of(data)
        parameter = make(cls, data, requires_grad)
        mode.ledger.mark((parameter,), "parameters")
        return parameter

    _replace(torch.nn.Parameter, __new__=__new__)


def _convert_and_copy(mode: DryMode) -> None:
    """``module.to(…)``, ``.half()`` and ``copy.deepcopy(module)``."""
    swap: Any = torch.utils.swap_tensors

    @functools.wraps(swap)
    def swap_tensors(one: Any, other: Any) -> None:
        if isinstance(one, FakeTensor) and isinstance(other, FakeTensor):
            if one.fake_device == other.fake_device and one.dtype == other.dtype:
                return
            mode.fakes.fake_tensor_converter.meta_converter.tensor_memo.clear()
        swap(one, other)
        mode.ledger.mark((one,), "parameters")

    _replace(torch.utils, swap_tensors=swap_tensors)
    # One mode answers for all fake tensors: a copy of a tensor must not bring a mode of its own.
    _replace(FakeTensorMode, __deepcopy__=lambda self, memo: self)


def _show_values(mode: DryMode) -> None:
    """What python and numpy see of a fake tensor."""

    def numpy(self: Any, *, force: bool = False) -> Any:
        import numpy as np

        if self.requires_grad and not force:
            raise RuntimeError("Can't call numpy() on Tensor that requires grad. Use tensor.detach().numpy() instead.")
        mode.asked += 1
        return plausible.as_array(self, np)

    def __array__(self: Any, dtype: Any = None, copy: Any = None) -> Any:
        shown = numpy(self)
        return shown if dtype is None else shown.astype(dtype)

    def __format__(self: Any, wanted: str) -> str:
        return format(self.item(), wanted) if self.dim() == 0 else object.__format__(self, wanted)

    def tolist(self: Any) -> Any:
        mode.asked += 1
        return plausible.as_list(self)

    _replace(FakeTensor, numpy=numpy, __array__=__array__, __format__=__format__, tolist=tolist)


def _remember_what_is_saved() -> None:
    """``torch.save`` writes a mark, and ``torch.load`` gives back what was saved under it."""
    saved: list[Any] = []
    load = torch.load

    def remember(content: Any, file: Any, *args: Any, **kwargs: Any) -> None:
        saved.append(content)
        mark = _MARK + str(len(saved) - 1).encode()
        if hasattr(file, "write"):
            file.write(mark)
            return
        folder = os.path.dirname(os.fspath(file))
        if folder and not os.path.isdir(folder):
            raise RuntimeError(f"Parent directory {folder} does not exist.")
        with open(file, "wb") as target:
            target.write(mark)

    @functools.wraps(load)
    def recall(file: Any, *args: Any, **kwargs: Any) -> Any:
        number = _mark_in(file)
        return load(file, *args, **kwargs) if number is None else saved[number]

    _replace(torch, save=remember, load=recall)


def _mark_in(file: Any) -> int | None:
    try:
        if isinstance(file, (str, os.PathLike)):
            with open(file, "rb") as source:
                start = source.read(len(_MARK) + 20)
        else:
            place = file.tell()
            start = file.read(len(_MARK) + 20)
            file.seek(place)
    except (OSError, AttributeError, ValueError, io.UnsupportedOperation):
        return None
    number = bytes(start).removeprefix(_MARK)
    return int(number) if number != bytes(start) and number.isdigit() else None


def _plain_loaders() -> None:
    """Loader workers are processes, and fake tensors cannot cross: everything is loaded here."""
    module = torch.utils.data.dataloader

    def _get_iterator(loader: Any) -> Any:
        loader.num_workers, loader.pin_memory, loader.timeout = 0, False, 0
        return module._SingleProcessDataLoaderIter(loader)

    _replace(module.DataLoader, _get_iterator=_get_iterator)


def _plain_code() -> None:
    """Nothing is compiled: a model runs as it is written."""

    def compile(model: Any = None, *args: Any, **kwargs: Any) -> Any:
        if isinstance(model, torch.nn.Module):
            model.__dict__["_orig_mod"] = model  # where scripts look for the module that was compiled
        return model if model is not None else lambda function: function

    _replace(torch, compile=compile)
    _replace(torch.nn.Module, compile=lambda self, *args, **kwargs: None)


def _always_step() -> None:
    """Whether gradients overflowed is not known: the scaler's optimizer steps, as it does in most steps."""

    def _maybe_opt_step(self: Any, optimizer: Any, state: Any, *args: Any, **kwargs: Any) -> Any:
        return optimizer.step(*args, **kwargs)

    _replace(torch.amp.GradScaler, _maybe_opt_step=_maybe_opt_step)


def _stay_in_this_process() -> None:
    """Training in processes of its own would run for real, unwatched."""
    from torch import multiprocessing

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise CannotFollowError("it trains in processes that it starts itself (torch.multiprocessing)")

    _replace(multiprocessing, spawn=refuse, start_processes=refuse)


def _replace(owner: Any, **by_name: Any) -> None:
    for name, value in by_name.items():
        setattr(owner, name, value)
