"""The first operation that makes a number of the forward or backward pass infinite or not a number.

Invariant: it only looks, after each operation, at what went in and came out.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from .looks import place_of, tensors_in

if TYPE_CHECKING:
    from .examiner import Examiner

FILLING = (
    "masked_fill", "fill", "full", "scalar_tensor", "empty", "new_", "where", "copy", "index_put", "_to_copy", "detach",
)  # fmt: skip
"""Operations that put infinities in place on purpose, or show memory that was not written yet."""
MOST_CULPRITS = 10


class Culprits:
    """What was found in one replay."""

    def __init__(self) -> None:
        self.found: list[dict[str, Any]] = []
        self.operations = 0

    def first(self) -> dict[str, Any] | None:
        """The one that began it: the first that made a number none, or what gave it the infinity it choked on."""
        nans = [one for one in self.found if one["made"] == "NaN"]
        if nans and nans[0]["inputs_finite"]:
            return nans[0]
        return self.found[0] if self.found else None


def watching_mode(torch: Any, examiner: Examiner, culprits: Culprits) -> Any:
    """A dispatch mode that fills ``culprits``."""
    from torch.utils import _python_dispatch

    base: Any = _python_dispatch.TorchDispatchMode

    class Watching(base):  # type: ignore[misc]  # the user's torch is not known here
        def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            given = [_state(torch, one) for one in _floats((args, kwargs))]
            output = function(*args, **(kwargs or {}))
            culprits.operations += 1
            if len(culprits.found) < MOST_CULPRITS:
                _look(torch, examiner, culprits, function, given, output, (args, kwargs))
            return output

    kind: Any = Watching
    return kind()


def _look(
    torch: Any, examiner: Examiner, culprits: Culprits, function: Any, given: list[str], output: Any, arguments: Any
) -> None:
    name = str(function).replace("aten.", "").partition(".")[0]
    made = {_state(torch, one) for one in _floats(output)}
    if name.rstrip("_").startswith(FILLING) or made <= {"finite"}:
        return
    if "NaN" in given or ("NaN" not in made and "inf" in given):
        return
    is_backward = torch._C._current_graph_task_id() != -1
    inputs = list(_floats(arguments))
    culprits.found.append(
        {
            "operation": name,
            "made": "NaN" if "NaN" in made else "inf",
            "inputs_finite": "inf" not in given,
            "backward": is_backward,
            "place": place_of(examiner.place()),
            "inputs": [_described(one) for one in inputs[:3]],
        }
    )


def _floats(value: Any) -> Iterator[Any]:
    return (one for one in tensors_in(value) if one.is_floating_point() and not one.is_sparse)


def _state(torch: Any, tensor: Any) -> str:
    if tensor.numel() == 0 or bool(torch.isfinite(tensor).all()):
        return "finite"
    return "NaN" if bool(torch.isnan(tensor).any()) else "inf"


def _described(tensor: Any) -> dict[str, Any]:
    told: dict[str, Any] = {"shape": list(tensor.shape), "dtype": str(tensor.dtype).replace("torch.", "")}
    if tensor.numel():
        told["low"], told["high"] = float(tensor.detach().float().min()), float(tensor.detach().float().max())
    return told
