"""Makes docs/screenshot.svg: the real Ladder screen, waiting for an approval, on made-up records.

Usage: python scripts/screenshot.py [FILE]

Invariant: the same code makes the same picture: clock, records and size are fixed.
"""

from __future__ import annotations

import asyncio
import os
import sys
import tempfile
import time
from pathlib import Path

from mlintern.tui.screens.ladder import LadderScreen
from textual.app import App

ROOT = Path(__file__).resolve().parent.parent
SIZE = (110, 32)


async def picture() -> str:
    """The screen as SVG."""
    sys.path.insert(0, str(ROOT / "tests" / "tui"))  # the synthetic records that the tests of the screens use
    from harness import TARGET, running, until
    from synthetic import FakeBackend, FakeEngine, fill

    with tempfile.TemporaryDirectory() as folder:
        fill(Path(folder))
        async with running(FakeBackend(Path(folder), FakeEngine()), TARGET, size=SIZE) as pilot:
            await until(lambda: is_asking(pilot.app))
            await pilot.pause()
            return pilot.app.export_screenshot(title="mlintern-tui train.py -- --epochs 220")


def is_asking(app: App[None]) -> bool:
    """Whether the question stands there and takes answers."""
    screen = app.screen
    return isinstance(screen, LadderScreen) and screen.is_ready and screen.approval.armed


def main() -> None:
    """Write the file."""
    os.environ |= {"TZ": "UTC", "TEXTUAL_COLOR_SYSTEM": "truecolor"}
    time.tzset()
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "docs" / "screenshot.svg"
    # Rich names its classes after the content, so that two pictures on one page do not colour each other.
    target.write_text(asyncio.run(picture()), encoding="utf-8")


if __name__ == "__main__":
    main()
