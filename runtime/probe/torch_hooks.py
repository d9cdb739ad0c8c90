"""What the probe asks of torch: its global hooks where there are any, and four thin patches where there are none.

The patches: ``torch.autograd.backward`` (``Tensor.backward`` calls it through the module), ``GradScaler.scale`` (the
loss before scaling), ``Optimizer.__init__`` (whether there is one), and the loader iterator (in ``data``). Nothing
draws a random number.
"""

from __future__ import annotations

import functools
import os
import threading
import weakref
from typing import Any

from . import data
from .allocator import AllocatorWatch
from .channel import Channel
from .stuck import Waiting
from .tracker import Tracker

DEVICE_READ_SECONDS = 0.1
"""On an accelerator, reading a loss waits for the device: at most this often."""


class TorchHooks:
    """Connects one process's torch to the tracker and the channel."""

    def __init__(self, torch: Any, tracker: Tracker, channel: Channel, waiting: Waiting) -> None:
        self._torch = torch
        self._waiting = waiting
        self._tracker = tracker
        self._channel = channel
        self._allocator = AllocatorWatch(torch, channel)
        self._process = os.getpid()
        self._thread = threading.get_ident()
        self._optimizers: weakref.WeakKeyDictionary[Any, int] = weakref.WeakKeyDictionary()
        self._loss: float | None = None
        self._unscaled: tuple[Any, Any] | None = None
        self._rates: dict[int, Any] = {}
        self._next_device_read = 0.0

    def install(self) -> None:
        """Hook in; done once, right after torch was imported."""
        torch, tracker = self._torch, self._tracker
        tracker.is_compiling = torch.compiler.is_compiling
        tracker.grad_enabled = torch.is_grad_enabled
        tracker.on_manual_step = self._manual_step
        from torch.optim.optimizer import register_optimizer_step_post_hook

        register_optimizer_step_post_hook(self._after_step)
        self._patch_optimizer(torch.optim.Optimizer)
        self._patch_backward(torch.autograd)
        self._patch_scaler(torch.amp.GradScaler)
        if tracker.policy.rehearses or tracker.policy.mode == "pilot":
            self._hook_forward(torch.nn.modules.module)
        data.install(torch, tracker, in_worker=self._in_worker, waiting=self._waiting)

    def take_over(self) -> None:
        """This fork goes on with the run in place of its parent."""
        self._process = os.getpid()
        self._thread = threading.get_ident()

    def _in_worker(self) -> bool:
        return os.getpid() != self._process

    def _is_ours(self) -> bool:
        return os.getpid() == self._process and threading.get_ident() == self._thread

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not self._is_ours():
            return
        number = self._optimizers.setdefault(optimizer, len(self._optimizers))
        self._tracker.on_step(number)
        self._report_step(number)
        rate = optimizer.param_groups[0].get("lr") if optimizer.param_groups else None
        if isinstance(rate, (int, float)) and self._rates.get(number) != rate:
            self._rates[number] = rate
            self._channel.metric(self._tracker.steps[number], _name("lr", number), float(rate))

    def _manual_step(self) -> None:
        self._report_step(-1)

    def _report_step(self, number: int) -> None:
        if self._loss is not None:
            self._channel.metric(self._tracker.steps[number], _name("loss", number), self._loss)
            self._loss = None
        self._channel.progress(self._tracker.steps_done)
        self._allocator.after_step(self._tracker.steps_done)

    def _patch_optimizer(self, optimizer: Any) -> None:
        make = optimizer.__init__
        tracker = self._tracker

        @functools.wraps(make)
        def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
            tracker.optimizers_made += 1
            make(self, *args, **kwargs)

        optimizer.__init__ = __init__

    def _patch_backward(self, autograd: Any) -> None:
        backward = autograd.backward

        @functools.wraps(backward)
        def watched(tensors: Any, *args: Any, **kwargs: Any) -> Any:
            if self._is_ours() and self._tracker.forward_depth == 0:
                self._tracker.on_backward()
                self._note_loss(tensors)
            return backward(tensors, *args, **kwargs)

        autograd.backward = watched

    def _note_loss(self, tensors: Any) -> None:
        if self._tracker.policy.is_dry:
            return  # nothing was computed
        tensor = tensors[0] if isinstance(tensors, (tuple, list)) and tensors else tensors
        if self._unscaled is not None and tensor is self._unscaled[0]:
            tensor = self._unscaled[1]
        self._unscaled = None
        if not hasattr(tensor, "numel") or tensor.numel() != 1 or not self._may_read(tensor):
            return
        self._loss = (self._loss or 0.0) + float(tensor.detach())

    def _may_read(self, tensor: Any) -> bool:
        if tensor.device.type == "cpu":
            return True
        now = _monotonic()
        if now < self._next_device_read:
            return False
        self._next_device_read = now + DEVICE_READ_SECONDS
        return True

    def _patch_scaler(self, scaler: Any) -> None:
        scale = scaler.scale

        @functools.wraps(scale)
        def watched(this: Any, outputs: Any) -> Any:
            scaled = scale(this, outputs)
            self._unscaled = (scaled, outputs)
            return scaled

        scaler.scale = watched

    def _hook_forward(self, module: Any) -> None:
        tracker = self._tracker
        is_compiling = self._torch.compiler.is_compiling
        main = self._thread

        def before(called: Any, args: Any) -> None:
            if is_compiling() or threading.get_ident() != main:
                return
            if tracker.forward_depth == 0:
                tracker.on_forward()
            tracker.forward_depth += 1

        def after(called: Any, args: Any, output: Any) -> None:
            if is_compiling() or threading.get_ident() != main:
                return
            tracker.forward_depth = max(0, tracker.forward_depth - 1)

        module.register_module_forward_pre_hook(before)
        module.register_module_forward_hook(after, always_call=True)


def _name(base: str, number: int) -> str:
    return base if number <= 0 else f"{base}.optimizer{number + 1}"


def _monotonic() -> float:
    import time

    return time.monotonic()
