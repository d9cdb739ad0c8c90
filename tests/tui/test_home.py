"""Home: start something, go on with something, what this machine has."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import running, shown, until
from mlintern.store import Store
from mlintern.store.records import RungName, RungStatus
from mlintern.tui.machine import MachineFact, gather
from mlintern.tui.overview import open_experiments
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.widgets.path_input import complete, split
from synthetic import FakeBackend, FakeEngine, add_experiment, fill


async def test_it_tells_what_can_be_gone_on_with_and_what_the_machine_has(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await until(lambda: "full is running 37 %" in shown(pilot.app) and "torch" in shown(pilot.app))
        text = shown(pilot.app)
        assert "rehearsal failed" in text and "19 GiB free of 24 GiB" in text and "none seen" in text


async def test_what_is_missing_is_marked_with_a_sign(backend: FakeBackend) -> None:
    backend.facts = (MachineFact("python", "No Python with torch was found", is_missing=True),)
    async with running(backend) as pilot:
        await until(lambda: "! python" in shown(pilot.app))


async def test_an_empty_home_says_what_will_be_there(tmp_path: Path) -> None:
    async with running(FakeBackend(tmp_path, FakeEngine())) as pilot:
        await until(lambda: "everything you climb will be here" in shown(pilot.app))


async def test_a_script_is_started_with_its_arguments(
    backend: FakeBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "train.py").write_text("print('hello')\n")
    monkeypatch.chdir(tmp_path)
    async with running(backend) as pilot:
        await pilot.press(*"train.py --name 'a b'", "enter")
        await until(lambda: isinstance(pilot.app.screen, LadderScreen) and backend.opened)
        assert backend.opened[0].script == tmp_path / "train.py" and backend.opened[0].args == ("--name", "a b")


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("gone.py", "does not exist"),
        (".", "is a folder"),
        ("data.bin", "is a binary file"),
        ("train.py 'x", "not closed"),
    ],
)
async def test_what_is_no_script_is_refused_in_words(
    backend: FakeBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, written: str, told: str
) -> None:
    (tmp_path / "data.bin").write_bytes(b"\x00\x01\x02")
    monkeypatch.chdir(tmp_path)
    async with running(backend) as pilot:
        await pilot.press(*written, "enter")
        await until(lambda: told in shown(pilot.app).replace("\n", " "))
        assert backend.opened == []


async def test_tab_completes_a_path_and_then_moves_on(
    backend: FakeBackend, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "training").mkdir()
    (tmp_path / "training" / "digits.py").touch()
    monkeypatch.chdir(tmp_path)
    async with running(backend) as pilot:
        entry = pilot.app.screen.query_one("#path")
        await pilot.press(*"trai")
        await until(lambda: "training/" in shown(pilot.app))
        await pilot.press("tab")
        assert entry.value == "training/"  # type: ignore[attr-defined]
        await until(lambda: "training/digits.py" in shown(pilot.app))
        await pilot.press("tab", "tab")
        assert entry.value == "training/digits.py" and not entry.has_focus  # type: ignore[attr-defined]


async def test_going_on_with_an_experiment_climbs_it(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await until(lambda: "full is running" in shown(pilot.app))
        await pilot.press("tab", "j", "enter")
        await until(lambda: backend.opened)
        assert backend.opened[0].experiment_id == 2 and backend.opened[0].climbs


def test_completion_looks_at_folders_and_scripts_only(tmp_path: Path) -> None:
    for name in ("train.py", "train.txt", ".hidden.py"):
        (tmp_path / name).touch()
    (tmp_path / "tools").mkdir()
    assert complete("tr", tmp_path) == "train.py"
    assert complete("to", tmp_path) == "tools/"
    assert complete("x", tmp_path) is None and complete("", tmp_path) is None
    assert complete("gone/x", tmp_path) is None
    assert complete(f"{tmp_path}/tr", Path("/")) == f"{tmp_path}/train.py"
    assert complete("a\x00b", tmp_path) is None


def test_the_line_is_split_as_a_shell_would() -> None:
    assert split("train.py -- --lr 0.1 'a b'") == ("train.py", ("--lr", "0.1", "a b"))
    assert split("train.py --a -- b") == ("train.py", ("--a", "--", "b"))
    for written in ("", "  ", "train.py 'x"):
        with pytest.raises(ValueError, match=r"path of a script|not closed"):
            split(written)


def test_what_waits_for_an_answer_comes_first(tmp_path: Path) -> None:
    fill(tmp_path)
    with Store.open(tmp_path) as store:
        names = ("waiting.py", "fresh.py", "passed.py", "stopped.py", "halfway.py")
        made = {name: add_experiment(store, name).id for name in names}
        for name in ("waiting.py", "passed.py", "halfway.py"):
            store.rungs.set(made[name], RungName.STATIC, RungStatus.PASSED)
            store.rungs.set(made[name], RungName.DRYRUN, RungStatus.PASSED)
        for name in ("waiting.py", "passed.py"):
            store.rungs.set(made[name], RungName.REHEARSAL, RungStatus.PASSED)
            store.rungs.set(made[name], RungName.OVERFIT, RungStatus.PASSED)
        store.forecasts.add(
            experiment_id=made["waiting.py"], rung=RungName.PILOT, source_run_id=None, seconds=None, cpu_seconds=None,
            steps=None, steps_exact=False, peak_host_bytes=None, peak_device_bytes=None, energy_joules=None, usd=None,
            unknown=("seconds: nobody knows",),
        )  # fmt: skip
        for rung in (RungName.PILOT, RungName.FULL):
            store.rungs.set(made["passed.py"], rung, RungStatus.PASSED)
        store.rungs.set(made["stopped.py"], RungName.STATIC, RungStatus.STOPPED)
        items = open_experiments(store)
    assert {item.experiment.name for item in items[:2]} == {"train.py", "waiting.py"}
    assert {item.experiment.name: item.words for item in items} == {
        "train.py": "» full is running 37 %",
        "waiting.py": "? pilot asks you",
        "passed.py": "✓ full run passed",
        "halfway.py": "· rehearsal comes next",
        "fresh.py": "· static comes next",
        "stopped.py": "■ static stopped",
        "gpt.py": "✗ rehearsal failed",
    }


def test_the_real_machine_is_looked_at_without_raising(tmp_path: Path) -> None:
    facts = {fact.label: fact for fact in gather(None, tmp_path / "not" / "there")}
    assert {"python", "cpu", "memory", "gpu", "kept in"} <= facts.keys()
    nothing = gather(tmp_path / "no-python", tmp_path)
    assert nothing[0].is_missing and "no-python" in nothing[0].words
