"""Running the application in tests: on synthetic records, without a terminal, waiting for conditions, not for time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

from mlintern.tui.app import MlinternApp, application
from mlintern.tui.engine import Paper, Target
from synthetic import EXPERIMENT, NOW, SCRIPT, FakeBackend
from textual.app import App
from textual.pilot import Pilot

DEADLINE_SECONDS = 20.0
TARGET = Target(SCRIPT, EXPERIMENT.args)
Running = Callable[..., AbstractAsyncContextManager[Pilot[None]]]


@asynccontextmanager
async def running(
    backend: FakeBackend, target: Target | Paper | None = None, *, size: tuple[int, int] = (80, 24)
) -> AsyncIterator[Pilot[None]]:
    app = application(backend, target, clock=lambda: NOW)
    app.animation_level = "none"
    try:
        async with app.run_test(size=size, notifications=True) as pilot:
            yield pilot
            # Left as a person leaves it: what goes on beside the screens ends before they are taken apart.
            app.exit()
            await until(lambda: not app.is_running)
    finally:
        app.close_desks()


async def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition never came true"
        await asyncio.sleep(0.005)


async def look_again(app: MlinternApp) -> None:
    """Let the climber look; a look that is under way already would be an older one."""
    await until(lambda: not app.climber._turn.locked())
    await app.climber.settle()


def ours(pilot: Pilot[Any]) -> MlinternApp:
    assert isinstance(pilot.app, MlinternApp)
    return pilot.app


def shown(app: App[Any]) -> str:
    """What stands on the screen, as lines of text."""
    width, height = app.size
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text[:width].rstrip() for strip in strips[:height])


def stands(app: App[Any], words: str) -> bool:
    """Whether these words stand on the screen."""
    return words in shown(app)
