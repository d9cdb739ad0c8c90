"""One process of a script that wants several, in a dry run: nothing is sent, and a wrapped model is the model.

A real process group has threads and sockets that a fork leaves behind, and the reducer of DistributedDataParallel looks
into gradients that are not there. What it would hold besides, its buckets, is allocated all the same.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any


def stand_alone(torch: Any) -> None:
    """Make every process group from here on torch's fake one, where it has it, and every wrapper a thin one."""
    start = torch.distributed.init_process_group

    def init_process_group(*args: Any, **kwargs: Any) -> Any:
        try:
            from torch.testing._internal.distributed.fake_pg import FakeStore
        except ImportError:
            return start(*args, **kwargs)
        return start("fake", rank=0, world_size=1, store=FakeStore())

    torch.distributed.init_process_group = init_process_group
    wrapper = _wrapper(torch)
    torch.nn.parallel.DistributedDataParallel = wrapper
    torch.nn.parallel.distributed.DistributedDataParallel = wrapper


def _wrapper(torch: Any) -> Any:
    """A class that holds the model and the memory of its buckets, of the user's torch."""

    def __init__(self: Any, module: Any, *args: Any, gradient_as_bucket_view: bool = False, **kwargs: Any) -> None:
        torch.nn.Module.__init__(self)
        self.module = module
        self.require_backward_grad_sync = True
        wanted = () if gradient_as_bucket_view else module.parameters()
        self._buckets = [torch.empty_like(one) for one in wanted if one.requires_grad]

    def forward(self: Any, *args: Any, **kwargs: Any) -> Any:
        return self.module(*args, **kwargs)

    @contextlib.contextmanager
    def no_sync(self: Any) -> Iterator[None]:
        yield

    def register_comm_hook(self: Any, *args: Any, **kwargs: Any) -> None:
        """Nothing is sent."""

    body = {
        "__init__": __init__, "forward": forward, "no_sync": no_sync, "register_comm_hook": register_comm_hook,
    }  # fmt: skip
    return type("DistributedDataParallel", (torch.nn.Module,), body)
