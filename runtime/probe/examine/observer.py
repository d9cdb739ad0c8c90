"""What an observer can be told. Each watches for one thing and reports facts about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

if TYPE_CHECKING:
    from ..after_import import AfterImport
    from .examiner import Examiner


@dataclass(frozen=True)
class Place:
    """A line of the user's code."""

    file: str
    line: int
    function: str

    def as_json(self) -> dict[str, Any]:
        return {"file": self.file, "line": self.line, "function": self.function}


@dataclass(eq=False)
class ModelCall:
    """One call of an outermost module that has parameters."""

    module: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    output: Any
    place: Place | None
    grad_enabled: bool
    step: int
    """Optimizer steps done before it."""
    in_training_mode: bool
    """``module.training`` while it ran."""
    loader: Any = None
    """The data loader that gave the latest batch, if any did."""
    phase: str | None = None
    """``train`` once a backward pass followed, ``eval`` once it is sure that none will; until then not known."""


@dataclass(eq=False)
class LossCall:
    """One call of a loss function of ``torch.nn.functional``."""

    name: str
    arguments: dict[str, Any]
    """By parameter name: ``input``, ``target``, ``reduction``, …"""
    result: Any
    place: Place | None
    grad_enabled: bool
    step: int


@dataclass
class Observer:
    """Override what you want to be told; say what you saw in :meth:`report`.

    Whatever an observer raises takes it off, and its report says so. It must not draw random numbers, change tensors,
    or keep graphs alive while the script runs; in :meth:`at_end` it may do as it likes with what it kept.
    """

    examiner: Examiner
    name: ClassVar[str] = ""
    """The report is ``observed.<name>``."""

    def __post_init__(self) -> None:
        """Nothing was seen yet."""

    def begin(self, waiting: AfterImport) -> None:
        """Before the script's first line: wait for libraries other than torch here."""

    def on_torch(self, torch: Any) -> None:
        """Torch was just imported, and everything here listens to it."""

    def on_batch(self, loader: Any, batch: Any) -> None:
        """A data loader gave a batch."""

    def on_model_call(self, call: ModelCall) -> None:
        """An outermost module has run; its phase is not known yet."""

    def on_module(self, module: Any, args: tuple[Any, ...], output: Any) -> None:
        """Any module inside an outermost one has run."""

    def on_train_call(self, call: ModelCall) -> None:
        """A backward pass began from a loss; this is one of the calls since the last one."""

    def on_eval_call(self, call: ModelCall) -> None:
        """A call without gradients, or one that no backward pass followed."""

    def on_loss(self, loss: LossCall) -> None:
        """A loss function has run."""

    def on_backward(self, tensor: Any, place: Place | None) -> None:
        """A backward pass begins from this tensor."""

    def after_backward(self) -> None:
        """A backward pass is over: gradients are there."""

    def on_optimizer(self, optimizer: Any, place: Place | None) -> None:
        """An optimizer was made."""

    def before_step(self, optimizer: Any, place: Place | None) -> None:
        """An optimizer is about to step."""

    def after_step(self, optimizer: Any) -> None:
        """An optimizer has stepped."""

    def on_zero_grad(self, owner: Any, place: Place | None) -> None:
        """``zero_grad`` of an optimizer or a module was called."""

    def on_clip(self, kind: str, parameters: Any, limit: float, place: Place | None) -> None:
        """Gradients were clipped, by ``norm`` or by ``value``."""

    def on_unscale(self, optimizer: Any) -> None:
        """A gradient scaler has unscaled an optimizer's gradients."""

    def on_scheduler(self, scheduler: Any, place: Place | None) -> None:
        """A learning-rate scheduler was made."""

    def on_schedule(self, scheduler: Any, place: Place | None) -> None:
        """A learning-rate scheduler is about to step."""

    def wants_again(self, loop: Any) -> bool:
        """A turn of a loop is over: whether the same turn should be made again, heard by this observer alone."""
        return False

    def before_again(self) -> None:
        """The same turn is about to be made again."""

    def after_again(self) -> None:
        """It was made, or broken off."""
    def on_print(self, values: tuple[Any, ...]) -> None:
        """The script has printed something."""

    def on_estimator(self, moment: str, used: Any) -> None:
        """An outermost call in scikit-learn, a ``Used``: ``before`` it, ``after`` it, a ``split`` or a ``fold``."""

    def at_end(self) -> None:
        """The script has ended by itself."""

    def report(self) -> dict[str, Any] | None:
        """The facts, as JSON; ``None`` for nothing to say."""
        return None
