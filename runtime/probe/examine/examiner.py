"""Hands what happens in the script to the observers, and sends what they saw.

A model call is a training call once a backward pass follows it, and an evaluation once none did: without gradients at
once, with gradients when the next step or the end comes first.
"""

from __future__ import annotations

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from types import FrameType
from typing import Any

from ..after_import import AfterImport
from ..channel import Channel
from ..tracker import Tracker
from .observer import LossCall, ModelCall, Observer, Place
from .repetition import Repetition

MOST_PENDING = 64
"""So many calls with gradients wait for a backward pass; older ones are evaluations."""
MOST_FRAMES = 60
AT_END_SECONDS = 12.0
"""All that observers do after the script has ended."""


class Examiner:
    """One process's examination."""

    def __init__(self, channel: Channel, tracker: Tracker, kinds: Sequence[Callable[[Examiner], Observer]]) -> None:
        self._channel = channel
        self._process = os.getpid()
        self._thread = threading.get_ident()
        self._is_users: Callable[[str], bool] = lambda file: False
        self._known_files: dict[str, bool] = {}
        self._pending: list[ModelCall] = []
        self._out: dict[str, str] = {}
        """Observers that were taken off, and why."""
        self._deadline: float | None = None
        self.tracker = tracker
        self.torch: Any = None
        self.only: Observer | None = None
        """While a turn is made again, the one observer that is told of it."""
        self.observers = [kind(self) for kind in kinds]
        self.repetition = Repetition(self)

    @property
    def steps(self) -> int:
        """Optimizer steps done."""
        return self.tracker.steps_done

    @property
    def seconds_left(self) -> float:
        """What is left of the time after the script's end."""
        return AT_END_SECONDS if self._deadline is None else max(0.0, self._deadline - time.monotonic())

    def begin(self, is_users: Callable[[str], bool], waiting: AfterImport) -> None:
        """Begin; the script has not started yet."""
        self._is_users = is_users
        self.tracker.turns = self.repetition.turns
        self.tell("begin", waiting)

    def is_here(self) -> bool:
        """Whether this is the script's main thread in its own process."""
        return os.getpid() == self._process and threading.get_ident() == self._thread

    def tell(self, event: str, *arguments: Any) -> None:
        """Hand one event to every observer."""
        for observer in self.observers:
            if observer.name in self._out or self.only not in (None, observer):
                continue
            self.guard(observer, getattr(observer, event), *arguments)

    def guard(self, observer: Observer, action: Callable[..., Any], *arguments: Any) -> None:
        """Let an observer do something in the midst of the script; where it fails it is taken off."""
        try:
            action(*arguments)
        except Exception as problem:  # noqa: BLE001  boundary: an observer among foreign objects must not end the run
            self._out[observer.name] = f"{type(problem).__name__}: {problem}"[:300]

    def is_in(self, observer: Observer) -> bool:
        """Whether an observer still takes part."""
        return observer.name not in self._out

    def place(self) -> Place | None:
        """The innermost line of the user's code."""
        frame: FrameType | None = sys._getframe(1)
        for _ in range(MOST_FRAMES):
            if frame is None:
                return None
            if self._is_users_file(frame.f_code.co_filename):
                return Place(frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name)
            frame = frame.f_back
        return None

    def user_frames(self) -> list[FrameType]:
        """The frames of the user's code, innermost first: for looking at variables, never for changing them."""
        found: list[FrameType] = []
        frame: FrameType | None = sys._getframe(1)
        while frame is not None and len(found) < MOST_FRAMES:
            if self._is_users_file(frame.f_code.co_filename):
                found.append(frame)
            frame = frame.f_back
        return found

    def _is_users_file(self, file: str) -> bool:
        known = self._known_files.get(file)
        if known is None:
            known = self._known_files[file] = self._is_users(file)
        return known

    # -- what the hooks say ------------------------------------------------------------------------------------------

    def model_called(self, call: ModelCall) -> None:
        """An outermost module with parameters has run."""
        self.tell("on_model_call", call)
        if not call.grad_enabled:
            self._settle(call, "eval")
            return
        self._pending.append(call)
        if len(self._pending) > MOST_PENDING:
            self._settle(self._pending.pop(0), "eval")

    def loss_called(self, loss: LossCall) -> None:
        """A loss function has run."""
        self.tell("on_loss", loss)

    def backward_begins(self, tensor: Any, place: Place | None) -> None:
        """A backward pass begins: what was called before it was training."""
        pending, self._pending = self._pending, []
        for call in pending:
            self._settle(call, "train")
        self.tell("on_backward", tensor, place)

    def step_begins(self, optimizer: Any, place: Place | None) -> None:
        """An optimizer is about to step: what no backward pass followed until now was an evaluation."""
        self._flush()
        self.tell("before_step", optimizer, place)

    def _flush(self) -> None:
        pending, self._pending = self._pending, []
        for call in pending:
            self._settle(call, "eval")

    def _settle(self, call: ModelCall, phase: str) -> None:
        call.phase = phase
        self.tell("on_train_call" if phase == "train" else "on_eval_call", call)

    # -- the end -----------------------------------------------------------------------------------------------------

    def finish(self, *, ok: bool) -> None:
        """The script is over: let the observers finish, and send what they saw."""
        if os.getpid() != self._process:
            return
        self._flush()
        self._thread = 0  # what observers try from here on is told to nobody
        self._deadline = time.monotonic() + AT_END_SECONDS
        for observer in self.observers:
            if ok and observer.name not in self._out:
                self._finish_one(observer)
            self._channel.send(f"observed.{observer.name}", **self._report(observer))

    def _finish_one(self, observer: Observer) -> None:
        try:
            observer.at_end()
        except Exception as problem:  # noqa: BLE001  boundary: as in tell
            self._out[observer.name] = f"{type(problem).__name__}: {problem}"[:300]

    def _report(self, observer: Observer) -> dict[str, Any]:
        why = self._out.get(observer.name)
        if why is not None:
            return {"could_not": why}
        try:
            return observer.report() or {"could_not": "nothing was seen"}
        except Exception as problem:  # noqa: BLE001  boundary: as in tell
            return {"could_not": f"{type(problem).__name__}: {problem}"[:300]}
