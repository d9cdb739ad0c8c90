"""Which parameters still are what a random initialisation made them.

Invariant: a parameter counts as random only while nothing has written to it since; loading, copying and training all
raise a tensor's version.
"""

from __future__ import annotations

import functools
import weakref
from collections.abc import Callable
from typing import Any

RANDOM = (
    "uniform_", "normal_", "trunc_normal_", "xavier_uniform_", "xavier_normal_", "kaiming_uniform_", "kaiming_normal_",
    "orthogonal_", "sparse_",
)  # fmt: skip


class RandomWeights:
    """Notes every tensor that ``torch.nn.init`` fills at random."""

    def __init__(self) -> None:
        self._versions: dict[int, tuple[weakref.ref[Any], int]] = {}

    def install(self, torch: Any) -> None:
        """Listen to ``torch.nn.init`` from now on."""
        for name in RANDOM:
            original = getattr(torch.nn.init, name, None)
            if original is not None:
                setattr(torch.nn.init, name, self._noted(original))

    def _noted(self, original: Callable[..., Any]) -> Callable[..., Any]:
        @functools.wraps(original)
        def noted(tensor: Any, *args: Any, **kwargs: Any) -> Any:
            result = original(tensor, *args, **kwargs)
            if hasattr(tensor, "_version") and not tensor.is_inference():
                self._versions[id(tensor)] = weakref.ref(tensor), tensor._version
            return result

        return noted

    def still_random(self, parameter: Any) -> bool:
        """Whether nothing has written to it since it was filled at random."""
        noted = self._versions.get(id(parameter))
        if noted is None:
            return False
        reference, version = noted
        tensor = reference()
        return tensor is not None and tensor is parameter and tensor._version == version
