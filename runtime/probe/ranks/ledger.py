"""What one rank of a rehearsal saw: its rows, its samplers, its gradients and parameters, and the files it saved.

Whether ranks agree is nobody's to say here: each tells hashes, and they are compared where all are known.

Invariant: nothing draws a random number or changes a value; what cannot be looked at cheaply is left out.
"""

from __future__ import annotations

import os
import sys
import threading
import zlib
from typing import Any

from ..tracker import Tracker

MOST_ROWS, ROWS_A_BATCH = 3_000, 128
MOST_BYTES_A_TENSOR = 1 << 20
HASHED_STEPS = (1, 2, 3, 4, 8, 16)
_PROBE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
MOST_GRADIENTS = 3
"""Steps whose gradients are told, from the second on: before that nobody knows which parameters there are."""
MOST_LOADERS, MOST_SAVES, MOST_EPOCHS = 16, 20, 12


class Ledger:
    """Listens to torch in one process."""

    def __init__(self, tracker: Tracker, most_rows: int = MOST_ROWS) -> None:
        self._tracker = tracker
        self._most_rows = most_rows
        self._process = os.getpid()
        self._thread = threading.get_ident()
        self._rows: dict[str, list[int]] = {"train": [], "eval": []}
        self._loaders: dict[int, dict[str, Any]] = {}
        self._latest: dict[str, Any] | None = None
        self._parameters: dict[str, int] = {}
        self._optimizer: Any = None
        self._is_sharded = False
        self._saves: list[str] = []
        self._gradients: list[list[Any]] = []
        self._own_gradient: float | None = None
        self._torch: Any = None

    def install(self, torch: Any) -> None:
        """Hook in."""
        self._torch = torch
        from torch.optim.optimizer import register_optimizer_step_post_hook, register_optimizer_step_pre_hook

        register_optimizer_step_pre_hook(self._before_step)
        register_optimizer_step_post_hook(self._after_step)
        self._watch_backward(torch.autograd)
        torch.nn.modules.module.register_module_forward_pre_hook(self._before_forward)
        self._watch_loaders(torch.utils.data)
        self._watch_saves(torch)

    def told(self) -> dict[str, Any]:
        """Everything, as JSON."""
        if self._optimizer is not None and not self._is_sharded:
            self._parameters["end"] = self._hash()
        return {
            "rows": self._rows,
            "loaders": list(self._loaders.values()),
            "parameters": self._parameters,
            "sharded": self._is_sharded,
            "saves": self._saves,
            "gradients": self._gradients,
        }

    def _is_ours(self) -> bool:
        return os.getpid() == self._process and threading.get_ident() == self._thread

    # -- rows ----------------------------------------------------------------------------------------------------------

    def _before_forward(self, module: Any, args: Any) -> None:
        if not self._is_ours() or self._tracker.forward_depth > 1 or self._torch.compiler.is_compiling():
            return
        rows = self._rows["train" if self._torch.is_grad_enabled() else "eval"]
        tensor = next((one for one in args if isinstance(one, self._torch.Tensor) and one.dim() > 0), None)
        if tensor is None or len(rows) >= self._most_rows or not len(tensor):
            return
        try:
            batch = tensor.detach()[:ROWS_A_BATCH].cpu().reshape(min(len(tensor), ROWS_A_BATCH), -1).numpy()
        except (TypeError, RuntimeError):
            return  # a type that numpy does not know
        rows.extend(zlib.crc32(row.tobytes()) for row in batch)

    # -- loaders -------------------------------------------------------------------------------------------------------

    def _watch_loaders(self, data: Any) -> None:
        make = data.DataLoader.__iter__

        def __iter__(loader: Any) -> Any:
            if self._is_ours() and len(self._loaders) < MOST_LOADERS:
                self._note_loader(loader)
            return make(loader)

        data.DataLoader.__iter__ = __iter__

    def _note_loader(self, loader: Any) -> None:
        known = self._loaders.get(id(loader))
        sampler = getattr(loader, "sampler", None)
        inner = getattr(getattr(loader, "batch_sampler", None), "sampler", None)
        shards = next((one for one in (sampler, inner) if hasattr(one, "num_replicas")), None)
        if known is None:
            frame = sys._getframe(2)
            while frame.f_back is not None and (_PROBE in frame.f_code.co_filename):
                frame = frame.f_back
            known = self._loaders[id(loader)] = {
                "file": frame.f_code.co_filename,
                "line": frame.f_lineno,
                "sampler": type(shards or sampler).__name__,
                "replicas": getattr(shards, "num_replicas", None),
                "shuffle": getattr(shards, "shuffle", None),
                "drop_last": getattr(shards, "drop_last", None),
                "items": _length(getattr(loader, "dataset", None)),
                "drawn": _length(shards or sampler),
                "batches": _length(loader),
                "epochs": [],
                "steps": 0,
                "grad": self._torch.is_grad_enabled(),
            }
        if len(known["epochs"]) < MOST_EPOCHS:
            known["epochs"].append(getattr(shards, "epoch", None))
        self._latest = known

    # -- parameters ----------------------------------------------------------------------------------------------------

    def _after_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if not self._is_ours():
            return
        if self._latest is not None:
            self._latest["steps"] += 1
        if self._optimizer is None:
            self._optimizer = optimizer
        step = self._tracker.steps.get(0, 0)
        if optimizer is self._optimizer and step in HASHED_STEPS and str(step) not in self._parameters:
            value = self._hash()
            if not self._is_sharded:
                self._parameters[str(step)] = value

    def _hash(self) -> int:
        value = 0
        for group in self._optimizer.param_groups:
            for parameter in group["params"]:
                if type(parameter).__name__ in ("FlatParameter",) or hasattr(parameter, "_local_tensor"):
                    self._is_sharded = True  # each rank holds a part of its own
                    return 0
                flat = parameter.detach().reshape(-1)
                flat = flat[: MOST_BYTES_A_TENSOR // flat.element_size()].cpu().contiguous()
                value = zlib.crc32(flat.view(self._torch.uint8).numpy().tobytes(), value)
        return value

    # -- gradients -----------------------------------------------------------------------------------------------------

    def _watch_backward(self, autograd: Any) -> None:
        backward = autograd.backward

        def watched(*args: Any, **kwargs: Any) -> Any:
            done = backward(*args, **kwargs)
            if self._is_ours() and self._optimizer is not None and len(self._gradients) < MOST_GRADIENTS:
                self._own_gradient = self._projected()
            return done

        autograd.backward = watched

    def _before_step(self, optimizer: Any, args: Any, kwargs: Any) -> None:
        if self._own_gradient is None or optimizer is not self._optimizer or not self._is_ours():
            return
        self._gradients.append([self._tracker.steps_done + 1, self._own_gradient, self._projected()])
        self._own_gradient = None

    def _projected(self) -> float:
        """All gradients as one number that is linear in them: what is averaged or summed over ranks shows in it."""
        value = 0.0
        for group in self._optimizer.param_groups:
            for parameter in group["params"]:
                if parameter.grad is not None and parameter.grad.layout is self._torch.strided:
                    flat = parameter.grad.detach().reshape(-1).double()
                    value += float(flat[::2].sum() - flat[1::2].sum())
        return value

    # -- files ---------------------------------------------------------------------------------------------------------

    def _watch_saves(self, torch: Any) -> None:
        save = torch.save

        def watched(obj: Any, f: Any, *args: Any, **kwargs: Any) -> Any:
            if self._is_ours() and isinstance(f, (str, os.PathLike)) and len(self._saves) < MOST_SAVES:
                self._saves.append(os.path.abspath(os.fspath(f)))
            return save(obj, f, *args, **kwargs)

        torch.save = watched


def _length(thing: Any) -> int | None:
    try:
        return len(thing)
    except Exception:  # noqa: BLE001  boundary: a foreign __len__
        return None
