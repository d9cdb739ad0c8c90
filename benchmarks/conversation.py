"""What a conversation costs the face: a thousand messages, and a model that generates. Run: python -m
mlintern.benchmarks.conversation

The model is noise through real llama.cpp, in its worker beside the application, so that the event loop is measured
while tokens come. CPU time is told of keystrokes; lateness is wall time. Exit code 1 if a budget was missed.
"""

from __future__ import annotations

import asyncio
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

from mlintern.store import Store
from mlintern.store.conversations import Author, MessageKind, Outcome
from mlintern.tests.models import tiny
from mlintern.tui.app import MlinternApp, application
from mlintern.tui.backend import LocalBackend
from mlintern.tui.screens.conversation import ConversationScreen
from textual.pilot import Pilot

MESSAGES = 1_000
ROWS, COLUMNS = 45, 160
TICK_SECONDS = 0.01
SAMPLES = 1_000
SHAPE = tiny.Shape(width=512, layers=8, heads=8, kv_heads=2, feed_forward=1536, context=8192)


def main() -> int:
    """Measure and print."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        home, project = root / "home", root / "project"
        project.mkdir()
        (home / "models").mkdir(parents=True)
        (project / "notes.txt").write_text("a learning rate of 0.1\n" * 50)
        tiny.write_random(home / "models" / "noise.gguf", 1, shape=SHAPE)
        os.chdir(project)
        fill(home, project.resolve())
        results = asyncio.run(measure(home))
        os.chdir("/")
    missed = False
    for name, value, budget, unit in results:
        missed |= value > budget
        print(f"{name:<60}{value:>10.2f} {unit:<3}  budget {budget:g} {unit}{'  MISSED' if value > budget else ''}")
    return 1 if missed else 0


def fill(home: Path, project: Path) -> None:
    """A conversation of a thousand messages with results of the usual length."""
    result = "\n".join(f"{number}: a line of a file that was read, with some words in it" for number in range(60))
    with Store.open(home) as store, store.transaction():
        conversation = store.conversations.begin(project)
        for number in range(1, MESSAGES, 4):
            add = store.conversations.append
            add(conversation.id, number, MessageKind.SAID, Author.PERSON, f"question {number} about the file " * 3)
            call = add(conversation.id, number + 1, MessageKind.CALL, Author.RULES, "", tool="read_file",
                       arguments={"path": "notes.txt", "from_line": 1})  # fmt: skip
            add(conversation.id, number + 2, MessageKind.RESULT, Author.PROGRAM, result, tool="read_file",
                answers=call.id, outcome=Outcome.DONE)  # fmt: skip
            add(conversation.id, number + 3, MessageKind.NOTE, Author.PROGRAM, "done", facts={"ends_turn": True})


def cpu() -> float:
    """CPU time of this process so far."""
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def until(condition: Callable[[], object]) -> None:
    """Wait for a condition."""
    deadline = time.monotonic() + 120
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError("it never came true")
        await asyncio.sleep(0.002)


async def measure(home: Path) -> list[tuple[str, float, float, str]]:
    """The application with the conversation in front."""
    app = application(LocalBackend(home, Path(sys.executable)))
    app.animation_level = "none"
    try:
        async with app.run_test(size=(COLUMNS, ROWS)) as pilot:
            app.go("conversation")
            await until(lambda: isinstance(app.screen, ConversationScreen) and app.screen.is_ready)
            screen = app.screen
            assert isinstance(screen, ConversationScreen)
            await until(lambda: len(screen.transcript.messages) == MESSAGES)
            before = cpu()
            screen.transcript._lay_out()
            laid_out = 1000 * (cpu() - before)
            await pilot.press("escape")
            return [
                (f"laying out {MESSAGES:,} messages anew, as after a resize", laid_out, 500, "ms"),
                ("keystroke to paint: down", await keystroke(pilot, "k"), 50, "ms"),
                ("keystroke to paint: a page up", await keystroke(pilot, "pageup"), 50, "ms"),
                *await while_generating(app, screen, pilot),
            ]
    finally:
        app.close_desks()


async def keystroke(pilot: Pilot[None], key: str) -> float:
    """CPU time from a key to what it draws."""
    times = []
    for _ in range(25):
        before = cpu()
        await pilot.press(key)
        times.append(1000 * (cpu() - before))
    return median(times)


async def while_generating(
    app: MlinternApp, screen: ConversationScreen, pilot: Pilot[None]
) -> list[tuple[str, float, float, str]]:
    """How late the event loop is while the model speaks, and how soon an interruption ends it."""
    await pilot.press("i", *"what is in notes.txt", "enter")
    await until(lambda: screen.transcript._draft)
    late = list[float]()
    while screen.talker.is_busy and len(late) < SAMPLES:
        began = time.perf_counter()
        await asyncio.sleep(TICK_SECONDS)
        late.append(1000 * (time.perf_counter() - began - TICK_SECONDS))
    began = time.perf_counter()
    if screen.talker.is_busy:
        await pilot.press("escape")
        await until(lambda: not screen.talker.is_busy)
    ended = 1000 * (time.perf_counter() - began)
    late.sort()
    return [
        (f"event loop late while it generates, p99 of {len(late)}", late[int(0.99 * (len(late) - 1))], 50, "ms"),
        ("from esc to the end of the turn", ended, 500, "ms"),
    ]


if __name__ == "__main__":
    sys.exit(main())
