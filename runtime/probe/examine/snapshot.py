"""Weights, statistics and an optimizer's state as they are now, to be put back after something was tried.

Invariant: it puts values into the tensors that are there; no object that the script may hold is exchanged.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

MOST_BYTES = 100 << 20
"""Of parameters; with the state of an optimizer it is three times as much."""


class Snapshot:
    """One optimizer and the modules that it trains."""

    def __init__(self, torch: Any, optimizer: Any, modules: Iterable[Any]) -> None:
        self._torch = torch
        self._optimizer = optimizer
        parameters = parameters_of(optimizer)
        tensors = {id(one): one for one in parameters}
        for module in modules:
            tensors.update((id(one), one) for one in (*module.parameters(), *module.buffers()))
        self._kept = [(one, one.detach().clone()) for one in tensors.values()]
        self._gradients = [(one, None if one.grad is None else one.grad.detach().clone()) for one in parameters]
        self._state = {one: _copied(optimizer.state[one]) for one in parameters if one in optimizer.state}
        self._parameters = parameters

    @staticmethod
    def fits(optimizer: Any) -> bool:
        """Whether it is small enough to be kept."""
        return bool(sum(one.numel() * one.element_size() for one in parameters_of(optimizer)) <= MOST_BYTES)

    def restore(self) -> None:
        """Put everything back."""
        with self._torch.no_grad():
            for one, was in self._kept:
                one.data.copy_(was)
        for one, gradient in self._gradients:
            one.grad = gradient
        for one in self._parameters:
            if one in self._state:
                self._optimizer.state[one] = self._state[one]
            else:
                self._optimizer.state.pop(one, None)


def parameters_of(optimizer: Any) -> list[Any]:
    """All parameters of an optimizer."""
    return [one for group in optimizer.param_groups for one in group["params"]]


def _copied(state: Any) -> dict[Any, Any]:
    return {key: value.detach().clone() if hasattr(value, "grad_fn") else value for key, value in state.items()}
