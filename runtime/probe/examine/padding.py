"""Padding in batches of tokens: whether it is counted in the loss, and whether it changes what the model says.

Padding is a token that stands only in the tails of rows, in tails of several lengths. Invariant: nothing is told of a
batch whose rows have no such tails.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from .looks import is_due, place_of, tensors_in
from .observer import LossCall, ModelCall, Observer, Place
from .trial import Trial, copied, differ

MOST_PLACES = 10
MOST_MODELS = 4
FEWEST_LENGTHS = 3
CLASSIFYING = ("cross_entropy", "nll_loss")


class _Model:
    """One trained model that is given padded tokens."""

    def __init__(self, module: Any, place: Place | None, pad: int, trial: Trial | None, lengths: Any) -> None:
        self.module = module
        self.place = place
        self.pad = pad
        self.trial = trial
        self.lengths = lengths


class Padding(Observer):
    """Looks at the tokens of training calls and at the targets of the losses that follow."""

    name: ClassVar[str] = "padding"

    def __post_init__(self) -> None:
        self._calls = 0
        self._latest: list[tuple[int, Any]] = []
        self._losses: dict[Place | None, dict[str, Any]] = {}
        self._models: dict[int, _Model] = {}
        self._results: list[dict[str, Any]] = []

    def on_model_call(self, call: ModelCall) -> None:
        self._latest = []
        if not call.grad_enabled:
            return
        self._calls += 1
        if not is_due(self._calls - 1):
            return
        pads = _pads(call.module)
        for tokens in _tokens(self.examiner.torch, call):
            found = _padding(tokens, pads)
            if found is None:
                continue
            pad, lengths = found
            self._latest.append((pad, tokens.detach()))
            if id(call.module) not in self._models and len(self._models) < MOST_MODELS:
                trial = Trial.of(self.examiner.torch, call)
                self._models[id(call.module)] = _Model(call.module, call.place, pad, trial, lengths)

    def on_loss(self, loss: LossCall) -> None:
        latest, self._latest = self._latest, []
        target: Any = loss.arguments.get("target")
        if not loss.grad_enabled or loss.name not in CLASSIFYING or target is None or target.is_floating_point():
            return
        for pad, tokens in latest:
            if tokens.numel() != target.numel():
                continue
            is_padding = tokens == pad
            wanted = target.detach().reshape(tokens.shape)
            counted = is_padding & (wanted != int(loss.arguments.get("ignore_index", -100)))
            if not self._is_a_mean(loss):
                return
            facts = self._losses.setdefault(
                loss.place, {"place": place_of(loss.place), "pad": pad, "padding": 0, "counted": 0, "targets": 0}
            )
            facts["padding"] += int(is_padding.sum())
            facts["counted"] += int(counted.sum())
            facts["targets"] += target.numel()
            return

    def _is_a_mean(self, loss: LossCall) -> bool:
        """What gives each element's loss may be masked afterwards, and a class weight of zero leaves one out."""
        is_new = loss.place in self._losses or len(self._losses) < MOST_PLACES
        return is_new and loss.arguments.get("reduction") == "mean" and loss.arguments.get("weight") is None

    # -- afterwards --------------------------------------------------------------------------------------------------

    def at_end(self) -> None:
        for one in self._models.values():
            if one.trial is None or self.examiner.seconds_left < 1:
                continue
            by = self._changes_with_padding(one)
            if by is not None:
                self._results.append({"model": type(one.module).__name__, "place": place_of(one.place), **by})

    def _changes_with_padding(self, one: _Model) -> dict[str, Any] | None:
        """Give the shortest rows alone, without their padding: what the model says of them must stay."""
        trial = one.trial
        before = None if trial is None else trial.run_twice()
        if trial is None or before is None:
            return None
        shortest = int(one.lengths.min())
        rows = (one.lengths == shortest).nonzero().reshape(-1)
        size = (len(one.lengths), _width(trial, one.pad))
        if shortest < 1:
            return None
        args, kwargs = (_cut(part, rows, shortest, size) for part in (copied(trial.args), copied(trial.kwargs)))
        after = trial.run(args, kwargs)
        pairs = [(_cut(old, rows, shortest, size), new) for old, new in zip(tensors_in(before), tensors_in(after))
                 if old.is_floating_point() and old.dim() and old.shape[0] == size[0]]  # fmt: skip
        pairs = [(old, new) for old, new in pairs if old.shape == new.shape]
        if not pairs:
            return None
        return {"moved": any(differ(old, new, 1e-3) for old, new in pairs), "rows": len(rows),
                "by": max(float((old - new).abs().max()) for old, new in pairs),
                "length": shortest, "longest": size[1], "told": _is_told(trial, one)}  # fmt: skip

    def report(self) -> dict[str, Any] | None:
        return {"losses": list(self._losses.values()), "models": self._results} if self._calls else None


def _tokens(torch: Any, call: ModelCall) -> Iterator[Any]:
    for one in tensors_in((call.args, call.kwargs)):
        if one.dim() == 2 and one.dtype in (torch.int64, torch.int32) and min(one.shape) > 1:
            yield one


def _pads(module: Any) -> set[int]:
    """Tokens that may be padding: what embeddings are told, or else 0."""
    told = {int(one.padding_idx) for one in module.modules() if getattr(one, "padding_idx", None) is not None}
    return told or {0}


def _padding(tokens: Any, pads: set[int]) -> tuple[int, Any] | None:
    """Which token pads, and how long each row is without it."""
    for pad in pads:
        is_pad = tokens == pad
        lengths = tokens.shape[1] - is_pad.flip(1).cumprod(1).sum(1)
        in_tails = int((tokens.shape[1] - lengths).sum())
        if in_tails and in_tails == int(is_pad.sum()) and len(lengths.unique()) >= FEWEST_LENGTHS:
            return pad, lengths
    return None


def _width(trial: Trial, pad: int) -> int:
    return next(
        int(one.shape[1]) for one in tensors_in((trial.args, trial.kwargs))
        if one.dim() == 2 and not one.is_floating_point() and bool((one == pad).any())
    )  # fmt: skip


def _cut(value: Any, rows: Any, length: int, size: tuple[int, int]) -> Any:
    """The same arguments for some rows and their first positions."""
    if hasattr(value, "grad_fn") and hasattr(value, "dim"):
        if value.dim() and value.shape[0] == size[0]:
            value = value[rows]
            if value.dim() > 1 and value.shape[1] == size[1]:
                value = value[:, :length]
        return value
    if isinstance(value, (list, tuple)):
        return type(value)(_cut(one, rows, length, size) for one in value)
    if isinstance(value, dict):
        return {key: _cut(one, rows, length, size) for key, one in value.items()}
    return value


def _is_told(trial: Trial, one: _Model) -> bool:
    """Whether a mask or the lengths are among the model's inputs."""
    for given in tensors_in((trial.args, trial.kwargs)):
        if given.dim() == 1 and given.shape == one.lengths.shape and bool((given == one.lengths).all()):
            return True
        if given.dim() == 2 and given.shape[0] == len(one.lengths):
            counts = (given != 0).sum(1)
            is_flat = bool(((given == 0) | (given == 1)).all())
            if is_flat and bool(((counts == one.lengths) | (given.shape[1] - counts == one.lengths)).all()):
                return True
    return False
