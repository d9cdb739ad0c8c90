"""The order of clearing, backward, clipping and stepping inside a training loop, and what schedules are stepped by.

Invariant: only optimizers and schedules whose making was seen are judged, and only steps without a closure.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from .estimators import things_in
from .facts import Fact, fact, row
from .project import Project
from .trace import Call, Loop, Trace
from .values import Thing, Value

CLEAR, BACKWARD, CLIP, UNSCALE, STEP, SCHEDULE = "clear", "backward", "clip", "unscale", "step", "schedule"
_NO_OPTIMIZERS = (".lr_scheduler", ".swa_utils")
_CONSUMERS = ("SequentialLR", "ChainedScheduler", "GradualWarmupScheduler")


@dataclass(frozen=True)
class Deed:
    """One thing that is done in a training loop."""

    kind: str
    call: Call
    optimizers: tuple[Thing, ...]
    """Whom it is done to, where that is known."""


def training_order(trace: Trace, project: Project) -> Iterator[Fact]:
    """What is surely out of order."""
    deeds = list(_deeds(trace))
    elsewhere = _methods_elsewhere(trace, project)
    optimizers = {one for deed in deeds if deed.kind == STEP for one in deed.optimizers}
    whole = not trace.blind
    is_cleared_known = whole and "zero_grad" not in elsewhere and not trace.grads_cleared_by_hand
    for optimizer in sorted(optimizers, key=lambda one: (one.spot.file, one.spot.line)):
        if optimizer.escaped or optimizer.short == "LBFGS":
            continue
        steps = [deed for deed in deeds if deed.kind == STEP and optimizer in deed.optimizers]
        for step in steps[:1]:
            made_anew = any(loop in _loops_of_making(trace, optimizer) for loop in step.call.loops[-1:])
            if step.call.loops and not made_anew:
                yield from _order(step, deeds, is_cleared_known)
    yield from _schedules(trace, deeds, whole and "step" not in elsewhere)


def _deeds(trace: Trace) -> Iterator[Deed]:
    for call in trace.calls:
        made = call.made()
        optimizers = tuple(one for one in made if is_optimizer(one))
        if call.method == "zero_grad":
            yield Deed(CLEAR, call, optimizers or _owners(trace, call))
        elif call.method == "backward":
            yield Deed(BACKWARD, call, ())
        elif call.name.startswith("torch.nn.utils.clip_grad"):
            yield Deed(CLIP, call, ())
        elif call.method in ("unscale_", "step") and any(one.short == "GradScaler" for one in made):
            given = tuple(one for value in call.args for one in things_in(value) if is_optimizer(one))
            yield Deed(UNSCALE if call.method == "unscale_" else STEP, call, given)
        elif call.method == "step" and optimizers:
            if not call.args and not call.keywords:
                yield Deed(STEP, call, optimizers)
        elif call.method == "step" and any(is_schedule(one) for one in made):
            yield Deed(SCHEDULE, call, ())


def _loops_of_making(trace: Trace, optimizer: Thing) -> tuple[Loop, ...]:
    """The loops in which an optimizer is made anew in every turn."""
    return next((call.loops for call in trace.calls if call.name and optimizer in call.result.things), ())


def is_optimizer(thing: Thing) -> bool:
    """Whether it is one of torch's optimizers."""
    return thing.maker.startswith("torch.optim.") and not any(one in thing.maker for one in _NO_OPTIMIZERS)


def is_schedule(thing: Thing) -> bool:
    """Whether it is a schedule of the learning rate."""
    return thing.maker.startswith("torch.optim.lr_scheduler.") or (
        thing.maker.startswith("transformers.") and "schedule" in thing.short and thing.short.startswith("get_")
    )


def _owners(trace: Trace, call: Call) -> tuple[Thing, ...]:
    """Optimizers of a model whose ``zero_grad`` is called; of all, where the model is not known."""
    models = set(call.made())
    made = {one for other in trace.calls for one in things_in(other.result) if is_optimizer(one)}
    owners = tuple(one for one in made if models & set(things_in(one.args[0] if one.args else Value())))
    return owners or tuple(made)


def _order(step: Deed, deeds: list[Deed], cleared_is_known: bool) -> Iterator[Fact]:
    loop = step.call.loops[-1]
    inside = [deed for deed in deeds if loop in deed.call.loops]
    backwards = [deed for deed in inside if deed.kind == BACKWARD]
    if not backwards:
        return
    mine = [deed for deed in deeds if deed.kind == CLEAR and set(deed.optimizers) & set(step.optimizers)]
    cleared = [deed for deed in mine if loop in deed.call.loops]
    rows = [row("backward", backwards[0].call.spot), row("step", step.call.spot)]
    if not cleared and cleared_is_known and _is_plain(step, loop) and _is_plain(backwards[0], loop):
        where = [row("cleared only here", deed.call.spot) for deed in mine]
        yield fact("never cleared" if not mine else "cleared too rarely", step.call.spot, *rows, *where)
    yield from _cleared_between(step, inside, loop, rows)
    yield from _clipped(step, inside, loop)
    yield from _accumulated(step, backwards[0], loop)


def _is_plain(deed: Deed, loop: Loop) -> bool:
    """Whether it is done in every turn of the loop, as far as conditions inside of it go."""
    return deed.call.loops[-1] is loop and not any(_within(one.node, loop.node) for one in deed.call.conditions)


def _within(node: ast.AST, outer: ast.AST) -> bool:
    return any(one is node for one in ast.walk(outer))


def _cleared_between(step: Deed, inside: list[Deed], loop: Loop, rows: list[dict[str, object]]) -> Iterator[Fact]:
    before = inside[: inside.index(step)]
    for deed in reversed(before):
        if deed.kind == BACKWARD or (deed.kind == STEP and set(deed.optimizers) & set(step.optimizers)):
            return
        if deed.kind == CLEAR and set(deed.optimizers) & set(step.optimizers):
            follows = any(one.kind == BACKWARD for one in before[: before.index(deed)])
            same = deed.call.conditions == step.call.conditions and deed.call.loops == step.call.loops
            if follows and same:
                yield fact("cleared before step", deed.call.spot, rows[0], row("cleared", deed.call.spot), rows[1])
            return


def _clipped(step: Deed, inside: list[Deed], loop: Loop) -> Iterator[Fact]:
    optimizers = {one for deed in inside if deed.kind == STEP for one in deed.optimizers}
    clips = [deed for deed in inside if deed.kind == CLIP]
    if not clips or len(optimizers) != 1:
        return
    at = inside.index(step)
    clip = clips[0]
    rows = [row("clip", clip.call.spot), row("step", step.call.spot)]
    after = inside.index(clip) > at
    if after and len(clips) == 1 and not any(deed.kind == BACKWARD for deed in inside[at : inside.index(clip)]):
        if any(deed.kind == BACKWARD for deed in inside[:at]):
            yield fact("clipped after step", clip.call.spot, *rows)
        return
    scalers = [one for one in step.call.made() if one.short == "GradScaler"]
    if scalers and not after and not any(deed.kind == UNSCALE for deed in inside[:at]):
        enabled = scalers[0].keywords.get("enabled")
        if enabled is None or enabled.const is not False:
            sure = enabled is None or enabled.const is True
            yield fact("clipped while scaled", clip.call.spot, *rows, certainty="surely" if sure else "perhaps")


def _accumulated(step: Deed, backward: Deed, loop: Loop) -> Iterator[Fact]:
    """Several backward passes for one step, whose losses are summed as they are."""
    if not _is_plain(backward, loop) or _is_plain(step, loop) or step.call.loops[-1] is not loop:
        return
    test = next((one.node for one in step.call.conditions if _within(one.node, loop.node)), None)
    parts = ast.walk(test.test) if isinstance(test, ast.If) else ()
    every = [one for one in parts if isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mod)]
    marks = backward.call.receiver.marks
    criteria = [one for one in things_in(backward.call.receiver) if one.short.endswith("Loss")]
    if every and "loss" in marks and "scaled" not in marks and not criteria:
        text = ast.unparse(every[0].right)
        rows = [row("backward", backward.call.spot), row("step", step.call.spot)]
        yield fact("accumulated unscaled", backward.call.spot, *rows, every=text)


def _schedules(trace: Trace, deeds: list[Deed], whole: bool) -> Iterator[Fact]:
    made = {
        one: call for call in trace.calls for one in call.result.things if isinstance(one, Thing) and is_schedule(one)
    }
    given = {one for call in trace.calls if call.name for value in (*call.args, *call.keywords.values())
             for one in things_in(value) if call.name.rpartition(".")[2] in _CONSUMERS}  # fmt: skip
    stepped = {one for deed in deeds if deed.kind == SCHEDULE for one in deed.call.made()}
    used = any(deed.kind == STEP for deed in deeds)
    for schedule, call in made.items():
        optimizer = schedule.argument(0, "optimizer")
        known = optimizer is not None and bool(things_in(optimizer))
        if schedule in stepped:
            yield from _stepped_by(schedule, call, deeds)
        elif whole and used and known and not schedule.escaped and schedule not in given:
            yield fact("never scheduled", call.spot, row("made here", call.spot), what=schedule.short)


def _stepped_by(schedule: Thing, made: Call, deeds: list[Deed]) -> Iterator[Fact]:
    own = [deed.call for deed in deeds if deed.kind == SCHEDULE and schedule in deed.call.made()]
    optimizer = {one for value in schedule.args[:1] for one in things_in(value)}
    steps = [deed.call for deed in deeds if deed.kind == STEP and set(deed.optimizers) & optimizer]
    if not steps or not own[0].loops or not steps[0].loops:
        return
    first, step = own[0], steps[0]
    rows = [row("made here", made.spot), row("the schedule steps", first.spot), row("the optimizer steps", step.spot)]
    total = next((schedule.keywords[name] for name in ("T_max", "total_steps", "num_training_steps", "total_iters")
                  if name in schedule.keywords), None)  # fmt: skip
    if total is None and schedule.short in ("CosineAnnealingLR",):
        total = schedule.argument(1, "T_max")
    in_batches = (total is not None and "batches" in total.marks) or "steps_per_epoch" in schedule.keywords
    is_by_epoch = first.loops[-1] in step.loops[:-1] and len(own) == 1
    if in_batches and is_by_epoch:
        yield fact("scheduled by epoch", first.spot, *rows, what=schedule.short)
    elif (is_by_epoch or (first.loops == step.loops and not first.conditions)) and _comes_before(first, step, deeds):
        yield fact("scheduled before step", first.spot, *rows, what=schedule.short)
    elif first.loops == step.loops and first.conditions == step.conditions and _is_epochs(total, step.loops):
        yield fact("scheduled by step", first.spot, *rows, what=schedule.short)


def _comes_before(first: Call, step: Call, deeds: list[Deed]) -> bool:
    calls = [deed.call for deed in deeds]
    return calls.index(first) < calls.index(step)


def _is_epochs(total: Value | None, loops: tuple[Loop, ...]) -> bool:
    """Whether a schedule's length is the very number of turns of the outer loop."""
    if total is None or total.source is None or len(loops) < 2:
        return False
    return loops[-2].over.source == total.source


def _methods_elsewhere(trace: Trace, project: Project) -> frozenset[str]:
    """Methods that are called in code that the flow did not come through."""
    names = set()
    for file in project.files.values():
        for node in ast.walk(file.tree) if file.tree is not None else ():
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node not in trace.followed:
                names.add(node.func.attr)
    return frozenset(names)
