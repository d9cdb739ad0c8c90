"""On what the rows and positions of a model's output depend: tried after the script's end, on a batch it was given.

Invariant: whether a model reads ahead is only asked where the targets were its own inputs, moved by one position.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .looks import place_of, tensors_in
from .observer import LossCall, ModelCall, Observer, Place
from .reach import used_outputs
from .trial import Trial, copied, differ

MOST_MODELS = 4
FEWEST_POSITIONS = 4
ALWAYS, NEVER = 0.98, 0.9
TIME_FIRST = ("RNN", "LSTM", "GRU", "MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer")


class _Watched:
    """One trained model."""

    def __init__(self, call: ModelCall) -> None:
        self.module = call.module
        self.place = call.place
        self.inputs: set[int] = set()
        self.calls = 0
        self.trial: Trial | None = None
        self.used: list[int] = []
        self.shift: dict[str, Any] | None = None
        self.target_shape: list[int] | None = None


class Dependence(Observer):
    """Keeps one call of each trained model, and how its targets relate to its inputs."""

    name: ClassVar[str] = "dependence"

    def __post_init__(self) -> None:
        self._models: dict[int, _Watched] = {}
        self._calls: list[ModelCall] = []
        self._target: tuple[Any, int, Place | None] | None = None
        self._results: list[dict[str, Any]] = []

    def on_loss(self, loss: LossCall) -> None:
        if loss.name in ("cross_entropy", "nll_loss") and loss.grad_enabled:
            target: Any = loss.arguments.get("target")
            if hasattr(target, "dim") and not target.is_floating_point():
                self._target = (target.detach(), int(loss.arguments.get("ignore_index", -100)), loss.place)
        elif hasattr(loss.arguments.get("target"), "dim"):
            self._target = None

    def on_train_call(self, call: ModelCall) -> None:
        self._calls.append(call)

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        calls, self._calls = self._calls, []
        target, self._target = self._target, None
        for call in calls[:MOST_MODELS]:
            watched = self._models.get(id(call.module))
            if watched is None:
                if len(self._models) >= MOST_MODELS:
                    continue
                watched = self._models[id(call.module)] = _Watched(call)
            watched.calls += 1
            first = next(tensors_in((call.args, call.kwargs)), None)
            if first is not None and len(watched.inputs) < 50:
                watched.inputs.add(first.data_ptr())
            if watched.trial is None:
                watched.trial = Trial.of(self.examiner.torch, call)
                watched.used = used_outputs(tensor, call.output)
                if target is not None and len(calls) == 1:
                    watched.target_shape = list(target[0].shape)
                    watched.shift = _shift(self.examiner.torch, call, target)

    def at_end(self) -> None:
        for watched in self._models.values():
            if watched.trial is None or self.examiner.seconds_left < 1:
                continue
            result: dict[str, Any] = {"model": type(watched.module).__name__, "place": place_of(watched.place),
                                      "shift": watched.shift, "target_shape": watched.target_shape}  # fmt: skip
            if watched.shift is not None:
                result["reads_ahead"] = self._reads_ahead(watched)
            result["rows"] = self._mixes_rows(watched)
            self._results.append(result)

    # -- positions ---------------------------------------------------------------------------------------------------

    def _reads_ahead(self, watched: _Watched) -> dict[str, Any] | None:
        """Change the tokens from the middle on: what comes before must stay."""
        trial, shift = watched.trial, watched.shift
        if trial is None or shift is None:
            return None
        before = trial.run_twice()
        args, kwargs = copied(trial.args), copied(trial.kwargs)
        tokens = list(tensors_in((args, kwargs)))[shift["input"]]
        time = 0 if shift["time_first"] else 1
        length = tokens.shape[time]
        middle = length // 2
        later = tokens.narrow(time, middle, length - middle)
        other = later.flip(time).roll(1, 1 - time)
        if bool((other == later).all()):
            other = later.roll(1, time)
        later.copy_(other)
        after = trial.run(args, kwargs)
        for old, new in zip(tensors_in(before), tensors_in(after)):
            found = _compare(old, new, tokens.shape, time, middle)
            if found is not None:
                return found
        return None

    # -- rows --------------------------------------------------------------------------------------------------------

    def _mixes_rows(self, watched: _Watched) -> dict[str, Any]:
        """Change one row of the batch: the others must stay."""
        trial = watched.trial
        why = self._why_rows_may_mix(watched)
        if trial is None or why is not None:
            return {"could_not": why}
        given = list(tensors_in((trial.args, trial.kwargs)))
        size = given[0].shape[0]
        before = trial.run_twice()
        if before is None:
            return {"could_not": "the model gives something else each time"}
        args, kwargs = copied(trial.args), copied(trial.kwargs)
        for one in tensors_in((args, kwargs)):
            if one.dim() and one.shape[0] == size:
                changed = one[0].clone()
                one[size - 1] = changed if not one.is_floating_point() else -2 * changed + 0.5
        after = trial.run(args, kwargs)
        pairs = zip(tensors_in(before), tensors_in(after))
        outputs = [(old, new) for index, (old, new) in enumerate(pairs)
                   if index in watched.used and old.dim() >= 1 and old.shape[0] == size]  # fmt: skip
        if not outputs:
            return {"could_not": "no output has a row for each input"}
        return {"size": size, "mixed": any(differ(old[: size - 1], new[: size - 1]) for old, new in outputs),
                "moved": any(differ(old[size - 1], new[size - 1]) for old, new in outputs)}  # fmt: skip

    def _why_rows_may_mix(self, watched: _Watched) -> str | None:
        given = [] if watched.trial is None else list(tensors_in((watched.trial.args, watched.trial.kwargs)))
        if not given or given[0].dim() < 2 or given[0].shape[0] < 3:
            return "its input is no batch"
        size = given[0].shape[0]
        if any(one.dim() and one.shape[0] != size for one in given):
            return "its inputs have no batch in common"
        if watched.calls > 2 and len(watched.inputs) < 2:
            return "it is always given the same tensor, such as a whole graph"
        if any(one.shape == (size, size) for one in given[1:]):
            return "an input relates its rows to one another"
        for one in watched.module.modules():
            if type(one).__name__ in TIME_FIRST and not getattr(one, "batch_first", True):
                return "its first axis may be time"
            if getattr(one, "track_running_stats", True) is False and "BatchNorm" in type(one).__name__:
                return "its batch norm always takes the batch's statistics"
        if watched.target_shape is not None and watched.target_shape[0] not in (size, size * given[0].shape[1]):
            return "its targets are not one for each row"
        return None

    def report(self) -> dict[str, Any] | None:
        return {"models": self._results} if self._results else None


def _compare(old: Any, new: Any, shape: Any, time: int, middle: int) -> dict[str, Any] | None:
    """Whether what an output says of the positions before the middle moved with those after it."""
    positions = shape[0] * shape[1]
    if not old.is_floating_point() or old.shape != new.shape or old.dim() < 2:
        return None
    is_class_first = old.dim() == 3 and tuple(old.shape[:2]) != tuple(shape)
    if is_class_first and (old.shape[0], old.shape[2]) == tuple(shape):
        old, new = old.transpose(1, 2), new.transpose(1, 2)
    elif old.dim() == 2 and old.shape[0] == positions:
        old, new = (one.reshape(shape[0], shape[1], -1) for one in (old, new))
    if tuple(old.shape[:2]) != tuple(shape):
        return None
    earlier = [one.narrow(time, 0, middle) for one in (old, new)]
    later = [one.narrow(time, middle, shape[time] - middle) for one in (old, new)]
    return {"earlier_moved": differ(*earlier), "later_moved": differ(*later), "position": middle,
            "by": float((earlier[0] - earlier[1]).abs().max())}  # fmt: skip


def _shift(torch: Any, call: ModelCall, target: tuple[Any, int, Place | None]) -> dict[str, Any] | None:
    """How targets relate to one of the integer inputs: by how many positions they are moved."""
    wanted, ignored, place = target
    for number, tokens in enumerate(tensors_in((call.args, call.kwargs))):
        if tokens.is_floating_point() or tokens.dtype == torch.bool or tokens.dim() != 2:
            continue
        if number and tokens.data_ptr() == wanted.data_ptr():
            continue  # the targets themselves, which a model may be given to be forced or to compute its loss
        for time_first in (False, True):
            shares = _shares(tokens.detach().t() if time_first else tokens.detach(), wanted, ignored, time_first)
            by = _told_shift(shares)
            if by is not None:
                return {"input": number, "by": by, "shares": shares, "time_first": time_first, "place": place_of(place)}
    return None


def _shares(tokens: Any, wanted: Any, ignored: int, time_first: bool) -> list[float]:
    """The share of targets that are the input at the same position, one and two further on."""
    rows, length = tokens.shape
    if length < FEWEST_POSITIONS or rows * length < 16 or wanted.numel() % rows:
        return []
    width = wanted.numel() // rows
    if width not in (length, length - 1, length - 2):
        return []
    flat = wanted.reshape(width, rows).t() if time_first and wanted.dim() == 1 else wanted
    targets = flat.t() if time_first and wanted.dim() == 2 else flat.reshape(rows, width)
    if targets.shape != (rows, width) or bool((tokens == tokens[:, :1]).all()):
        return []
    shares = []
    for by in (0, 1, 2):
        compared = min(width, length - by)
        mine, theirs = targets[:, :compared], tokens[:, by : by + compared]
        counted = mine != ignored
        shares.append(float(((mine == theirs) & counted).sum()) / max(1, int(counted.sum())))
    return shares


def _told_shift(shares: list[float]) -> int | None:
    if not shares or max(shares) < ALWAYS:
        return None
    by = shares.index(max(shares))
    return by if all(share < NEVER for number, share in enumerate(shares) if number != by) else None
