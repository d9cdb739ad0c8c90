"""Runs a script's tensor operations without computing or allocating what a model would: the mode behind a dry run.

What comes from a model is fake: its parameters, and whatever touches them. What the script prepares before (data,
indices, lengths, masks) stays real, so that it can be looked at, as long as it is small. Invariant: an operation with
a fake tensor among its inputs, a result beyond ``LARGE_BYTES``, or a device other than the host, allocates nothing.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch._subclasses.fake_tensor import FakeTensor, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from . import plausible, shortcuts, unknown_shapes
from .memory import Ledger

LARGE_BYTES = 32 << 20
"""A real result may be so large; the data of most scripts that fit a rehearsal is smaller."""

_ASKED = torch.ops.aten._local_scalar_dense.default
_DEVICE = torch.ops.prim.device.default
_EQUAL = torch.ops.aten.equal.default
_INDICES = {"arange", "randperm"}
"""Factories whose values matter, such as a sampler's order: real up to ``LARGE_INDEX_BYTES``."""
LARGE_INDEX_BYTES = 1 << 30


class DryMode(TorchDispatchMode):  # type: ignore[no-untyped-call]  # torch hooks into subclassing
    """Watches every operation of the process for the ledger, and answers those of the model without computing."""

    def __init__(self, ledger: Ledger, *, is_fake: bool = True) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.ledger = ledger
        self.is_fake = is_fake
        """Whether a model's operations are answered without computing; otherwise everything is only watched."""
        self.fakes = FakeTensorMode(allow_non_fake_inputs=True)
        self.asked = 0
        """How often the script read a value that was never computed."""
        self.assumed: set[str] = set()
        """Operations whose result's size depends on values: the largest possible size was taken."""
        self._facts: dict[Any, _Facts] = {}

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # nothing is compiled here, and keeping it from being compiled costs time at every operation

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = kwargs or {}
        if func is _DEVICE and isinstance(args[0], FakeTensor):
            return args[0].fake_device
        facts = self._facts.get(func)
        if facts is None:
            facts = self._facts[func] = _Facts(func)
        if facts.is_composite:  # under inference mode these come whole
            with self:
                out = func.decompose(*args, **kwargs)
            if out is not NotImplemented:
                return out
        if self.is_fake and self._goes_fake(facts, args, kwargs):
            return self._answer(func, facts, types, args, kwargs)
        out = func(*args, **kwargs)
        if not facts.writes:
            for tensor in _tensors((out,)):
                self.ledger.see(tensor, kind="inputs" if facts.views else None)
        return out

    def fake_of(self, real: Any) -> Any:
        """A fake tensor of the same shape, with no memory behind it."""
        like = torch.empty_strided(real.shape, real.stride(), dtype=real.dtype, device="meta")
        return FakeTensor(self.fakes, like, real.device)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _answer(self, func: Any, facts: _Facts, types: Any, args: Any, kwargs: Any) -> Any:
        if func is _ASKED:
            self.asked += 1
            return plausible.answer(args[0], self.asked)
        if func is _EQUAL:
            self.asked += 1
            return True
        out = shortcuts.result(self.fakes, facts.name, func, args, kwargs)
        if out is not NotImplemented:
            return self._note(facts, args, out)
        shaped = unknown_shapes.BY_NAME.get(facts.name)
        if shaped is not None:
            out = shaped(self.fakes, func, args, kwargs)
            if out is not NotImplemented:
                if facts.name not in unknown_shapes.EXACT:
                    self.assumed.add(facts.name)
                return self._note(facts, args, out)
        return self._note(facts, args, self.fakes.__torch_dispatch__(func, types, args, kwargs))

    def _note(self, facts: _Facts, args: Any, out: Any) -> Any:
        outputs = list(_tensors((out,)))
        if not facts.writes:
            for tensor in outputs:
                self.ledger.see(tensor)
        plausible.carry(facts.name, args, outputs)
        return out

    def _goes_fake(self, facts: _Facts, args: Any, kwargs: Any) -> bool:
        size = 0
        for tensor in _tensors((*args, *kwargs.values())):
            if isinstance(tensor, FakeTensor):
                return True
            size += tensor.nbytes if tensor.layout is torch.strided else 0
        device = kwargs.get("device")
        if device is not None and torch.device(device).type not in ("cpu", "meta"):
            return True
        if (device is not None and torch.device(device).type == "meta") or facts.views or facts.writes:
            return False
        if facts.is_factory:
            limit = LARGE_INDEX_BYTES if facts.name in _INDICES else LARGE_BYTES
            return _factory_bytes(args, kwargs) > limit
        return size > LARGE_BYTES and self._result_is_large(facts, args, kwargs)

    def _result_is_large(self, facts: _Facts, args: Any, kwargs: Any) -> bool:
        """Whether an operation on large real tensors makes a large one: a batch of a large data set does not."""
        try:
            out = self.fakes.__torch_dispatch__(facts.func, (), args, kwargs)
        except Exception:  # noqa: BLE001  boundary: what cannot be told without computing is computed
            return False
        size: int = sum(tensor.nbytes for tensor in _tensors((out,)))
        return size > LARGE_BYTES


class _Facts:
    """What an operation does with memory, from its declaration."""

    __slots__ = ("func", "is_composite", "is_factory", "name", "views", "writes")

    def __init__(self, func: Any) -> None:
        schema = func._schema
        self.func = func
        self.name = schema.name.partition("::")[2]
        aliases = [one.alias_info for one in schema.returns]
        self.writes = any(alias is not None and alias.is_write for alias in aliases)
        self.views = any(alias is not None and not alias.is_write for alias in aliases)
        self.is_composite = torch._C._dispatch_has_kernel_for_dispatch_key(func.name(), "CompositeImplicitAutograd")
        self.is_factory = not any("Tensor" in str(argument.type) for argument in schema.arguments)


def _tensors(values: Sequence[Any]) -> Iterator[Any]:
    """The tensors among arguments or results, also inside lists."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, (list, tuple)):
            yield from _tensors(value)


def _factory_bytes(args: Any, kwargs: Any) -> int:
    """At most so many bytes a call such as ``zeros([3, 4])`` or ``arange(10)`` makes."""
    dtype = kwargs.get("dtype")
    width = dtype.itemsize if isinstance(dtype, torch.dtype) else 8
    lists = [value for value in args if isinstance(value, (list, tuple))]
    shapes = [value for value in lists if all(isinstance(one, int) for one in value)]
    if shapes:
        return max(math.prod(shape) for shape in shapes) * width
    numbers = [abs(value) for value in args if isinstance(value, (int, float)) and math.isfinite(value)]
    return int(max(numbers, default=0)) * width
