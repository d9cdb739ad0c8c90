"""What becomes of each parameter of the trained models: does it get a gradient, does an optimizer hold it, does it
change.

Invariant: of a parameter only its norms and a few of its elements are kept. Whether a parameter without a gradient
matters to the loss is tried after the script's end, by moving it.
"""

from __future__ import annotations

from typing import Any, ClassVar

from .looks import is_due, place_of, tensors_in
from .observer import ModelCall, Observer, Place
from .random_weights import RandomWeights
from .reach import used_outputs
from .trial import Trial, differ

MOST_MODELS = 8
MOST_PARAMETERS = 4000
MOST_REPORTED = 60
KEPT_ELEMENTS = 64
FEWEST_STEPS = 5
"""After so many steps rows that began alike should differ."""


class _Tracked:
    """One parameter of a trained model."""

    def __init__(self, name: str, parameter: Any, owner: Any) -> None:
        self.name = name
        self.parameter = parameter
        self.owner = owner
        self.first = fingerprint(parameter)
        self.same_rows = self.began_same = same_rows(parameter)
        self.was_random = False
        """Nothing had written to it since its random initialisation when its model was trained first."""
        self.has_gradient = self.has_nonzero = self.has_changed = False

    def look_after_step(self, steps: int) -> None:
        """Now, not at the end: a script may put an earlier state back."""
        if not self.has_changed:
            self.has_changed = fingerprint(self.parameter) != self.first
        if self.same_rows and steps >= FEWEST_STEPS:
            self.same_rows = same_rows(self.parameter)


class Parameters(Observer):
    """Follows the parameters of every module that a backward pass goes through."""

    name: ClassVar[str] = "parameters"

    def __post_init__(self) -> None:
        self._models: dict[int, Any] = {}
        self._members: dict[int, set[int]] = {}
        self._trials: dict[int, Trial | None] = {}
        self._calls_since: list[ModelCall] = []
        self._tracked: dict[int, _Tracked] = {}
        self._model_of: dict[int, int] = {}
        self._optimizers: dict[int, tuple[Any, Place | None]] = {}
        self._ran: set[int] = set()
        self._inner: dict[int, Any] = {}
        self._strays: dict[int, Any] = {}
        self._loaded: set[int] = set()
        self._used: dict[int, list[int]] = {}
        self._random = RandomWeights()
        self._own_cuts: set[int] = set()
        """Models that give out results without a graph although gradients are on."""
        self._steps = 0

    # -- while the script runs ---------------------------------------------------------------------------------------

    def on_torch(self, torch: Any) -> None:
        self._random.install(torch)
        load = torch.nn.Module.load_state_dict

        def load_state_dict(module: Any, *args: Any, **kwargs: Any) -> Any:
            if self.examiner.is_here():
                self.examiner.guard(self, self._load, module)
            return load(module, *args, **kwargs)

        torch.nn.Module.load_state_dict = load_state_dict

    def _load(self, module: Any) -> None:
        """What is loaded before it is trained; putting the best weights back afterwards says nothing."""
        self._loaded.update(id(one) for one in module.parameters() if id(one) not in self._tracked)

    def on_module(self, module: Any, args: tuple[Any, ...], output: Any) -> None:
        self._ran.add(id(module))
        if module._parameters and id(module) not in self._inner:
            self._inner[id(module)] = module

    def on_model_call(self, call: ModelCall) -> None:
        self._ran.add(id(call.module))
        members = self._members.get(id(call.module))
        if members is None or not self._inner.keys() <= members:
            members = self._members[id(call.module)] = {id(one) for one in call.module.modules()}
        self._strays.update({key: one for key, one in self._inner.items() if key not in members})
        self._inner.clear()

    def on_train_call(self, call: ModelCall) -> None:
        module = call.module
        if id(module) not in self._models and len(self._models) < MOST_MODELS:
            self._models[id(module)] = module
            self._trials[id(module)] = Trial.of(self.examiner.torch, call)
        if id(module) in self._models:
            self._track(module)  # each time: a part may have been put into another's place
        if _cuts_its_output(call.output):
            self._own_cuts.add(id(module))
        self._calls_since.append(call)

    def _track(self, module: Any) -> None:
        for name, owner in module.named_modules():
            for own, parameter in owner._parameters.items():
                if parameter is None or id(parameter) in self._tracked or len(self._tracked) >= MOST_PARAMETERS:
                    continue
                full = f"{name}.{own}" if name else own
                tracked = self._tracked[id(parameter)] = _Tracked(full, parameter, owner)
                tracked.was_random = self._random.still_random(parameter)
                self._model_of[id(parameter)] = id(module)

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        calls, self._calls_since = self._calls_since, []
        if self._steps > 2:
            return
        for call in calls:
            used = used_outputs(tensor, call.output)
            if used:
                self._used[id(call.module)] = used

    def on_optimizer(self, optimizer: Any, place: Place | None) -> None:
        self._optimizers[id(optimizer)] = (optimizer, place)

    def after_backward(self) -> None:
        for tracked in self._tracked.values():
            tracked.has_gradient = tracked.has_gradient or tracked.parameter.grad is not None

    def before_step(self, optimizer: Any, place: Place | None) -> None:
        self._steps += 1
        if not is_due(self._steps - 1):
            return
        for tracked in self._tracked.values():
            gradient = tracked.parameter.grad
            if gradient is not None and not tracked.has_nonzero:
                tracked.has_nonzero = bool(gradient.is_sparse or gradient.detach().any())

    def after_step(self, optimizer: Any) -> None:
        if is_due(self._steps):
            for tracked in self._tracked.values():
                tracked.look_after_step(self._steps)

    # -- for other observers -----------------------------------------------------------------------------------------

    def all_random(self, module: Any) -> bool:
        """Whether every weight of a model is as its random initialisation left it."""
        weights = [one for one in module.parameters() if one.dim() > 1]
        return bool(weights) and all(self._random.still_random(one) for one in weights)

    def began_as(self, module: Any) -> bool:
        """Whether a model's weights are those that a trained one began with and no longer has."""
        tracked = {one.name: one for one in self._tracked.values()}
        moved = 0
        for name, parameter in module.named_parameters():
            one = tracked.get(name)
            if one is None or fingerprint(parameter)[1:] != one.first[1:]:
                return False
            moved += one.has_changed and one.parameter is not parameter
        return moved > 0

    # -- afterwards --------------------------------------------------------------------------------------------------

    def at_end(self) -> None:
        self._matters: dict[str, bool | None] = {}
        for model, group in self._without_path().items():
            self._matters.update(self._try_moving(model, group))

    def _without_path(self) -> dict[int, list[_Tracked]]:
        """Parameters that want a gradient and got none although their module ran, by model."""
        groups: dict[int, list[_Tracked]] = {}
        for key, one in self._tracked.items():
            if one.parameter.requires_grad and not one.has_gradient and id(one.owner) in self._ran:
                groups.setdefault(self._model_of[key], []).append(one)
        return groups

    def _try_moving(self, model: int, group: list[_Tracked]) -> dict[str, bool | None]:
        trial, used = self._trials.get(model), self._used.get(model)
        if trial is None or not used or self.examiner.seconds_left < 1:
            return {}
        before = trial.run_twice()
        if before is None:
            return {}
        with self.examiner.torch.no_grad():
            kept = [one.parameter.detach().clone() for one in group]
            for one in group:
                one.parameter.data.mul_(-1.5).add_(0.1)
        try:
            after = trial.run()
        finally:
            with self.examiner.torch.no_grad():
                for one, was in zip(group, kept):
                    one.parameter.data.copy_(was)
        old, new = list(tensors_in(before)), list(tensors_in(after))
        if len(old) != len(new):
            return {}
        moved = any(differ(old[index], new[index]) for index in used if index < len(old))
        return {one.name: moved for one in group}

    def report(self) -> dict[str, Any] | None:
        if not self._tracked or not self._steps:
            return None
        held = {id(p) for one, _ in self._optimizers.values() for group in one.param_groups for p in group["params"]}
        rows = [self._row(key, one, held) for key, one in self._tracked.items()]
        interesting = [row for row in rows if not row["is_ordinary"]]
        return {
            "steps": self._steps,
            "optimizers": [
                {"kind": type(one).__name__, "place": place_of(place)} for one, place in self._optimizers.values()
            ],
            "models": [type(one).__name__ for one in self._models.values()],
            "count": len(rows),
            "elements": sum(row["elements"] for row in rows),
            "frozen_elements": sum(row["elements"] for row in rows if row["frozen"]),
            "loaded": sum(row["loaded"] for row in rows),
            "matrices": sum(_is_matrix(one) for one in self._tracked.values()),
            "began_same": [one.name for one in self._tracked.values() if _is_matrix(one) and one.began_same],
            "rows": interesting[:MOST_REPORTED],
            "left_out": max(0, len(interesting) - MOST_REPORTED),
            "stale": self._stale(held),
            "strays": self._stray_rows(held),
            "rates": [group["lr"] for one, _ in self._optimizers.values() for group in one.param_groups
                      if isinstance(group.get("lr"), (int, float))][:8],
        }  # fmt: skip

    def _row(self, key: int, one: _Tracked, held: set[int]) -> dict[str, Any]:
        parameter = one.parameter
        changed = one.has_changed or fingerprint(parameter) != one.first
        is_held = id(parameter) in held
        symmetric = one.same_rows
        return {
            "name": one.name,
            "kind": type(one.owner).__name__,
            "model": type(self._models[self._model_of[key]]).__name__,
            "elements": parameter.numel(),
            "frozen": not parameter.requires_grad,
            "gradient": one.has_gradient,
            "nonzero": one.has_nonzero,
            "held": is_held,
            "changed": changed,
            "ran": id(one.owner) in self._ran,
            "training": bool(one.owner.training),
            "loaded": id(parameter) in self._loaded or hasattr(self._models[self._model_of[key]], "name_or_path"),
            "random": one.was_random,
            "cut_inside": self._model_of[key] in self._own_cuts,
            "matters": self._matters.get(one.name) if hasattr(self, "_matters") else None,
            "same_rows": symmetric,
            "is_ordinary": parameter.requires_grad and one.has_nonzero and is_held and changed and not symmetric,
        }

    def _stale(self, held: set[int]) -> list[dict[str, Any]]:
        """Optimizers with parameters that no module which was called still has, and that never got a gradient."""
        known = set(self._tracked) | {id(p) for one in self._strays.values() for p in one.parameters()}
        found = []
        for optimizer, place in self._optimizers.values():
            members = [p for group in optimizer.param_groups for p in group["params"]]
            lost = [p for p in members if id(p) not in known and p.grad is None]
            if lost:
                found.append(
                    {"kind": type(optimizer).__name__, "place": place_of(place), "count": len(lost),
                     "shapes": [list(p.shape) for p in lost[:4]]}
                )  # fmt: skip
        return found

    def _stray_rows(self, held: set[int]) -> list[dict[str, Any]]:
        """Modules that ran inside a model without being a part of it."""
        return [
            {"kind": type(one).__name__, "elements": sum(p.numel() for p in one.parameters()),
             "held": any(id(p) in held for p in one.parameters()),
             "gradient": any(p.grad is not None for p in one.parameters()),
             "wanted": any(p.requires_grad for p in one.parameters())}
            for one in list(self._strays.values())[:20]
        ]  # fmt: skip


def _is_matrix(one: _Tracked) -> bool:
    return bool(one.parameter.requires_grad and one.parameter.dim() >= 2 and one.parameter.shape[0] >= 2)


def _cuts_its_output(output: Any) -> bool:
    results = [one for one in tensors_in(output) if one.is_floating_point()]
    return bool(results) and not any(one.requires_grad for one in results)


def fingerprint(parameter: Any) -> tuple[Any, ...]:
    """What changes when a parameter does: two norms and some elements, spread over it."""
    if type(parameter).__name__.startswith("Uninitialized"):
        return ()
    flat = parameter.detach().reshape(-1)
    stride = max(1, flat.numel() // KEPT_ELEMENTS)
    few = tuple(flat[::stride][:KEPT_ELEMENTS].float().tolist())
    return (parameter.data_ptr() if not few else 0, float(flat.float().sum()), float(flat.float().abs().sum()), few)


def same_rows(parameter: Any) -> bool:
    """Whether all rows of a weight are the same row."""
    if type(parameter).__name__.startswith("Uninitialized") or parameter.dim() < 2 or parameter.shape[0] < 2:
        return False
    rows = parameter.detach()
    return bool((rows[:1] == rows[1:2]).all()) and bool((rows == rows[:1]).all())
