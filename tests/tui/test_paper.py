"""From a paper to a climb: the checklist is answered by keys, the experiment is shown before it is written."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from harness import ours, running, shown, stands, until
from mlintern.planner import briefs
from mlintern.planner.reading.checklist import Mark
from mlintern.store import Store
from mlintern.tui.engine import Limits, Paper, Target
from mlintern.tui.screens.checklist import ChecklistScreen
from mlintern.tui.screens.home import HomeScreen
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.screens.setup import SetupScreen
from mlintern.tui.starting_point import starting_point
from synthetic import FakeBackend
from textual.pilot import Pilot

EXAMPLES = Path(__file__).parents[2] / "examples"
TWICE = """# Notes
We use the handwritten digits that come with scikit-learn: 1797 grey images.
We train with SGD, with a learning rate of 0.01.
\x1b[31mWe train for 40 epochs.\x1b[0m It reaches an accuracy of 97.2 % on the [bold]test[/bold] split.

# Details
Training takes 60 epochs.
"""


async def opened(pilot: Pilot[None]) -> ChecklistScreen:
    await until(lambda: isinstance(pilot.app.screen, ChecklistScreen) and pilot.app.screen.checklist is not None)
    screen = pilot.app.screen
    assert isinstance(screen, ChecklistScreen)
    return screen


def go_to(screen: ChecklistScreen, name: str, value: object = None) -> None:
    screen.table.cursor = next(
        at for at, one in enumerate(screen.table.items) if one.name == name and value in (None, one.value)
    )


@pytest.fixture
def stand(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the person stands."""
    folder = tmp_path / "stand"
    folder.mkdir()
    monkeypatch.chdir(folder)
    return folder


@pytest.mark.parametrize("size", [(80, 24), (120, 36)])
async def test_a_paper_becomes_an_experiment_that_is_climbed(
    backend: FakeBackend, stand: Path, size: tuple[int, int]
) -> None:
    paper = Paper(EXAMPLES / "digits_paper.md", limits=Limits(budget_seconds=60.0))
    async with running(backend, paper, size=size) as pilot:
        screen = await opened(pilot)
        await until(lambda: stands(pilot.app, "accuracy") and stands(pilot.app, "99.2 ± 0.5 %"))
        go_to(screen, "learning_rate")
        await until(lambda: stands(pilot.app, "“We minimise the cross-entropy"))
        await pilot.press("e", "0", ".", "0", "0", "1", "enter")
        await until(lambda: stands(pilot.app, "0.001: chosen by a person, the source says 0.002"))
        go_to(screen, "dropout")
        await pilot.press("x")
        await until(lambda: stands(pilot.app, "[-]"))
        await pilot.press("C")
        await until(lambda: isinstance(pilot.app.screen, SetupScreen) and stands(pilot.app, "w writes it into"))
        assert stands(pilot.app, "image-cnn") and not list(stand.iterdir())
        await pilot.press("w")
        await until(lambda: backend.opened)
        await until(lambda: isinstance(pilot.app.screen, LadderScreen))
    folder = stand / "digits_paper-experiment"
    assert backend.opened == [Target(folder / "train.py", limits=Limits(budget_seconds=60.0))]
    kept = json.loads((folder / briefs.FILE).read_text(encoding="utf-8"))["answers"]
    marks = {one["name"]: (one["mark"], one["value"]) for one in kept if one["part"] == "hyperparameter"}
    assert marks["learning_rate"] == ("changed", 0.001) and marks["dropout"] == ("left out", None)
    with Store.open(backend.home) as store:
        assert briefs.last_confirmed(store, briefs.digest(paper.path)) is not None


async def test_what_was_confirmed_is_there_again_and_its_folder_is_gone_on_with(
    backend: FakeBackend, stand: Path
) -> None:
    paper = Paper(EXAMPLES / "digits_paper.md")
    for _ in range(2):
        async with running(backend, paper) as pilot:
            screen = await opened(pilot)
            await pilot.press("C")
            await until(lambda: isinstance(pilot.app.screen, SetupScreen) and pilot.app.screen.experiment)
            await pilot.press("w")
            await until(lambda: isinstance(pilot.app.screen, LadderScreen))
    assert screen.checklist is not None
    assert {one.answer.mark for one in screen.checklist.items if one.said is not None} == {Mark.CONFIRMED}
    assert [path.name for path in stand.iterdir()] == ["digits_paper-experiment"] and len(backend.opened) == 2


async def test_a_contradiction_is_settled_before_the_whole_is_confirmed(backend: FakeBackend, stand: Path) -> None:
    (stand / "notes.md").write_text(TWICE, encoding="utf-8")
    async with running(backend, Paper(stand / "notes.md")) as pilot:
        screen = await opened(pilot)
        await until(lambda: stands(pilot.app, "1 said in two ways"))
        await pilot.press("C")
        await until(lambda: stands(pilot.app, "Said in two ways: epochs"))
        assert pilot.app.screen is screen
        in_hand = screen.table.in_hand
        assert in_hand is not None and in_hand.name == "epochs"
        await until(lambda: stands(pilot.app, "! elsewhere 60"))
        assert "\x1b" not in shown(pilot.app)
        go_to(screen, "epochs", 60)
        await pilot.press("space")
        await until(lambda: not stands(pilot.app, "said in two ways"))
        go_to(screen, "epochs", 40)
        await until(lambda: screen.table.in_hand is not None and screen.table.in_hand.is_out)
        await pilot.press("C")
        await until(lambda: isinstance(pilot.app.screen, SetupScreen) and stands(pilot.app, "w writes it into"))
        await pilot.press("escape")
        await until(lambda: pilot.app.screen is screen)


async def test_answers_are_taken_back_and_bad_ones_refused(backend: FakeBackend, stand: Path) -> None:
    async with running(backend, Paper(EXAMPLES / "digits_paper.md")) as pilot:
        screen = await opened(pilot)
        go_to(screen, "epochs")
        await pilot.press("e", "0", "enter")
        await until(lambda: stands(pilot.app, "it must be a whole number of at least 1"))
        await pilot.press("escape")
        await until(lambda: screen.table.has_focus)
        await pilot.press("x")
        go_to(screen, "epochs")
        await pilot.press("x")
        assert screen.table.items[screen.table.cursor].answer.mark is Mark.OPEN
        go_to(screen, "beta1")
        await pilot.press("space")
        await until(lambda: stands(pilot.app, "The source says no beta1"))
        await pilot.press("escape")
        await until(lambda: isinstance(pilot.app.screen, HomeScreen))
        ours(pilot).read_paper(screen.paper)
        again = await opened(pilot)
        assert again is not screen and again.checklist == screen.checklist


async def test_missing_data_is_asked_for_and_taken_from_what_is_given(backend: FakeBackend, stand: Path) -> None:
    text = "We classify customers of our own table with a multi-layer perceptron, with Adam, with a batch size of 8.\n"
    (stand / "task.txt").write_text(text, encoding="utf-8")
    rows = "\n".join(f"{n},{n % 7},{'yes' if n % 2 else 'no'}" for n in range(60))
    (stand / "rows.csv").write_text(f"age,size,left\n{rows}\n", encoding="utf-8")
    async with running(backend, Paper(stand / "task.txt")) as pilot:
        await opened(pilot)
        await pilot.press("C")
        await until(lambda: stands(pilot.app, "No such data was found here") and stands(pilot.app, "under “data” (e)"))
        await pilot.press("tab", *"rows.csv", "tab", *"left", "enter")
        await until(lambda: stands(pilot.app, "tabular-mlp"))
        await pilot.press("w")
        await until(lambda: backend.opened)
    assert (stand / "task-experiment" / "train.py").is_file()


async def test_a_file_that_cannot_be_read_says_why(backend: FakeBackend, stand: Path) -> None:
    (stand / "paper.pdf").write_bytes(b"no PDF at all")
    async with running(backend, Paper(stand / "paper.pdf")) as pilot:
        await until(lambda: stands(pilot.app, "paper.pdf is no PDF, whatever its name says."))
        await pilot.press("C", "space", "e", "n")
        assert isinstance(pilot.app.screen, ChecklistScreen) and pilot.app.screen.checklist is None


async def test_a_paper_can_be_named_on_home(backend: FakeBackend, stand: Path) -> None:
    (stand / "task.md").write_text(TWICE, encoding="utf-8")
    async with running(backend) as pilot:
        await until(lambda: isinstance(pilot.app.screen, HomeScreen) and pilot.app.screen.is_ready)
        await pilot.press(*"task.md", "enter")
        await opened(pilot)


def test_a_path_is_a_script_a_folder_or_a_paper(stand: Path) -> None:
    (stand / "train.py").write_text("import torch\n", encoding="utf-8")
    (stand / "paper.TEX").write_text("x", encoding="utf-8")
    (stand / "paper.md").mkdir()
    assert starting_point("train.py", ("--lr", "1")) == Target(stand / "train.py", ("--lr", "1"))
    assert starting_point("paper.TEX", ()) == Paper(stand / "paper.TEX")
    for name, words in (("gone.pdf", "does not exist"), ("paper.md", "is a folder"), ("train.yaml", "does not exist")):
        with pytest.raises(ValueError, match=words):
            starting_point(name, ())
