"""Writes down the bits of every loss that is differentiated. Python imports this by itself from ``PYTHONPATH``.

Invariant: it only looks. It is put around torch when the script imports it, so that a run with the probe and one
without have the same recorder and differ in the probe alone.
"""

from __future__ import annotations

import atexit
import importlib.machinery
import importlib.util
import os
import struct
import sys
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

RECORD = os.environ.get("LOSS_RECORD")
OWNER = os.getpid()
bits: list[bytes] = []


def _record(torch: ModuleType) -> None:
    plain: Callable[..., Any] = torch.autograd.backward

    def backward(tensors: Any, *args: Any, **kwargs: Any) -> Any:
        for tensor in (tensors,) if isinstance(tensors, torch.Tensor) else tensors:
            bits.append(struct.pack("<d", float(tensor.detach().double().sum())))
        return plain(tensors, *args, **kwargs)

    torch.autograd.backward = backward


def _write() -> None:
    if RECORD and os.getpid() == OWNER:
        with open(RECORD, "wb") as file:  # noqa: PTH123  pathlib may be shut down by now
            file.write(b"".join(bits))


class _TorchFinder:
    """Lets everyone else find torch, then records once it is loaded."""

    def find_spec(
        self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> importlib.machinery.ModuleSpec | None:
        if name != "torch":
            return None
        sys.meta_path.remove(self)
        spec = importlib.util.find_spec(name)
        if spec is None or spec.loader is None:
            return spec
        load = spec.loader.exec_module

        def load_and_record(module: ModuleType) -> None:
            load(module)
            _record(module)

        spec.loader.exec_module = load_and_record  # type: ignore[method-assign]
        return spec


if RECORD:
    sys.meta_path.insert(0, _TorchFinder())
    atexit.register(_write)
