"""`--plain`: the same view as lines; without a person nothing is approved."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from harness import TARGET
from mlintern.planner.moves import Reached, RunRung, Wait
from mlintern.store import Store
from mlintern.store.records import RungName, RunStatus
from mlintern.tui.output import ExitCode
from mlintern.tui.plain import home_lines, tell
from mlintern.tui.plain_text import changes, view_lines
from mlintern.tui.terminal import Terminal
from synthetic import (
    NOW,
    SCRIPT,
    FakeBackend,
    FakeEngine,
    asks,
    blocked_view,
    fill,
    forecast,
    free_view,
    ladder_view,
    reached_view,
    run_record,
)  # fmt: skip


class Person(io.StringIO):
    """Someone at a terminal who answers with these lines."""

    def isatty(self) -> bool:
        return True


def told(backend: FakeBackend, answers: str | None = None) -> tuple[int, list[str]]:
    output = io.StringIO()
    given = io.StringIO() if answers is None else Person(answers)
    code = tell(backend, Terminal(output, given, pause=lambda _seconds: None, clock=lambda: NOW), TARGET)
    return code, output.getvalue().splitlines()


@pytest.fixture
def plain(tmp_path: Path) -> FakeBackend:
    fill(tmp_path)
    return FakeBackend(tmp_path, FakeEngine())


def test_everything_on_the_screen_is_told_line_by_line() -> None:
    lines = list(view_lines(ladder_view()))
    for line in (
        f"experiment 1: {SCRIPT} --epochs 220",
        "budget 52 s of 30m",
        "static: passed in 0.6 s",
        "dryrun: passed in 4.1 s",
        "overfit: passed in 6.2 s",
        "sweep: not climbed yet",
        "full: not climbed yet, forecast 6m05s [5m20s–7m10s]",
        "verified: exact iteration counts",
        "not verified: the result on more than one seed (confirm)",
        "pilot asks for approval: runs 440 of 48 400 steps on the real data; it costs",
    ):
        assert line in lines
    assert any(line.startswith("warning: optim.lr: the update") and "(train.py:31) [finding" in line for line in lines)
    assert any(line.startswith("cost of pilot: time 21 s [18–25]") and "energy: no meter" in line for line in lines)


def test_lines_hold_no_boxes_and_no_control_codes() -> None:
    hostile = ladder_view(verified=("a\x1b[31mb\nc",), not_verified=("\x07",))
    text = "\n".join(view_lines(hostile))
    assert not set("│╭╰─▸✓✗»█░\x1b\x07") & set(text)
    assert "verified: ab c" in text


def test_only_what_is_new_is_told_again() -> None:
    before, after = ladder_view(), blocked_view()
    lines = list(changes(before, after))
    assert any(line.startswith("rehearsal: failed") for line in lines)
    assert any(line.startswith("blocked at rehearsal") for line in lines)
    assert not any(line.startswith(("static", "experiment", "warning")) for line in lines)
    assert list(changes(after, after)) == []


def test_without_a_person_nothing_is_approved(plain: FakeBackend) -> None:
    code, lines = told(plain)
    assert code == ExitCode.NEEDS_APPROVAL and plain.engine.approved == [] and plain.engine.declined == []
    assert "nobody can answer here" in lines[-1]


def test_piping_yes_into_it_approves_nothing(plain: FakeBackend) -> None:
    output = io.StringIO()
    yes = io.StringIO("approve\ny\nyes\n" * 10)
    assert tell(plain, Terminal(output, yes, clock=lambda: NOW), TARGET) == ExitCode.NEEDS_APPROVAL
    assert plain.engine.approved == []


@pytest.mark.parametrize("answer", ["", "y", "a", "yes", "app", "APPROVE!", "approved"])
def test_only_the_whole_word_approves(plain: FakeBackend, answer: str) -> None:
    code, _ = told(plain, f"{answer}\n")
    assert code == ExitCode.NEEDS_APPROVAL and plain.engine.approved == []


def test_approved_within_the_forecast_or_a_written_ceiling(plain: FakeBackend) -> None:
    class Finishing(FakeEngine):
        def approve(self, rung: RungName, *, ceiling_seconds: float, by: str, forecast_id: int | None = None) -> object:  # type: ignore[override]
            super().approve(rung, ceiling_seconds=ceiling_seconds, by=by)
            self.ladder = reached_view()
            return run_record()

    plain.engine = Finishing(replace(ladder_view(), findings=()))
    assert told(plain, "approve\n")[0] == ExitCode.DONE
    assert plain.engine.approved == [(RungName.PILOT, 26.0, "terminal")]
    plain.engine = Finishing(ladder_view())
    code, lines = told(plain, "approve soon\napprove 2m\n")
    assert plain.engine.approved == [(RungName.PILOT, 120.0, "terminal")] and code == ExitCode.DONE
    assert any("for example 90s" in line for line in lines)


def test_an_unknown_cost_needs_a_ceiling(plain: FakeBackend) -> None:
    plain.engine = FakeEngine(ladder_view(asks(forecast(RungName.PILOT))))
    _, lines = told(plain, "approve\n\n")
    assert plain.engine.approved == [] and any("give a ceiling" in line for line in lines)


def test_a_no_is_recorded_with_its_reason(plain: FakeBackend) -> None:
    assert told(plain, "no too dear\n")[0] == ExitCode.NEEDS_APPROVAL
    assert plain.engine.declined == [(RungName.PILOT, "too dear", "terminal")]


def test_a_changed_script_is_not_approved(plain: FakeBackend) -> None:
    plain.engine.stale = True
    _, lines = told(plain, "approve\n\n")
    assert plain.engine.approved == [] and any("changed" in line for line in lines)


def test_exit_codes_of_where_it_ends(plain: FakeBackend) -> None:
    plain.engine = FakeEngine(blocked_view())
    assert told(plain)[0] == ExitCode.FAULTS
    plain.engine = FakeEngine(ladder_view(Reached(RungName.FULL)))
    assert told(plain)[0] == ExitCode.DONE


def test_free_rungs_are_climbed_and_said(plain: FakeBackend) -> None:
    plain.engine = FakeEngine(free_view())
    _, lines = told(plain)
    assert "climbing static" in lines and plain.engine.started == [RungName.STATIC]
    assert isinstance(free_view().move, RunRung)


def test_a_run_is_told_while_it_goes_on_and_when_it_ends(plain: FakeBackend) -> None:
    from synthetic import running_view

    plain.engine = FakeEngine(running_view())

    def end(_seconds: float) -> None:
        with Store.open(plain.home) as store:
            store.runs.update(3, status=RunStatus.FAILED, reason="exit 1: out of memory")
        plain.engine.ladder = blocked_view()

    output = io.StringIO()
    tell(plain, Terminal(output, io.StringIO(), pause=end, clock=lambda: NOW), TARGET)
    lines = output.getvalue().splitlines()
    assert any(
        line.startswith("run 3, full: running, step 18 240 of 48 400, loss 0.0213, 2m18s so far") for line in lines
    )
    assert "run 3, full: failed, because exit 1: out of memory" in lines


def test_home_is_told_too(plain: FakeBackend, tmp_path: Path) -> None:
    with Store.open(plain.home) as store:
        lines = home_lines(store, NOW)
    assert lines[0].startswith("full is running 37 %: /home/ada/digits/train.py --epochs 220, 2 min ago")
    with Store.open(tmp_path / "other") as store:
        assert home_lines(store, NOW)[0].startswith("nothing yet")


def test_what_the_guard_says_of_a_run_is_told_once(plain: FakeBackend) -> None:
    plain.engine = FakeEngine(ladder_view(Wait(RungName.FULL, 3)))
    with Store.open(plain.home) as store:
        for words in ("host memory is full in about 34 s", "the script was told to save (SIGUSR1)"):
            store.events.append("run.memory", run_id=3, level="warning", resource="host", words=words)
        looks = iter(range(10))

        def pause(_seconds: float) -> None:
            if next(looks) == 2:
                store.runs.update(3, status=RunStatus.STOPPED, reason="memory: …", ended_at=NOW)
                plain.engine.ladder = reached_view()

        output = io.StringIO()
        tell(plain, Terminal(output, io.StringIO(), pause=pause, clock=lambda: NOW), TARGET)
    lines = [line for line in output.getvalue().splitlines() if line.startswith("memory: ")]
    assert lines == ["memory: host memory is full in about 34 s", "memory: the script was told to save (SIGUSR1)"]
