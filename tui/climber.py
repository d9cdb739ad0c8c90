"""The experiment in hand: opens its engine, climbs what is free, and carries the person's decisions to it.

Invariant: nothing that costs is ever started from here except by :meth:`Climber.approve`, with the ceiling that was on
the screen; the engine lives in one thread of its own, and what it says is shown as one frozen view.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace

from ..planner.confirm.wanted import Wanted
from ..planner.moves import Ask, RunRung
from ..planner.view import LadderView
from ..store import Store
from ..store.records import Run, RungName
from .desk import Answer, Desk
from .engine import Backend, Engine, Limits, Target
from .text import clean


@dataclass(slots=True)
class _Bench:
    """What the engine's thread holds."""

    store: Store
    engine: Engine | None = None

    @property
    def climb(self) -> Engine:
        if self.engine is None:
            raise NothingOpenError("no experiment is open; start one on Home (1)")
        return self.engine


class NothingOpenError(RuntimeError):
    """There is no experiment in hand."""


class Climber:
    """The presenter behind the Ladder screen."""

    def __init__(self, backend: Backend, changed: Callable[[], None], *, clock: Callable[[], float]) -> None:
        self._backend = backend
        self._changed = changed
        self._clock = clock
        self._desk = Desk("engine", lambda: _Bench(backend.open_store()), close=lambda bench: bench.store.close())
        self._turn = asyncio.Lock()
        """One thing at a time is done on the ladder; looking at what is there goes on."""
        self.target: Target | None = None
        self.view: LadderView | None = None
        self.is_stale = False
        """Whether the script has changed since this climb began: then nothing of it is climbed or approved."""
        self.busy: str | None = None
        """What is being done, in words, while it takes time."""
        self.busy_since = 0.0
        self.trouble: str | None = None
        """What went wrong last, in words, until something goes right."""
        self.declined: int | None = None
        """The forecast that the person said no to last: it is not asked again by itself."""

    async def open(self, target: Target) -> None:
        """Take an experiment in hand and climb what is free."""
        if self.target is None or (self.target.script, self.target.args) != (target.script, target.args):
            self.view = None
        self.target, self.declined = target, None

        def take(bench: _Bench) -> tuple[int, bool]:
            bench.engine = None
            bench.engine = self._backend.open_engine(bench.store, target)
            bench.engine.settle()
            return bench.engine.experiment.id, bench.engine.is_stale()

        async with self._turn:
            taken = await self._do(f"reading {clean(target.script.name)}", take)
            if taken is not None:
                experiment_id, self.is_stale = taken
                self.target = replace(target, experiment_id=experiment_id, fresh=False)
                await self._look()
                await self._climb()

    async def settle(self) -> None:
        """Look again, after the store changed; climb on where the next rung is free."""
        if self.view is None or self._turn.locked():
            return
        async with self._turn:
            await self._do(None, lambda bench: bench.climb.settle(), keep_trouble=True)
            await self._look()
            await self._climb()

    async def approve(self, ask: Ask, ceiling_seconds: float) -> Run | None:
        """Carry a yes to the engine: for this rung, within this ceiling, if this is still the question."""
        current = self.view.move if self.view else None
        if self.busy is not None or not isinstance(current, Ask) or current.forecast.id != ask.forecast.id:
            self.trouble = "the question changed meanwhile; nothing was approved"
            self._changed()
            return None

        async with self._turn:
            run = await self._do(
                f"starting {ask.rung}",
                lambda bench: bench.climb.approve(
                    ask.rung, ceiling_seconds=ceiling_seconds, by="tui", forecast_id=ask.forecast.id
                ),
            )
            await self._look()
        return run

    async def decline(self, ask: Ask, reason: str | None) -> None:
        """Carry a no to the engine."""
        self.declined = ask.forecast.id
        await self._do("recording your no", lambda bench: bench.climb.decline(ask.rung, reason, by="tui"))
        await self._look()

    async def accept(self, finding_id: int, reason: str) -> None:
        """Take a finding as it is, and climb on where that lets the ladder go on."""
        await self._judge("recording why", lambda bench: bench.climb.accept(finding_id, reason, by="tui"))

    async def withdraw(self, finding_id: int) -> None:
        """Take an acceptance back."""
        await self._judge("taking it back", lambda bench: bench.climb.withdraw(finding_id, by="tui"))

    async def _judge(self, words: str, work: Callable[[_Bench], object]) -> None:
        async with self._turn:
            await self._do(words, work)
            await self._look()
            await self._climb()

    async def change_limits(self, limits: Limits) -> None:
        """Take over another number of steps or another budget."""
        async with self._turn:
            await self._do("changing the limits", lambda bench: bench.climb.change_limits(limits))
            await self._look()
            await self._climb()

    async def confirm(self, wanted: Wanted) -> None:
        """Climb on to the last rung, which asks what a confirmation may take."""
        self.declined = None

        def aim(bench: _Bench) -> None:
            bench.climb.aim(RungName.CONFIRM, wanted)
            bench.climb.settle()

        async with self._turn:
            await self._do("planning a confirmation", aim)
            await self._look()
            await self._climb()

    async def again(self) -> None:
        """Climb from the first rung, with the script as it is now."""
        if self.target is not None:
            await self.open(replace(self.target, climbs=True, fresh=True))

    async def stop(self, run_id: int) -> None:
        """Ask a run to stop."""
        await self._do(f"stopping run {run_id}", lambda bench: self._backend.stop(bench.store, run_id))
        if self.view is not None:
            await self._look()

    async def extend(self, run_id: int, ceiling_seconds: float) -> str | None:
        """Allow a run more time; what went wrong, in words."""
        words = f"allowing run {run_id} more time"
        done = await self._do(words, lambda bench: self._backend.extend(bench.store, run_id, ceiling_seconds))
        return self.trouble if done is None else None

    async def reconcile(self) -> None:
        """Record the truth about runs whose supervisor is gone."""
        await self._do(None, lambda bench: self._backend.reconcile(bench.store))

    def close(self) -> None:
        """Let what is being recorded finish, and leave."""
        self._desk.close(patience_seconds=10.0)

    async def _climb(self) -> None:
        """Start the free rungs one after the other, until one goes on by itself or someone must decide."""
        climbed: set[RungName] = set()
        may_climb = self.target is not None and self.target.climbs and not self.is_stale
        while may_climb and self.trouble is None and self.view is not None and isinstance(self.view.move, RunRung):
            rung = self.view.move.rung
            if rung in climbed:
                self.trouble = f"{rung} was climbed and the ladder did not move; r climbs again"
                break
            climbed.add(rung)
            await self._do(str(rung), lambda bench, rung=rung: bench.climb.start(rung))  # type: ignore[misc]
            await self._look()
        self._changed()

    async def _look(self) -> None:
        view = await self._do(None, lambda bench: bench.climb.view(), keep_trouble=True)
        if view is not None:
            self.view = view
            self._changed()

    async def _do(
        self, words: str | None, work: Callable[[_Bench], Answer], *, keep_trouble: bool = False
    ) -> Answer | None:
        """Work in the engine's thread; what goes wrong there becomes words on the screen."""
        if words is not None:
            self.busy, self.busy_since = words, self._clock()
            self._changed()
        try:
            answer = await self._desk.ask(work)
        except Exception as error:  # noqa: BLE001  # the engine's boundary: a failure is shown, the screen lives on
            self.trouble = trouble_words(error)
            answer = None
        else:
            if not keep_trouble:
                self.trouble = None
        finally:
            if words is not None:
                self.busy = None
        self._changed()
        return answer


def trouble_words(error: BaseException) -> str:
    """An error as a person should read it; our own errors speak for themselves."""
    text = clean(str(error))
    is_ours = type(error).__module__.partition(".")[0] == __package__.partition(".")[0]
    return text if is_ours and text else f"{type(error).__name__}: {text}" if text else type(error).__name__
