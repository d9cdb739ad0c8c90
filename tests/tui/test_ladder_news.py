"""What the Ladder tells beside its rungs: findings, taken as they are and taken back, and what is not verified."""

from __future__ import annotations

from dataclasses import replace

from harness import TARGET, running, shown, until
from mlintern.planner.again import command_again
from mlintern.tui.screens.detail import DetailScreen
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.widgets.finding_list import FindingList
from mlintern.tui.widgets.prompt import Prompt
from synthetic import EXPERIMENT, LEARNING_RATE, FakeBackend
from textual.pilot import Pilot


async def with_finding_in_hand(pilot: Pilot[None]) -> LadderScreen:
    screen = pilot.app.screen
    await until(lambda: isinstance(pilot.app.screen, LadderScreen) and pilot.app.screen.is_ready)
    screen = pilot.app.screen
    assert isinstance(screen, LadderScreen)
    await until(lambda: screen.query_one(FindingList).findings)
    screen.query_one(FindingList).focus()
    await until(lambda: screen.query_one(FindingList).has_focus)
    return screen


async def test_a_finding_is_accepted_with_its_reason_and_taken_back(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        screen = await with_finding_in_hand(pilot)
        await pilot.press("A")
        prompt = screen.query_one(Prompt)
        await until(lambda: prompt.display)
        await pilot.press("enter")
        assert prompt.display and backend.engine.ladder.accepted == {}, "without a reason it stays open"
        await pilot.press(*"as in the paper", "enter")
        await until(lambda: backend.engine.ladder.accepted)
        acceptance = backend.engine.ladder.accepted[LEARNING_RATE.id]
        assert (acceptance.reason, acceptance.accepted_by) == ("as in the paper", "tui")
        await until(lambda: "✓ taken" in shown(pilot.app))

        screen.query_one(FindingList).focus()
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, DetailScreen))
        await until(lambda: "as in the paper" in shown(pilot.app))
        await pilot.press("escape")
        await until(lambda: pilot.app.screen is screen)

        screen.query_one(FindingList).focus()
        await pilot.press("A")
        await until(lambda: not backend.engine.ladder.accepted)


async def test_the_evidence_ends_with_the_command_that_shows_it_again(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        await with_finding_in_hand(pilot)
        await pilot.press("enter")
        await until(lambda: "what shows it again" in shown(pilot.app))
        assert "cd /home/ada/digits && mlintern check train.py --to rehearsal" in shown(pilot.app)
        await pilot.press("ctrl+y")
        await until(lambda: pilot.app.clipboard)
        assert pilot.app.clipboard == command_again(LEARNING_RATE, EXPERIMENT)


async def test_evidence_longer_than_its_box_is_read_to_its_end(backend: FakeBackend) -> None:
    long = replace(LEARNING_RATE, evidence=tuple({"step": step, "ratio": 0.11} for step in range(20)))
    backend.engine.ladder = replace(backend.engine.ladder, findings=(long,))
    async with running(backend, TARGET) as pilot:
        await with_finding_in_hand(pilot)
        await pilot.press("enter")
        await until(lambda: "update is 0.11" in shown(pilot.app))
        assert "what shows it again" not in shown(pilot.app)
        await pilot.press("end")
        await until(lambda: "what shows it again" in shown(pilot.app))


async def test_nothing_is_accepted_where_no_finding_is_in_hand(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        screen = await with_finding_in_hand(pilot)
        screen.query_one("#rungs").focus()
        await pilot.press("A")
        assert not screen.query_one(Prompt).display


async def test_what_is_verified_and_what_is_not_is_read_to_its_end_by_keys(backend: FakeBackend) -> None:
    many = tuple(f"claim {number}" for number in range(40))
    backend.engine.ladder = replace(backend.engine.ladder, not_verified=many, verified=("the last of all",))
    async with running(backend, TARGET) as pilot:
        screen = await with_finding_in_hand(pilot)
        assert "the last of all" not in shown(pilot.app)
        await pilot.press("tab")
        await until(lambda: screen.focused is screen.query_one("#facts"))
        await pilot.press("end")
        await until(lambda: "the last of all" in shown(pilot.app))
