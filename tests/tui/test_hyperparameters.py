"""Where the values come from: on the screen by one key, and in plain text."""

from __future__ import annotations

from pathlib import Path

import pytest
from harness import TARGET, running, shown, until
from inspected import inspect
from mlintern.planner.inspections import hyperparameters, inspected
from mlintern.store import Store
from mlintern.store.records import Experiment
from mlintern.tui.provenance_words import NONE_FOUND, NOT_INSPECTED, lines
from mlintern.tui.screens.detail import DetailScreen
from mlintern.tui.screens.hyperparameters import HyperparametersScreen
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.screens.run import RunScreen
from synthetic import FakeBackend
from textual.pilot import Pilot

ORDER = ["AdamW.lr", "DataLoader.batch_size", "epochs", "AdamW.weight_decay", "AdamW.eps", "AdamW.amsgrad"]


@pytest.fixture
def store(backend: FakeBackend) -> Store:
    return Store.open(backend.home)


@pytest.fixture
def experiment(store: Store) -> Experiment:
    return store.experiments.get(1)


async def opened(pilot: Pilot[None]) -> HyperparametersScreen:
    await until(lambda: isinstance(pilot.app.screen, LadderScreen) and pilot.app.screen.is_ready)
    ladder = pilot.app.screen
    assert isinstance(ladder, LadderScreen)
    await until(lambda: ladder.approval.armed and ladder.approval.has_focus)
    await pilot.press("o")
    await until(lambda: isinstance(pilot.app.screen, HyperparametersScreen))
    screen = pilot.app.screen
    assert isinstance(screen, HyperparametersScreen)
    await until(lambda: "reading" not in shown(pilot.app) and screen.is_ready)
    return screen


@pytest.mark.usefixtures("no_guard")
async def test_the_table_is_one_key_away_and_says_all_of_the_one_in_hand(
    backend: FakeBackend, store: Store, experiment: Experiment
) -> None:
    inspect(store, experiment)
    async with running(backend, TARGET) as pilot:
        screen = await opened(pilot)
        await until(lambda: "DataLoader.batch_size" in shown(pilot.app))
        text = shown(pilot.app)
        rows = [line for line in text.splitlines() if any(name in line for name in ORDER) and " = " not in line]
        assert [next(name for name in ORDER if name in line) for line in rows] == ORDER
        assert "2 of 6 matter and are of unknown origin" in text
        assert all("?" in line for line in rows[:2]) and not any("?" in line for line in rows[2:])
        assert "train.py:31" in rows[0] and "0.0003" in rows[0] and "≠" in rows[0]
        assert "and on 1 more line" in text and "papers often give it for a batch of 256" in text
        await pilot.press("j", "j", "j")
        await until(lambda: "quoted source: “[bold]red[/bold] paper, table 2”" in shown(pilot.app))
        assert "\x1b[31m" not in shown(pilot.app)
        await pilot.press("enter")
        await until(lambda: isinstance(pilot.app.screen, DetailScreen))
        await pilot.press("escape")
        await until(lambda: pilot.app.screen is screen)
        await pilot.press("escape")
        await until(lambda: isinstance(pilot.app.screen, LadderScreen))


@pytest.mark.usefixtures("no_guard")
async def test_nothing_inspected_yet_says_so_and_fills_when_it_is(
    backend: FakeBackend, store: Store, experiment: Experiment
) -> None:
    async with running(backend, TARGET) as pilot:
        screen = await opened(pilot)
        await until(lambda: "the code was not inspected yet" in shown(pilot.app))
        await pilot.press("j", "enter")
        assert pilot.app.screen is screen, "there is nothing to open"
        inspect(store, experiment)
        screen.climber_changed()
        await until(lambda: "AdamW.lr" in shown(pilot.app))


async def test_the_run_shows_those_of_its_experiment(
    backend: FakeBackend, store: Store, experiment: Experiment
) -> None:
    inspect(store, experiment)
    async with running(backend) as pilot:
        await pilot.press("tab", "3")
        await until(lambda: isinstance(pilot.app.screen, RunScreen) and pilot.app.screen.snapshot is not None)
        await pilot.press("o")
        await until(lambda: "DataLoader.batch_size" in shown(pilot.app))
        await pilot.press("escape")
        await until(lambda: isinstance(pilot.app.screen, RunScreen))


def test_plain_text_tells_those_that_matter_and_counts_the_rest(store: Store, experiment: Experiment) -> None:
    inspect(store, experiment)
    told = list(lines(inspected(store, experiment)))

    assert told[0] == "hyperparameters: 2 of 6 matter and are of unknown origin"
    assert told[1].startswith("hyperparameter AdamW.lr = 0.0003 (train.py:31): matters, unknown: written on line 31")
    assert "differs between libraries: papers" in told[1]
    assert told[2].startswith("hyperparameter DataLoader.batch_size = max(8, 512 // n) (train.py:40)")
    assert "epochs = 220 (train.py:12): chosen by a person: --epochs" in told[3]
    assert told[-1] == "hyperparameters not listed: 1 library defaults not known to matter; --json has them"
    assert not any("amsgrad" in line or "\x1b" in line for line in told)


def test_not_inspected_and_nothing_found_are_two_things(store: Store, experiment: Experiment) -> None:
    assert list(lines(inspected(store, experiment))) == [f"hyperparameters: {NOT_INSPECTED}"]
    inspect(store, experiment, ())
    assert list(lines(inspected(store, experiment))) == [f"hyperparameters: {NONE_FOUND}"]
    assert hyperparameters(store, experiment) == ()


def test_a_file_elsewhere_is_told_by_its_path(store: Store, experiment: Experiment, tmp_path: Path) -> None:
    from inspected import entry

    inspect(store, experiment, (entry("lr", 0.1, 3, file=str(tmp_path / "other.py")),))
    (row,) = hyperparameters(store, experiment)
    assert row.file == str(tmp_path / "other.py")
