"""The question on the Ladder: it is answered on purpose or not at all."""

from __future__ import annotations

from dataclasses import replace

import pytest
from harness import TARGET, look_again, ours, running, shown, until
from mlintern.store.records import RungName
from mlintern.tui.engine import Limits
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.units import parse_size, written_size
from mlintern.tui.widgets.choice import Approval
from mlintern.tui.widgets.prompt import Prompt
from mlintern.tui.widgets.question import lines as question_lines
from synthetic import EXPERIMENT, FULL, MIB, PILOT, FakeBackend, FakeEngine, asks, forecast, ladder_view
from textual.pilot import Pilot


def approval(pilot: Pilot[None]) -> Approval:
    assert isinstance(pilot.app.screen, LadderScreen)
    return pilot.app.screen.approval


def hold(question: Approval) -> None:
    """From now on the guard, once it is up again, stays up for as long as the test takes."""
    question.guard._grace = question.guard._pause = 600.0


def open_up(question: Approval) -> None:
    """The guard's time is over."""
    question.guard.opens_at = 0.0
    question.armed = True


async def asked(pilot: Pilot[None]) -> Approval:
    """Wait until the question stands there with the keys, guarded or not."""
    await until(lambda: isinstance(pilot.app.screen, LadderScreen) and pilot.app.screen.is_ready)
    await until(lambda: approval(pilot).display)
    await until(lambda: approval(pilot).has_focus)
    return approval(pilot)


@pytest.mark.usefixtures("patient_guard")
async def test_a_key_right_after_the_question_appears_does_not_approve(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await pilot.press("a")
        assert not question.armed
        assert backend.engine.approved == []


async def test_after_the_grace_period_the_same_key_approves(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        await pilot.press("a")
        await until(lambda: backend.engine.approved)
        assert backend.engine.approved == [(RungName.PILOT, 26.0, "tui")]


@pytest.mark.usefixtures("patient_guard")
async def test_typing_on_never_approves(backend: FakeBackend) -> None:
    """Someone types into what they think is another program: no key of it counts, however long it goes on."""
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        for _ in range(20):
            await pilot.press("a", "enter", "y")
        assert not question.armed
        assert backend.engine.approved == []


@pytest.mark.usefixtures("patient_guard")
async def test_type_ahead_while_the_application_starts_never_approves(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        for _ in range(20):
            await pilot.press("a", "enter")
        await asked(pilot)
        assert backend.engine.approved == []


@pytest.mark.usefixtures("patient_guard")
async def test_a_click_in_flight_does_not_approve(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: "[a] Approve" in shown(pilot.app))
        lines = shown(pilot.app).splitlines()
        line = next(index for index, text in enumerate(lines) if "[a] Approve" in text)
        column = lines[line].index("Approve")
        await pilot.click(offset=(column, line))
        assert backend.engine.approved == []
        open_up(question)
        await pilot.click(offset=(column, line))
        await until(lambda: backend.engine.approved)


@pytest.mark.usefixtures("no_guard")
async def test_enter_alone_says_no(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        await pilot.press("enter")
        prompt = pilot.app.screen.query_one(Prompt)
        await until(lambda: prompt.display)
        await pilot.press(*"too dear", "enter")
        await until(lambda: backend.engine.declined)
        assert backend.engine.declined == [(RungName.PILOT, "too dear", "tui")]
        assert backend.engine.approved == []
        await until(lambda: not question.display)


@pytest.mark.usefixtures("no_guard")
async def test_after_a_no_the_question_comes_back_only_when_called(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        await pilot.press("n", "enter")
        await until(lambda: backend.engine.declined and "you said no" in shown(pilot.app))
        assert not question.display
        await pilot.press("d")
        await until(lambda: question.display)


@pytest.mark.usefixtures("no_guard")
@pytest.mark.parametrize("written", ["soon", "-3s", "90", ""])
async def test_a_ceiling_that_cannot_be_read_approves_nothing(backend: FakeBackend, written: str) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        await pilot.press("c")
        prompt = pilot.app.screen.query_one(Prompt)
        await until(lambda: prompt.display)
        await pilot.press("ctrl+u", *written, "enter")
        await until(lambda: "for example 90s" in shown(pilot.app))
        assert backend.engine.approved == []


@pytest.mark.usefixtures("no_guard")
async def test_a_ceiling_is_approved_as_written(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        await pilot.press("c")
        await until(lambda: pilot.app.screen.query_one(Prompt).display)
        await pilot.press("ctrl+u", *"1m30s", "enter")
        await until(lambda: backend.engine.approved)
        assert backend.engine.approved == [(RungName.PILOT, 90.0, "tui")]


@pytest.mark.usefixtures("no_guard")
async def test_a_ceiling_below_the_forecast_needs_a_second_enter(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        await pilot.press("c")
        await until(lambda: pilot.app.screen.query_one(Prompt).display)
        await pilot.press("ctrl+u", *"19s", "enter")
        await until(lambda: "shorter than the forecast" in shown(pilot.app))
        assert backend.engine.approved == []
        await pilot.press("enter")
        await until(lambda: backend.engine.approved)


async def test_an_unknown_cost_cannot_be_approved_without_a_ceiling(backend: FakeBackend) -> None:
    unknown = replace(forecast(RungName.PILOT), unknown=("seconds: the number of steps is not known",))
    backend.engine = FakeEngine(ladder_view(replace(asks(unknown), why="its cost is unknown")))
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        assert "[a] Approve" not in shown(pilot.app) and "time unknown" in shown(pilot.app)
        await pilot.press("a")
        await pilot.pause()
        assert backend.engine.approved == []


async def test_another_question_is_guarded_anew(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        hold(question)
        backend.engine.ladder = ladder_view(asks(FULL))
        await look_again(ours(pilot))
        await until(lambda: str(question.border_title) == "Climb to full?")
        await pilot.press("a")
        assert backend.engine.approved == []


@pytest.mark.usefixtures("no_guard")
async def test_a_yes_to_a_question_that_changed_meanwhile_approves_nothing(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        await asked(pilot)
        app = ours(pilot)
        backend.engine.ladder = ladder_view(asks(replace(PILOT, id=99)))
        await look_again(app)
        await app.climber.approve(asks(PILOT), 26.0)
        assert backend.engine.approved == []
        assert "nothing was approved" in (app.climber.trouble or "")


@pytest.mark.usefixtures("no_guard")
async def test_a_script_that_changed_since_its_rehearsal_is_not_approved(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        backend.engine.stale = True
        await pilot.press("a")
        await until(lambda: "changed since this climb began" in shown(pilot.app))
        assert backend.engine.approved == []


@pytest.mark.usefixtures("no_guard")
async def test_a_refusal_of_the_engine_is_shown(backend: FakeBackend) -> None:
    backend.engine.refuses = ValueError("a ceiling of 26 s is more than what is left")
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        await pilot.press("a")
        await until(lambda: "more than what is left" in shown(pilot.app))


@pytest.mark.usefixtures("no_guard")
async def test_limits_are_carried_to_the_engine(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        await pilot.press("e")
        await until(lambda: pilot.app.screen.query_one(Prompt).display)
        await pilot.press(*"5000", "tab", "ctrl+u", *"2h", "tab", *"lots", "enter")
        await until(lambda: "“lots” is not a size" in shown(pilot.app))
        await pilot.press(*["backspace"] * 4, *"8GB", "tab", "tab", *"512MiB", "enter")
        await until(lambda: backend.engine.limits)
        assert backend.engine.limits == [
            Limits(5000, 7200.0, host_limit_bytes=8_000_000_000, device_limit_bytes=512 * MIB)
        ]


def test_limits_are_shown_as_they_can_be_written_again() -> None:
    for amount in (1, 1500, 8_000_000_000, 512 * MIB, 3 << 40, 2**40 + 1):
        assert parse_size(written_size(amount)) == amount
    assert [written_size(amount) for amount in (8_000_000_000, 512 * MIB, 1500)] == ["8GB", "512MiB", "1500B"]


def test_the_question_says_every_limit_at_which_the_run_stops() -> None:
    limited = replace(EXPERIMENT, host_limit_bytes=8 << 30, disk_limit_bytes=20 << 30)
    (first, *_) = question_lines(asks(PILOT), ladder_view(experiment=limited))
    assert first.text.endswith("; stopped at 26 s or 8.0 GiB of memory or 20 GiB written to disk")
    (first, *_) = question_lines(asks(PILOT), ladder_view())
    assert first.text.endswith("; stopped at 26 s")


async def test_escape_leaves_the_question_open_and_decides_nothing(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        await pilot.press("escape")
        await until(lambda: not question.has_focus)
        hold(question)
        assert question.display and backend.engine.declined == [] and backend.engine.approved == []
        assert "d answers it" in shown(pilot.app)
        await pilot.press("a")
        assert backend.engine.approved == [], "a key of the question does nothing elsewhere"
        await pilot.press("d", "a")
        assert backend.engine.approved == [], "going back to the question guards it anew"


async def test_coming_back_to_the_ladder_guards_the_question_anew(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        question = await asked(pilot)
        await until(lambda: question.armed)
        hold(question)
        await pilot.press("4")
        await until(lambda: pilot.app.screen.id != "ladder" and not isinstance(pilot.app.screen, LadderScreen))
        await pilot.press("2")
        await until(lambda: isinstance(pilot.app.screen, LadderScreen))
        await pilot.press("a")
        assert backend.engine.approved == []


async def test_the_question_is_whole_at_every_size(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        await asked(pilot)
        for width, height in ((80, 24), (160, 45), (64, 20), (100, 30), (80, 24)):
            await pilot.resize_terminal(width, height)
            await pilot.pause()
            text = shown(pilot.app)
            assert "Climb to pilot?" in text and "[n] No" in text and "[a] Approve" in text and "26 s" in text, (
                width,
                height,
            )
