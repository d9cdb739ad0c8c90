"""Where the examination listens in torch: official global hooks where there are any, thin wrappers elsewhere.

Invariant: every wrapper returns what the wrapped function returns and draws nothing; only the main thread of the
script's own process is listened to.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

from .examiner import Examiner
from .observer import LossCall, ModelCall

LOSSES = (
    "binary_cross_entropy", "binary_cross_entropy_with_logits", "cosine_embedding_loss", "cross_entropy", "ctc_loss",
    "gaussian_nll_loss", "hinge_embedding_loss", "huber_loss", "kl_div", "l1_loss", "margin_ranking_loss", "mse_loss",
    "multi_margin_loss", "multilabel_margin_loss", "multilabel_soft_margin_loss", "nll_loss", "poisson_nll_loss",
    "smooth_l1_loss", "soft_margin_loss", "triplet_margin_loss",
)  # fmt: skip


def listen(torch: Any, examiner: Examiner) -> None:
    """Begin to listen, right after torch was imported."""
    examiner.torch = torch
    _Modules(torch, examiner).install()
    _losses(torch, examiner)
    _backward(torch, examiner)
    _optimizers(torch, examiner)
    _clipping(torch, examiner)
    _scaler(torch, examiner)
    _schedulers(torch, examiner)
    _loaders(torch, examiner)
    examiner.tell("on_torch", torch)


class _Modules:
    """Tells outermost calls of modules with parameters from everything inside them."""

    def __init__(self, torch: Any, examiner: Examiner) -> None:
        self._torch = torch
        self._examiner = examiner
        self._depth = 0
        self._has_parameters: dict[int, bool] = {}

    def install(self) -> None:
        module = self._torch.nn.modules.module
        module.register_module_forward_pre_hook(self._before)
        module.register_module_forward_hook(self._after, with_kwargs=True, always_call=True)

    def _before(self, module: Any, args: Any) -> None:
        if self._examiner.is_here() and self._counts(module):
            self._depth += 1

    def _after(self, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        examiner = self._examiner
        if not examiner.is_here():
            return
        if not self._counts(module):
            if self._depth:
                examiner.tell("on_module", module, args, output)
            return
        self._depth = max(0, self._depth - 1)
        if self._depth:
            examiner.tell("on_module", module, args, output)
            return
        examiner.model_called(
            ModelCall(
                module, args, kwargs, output, examiner.place(), self._torch.is_grad_enabled(), examiner.steps,
                module.training, _LATEST_LOADER[0] if _LATEST_LOADER else None,
            )
        )  # fmt: skip

    def _counts(self, module: Any) -> bool:
        """Whether a module has parameters: a loss or a metric has none."""
        known = self._has_parameters.get(id(module))
        if not known:
            known = self._has_parameters[id(module)] = next(module.parameters(), None) is not None
        return known


_LATEST_LOADER: list[Any] = []
"""The data loader that gave the latest batch."""


def _losses(torch: Any, examiner: Examiner) -> None:
    for name in LOSSES:
        original = getattr(torch.nn.functional, name, None)
        if original is not None:
            setattr(torch.nn.functional, name, _watched_loss(name, original, torch, examiner))


def _watched_loss(name: str, original: Callable[..., Any], torch: Any, examiner: Examiner) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        result = original(*args, **kwargs)
        if examiner.is_here():
            bound = signature.bind(*args, **kwargs)
            bound.apply_defaults()
            examiner.loss_called(
                LossCall(
                    name, dict(bound.arguments), result, examiner.place(), torch.is_grad_enabled(), examiner.steps
                )
            )
        return result

    return watched


def _backward(torch: Any, examiner: Examiner) -> None:
    original = torch.autograd.backward

    @functools.wraps(original)
    def watched(tensors: Any, *args: Any, **kwargs: Any) -> Any:
        if not examiner.is_here():
            return original(tensors, *args, **kwargs)
        examiner.backward_begins(tensors, examiner.place())
        result = original(tensors, *args, **kwargs)
        examiner.tell("after_backward")
        return result

    torch.autograd.backward = watched


def _optimizers(torch: Any, examiner: Examiner) -> None:
    optimizer = torch.optim.Optimizer
    from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

    register_optimizer_step_pre_hook(
        lambda one, args, kwargs: examiner.step_begins(one, examiner.place()) if examiner.is_here() else None
    )
    register_optimizer_step_post_hook(
        lambda one, args, kwargs: examiner.tell("after_step", one) if examiner.is_here() else None
    )
    _after_making(optimizer, examiner, "on_optimizer")
    for owner in (optimizer, torch.nn.Module):
        _before_calling(owner, "zero_grad", examiner, "on_zero_grad")


def _schedulers(torch: Any, examiner: Examiner) -> None:
    module = torch.optim.lr_scheduler
    base = module.LRScheduler
    for made in (base, module.ReduceLROnPlateau):  # the latter does not make itself by way of its base
        _after_making(made, examiner, "on_scheduler", quietly=True)
    for kind in {base, *(kind for kind in vars(module).values() if isinstance(kind, type) and issubclass(kind, base))}:
        if "step" in vars(kind):
            _before_calling(kind, "step", examiner, "on_schedule")


_QUIET: set[int] = set()
"""Objects whose own calls are not told: a scheduler that is being made, or that steps by way of its base class."""


def _clipping(torch: Any, examiner: Examiner) -> None:
    for name, kind, limit in (("clip_grad_norm_", "norm", "max_norm"), ("clip_grad_value_", "value", "clip_value")):
        original = getattr(torch.nn.utils, name)
        watched = _watched_clip(original, kind, limit, examiner)
        for owner in (torch.nn.utils, torch.nn.utils.clip_grad):
            setattr(owner, name, watched)


def _watched_clip(original: Callable[..., Any], kind: str, limit: str, examiner: Examiner) -> Callable[..., Any]:
    signature = inspect.signature(original)

    @functools.wraps(original)
    def watched(*args: Any, **kwargs: Any) -> Any:
        if examiner.is_here():
            bound = signature.bind(*args, **kwargs).arguments
            parameters = bound["parameters"]
            if not hasattr(parameters, "numel"):
                parameters = list(parameters)  # a generator would be used up
                args, kwargs = (), {**bound, "parameters": parameters}
            examiner.tell("on_clip", kind, parameters, float(bound[limit]), examiner.place())
        return original(*args, **kwargs)

    return watched


def _scaler(torch: Any, examiner: Examiner) -> None:
    original = torch.amp.GradScaler.unscale_

    @functools.wraps(original)
    def unscale_(self: Any, optimizer: Any) -> Any:
        result = original(self, optimizer)
        if examiner.is_here():
            examiner.tell("on_unscale", optimizer)
        return result

    torch.amp.GradScaler.unscale_ = unscale_


def _loaders(torch: Any, examiner: Examiner) -> None:
    module = torch.utils.data.dataloader
    iterate, following = module.DataLoader.__iter__, module._BaseDataLoaderIter.__next__

    def __iter__(loader: Any) -> Any:
        iterator = iterate(loader)
        if examiner.is_here():
            iterator.__dict__["_mlintern_loader"] = loader
        return iterator

    def __next__(iterator: Any) -> Any:
        batch = following(iterator)
        if examiner.is_here():
            loader = iterator.__dict__.get("_mlintern_loader")
            _LATEST_LOADER[:] = [loader]
            examiner.tell("on_batch", loader, batch)
        return batch

    module.DataLoader.__iter__ = __iter__
    module._BaseDataLoaderIter.__next__ = __next__


def _after_making(kind: type, examiner: Examiner, event: str, *, quietly: bool = False) -> None:
    make = kind.__init__  # type: ignore[misc]

    @functools.wraps(make)
    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        was_quiet = id(self) in _QUIET
        if quietly:
            _QUIET.add(id(self))
        try:
            make(self, *args, **kwargs)
        finally:
            if not was_quiet:
                _QUIET.discard(id(self))
        if examiner.is_here():
            examiner.tell(event, self, examiner.place())

    kind.__init__ = __init__  # type: ignore[misc]


def _before_calling(kind: type, method: str, examiner: Examiner, event: str) -> None:
    original = getattr(kind, method)

    @functools.wraps(original)
    def watched(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not examiner.is_here() or id(self) in _QUIET:
            return original(self, *args, **kwargs)
        if event == "on_schedule" and examiner.only is not None:
            return None  # a turn that is made again is no progress
        examiner.tell(event, self, examiner.place())
        _QUIET.add(id(self))
        try:
            return original(self, *args, **kwargs)
        finally:
            _QUIET.discard(id(self))

    setattr(kind, method, watched)
