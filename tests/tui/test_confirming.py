"""The last rung on the Ladder: a key that climbs to it, and what it allowed to say."""

from __future__ import annotations

from dataclasses import replace

from harness import TARGET, running, shown, until
from mlintern.planner.confirm.wanted import Wanted
from mlintern.store.records import RungName, RungStatus
from mlintern.tui.screens.detail import DetailScreen
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.widgets.ladder_table import LadderTable
from mlintern.tui.widgets.prompt import Prompt
from synthetic import FakeBackend, ladder_view, run_record


async def test_a_key_climbs_on_to_the_last_rung(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        await until(lambda: isinstance(pilot.app.screen, LadderScreen) and pilot.app.screen.view is not None)
        pilot.app.screen.query_one("#rungs").focus()
        assert backend.engine.aimed is None
        await pilot.press("C")
        await until(lambda: pilot.app.screen.query_one(Prompt).display)
        await pilot.press(*"lots", "enter")
        await until(lambda: "is not a number, such as 97.2" in shown(pilot.app))
        await pilot.press(*["backspace"] * 4, *"97.2%", "enter")
        await until(lambda: backend.engine.aimed is RungName.CONFIRM)
        assert backend.engine.wanted == Wanted(target=97.2)


async def test_a_confirmation_that_passed_says_its_verdict(backend: FakeBackend) -> None:
    view = ladder_view()
    verdict = "supported: it is beyond the target by more than the noise of its seeds"
    last = replace(view.rungs[-1], status=RungStatus.PASSED, why=verdict, run=run_record())
    backend.engine.ladder = replace(view, rungs=(*view.rungs[:-1], last))
    async with running(backend, TARGET) as pilot:
        await until(lambda: "supported: it is" in shown(pilot.app))
        table = pilot.app.screen.query_one("#rungs", LadderTable)
        table.focus()
        await pilot.press("end", "enter")
        await until(lambda: isinstance(pilot.app.screen, DetailScreen))
        await until(lambda: "there is no confirmation of this experiment" in shown(pilot.app))
