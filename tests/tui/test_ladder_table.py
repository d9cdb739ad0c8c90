"""The rungs as lines: signs, words, forecast beside actual, at every width."""

from __future__ import annotations

from dataclasses import replace

import pytest
from harness import TARGET, look_again, ours, running, shown, until
from mlintern.planner.moves import Blocked, RunRung, Wait
from mlintern.store.records import RungName, RungStatus
from mlintern.tui.screens.ladder_state import ladder_state
from mlintern.tui.widgets import question
from mlintern.tui.widgets.ladder_table import LadderTable, actual_words, rung_pieces, status_words, table_head
from mlintern.tui.widgets.painted import pieces_width
from synthetic import (
    FULL,
    NOW,
    PILOT,
    FakeBackend,
    FakeEngine,
    asks,
    forecast,
    interval,
    ladder_view,
    run_record,
    rung,
    running_view,
)


@pytest.mark.parametrize("width", [56, 76, 94, 116, 156])
def test_every_line_fits_and_stands_under_its_title(width: int) -> None:
    head = table_head(width)
    assert len(head) == width
    for view in (ladder_view(), running_view()):
        for each in view.rungs:
            line = "".join(text for text, _ in rung_pieces(view, each, width, now=NOW))
            assert pieces_width([(line, "")]) == max(width, 57)  # narrower, the right edge is cut
            assert line.index(str(each.name)) == head.index("rung")
            assert line[head.index("status") - 1] == " "


def test_a_state_has_a_sign_and_a_word() -> None:
    words = {status: status_words(rung(RungName.PILOT, status, ""), asks=False) for status in RungStatus}
    assert words[RungStatus.NOT_BUILT] == "not built yet" and words[RungStatus.PASSED] == "passed"
    assert all(len(word) <= 13 for word in words.values())
    assert status_words(rung(RungName.PILOT, RungStatus.PLANNED, ""), asks=True) == "asks you"
    assert status_words(rung(RungName.PILOT, RungStatus.PASSED, "", findings=2), asks=False) == "2 findings"
    running_rung = rung(RungName.PILOT, RungStatus.RUNNING, "", run=run_record())
    assert status_words(running_rung, asks=False) == "running 45 %"
    assert actual_words(running_rung, NOW) == "12 s…"


def test_the_question_says_what_it_costs_and_what_is_unknown() -> None:
    view = ladder_view()
    lines = [line.text for line in question.lines(asks(), view)]
    assert lines[0] == "runs 440 of 48 400 steps on the real data; stopped at 26 s"
    assert lines[1] == "time 21 s [18–25] · memory 717 MiB [690–760] of 19 GiB free"
    assert lines[2] == "unknown: GPU memory (no GPU seen), energy (no meter), money (no price set)"
    known = replace(
        PILOT,
        gpu_seconds=interval(18, 21, 25),
        energy_joules=interval(4000, 5000, 6200),
        usd=interval(0.006, 0.007, 0.0083),
        unknown=(),
    )
    (_, costs, verifies, *_) = (line.text for line in question.lines(asks(known), view))
    assert costs.endswith("21 GPU-s [18–25] · energy 5.0 kJ [4.0–6.2] · money $0.0070 [$0.0060–$0.0083]")
    assert verifies.startswith("will verify")
    assert question.what_runs(asks(FULL), view) == "the real run, 48 400 steps"
    estimated = replace(FULL, steps_exact=False)
    assert question.what_runs(asks(estimated), view) == "the real run, about 48 400 steps"
    nothing = forecast(RungName.FULL, steps=None)
    assert question.what_runs(asks(nothing), view) == "the real run, an unknown number of steps"
    assert question.default_ceiling(nothing) is None and question.default_ceiling(PILOT) == 26.0
    assert "unknown cost" in question.lines(asks(nothing), view)[0].text


def test_a_reason_to_ask_that_says_more_is_shown() -> None:
    again = replace(asks(), why="the ceiling of 26 s was passed")
    assert any("the ceiling of 26 s was passed" in line.text for line in question.lines(again, ladder_view()))


async def test_the_mark_goes_along_with_the_climb_until_it_is_moved(backend: FakeBackend) -> None:
    backend.engine = FakeEngine(ladder_view(Wait(RungName.REHEARSAL, 1)))
    async with running(backend, TARGET) as pilot:
        await until(lambda: "run 1 climbs rehearsal" in shown(pilot.app))
        table = pilot.app.screen.query_one(LadderTable)
        assert table.rung_in_hand is not None and table.rung_in_hand.name is RungName.REHEARSAL
        backend.engine.ladder = running_view()
        await look_again(ours(pilot))
        await until(lambda: table.rung_in_hand is not None and table.rung_in_hand.name is RungName.PILOT)
        await pilot.press("k", "k")
        backend.engine.ladder = ladder_view(Blocked(RungName.PILOT, "it failed"))
        await ours(pilot).climber.settle()
        await until(lambda: "it failed" in shown(pilot.app))
        assert table.rung_in_hand is not None and table.rung_in_hand.name is RungName.REHEARSAL


async def test_what_goes_on_is_said_in_a_sentence(backend: FakeBackend) -> None:
    async with running(backend, TARGET) as pilot:
        await until(lambda: ours(pilot).climber.view is not None)
        climber = ours(pilot).climber

        def said() -> str:
            return " ".join(sentence for _, _, sentence in ladder_state(climber, NOW + 3, is_asked=False))

        assert said() == "pilot asks you: d shows the question"
        climber.busy, climber.busy_since = "rehearsal", NOW
        assert said() == "rehearsal… 3.0 s"
        climber.busy, climber.trouble = None, "no torch"
        assert said() == "no torch"
        climber.trouble, climber.view = None, ladder_view(RunRung(RungName.STATIC))
        assert said() == "static comes next: c climbs on"
