"""Training loops that live in a framework and not in the user's code: Hugging Face's Trainer and Lightning.

The Trainer's own loops are rewritten like the user's; a callback tells its total and, in a rehearsal, asks for the
evaluation and the checkpoint that would come later. Lightning is cut by its own limits, because it evaluates and saves
from inside its training loop; a callback reports its loops.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from types import ModuleType
from typing import Any

from .after_import import AfterImport
from .frames import Loop
from .sites import Site, SiteTable
from .tracker import Tracker

REWRITTEN = ("transformers.trainer",)
"""Framework modules whose loops are rewritten when they are imported."""

TRAIN_BATCHES = 24
EVAL_BATCHES = 10
EPOCHS = 2
"""What a rehearsal under Lightning runs."""
DRY_BATCHES = 3
"""What a dry run under Lightning runs, of training and of evaluation."""


def watch_frameworks(waiting: AfterImport, tracker: Tracker, table: SiteTable) -> None:
    """Hook the frameworks that the script imports."""
    waiting.call("transformers.trainer", lambda module: _watch_transformers(module, tracker, table))
    for name in ("lightning.pytorch.trainer.trainer", "pytorch_lightning.trainer.trainer"):
        waiting.call(name, lambda module: _watch_lightning(module, tracker, table))


# -- Hugging Face's Trainer ------------------------------------------------------------------------------------------


def _watch_transformers(module: ModuleType, tracker: Tracker, table: SiteTable) -> None:
    trainer = getattr(module, "Trainer", None)
    if trainer is None:
        return
    file = str(module.__file__)
    for step_method, strategy, interval, flag in (
        ("_evaluate", "eval_strategy", "eval_steps", "should_evaluate"),
        ("_save_checkpoint", "save_strategy", "save_steps", "should_save"),
    ):
        if hasattr(trainer, step_method) and hasattr(trainer, "_maybe_log_save_evaluate"):
            site = table.add("branch", file, 0, f"Trainer.{step_method}")
            _force(trainer, tracker, site, strategy, interval, flag)
            _enclose(trainer, step_method, tracker, site, strategy)
    if tracker.policy.is_dry:
        _save_nothing(trainer)
    begin = trainer._inner_training_loop

    def _inner_training_loop(self: Any, *args: Any, **kwargs: Any) -> Any:
        self.add_callback(_total_callback(module, tracker))
        return begin(self, *args, **kwargs)

    trainer._inner_training_loop = _inner_training_loop


def _save_nothing(trainer: Any) -> None:
    """There is nothing to write: safetensors wants memory, and a dry run has none."""
    for method in ("_save_checkpoint", "_load_best_model", "save_model"):
        if hasattr(trainer, method):
            setattr(trainer, method, lambda self, *args, **kwargs: None)


def _total_callback(module: Any, tracker: Tracker) -> Any:
    class Total(module.TrainerCallback):  # type: ignore[misc]
        """Tells the tracker how many optimizer steps this training makes."""

        def on_train_begin(self, args: Any, state: Any, control: Any, **kwargs: Any) -> None:
            if isinstance(state.max_steps, int) and 0 < state.max_steps < 10**12:
                tracker.expect_steps(state.max_steps)

    return Total()


def _force(trainer: Any, tracker: Tracker, site: Site, strategy: str, interval: str, flag: str) -> None:
    """Let the rehearsal's last iteration evaluate and save, where the full run would at every ``interval`` steps."""
    original = trainer._maybe_log_save_evaluate

    def _maybe_log_save_evaluate(self: Any, *args: Any, **kwargs: Any) -> Any:
        if _by_steps(self.args, strategy):
            period = getattr(self.args, interval, None)
            due = tracker.when(
                site.number, getattr(self.control, flag), int(period) if period and period >= 1 else None
            )
            setattr(self.control, flag, bool(due))
        return original(self, *args, **kwargs)

    trainer._maybe_log_save_evaluate = _maybe_log_save_evaluate


def _enclose(trainer: Any, method: str, tracker: Tracker, site: Site, strategy: str) -> None:
    original = getattr(trainer, method)

    def enclosed(self: Any, *args: Any, **kwargs: Any) -> Any:
        if not _by_steps(self.args, strategy):
            return original(self, *args, **kwargs)
        tracker.enter(site.number)
        try:
            return original(self, *args, **kwargs)
        finally:
            tracker.leave(site.number)

    setattr(trainer, method, enclosed)


def _by_steps(args: Any, strategy: str) -> bool:
    return str(getattr(getattr(args, strategy, None), "value", getattr(args, strategy, ""))) == "steps"


# -- Lightning -------------------------------------------------------------------------------------------------------


def _watch_lightning(module: ModuleType, tracker: Tracker, table: SiteTable) -> None:
    trainer: Any = getattr(module, "Trainer", None)
    callback: Any = getattr(module, "Callback", None)
    if trainer is None or callback is None:
        return
    make = trainer.__init__
    file = str(module.__file__)
    sites = {
        kind: table.add("framework", file, 0, f"Lightning {kind}")
        for kind in ("epochs", "training", "validation", "test")
    }

    def __init__(self: Any, *args: Any, **kwargs: Any) -> None:
        make(self, *args, **kwargs)
        full = {name: getattr(self, name) for name in _FULL}
        _limit(self, tracker)
        self.callbacks.append(_lightning_callback(callback, tracker, sites, full))

    trainer.__init__ = __init__


_FULL = (
    "max_epochs", "max_steps", "limit_train_batches", "limit_val_batches", "limit_test_batches", "val_check_interval",
    "check_val_every_n_epoch",
)  # fmt: skip
"""What the person asked of Lightning, before a rehearsal limits it."""


def _limit(trainer: Any, tracker: Tracker) -> None:
    policy = tracker.policy
    loop = trainer.fit_loop
    if policy.mode == "pilot" and policy.stop_steps is not None:
        if loop.epoch_loop.max_steps in (-1, None) or loop.epoch_loop.max_steps > policy.stop_steps:
            loop.epoch_loop.max_steps = policy.stop_steps
        return
    if not policy.rehearses:
        return
    train, evaluate = (DRY_BATCHES, DRY_BATCHES) if policy.is_dry else (TRAIN_BATCHES, EVAL_BATCHES)
    trainer.limit_train_batches = _smaller(trainer.limit_train_batches, train)
    trainer.limit_val_batches = _smaller(trainer.limit_val_batches, evaluate)
    trainer.limit_test_batches = _smaller(trainer.limit_test_batches, evaluate)
    trainer.limit_predict_batches = _smaller(trainer.limit_predict_batches, evaluate)
    trainer.num_sanity_val_steps = min(trainer.num_sanity_val_steps, 1) if trainer.num_sanity_val_steps >= 0 else 1
    trainer.val_check_interval = 1.0
    trainer.check_val_every_n_epoch = 1
    if loop.max_epochs is None or loop.max_epochs < 0 or loop.max_epochs > EPOCHS:
        loop.max_epochs = EPOCHS
    tracker.was_cut = True


def _smaller(limit: Any, batches: int) -> Any:
    """A limit in batches or as a share; 0 means none at all and stays."""
    if limit in (0, 0.0):
        return limit
    return min(limit, batches) if isinstance(limit, int) else batches


def _limited(loader: Any, limit: Any) -> int | None:
    """How many batches the full run takes from a loader."""
    try:
        total = len(loader)
    except Exception:  # noqa: BLE001  boundary: foreign __len__
        return limit if isinstance(limit, int) else None
    return min(total, limit) if isinstance(limit, int) else int(total * limit)


def _lightning_callback(base: Any, tracker: Tracker, sites: dict[str, Site], full: dict[str, Any]) -> Any:
    open_loops: list[Loop] = []

    def begin(kind: str, planned: int | None) -> None:
        open_loops.append(tracker.begin_loop(sites[kind], planned))

    def end() -> None:
        if open_loops:
            tracker.end_loop(open_loops.pop())

    def iteration() -> None:
        if open_loops:
            tracker.end_iteration(open_loops[-1])

    def evaluation(kind: str, limit: str, loaders: str) -> tuple[Callable[..., None], Callable[..., None]]:
        def on_start(self: Any, trainer: Any, module: Any) -> None:
            if trainer.sanity_checking:
                return
            found = getattr(trainer, loaders, None)
            parts = found if isinstance(found, (list, tuple)) else [found]
            lengths = [_limited(part, full[limit]) for part in parts]
            planned = None if None in lengths else sum(length or 0 for length in lengths)
            if kind == "validation" and tracker.policy.rehearses and len(open_loops) == 2:
                end()  # the rehearsal validates at the end of its epoch: not inside the training loop
                planned = _per_epoch(planned, self.batches, full)
            begin(kind, planned)

        def on_end(self: Any, trainer: Any, module: Any) -> None:
            if not trainer.sanity_checking:
                end()

        return on_start, on_end

    def on_train_start(self: Any, trainer: Any, module: Any) -> None:
        self.batches = _limited(trainer.train_dataloader, full["limit_train_batches"])
        epochs = full["max_epochs"] if full["max_epochs"] not in (None, -1) else None
        steps = _lightning_steps(self.batches, epochs, full["max_steps"], trainer.accumulate_grad_batches)
        if steps is not None:
            tracker.expect_steps(steps)
        begin("epochs", epochs)

    def on_train_epoch_start(self: Any, trainer: Any, module: Any) -> None:
        begin("training", self.batches)

    def on_train_batch_end(self: Any, trainer: Any, module: Any, *args: Any) -> None:
        iteration()

    def on_train_epoch_end(self: Any, trainer: Any, module: Any) -> None:
        if len(open_loops) == 2:
            end()
        iteration()

    def on_train_end(self: Any, trainer: Any, module: Any) -> None:
        end()

    def on_eval_batch_end(self: Any, trainer: Any, module: Any, *args: Any) -> None:
        if not trainer.sanity_checking:
            iteration()

    validation_start, validation_end = evaluation("validation", "limit_val_batches", "val_dataloaders")
    test_start, test_end = evaluation("test", "limit_test_batches", "test_dataloaders")
    methods = {
        "on_train_start": on_train_start,
        "on_train_epoch_start": on_train_epoch_start,
        "on_train_batch_end": on_train_batch_end,
        "on_train_epoch_end": on_train_epoch_end,
        "on_train_end": on_train_end,
        "on_validation_start": validation_start,
        "on_validation_batch_end": on_eval_batch_end,
        "on_validation_end": validation_end,
        "on_test_start": test_start,
        "on_test_batch_end": on_eval_batch_end,
        "on_test_end": test_end,
    }
    return type("LoopReport", (base,), methods)()


def _lightning_steps(batches: int | None, epochs: int | None, max_steps: int, accumulation: int) -> int | None:
    limit = max_steps if max_steps is not None and max_steps > 0 else None
    if batches is None or epochs is None:
        return limit
    total = math.ceil(batches / accumulation) * epochs
    return total if limit is None else min(total, limit)


def _per_epoch(planned: int | None, batches: int | None, full: dict[str, Any]) -> int | None:
    """Validation batches in an average epoch of the full run."""
    if planned is None:
        return None
    interval = full["val_check_interval"]
    checks = 1.0
    if isinstance(interval, float) and 0 < interval < 1:
        checks = 1 / interval
    elif isinstance(interval, int) and interval > 1 and batches:
        checks = batches / interval
    return max(1, round(planned * checks / (full["check_val_every_n_epoch"] or 1)))
