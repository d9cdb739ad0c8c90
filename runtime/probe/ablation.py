"""After a pilot: the last training batches once more, with their inputs shuffled among the rows, and with zeros.

A model whose loss stays the same then does not use its inputs. While the script runs, batches are only remembered, by
reference and up to a bound; everything else is done after its end, in evaluation mode, and the models are left as they
were.
"""

from __future__ import annotations

import contextlib
import functools
import inspect
import io
import threading
import time
import warnings
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .examine.looks import tensors_in
from .examine.torch_events import LOSSES
from .examine.trial import Trial, copied

MOST_BATCHES = 8
FEWEST_BATCHES = 3
STEPS_BEFORE_END = 16
"""So many steps before a pilot's end batches begin to be remembered."""
FEWEST_ROWS = 4
MOST_BYTES = 32 << 20
SECONDS = 1.5
MOST_TARGETS = 200_000
TARGETS = ("labels", "label", "targets", "target")


@dataclass(eq=False)
class Remembered:
    """One training batch: the model's call and the loss that it was given to."""

    module: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    name: str
    loss: Any
    """The loss function itself."""
    arguments: dict[str, Any]
    file: str
    line: int
    shape: tuple[int, ...]
    """Of what the loss was given."""
    output: int | None
    """Which tensor of the model's output the loss was given; ``None``: the model computes its loss itself."""


class Ablation:
    """Remembers batches of one process's training, and tries them once it is over."""

    def __init__(self, torch: Any, is_users: Callable[[str], bool], is_near_end: Callable[[], bool]) -> None:
        self._torch = torch
        self._is_users = is_users
        self._is_near_end = is_near_end
        """Whether the pilot is nearly over: what comes before it is not remembered, so that it takes no time."""
        self._thread = threading.get_ident()
        self._batches: deque[Remembered] = deque(maxlen=MOST_BATCHES)
        self._depth = 0
        self._call: tuple[Any, tuple[Any, ...], dict[str, Any], list[Any] | None] | None = None
        self._is_over = False
        self._heard: Any = None
        self._reason = "no loss function of torch was given what a model answered"

    def install(self) -> None:
        """Listen to outermost calls of models, and to loss functions."""
        module = self._torch.nn.modules.module
        module.register_module_forward_pre_hook(self._before)
        module.register_module_forward_hook(self._after, with_kwargs=True, always_call=True)
        functional = self._torch.nn.functional
        for name in LOSSES:
            original = getattr(functional, name, None)
            if original is not None:
                setattr(functional, name, self._watched(name, original))

    # -- while the script runs ---------------------------------------------------------------------------------------

    def _is_ours(self) -> bool:
        return threading.get_ident() == self._thread

    def _before(self, module: Any, args: Any) -> None:
        if self._torch.compiler.is_compiling() or self._is_over or not self._is_ours():
            return
        if not self._depth and not self._is_near_end():
            return
        if not self._depth:
            if next(module.parameters(), None) is None:
                return
            self._call = (module, args, {}, None)
        self._depth += 1

    def _after(self, module: Any, args: Any, kwargs: Any, output: Any) -> None:
        if self._torch.compiler.is_compiling() or self._is_over or not self._depth or not self._is_ours():
            return
        self._depth -= 1
        if not self._depth and self._call is not None and self._call[0] is module:
            self._call = (module, args, kwargs, list(tensors_in(output)))
            newest = self._batches[-1] if self._batches else None
            if newest is not None and newest.module is module and newest.output is None and not newest.kwargs:
                newest.kwargs = dict(kwargs)  # a model that computes its loss itself: its call is whole only now

    def _watched(self, name: str, original: Any) -> Any:
        signature = inspect.signature(original)

        @functools.wraps(original)
        def watched(*args: Any, **kwargs: Any) -> Any:
            result = original(*args, **kwargs)
            if self._torch.compiler.is_compiling():
                return result
            if self._is_over:
                self._heard = result
            elif self._call is not None and self._torch.is_grad_enabled() and self._is_ours():
                with contextlib.suppress(Exception):  # boundary: whatever a script gives a loss must not end its run
                    self._remember(name, original, signature.bind(*args, **kwargs).arguments, inspect.currentframe())
            return result

        return watched

    def _remember(self, name: str, original: Any, arguments: Any, frame: Any) -> None:
        call, given = self._call, arguments["input"]
        if call is None:
            return
        module, args, kwargs, outputs = call
        place = None
        if outputs is not None:
            place = next((number for number, one in enumerate(outputs) if _same_numbers(one, given)), None)
            if place is None:
                self._reason = "what a loss function was given is not what a model answered, but made from it"
                return
        size = sum(one.numel() * one.element_size() for one in tensors_in((args, kwargs)))
        if MOST_BATCHES * size > MOST_BYTES:
            self._reason = "the batches are too large to be kept"
            return
        others = {key: value for key, value in arguments.items() if key != "input"}
        while frame is not None and not self._is_users(frame.f_code.co_filename):
            frame = frame.f_back
        file, line = ("", 0) if frame is None else (frame.f_code.co_filename, frame.f_lineno)
        shape = tuple(given.shape)
        self._batches.append(
            Remembered(module, args, dict(kwargs), name, original, others, file, line, shape, place)
        )

    # -- after its end -----------------------------------------------------------------------------------------------

    def report(self) -> dict[str, Any]:
        """What the losses are with the real inputs and without them."""
        self._is_over = True
        stance = getattr(self._torch.compiler, "set_stance", None)
        eager = stance("force_eager") if stance is not None else contextlib.nullcontext()
        try:
            with eager, warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
                warnings.simplefilter("ignore")
                return self._tried()
        except Exception as problem:  # noqa: BLE001  boundary: foreign models and losses
            return {"could_not": f"{type(problem).__name__}: {problem}"[:300]}
        finally:
            self._batches.clear()

    def _tried(self) -> dict[str, Any]:
        if not self._batches:
            return {"could_not": self._reason}
        newest = self._batches[-1]
        alike = [one for one in self._batches if (one.module, one.name) == (newest.module, newest.name)]
        deadline = time.monotonic() + SECONDS
        found: list[dict[str, float]] = []
        same = True
        for batch in alike:
            one = self._losses(batch)
            if one is None:
                continue
            found.append(one)
            same = same and one["moved"] == 0.0
            if time.monotonic() > deadline:
                break
        if len(found) < FEWEST_BATCHES:
            return {"could_not": "too few batches could be tried once more"}
        return {
            "loss": newest.name,
            "model": type(newest.module).__name__,
            "place": {"file": newest.file, "line": newest.line} if newest.file else None,
            "real": [one["real"] for one in found],
            "shuffled": [one["shuffled"] for one in found],
            "zeros": [one["zeros"] for one in found],
            "answers_move": not same,
            "constant": self._constant(newest.name, alike),
        }

    def _losses(self, batch: Remembered) -> dict[str, float] | None:
        trial = Trial(self._torch, batch.module, copied(batch.args), copied(batch.kwargs))
        rows = self._rows(trial)
        if rows < FEWEST_ROWS or (batch.output is None and not _is_given_targets(batch)):
            return None
        real = self._loss(batch, trial, trial.args, trial.kwargs)
        shuffled = self._loss(batch, trial, *self._changed(batch, trial, rows, lambda one: one.roll(1, 0)))
        zeros = self._loss(batch, trial, *self._changed(batch, trial, rows, self._torch.zeros_like))
        if real is None or shuffled is None or zeros is None:
            return None
        moved = max(_difference(real[1], shuffled[1]), _difference(real[1], zeros[1]))
        return {"real": real[0], "shuffled": shuffled[0], "zeros": zeros[0], "moved": moved}

    def _rows(self, trial: Trial) -> int:
        first = next((one for one in tensors_in((trial.args, trial.kwargs)) if one.dim()), None)
        return 0 if first is None else int(first.shape[0])

    def _changed(self, batch: Remembered, trial: Trial, rows: int, change: Any) -> tuple[Any, Any]:
        """The same arguments with every input changed; targets that the model is given as well stay."""
        args, kwargs = copied(trial.args), copied(trial.kwargs)
        before = tensors_in((batch.args, batch.kwargs))
        for number, (old, new) in enumerate(zip(before, tensors_in((args, kwargs)))):
            is_target = number > 0 and _is_from(batch.arguments.get("target"), old)
            if new.dim() and new.shape[0] == rows and new.dtype != self._torch.bool and not is_target:
                new.copy_(change(new))
        return args, {**kwargs, **{name: trial.kwargs[name] for name in TARGETS if name in kwargs}}

    def _loss(self, batch: Remembered, trial: Trial, args: Any, kwargs: Any) -> tuple[float, Any] | None:
        self._heard = None
        answered = trial.run(args, kwargs)
        if answered is None:
            return None
        if batch.output is None:
            heard = self._heard
            return None if heard is None or heard.numel() != 1 else (float(heard), heard)
        outputs = list(tensors_in(answered))
        if batch.output >= len(outputs):
            return None
        given = outputs[batch.output].reshape(batch.shape)
        with self._torch.no_grad():
            result = batch.loss(given, **batch.arguments)
        return float(result.float().mean()), given

    def _constant(self, name: str, batches: list[Remembered]) -> float | None:
        """The loss of the best answer that is the same for every row, on the targets of these batches."""
        torch = self._torch
        kept = [target for one in batches if (target := one.arguments.get("target")) is not None]
        if len(kept) < len(batches) or any(one.numel() > MOST_TARGETS for one in kept):
            return None
        told = batches[-1].arguments
        weighted = any(told.get(key) is not None for key in ("weight", "pos_weight"))
        if weighted or told.get("reduction", "mean") != "mean":
            return None
        target = torch.cat([one.detach().reshape(-1).cpu() for one in kept])
        if name in ("cross_entropy", "nll_loss") and not target.is_floating_point():
            target = target[target != batches[-1].arguments.get("ignore_index", -100)]
            _, counts = target.unique(return_counts=True)
            if len(counts) * 10 > len(target):
                return None  # too few to know how often each comes
            share = counts.double() / counts.sum()
            return float(-(share * share.log()).sum())
        if name == "mse_loss" and len(target) >= 30:
            return float(target.double().var(unbiased=False))
        if name == "l1_loss" and len(target) >= 30:
            return float((target.double() - target.double().median()).abs().mean())
        return None


def _same_numbers(one: Any, other: Any) -> bool:
    """Whether one tensor is the other, or a view of all of it in the same order."""
    if one is other:
        return True
    same_size = one.numel() == other.numel() and one.dtype == other.dtype
    same_order = one.is_contiguous() and other.is_contiguous()
    return bool(same_size and same_order and one.data_ptr() == other.data_ptr())


def _is_from(target: Any, one: Any) -> bool:
    """Whether a tensor is what targets were taken from."""
    if target is None:
        return False
    same_storage = target.untyped_storage().data_ptr() == one.untyped_storage().data_ptr()
    return bool(same_storage and target.dtype == one.dtype and target.numel() <= one.numel())


def _is_given_targets(batch: Remembered) -> bool:
    """Whether a model that computes its loss itself is given the targets apart from its inputs."""
    given = list(tensors_in((batch.args, batch.kwargs)))[1:]
    return any(name in batch.kwargs for name in TARGETS) or any(
        _is_from(batch.arguments.get("target"), one) for one in given
    )


def _difference(one: Any, other: Any) -> float:
    return float((one.detach().float() - other.detach().float()).abs().max())
