"""`mlintern run`: without an approval nothing is spent, with one it is spent within its ceiling. Real runs."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from mlintern.store import Store
from mlintern.store.records import Decision, Run, RungName, RunStatus
from mlintern.tui.commands.climbing import LOOK_SECONDS

from .conftest import COMMAND, Mlintern, environment
from .programs import TRAIN, UNKNOWN_STEPS

PATIENCE = 120.0


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two busy threads on two shared cores would measure each other."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def runs_of(home: Path) -> dict[RungName, Run]:
    with Store.open(home) as store:
        return {row.run.rung: row.run for row in store.runs.page("", descending=False)}


def costly(home: Path) -> list[RungName]:
    return [rung for rung in runs_of(home) if rung in (RungName.PILOT, RungName.FULL)]


def test_every_rung_that_costs_needs_its_own_approval_and_the_ladder_is_taken_up_where_it_stood(
    mlintern: Mlintern, folder: Path, home: Path
) -> None:
    (folder / "train.py").write_text(TRAIN)
    words = ("run", "train.py", "--json")
    script = ("--", "--epochs", "60")

    nobody = mlintern(*words, *script)
    assert nobody.code == 3, nobody.err
    asked = nobody.json("run")["asks"]
    assert asked["rung"] == "pilot" and asked["forecast"]["seconds"]["mid"] > 0 and asked["verifies"]
    assert costly(home) == []

    too_low = mlintern(*words, "--approve", "pilot=0.01s", *script)
    assert too_low.code == 3
    assert "cannot cover" in too_low.json("run")["asks"]["why"]
    assert costly(home) == []

    wrong_rung = mlintern(*words, "--approve", "full=1h", *script)
    assert wrong_rung.code == 3 and wrong_rung.json("run")["asks"]["rung"] == "pilot"
    assert costly(home) == []

    no_budget = mlintern(*words, "--approve", "pilot=10m", "--budget", "1m", *script)
    assert no_budget.code == 3 and "budget" in no_budget.json("run")["asks"]["why"]
    assert costly(home) == []

    pilot = mlintern(*words, "--approve", "pilot=10m", "--budget", "2h", *script)
    assert pilot.code == 3, pilot.err
    content = pilot.json("run")
    assert content["asks"]["rung"] == "full"
    assert next(one for one in content["rungs"] if one["rung"] == "pilot")["status"] == "passed"
    assert costly(home) == [RungName.PILOT]
    assert not (folder / "model.pt").exists()

    full = mlintern(*words, "--approve", "full=10m", *script)
    assert full.code == 0, full.err
    history = mlintern("history", "--json").json("history")
    assert [(one["rung"], one["count"]) for one in history["calibration"]] == [("pilot", 1), ("full", 1)]
    assert "forecasts of full: " in mlintern("history").err
    assert (folder / "model.pt").exists()
    ended = runs_of(home)[RungName.FULL]
    assert (ended.status, ended.ceiling_seconds, ended.steps) == (RunStatus.DONE, 600.0, 600)

    again = mlintern(*words, *script)
    assert again.code == 0 and again.json("run")["runs"] == []
    with Store.open(home) as store:
        approvals = store.approvals.for_experiment(ended.experiment_id)
    assert {(one.decided_by, one.decision) for one in approvals} == {("flag", Decision.APPROVED)}


def test_an_unknown_cost_is_not_approved_ahead(mlintern: Mlintern, folder: Path, home: Path) -> None:
    (folder / "train.py").write_text(UNKNOWN_STEPS)
    done = mlintern("run", "train.py", "--json", "--approve", "pilot=5m", "--approve", "full=5m")
    assert done.code == 3, done.err
    asked = done.json("run")["asks"]
    assert asked["rung"] == "full" and asked["forecast"]["seconds"] is None
    assert "unknown" in asked["why"]
    assert costly(home) == [RungName.PILOT]


def test_a_run_that_reaches_its_ceiling_ends_with_4_and_is_not_started_again(
    mlintern: Mlintern, folder: Path, home: Path
) -> None:
    # Slow only where no rehearsal looks: it makes fifty epochs at the most, and the last one.
    late = TRAIN.replace("time.sleep(args.pause)", "time.sleep(5 if 60 <= epoch < args.epochs - 1 else 0)")
    (folder / "train.py").write_text(late)
    words = ("--approve", "pilot=5m", "--approve", "full=8s", "--", "--epochs", "70")
    done = mlintern("run", "train.py", "--json", *words)
    assert done.code == 4, done.err
    content = done.json("run")
    full = next(one for one in content["rungs"] if one["rung"] == "full")
    assert full["status"] == "stopped" and full["why"].startswith("ceiling")
    assert content["asks"]["rung"] == "full"
    with Store.open(home) as store:
        assert store.runs.count("rung:full") == 1


class Terminal:
    """A command with a person at its terminal."""

    def __init__(self, *words: str, folder: Path, home: Path) -> None:
        self.master, slave = pty.openpty()
        self.process = subprocess.Popen(
            [*COMMAND, *words], stdin=slave, stdout=slave, stderr=slave, cwd=folder, env=environment(home),
            start_new_session=True,
        )  # fmt: skip
        os.close(slave)
        self.text = ""

    def wait_for(self, words: str) -> None:
        """Read what is shown until the words have come."""
        deadline = time.monotonic() + PATIENCE
        while words not in self.text:
            assert time.monotonic() < deadline, self.text
            self._read()

    def type(self, words: str) -> None:
        """Answer; what is waited for afterwards must come after that."""
        self.text = ""
        os.write(self.master, words.encode())

    def end(self) -> int:
        """The exit code, after everything has been read."""
        deadline = time.monotonic() + PATIENCE
        while self.process.poll() is None:
            assert time.monotonic() < deadline, self.text
            self._read()
        self._read()
        os.close(self.master)
        return self.process.returncode

    def _read(self) -> None:
        if select.select([self.master], [], [], 0.1)[0]:
            try:
                self.text += os.read(self.master, 65536).decode(errors="replace")
            except OSError:
                return  # the other end is closed


def test_a_person_is_asked_with_the_forecast_and_silence_is_no(folder: Path, home: Path) -> None:
    (folder / "train.py").write_text(TRAIN)
    question = "climb to pilot?"

    silent = Terminal("run", "train.py", folder=folder, home=home)
    silent.wait_for("nothing typed means not now")
    assert "cost of pilot: time" in silent.text and "pilot would verify" in silent.text
    silent.type("\n")
    assert silent.end() == 3
    assert costly(home) == []

    refusing = Terminal("run", "train.py", folder=folder, home=home)
    refusing.wait_for(question)
    refusing.type("y\n")
    refusing.wait_for("is no answer here")
    refusing.wait_for(question)  # what is typed before the question stands there is thrown away
    refusing.type("no not today\n")
    assert refusing.end() == 3
    with Store.open(home) as store:
        (declined,) = store.approvals.for_experiment(1)
    assert (declined.decision, declined.reason, declined.decided_by) == (Decision.DECLINED, "not today", "terminal")
    assert costly(home) == []

    approving = Terminal("run", "train.py", "--to", "pilot", folder=folder, home=home)
    approving.wait_for(question)
    approving.type("approve 5m\n")
    assert approving.end() == 0, approving.text
    assert runs_of(home)[RungName.PILOT].ceiling_seconds == 300.0


def test_after_ctrl_c_an_approved_run_goes_on_and_can_be_come_back_to_and_stopped(
    mlintern: Mlintern, folder: Path, home: Path
) -> None:
    slow = TRAIN.replace("time.sleep(args.pause)", "time.sleep(0.02)")
    (folder / "train.py").write_text(slow)
    words = ("run", "train.py", "--approve", "pilot=10m", "--approve", "full=1h", "--", "--epochs", "3000")
    process = subprocess.Popen(
        [*COMMAND, *words], cwd=folder, env=environment(home), stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    full = wait_for_rung(home, RungName.FULL)
    wait_until(lambda: full.log_path.exists() and b"epoch 0" in full.log_path.read_bytes())
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert f"run {full.id} goes on" in told
    assert psutil.pid_exists(int(str(full.supervisor_pid)))

    back = subprocess.Popen(
        [*COMMAND, "resume", str(full.id), "--json"], cwd=folder, env=environment(home), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    extended = mlintern("extend", str(full.id), "2h", "--json")
    assert extended.code == 0
    assert extended.json("extend")["approval"]["ceiling_seconds"] == 7200.0
    wait_until(lambda: runs_of(home)[RungName.FULL].ceiling_seconds == 7200.0)
    less = mlintern("extend", str(full.id), "1h", "--json")
    assert less.code == 2 and "may already take 2h" in less.json("error")["error"]["message"]

    stopped = mlintern("stop", str(full.id), "--json")
    assert stopped.code == 0
    assert stopped.json("stop")["run"]["status"] == "stopped"
    back.communicate(timeout=PATIENCE)
    late = mlintern("extend", str(full.id), "3h")
    assert late.code == 2 and "is over" in late.err
    assert back.returncode in (3, 4)
    assert runs_of(home)[RungName.FULL].id == full.id

    assert mlintern("stop", str(full.id)).code == 0  # it is over already
    log = mlintern("logs", str(full.id), "--follow")
    assert log.code == 0 and log.out.startswith("epoch 0 loss")


def test_ctrl_c_during_a_check_stops_what_it_started(folder: Path, home: Path) -> None:
    (folder / "wait.py").write_text("import threading\nthreading.Event().wait()\n")
    process = subprocess.Popen(
        [*COMMAND, "check", "wait.py", "--json"], cwd=folder, env=environment(home), stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
    )  # fmt: skip
    rehearsal = wait_for_rung(home, RungName.REHEARSAL)
    process.send_signal(signal.SIGINT)
    out, _ = process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert out.count("\n") == 1 and '"interrupted"' in out
    with Store.open(home) as store:
        wait_until(lambda: store.runs.get(rehearsal.id).status.is_over)
        assert store.runs.get(rehearsal.id).status is RunStatus.STOPPED


def wait_for_rung(home: Path, rung: RungName) -> Run:
    """The run of a rung, once it is under way."""

    def is_running() -> bool:
        found = runs_of(home).get(rung) if (home / "mlintern.db").exists() else None
        return found is not None and found.status is RunStatus.RUNNING

    wait_until(is_running)
    return runs_of(home)[rung]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(LOOK_SECONDS / 10)
