"""One process of a script that wants several: it is told that it is the only rank.

In a dry run its process group is torch's fake one: a real one has threads and sockets that a fork leaves behind.
"""

from __future__ import annotations

from typing import Any


def fake_group(torch: Any) -> None:
    """Make every process group from here on the fake one, where this torch has it."""
    start = torch.distributed.init_process_group

    def init_process_group(*args: Any, **kwargs: Any) -> Any:
        try:
            from torch.testing._internal.distributed.fake_pg import FakeStore
        except ImportError:
            return start(*args, **kwargs)
        return start("fake", rank=0, world_size=1, store=FakeStore())

    torch.distributed.init_process_group = init_process_group
