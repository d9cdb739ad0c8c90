"""Where a training is at any moment, for the memory ledger: forward, backward or step, training or evaluation.

It also counts, and notes the batch sizes that loaders show. Invariant: it follows the main thread of one process, and
calls ``crossroads`` once, before the first batch, forward pass, backward pass or step.
"""

from __future__ import annotations

import functools
import gc
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import torch
from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

from .memory import Ledger

VALUES_DECIDE = {"LBFGS"}
"""Optimizers whose memory depends on how the training goes."""

class Stages:
    """Connects one process's torch to the ledger."""

    def __init__(self, ledger: Ledger, *, crossroads: Callable[..., None]) -> None:
        self.ledger = ledger
        self.forwards = self.backwards = self.steps = self.evaluations = 0
        """Training forward passes, backward passes, steps, and forward passes that evaluate."""
        self.batches: dict[str, int] = {}
        """The largest batch that a loader gave for ``training`` and for ``evaluation``."""
        self.cut_batch: Callable[[int], int] | None = None
        """How many of so many items a batch keeps; ``None`` leaves batches as they are."""
        self.wrap_forward: Callable[[Any], Any] | None = None
        """A context manager to put around a whole forward pass of the module that it is given."""
        self.cannot: Callable[[str], None] = lambda why: None
        """Ends this look, with the reason."""
        self.after_step: Callable[[], None] = lambda: None
        self._crossroads = crossroads
        self.is_past = False
        """Whether the crossroads are behind."""
        self.has_loader = False
        """Whether the script has made a data loader."""
        self._thread = threading.get_ident()
        self._depth = 0
        self._pulled: int | None = None
        self._is_owed_backward = False
        self._open: list[Any] = []
        self._modules: weakref.WeakSet[Any] = weakref.WeakSet()
        """Those that were called from outside of any other."""

    def install(self) -> None:
        """Hook in; done once, right after torch was imported."""
        module = torch.nn.modules.module
        module.register_module_forward_pre_hook(self._before_forward)
        module.register_module_forward_hook(self._after_forward, always_call=True)
        register_optimizer_step_pre_hook(self._before_step)
        register_optimizer_step_post_hook(self._after_step)
        self._patch_backward()
        self._patch_loaders()

    def reach_crossroads(self, **why: bool) -> None:
        """The script is about to do what a look varies."""
        if not self.is_past and threading.get_ident() == self._thread:
            self.is_past = True
            self._crossroads(**why)

    def mark_all_parameters(self) -> None:
        """Also those of modules that were never called, such as a copy that waits for an evaluation."""
        for found in gc.get_objects():
            if issubclass(type(found), torch.nn.Module):
                own = found.__dict__.get("_parameters") or {}
                self.ledger.mark([one for one in own.values() if one is not None], "parameters")

    # -- forward -----------------------------------------------------------------------------------------------------

    def _before_forward(self, module: Any, args: Any) -> None:
        if threading.get_ident() != self._thread:
            return
        self._depth += 1
        if self._depth > 1:
            return
        self.reach_crossroads()
        trains = self._is_owed_backward or (torch.is_grad_enabled() and module.training)
        if trains:
            self.forwards += 1
            self._is_owed_backward = True
            self._note_batch("training")
        else:
            self.evaluations += 1
            self._note_batch("evaluation")
        self._modules.add(module)
        self.ledger.mark(module.parameters(), "parameters")
        self.ledger.enter("forward", "training" if trains else "evaluation")
        if self.wrap_forward is not None:
            context = self.wrap_forward(module)
            context.__enter__()
            self._open.append(context)

    def _after_forward(self, module: Any, args: Any, output: Any) -> None:
        if threading.get_ident() != self._thread:
            return
        self._depth = max(0, self._depth - 1)
        if self._depth == 0 and self._open:
            self._open.pop().__exit__(None, None, None)

    # -- backward and step -------------------------------------------------------------------------------------------

    def _patch_backward(self) -> None:
        for name in ("backward", "grad"):
            self._patch_pass(name)

    def _patch_pass(self, name: str) -> None:
        original = getattr(torch.autograd, name)

        def watched(*args: Any, **kwargs: Any) -> Any:
            if threading.get_ident() != self._thread or self._depth > 0:
                return original(*args, **kwargs)
            self.reach_crossroads()
            self._is_owed_backward = False
            self.backwards += name == "backward"
            self._note_batch("training")
            self.ledger.enter("backward", "training")
            try:
                return original(*args, **kwargs)
            finally:
                for module in list(self._modules):
                    self.ledger.mark(_gradients(module.parameters()), "gradients")
                self.ledger.enter("outside")

        watched.__name__, watched.__doc__ = name, original.__doc__
        setattr(torch.autograd, name, watched)

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if threading.get_ident() != self._thread:
            return
        self.reach_crossroads()
        if type(optimizer).__name__ in VALUES_DECIDE:
            self.cannot(f"what {type(optimizer).__name__} keeps depends on values, and nothing is computed")
        parameters = list(_parameters(optimizer))
        self.ledger.mark(parameters, "parameters")
        self.ledger.mark(_gradients(parameters), "gradients")
        self.ledger.enter("step", "training")

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if threading.get_ident() != self._thread:
            return
        self.steps += 1
        self.ledger.mark(_state(optimizer), "optimizer")
        self.ledger.enter("outside")
        self.after_step()

    # -- batches -----------------------------------------------------------------------------------------------------

    def _patch_loaders(self) -> None:
        iterator: Any = torch.utils.data.dataloader._BaseDataLoaderIter
        loader: Any = torch.utils.data.DataLoader
        make = loader.__init__

        @functools.wraps(make)
        def __init__(this: Any, *args: Any, **kwargs: Any) -> None:
            self.has_loader = True
            make(this, *args, **kwargs)

        loader.__init__ = __init__
        next_index = iterator._next_index

        def _next_index(this: Any) -> Any:
            if threading.get_ident() != self._thread:
                return next_index(this)
            self.reach_crossroads()
            self.ledger.enter("outside")
            self._is_owed_backward = False
            index = next_index(this)
            if not isinstance(index, (list, tuple)):
                self._pulled = None
                return index
            if self.cut_batch is not None:
                index = index[: max(1, self.cut_batch(len(index)))]
            self._pulled = len(index)
            return index

        iterator._next_index = _next_index

    def _note_batch(self, purpose: str) -> None:
        if self._pulled is not None:
            self.batches[purpose] = max(self.batches.get(purpose, 0), self._pulled)


def _parameters(optimizer: Any) -> Iterator[Any]:
    for group in optimizer.param_groups:
        yield from group["params"]


def _gradients(parameters: Iterable[Any]) -> Iterator[Any]:
    return (one.grad for one in parameters if one.grad is not None)


def _state(optimizer: Any) -> Iterator[Any]:
    for values in optimizer.state.values():
        for value in values.values() if isinstance(values, dict) else ():
            if isinstance(value, torch.Tensor):
                yield value
            elif isinstance(value, (list, tuple)):
                yield from (one for one in value if isinstance(one, torch.Tensor))
