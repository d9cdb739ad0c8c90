"""The application as a whole: places, help, palette, leaving, foreign text, two faces at once."""

from __future__ import annotations

import asyncio
import threading
from dataclasses import replace
from functools import partial

import pytest
from harness import TARGET, ours, running, shown, stands, until
from mlintern.planner.moves import RunRung
from mlintern.store import Store
from mlintern.store.records import RungName, RunStatus
from mlintern.tui.actions import BY_ID
from mlintern.tui.app import DOUBT_AFTER_LOOKS
from mlintern.tui.engine import NOTHING_SAID
from mlintern.tui.screens.detail import DetailScreen
from mlintern.tui.screens.help import HelpScreen
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.screens.run import RunScreen
from synthetic import (
    EXPERIMENT,
    LEARNING_RATE,
    FakeBackend,
    FakeEngine,
    free_view,
    ladder_view,
    run_record,
    running_view,
)
from textual.app import App


def is_asked(app: App[None]) -> bool:
    return isinstance(app.screen, LadderScreen) and app.screen.is_ready and app.screen.approval.display


PLACES = (("4", "history · 3 runs"), ("3", "run 3 · full"), ("2", "nothing in hand"), ("1", "go on with"))


async def test_every_place_is_one_key_away_and_back_is_escape(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await until(lambda: "full is running" in shown(pilot.app))
        await pilot.press("tab")
        for key, sign in (
            ("4", "history · 3 runs"),
            ("3", "run 3 · full"),
            ("2", "nothing in hand"),
            ("1", "go on with"),
        ):
            await pilot.press(key)
            await until(partial(stands, pilot.app, sign))
        await pilot.press("escape")
        await until(lambda: "nothing in hand" in shown(pilot.app))


async def test_the_top_bar_can_be_clicked(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        column = shown(pilot.app).splitlines()[0].index("4 History")
        await pilot.click(offset=(column + 2, 0))
        await until(lambda: "[4 History]" in shown(pilot.app))


async def test_the_key_bar_can_be_clicked(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await pilot.press("tab")
        await until(lambda: "? help" in shown(pilot.app).splitlines()[-1])
        await pilot.click(offset=(2, 23))
        await until(lambda: isinstance(pilot.app.screen, HelpScreen))
        await pilot.press("escape")
        await until(lambda: not isinstance(pilot.app.screen, HelpScreen))


async def test_help_shows_the_keys_of_the_part_in_hand_first(backend: FakeBackend) -> None:
    async with running(backend, size=(100, 60)) as pilot:
        await pilot.press("tab", "3")
        await until(lambda: "run 3 · full" in shown(pilot.app))
        await pilot.press("question_mark")
        await until(lambda: isinstance(pilot.app.screen, HelpScreen))
        text = shown(pilot.app)
        assert text.index("In the log") < text.index("Everywhere") if "Everywhere" in text else "In the log" in text
        assert BY_ID["log.wrap"].description in text


async def test_the_palette_does_what_works_here_and_never_approves(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        await until(lambda: is_asked(pilot.app))
        commands = [command.help for command in pilot.app.get_system_commands(pilot.app.screen)]
        assert any(text.startswith("ladder.evidence") for text in commands)
        assert not any(text.startswith("approval.") for text in commands)
        assert not any(text.startswith("history.mark") for text in commands)


async def test_leaving_says_that_runs_go_on(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        app = ours(pilot)
        await until(lambda: app.live)
        await pilot.press("tab", "q")
        await until(lambda: not app.is_running)
    assert app.leaving_words() == ["run 3 (full) goes on. `mlintern-tui` finds it again; `mlintern stop RUN` stops it."]


async def test_q_in_a_line_to_write_into_is_a_letter(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await pilot.press("q", "4")
        assert pilot.app.is_running
        assert pilot.app.screen.query_one("#path").value == "q4"  # type: ignore[attr-defined]


async def test_ctrl_c_leaves_only_the_second_time(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await pilot.press("ctrl+c")
        await until(lambda: "again, to leave" in shown(pilot.app))
        assert pilot.app.is_running
        await pilot.press("ctrl+c")
        await until(lambda: not pilot.app.is_running)


async def test_a_run_that_ends_is_announced_with_a_bell(backend: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    async with running(backend) as pilot:
        app, rung = ours(pilot), threading.Event()
        monkeypatch.setattr(app, "bell", rung.set)
        await until(lambda: app.live)
        with Store.open(backend.home) as store:
            store.runs.update(3, status=RunStatus.FAILED, reason="exit 1: [bold]CUDA[/bold] out of memory")
        await app.pulse()
        await until(lambda: "Run 3, full: failed" in shown(app))
        assert rung.is_set() and app.live == ()
        assert "[bold]CUDA[/bold]" in shown(app)


async def test_a_question_rings_the_bell_once(backend: FakeBackend, monkeypatch: pytest.MonkeyPatch) -> None:
    rings: list[int] = []
    async with running(backend) as pilot:
        app = ours(pilot)
        monkeypatch.setattr(app, "bell", lambda: rings.append(1))
        app.climb(TARGET)
        await until(lambda: is_asked(app))
        await app.climber.settle()
        await app.climber.settle()
        assert rings == [1]


HOSTILE = "[bold red]x[/] \x1b[31m\x1b]0;pwned\x07\u202egnp\x00 [@click=app.leave]go[/]"


async def test_foreign_text_is_shown_as_it_is_and_steers_nothing(backend: FakeBackend) -> None:
    experiment = replace(EXPERIMENT, name=HOSTILE, args=(HOSTILE,))
    finding = replace(LEARNING_RATE, message=HOSTILE, code="run.crash", fix=HOSTILE, evidence=({HOSTILE: HOSTILE},))
    backend.engine = FakeEngine(
        ladder_view(experiment=experiment, findings=(finding,), not_verified=(HOSTILE,), verified=(HOSTILE,))
    )
    async with running(backend, TARGET, size=(120, 40)) as pilot:
        await until(lambda: "[bold red]x[/]" in shown(pilot.app))
        text = shown(pilot.app)
        assert "\x1b" not in text and "\x07" not in text and "\u202e" not in text and "\x00" not in text
        assert "[@click=app.leave]go[/]" in text
        findings = pilot.app.screen.query_one("#findings")
        findings.focus()
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, DetailScreen))
        await until(lambda: "what would fix it" in shown(pilot.app))
        assert "[bold red]x[/]" in shown(pilot.app)


async def test_free_rungs_are_climbed_when_something_is_started(backend: FakeBackend) -> None:
    backend.engine = FakeEngine(free_view())
    async with running(backend, TARGET) as pilot:
        await until(lambda: backend.engine.started == [RungName.STATIC])
        await until(lambda: "Climb to pilot?" in shown(pilot.app))


async def test_a_climb_that_can_go_on_is_begun_anew_only_on_the_second_key(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        await until(lambda: is_asked(pilot.app))
        pilot.app.screen.query_one("#rungs").focus()
        await pilot.press("r")
        await until(lambda: "r again climbs from the first rung" in shown(pilot.app))
        assert len(backend.opened) == 1
        await pilot.press("r")
        await until(lambda: len(backend.opened) == 2)
        assert (backend.opened[-1].fresh, backend.opened[-1].experiment_id) == (True, EXPERIMENT.id)
        await until(lambda: ours(pilot).climber.target == replace(TARGET, experiment_id=EXPERIMENT.id))


async def test_keys_that_a_line_would_take_are_not_offered(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await until(lambda: "esc leaves the line" in shown(pilot.app).splitlines()[-1])
        assert "? help" not in shown(pilot.app).splitlines()[-1]
        await pilot.press("escape")
        await until(lambda: "? help" in shown(pilot.app).splitlines()[-1])


async def test_two_things_at_once_on_the_ladder_take_turns(backend: FakeBackend) -> None:
    class Strict(FakeEngine):
        def start(self, rung: RungName, *, ceiling_seconds: float | None = None) -> None:
            assert isinstance(self.ladder.move, RunRung), f"{rung} cannot start now"
            super().start(rung)

    backend.engine = Strict(free_view())
    async with running(backend, TARGET) as pilot:
        climber = ours(pilot).climber
        await asyncio.gather(*(climber.settle() for _ in range(5)), climber.change_limits(NOTHING_SAID))
        await until(lambda: is_asked(pilot.app))
        assert backend.engine.started == [RungName.STATIC] and climber.trouble is None


async def test_looking_at_an_old_ladder_starts_nothing(backend: FakeBackend) -> None:
    backend.engine = FakeEngine(free_view())
    async with running(backend) as pilot:
        await pilot.press("tab", "4")
        await until(lambda: "history · 3 runs" in shown(pilot.app))
        await until(lambda: "train.py" in shown(pilot.app))
        await pilot.press("l")
        await until(lambda: "static comes next" in shown(pilot.app))
        assert backend.engine.started == [] and not backend.opened[-1].climbs
        await pilot.press("c")
        await until(lambda: backend.engine.started == [RungName.STATIC])


async def test_a_stale_climb_is_said_and_not_climbed(backend: FakeBackend) -> None:
    backend.engine = FakeEngine(free_view(), stale=True)
    async with running(backend, TARGET) as pilot:
        await until(lambda: "changed since this climb" in shown(pilot.app))
        assert backend.engine.started == []


async def test_a_ladder_that_does_not_move_is_not_climbed_for_ever(backend: FakeBackend) -> None:
    class Stuck(FakeEngine):
        def start(self, rung: RungName, *, ceiling_seconds: float | None = None) -> None:
            self.started.append(rung)
            self.ladder = ladder_view(RunRung(RungName.STATIC))

    backend.engine = Stuck(free_view())
    async with running(backend, TARGET) as pilot:
        await until(lambda: "the ladder did not move" in shown(pilot.app))
        assert backend.engine.started == [RungName.STATIC]


async def test_what_goes_wrong_in_the_engine_is_told_and_the_screen_lives_on(backend: FakeBackend) -> None:
    class Broken(FakeBackend):
        def open_engine(self, store: Store, target: object) -> FakeEngine:
            raise RuntimeError("no Python with [torch] was found")

    async with running(Broken(backend.home), TARGET) as pilot:
        await until(lambda: "no Python with [torch] was found" in shown(pilot.app))
        await pilot.press("1")
        await until(lambda: "go on with" in shown(pilot.app))


async def test_two_faces_see_the_same_run(backend: FakeBackend) -> None:
    async with running(backend) as one, running(backend) as other:
        await until(lambda: ours(one).live and ours(other).live)
        with Store.open(backend.home) as store:
            store.runs.update(3, status=RunStatus.DONE, wall_seconds=300.0)
        await ours(one).pulse()
        await ours(other).pulse()
        assert ours(one).live == ours(other).live == ()


@pytest.mark.usefixtures("no_guard")
async def test_a_run_is_stopped_only_after_the_question(backend: FakeBackend) -> None:
    backend.engine = FakeEngine(running_view())
    async with running(backend, TARGET) as pilot:
        await until(lambda: "run 3 climbs pilot" in shown(pilot.app))
        await pilot.press("x")
        await until(lambda: "Stop run 3?" in shown(pilot.app))
        await pilot.press("enter")
        await until(lambda: "Stop run 3?" not in shown(pilot.app))
        assert backend.stopped == []
        await pilot.press("x")
        await until(lambda: "Stop run 3?" in shown(pilot.app))
        stopping = pilot.app.screen.query_one("#stopping")
        await until(lambda: stopping.armed)  # type: ignore[attr-defined]
        await pilot.press("s")
        await until(lambda: backend.stopped == [3])


async def test_a_rung_with_a_run_opens_it(backend: FakeBackend) -> None:
    view = running_view()
    rungs = [replace(each, run=run_record(id=3)) if each.run else each for each in view.rungs]
    backend.engine = FakeEngine(replace(view, rungs=tuple(rungs)))
    async with running(backend, TARGET) as pilot:
        await until(lambda: "run 3 climbs pilot" in shown(pilot.app))
        await pilot.press("w")
        await until(lambda: isinstance(pilot.app.screen, RunScreen) and "run 3 · full" in shown(pilot.app))


async def test_a_run_that_falls_silent_is_doubted(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        app = ours(pilot)
        await until(lambda: app.live)
        before = backend.reconciled
        for _ in range(DOUBT_AFTER_LOOKS + 1):
            await app.pulse()
        assert backend.reconciled > before


async def test_nothing_is_doubted_while_nothing_is_live(backend: FakeBackend) -> None:
    with Store.open(backend.home) as store:
        store.runs.update(3, status=RunStatus.DONE)
    async with running(backend) as pilot:
        app = ours(pilot)
        await until(lambda: backend.reconciled)
        before = backend.reconciled
        for _ in range(2 * DOUBT_AFTER_LOOKS):
            await app.pulse()
        assert backend.reconciled == before


async def test_a_line_in_hand_is_copied(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await pilot.press("tab", "4")
        await until(lambda: "✓ done" in shown(pilot.app))
        await pilot.press("ctrl+y")
        await until(lambda: "Copied: run 3" in shown(pilot.app))
        assert pilot.app.clipboard == "run 3 /home/ada/digits/train.py --epochs 220"


async def test_a_picture_of_the_screen_is_saved(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await pilot.app.run_action("picture")
        assert [path.suffix for path in backend.home.glob("*.svg")] == [".svg"]


@pytest.mark.parametrize("size", [(20, 5), (40, 10), (240, 70)])
async def test_no_size_breaks_a_screen(backend: FakeBackend, size: tuple[int, int]) -> None:
    async with running(backend, TARGET) as pilot:
        await until(lambda: is_asked(pilot.app))
        for key in ("2", "3", "4", "1"):
            await pilot.press("escape", key)
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert shown(pilot.app).strip()
            await pilot.resize_terminal(80, 24)
