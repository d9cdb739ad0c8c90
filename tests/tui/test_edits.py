"""Proposed edits on the screen: the diff in both widths, hunks by key, applied, undone, and refused in words."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from harness import TARGET, running, shown, stands, until
from mlintern.planner.edits.hunks import hunks_between
from mlintern.planner.edits.proposal import FileEdit, Proposal, State, all_proposals
from mlintern.planner.edits.proposing import Workspace, propose_patch
from mlintern.store import Store
from mlintern.store.records import Finding, RungName, RunStatus, Severity
from mlintern.tui.screens.edits import EditsScreen
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.widgets.diff_view import rows
from synthetic import EXPERIMENT, FakeBackend, FakeEngine, add_experiment, add_run, ladder_view
from textual.pilot import Pilot

MIDDLE = "".join(f"# {number}\n" for number in range(3, 20))
TEXT = f"lr = 1  # [bold]fast[/bold] \x1b[31m\nmomentum = 0.9\n{MIDDLE}epochs = 3\nseed = 1\n"
NEW = TEXT.replace("lr = 1 ", "lr = 0.1 ").replace("seed = 1", "seed = 2\nepochs_more = 1")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    (folder / "train.py").write_text(TEXT, encoding="utf-8")
    return folder


@pytest.fixture
def store(backend: FakeBackend) -> Store:
    return Store.open(backend.home)


@pytest.fixture
def edit(store: Store, backend: FakeBackend, project: Path) -> Proposal:
    """Two hunks of the script that climbs."""
    experiment = replace(EXPERIMENT, script=project / "train.py", working_dir=project)
    backend.engine = FakeEngine(replace(ladder_view(), experiment=experiment))
    for run in store.runs.unfinished():
        store.runs.update(run.id, status=store.runs.get(1).status)
    added = add_experiment(store)
    store._connection.write(
        "UPDATE experiments SET script = ?, working_dir = ? WHERE id = ?",
        (str(project / "train.py"), str(project), added.id),
    )
    patch = "\n".join(_diff())
    found = propose_patch(Workspace.of(store, project, "model"), patch, "a calmer start")
    assert isinstance(found, Proposal), found
    return found


def _diff() -> list[str]:
    from mlintern.planner.edits.hunks import unified

    return [*unified("train.py", hunks_between(TEXT, NEW)), ""]


async def opened(pilot: Pilot[None]) -> EditsScreen:
    await until(lambda: isinstance(pilot.app.screen, LadderScreen) and pilot.app.screen.is_ready)
    ladder = pilot.app.screen
    assert isinstance(ladder, LadderScreen)
    await until(lambda: ladder.view is not None)
    ladder.action_edits()
    await until(lambda: isinstance(pilot.app.screen, EditsScreen) and stands(pilot.app, "a calmer start"))
    screen = pilot.app.screen
    assert isinstance(screen, EditsScreen)
    return screen


@pytest.mark.usefixtures("no_guard")
@pytest.mark.parametrize("size", [(80, 24), (140, 36)])
async def test_a_hunk_is_left_out_the_rest_applied_and_undone(
    backend: FakeBackend, store: Store, project: Path, edit: Proposal, size: tuple[int, int]
) -> None:
    async with running(backend, TARGET, size=size) as pilot:
        screen = await opened(pilot)
        await until(lambda: stands(pilot.app, "+ lr = 0.1") and stands(pilot.app, "hunk 1"))
        assert stands(pilot.app, "│") is (size[0] > 120) and "\x1b" not in shown(pilot.app)
        assert stands(pilot.app, "[bold]fast[/bold]")
        await pilot.press("n", "space")
        await until(lambda: stands(pilot.app, "[ ] hunk 1"))
        await pilot.press("a")
        await until(lambda: stands(pilot.app, "is applied; train.py climbs again from static, the lowest rung"))
        changed = TEXT.replace("seed = 1", "seed = 2\nepochs_more = 1")
        assert (project / "train.py").read_text(encoding="utf-8") == changed
        await until(lambda: backend.opened and backend.opened[-1].fresh)
        assert all_proposals(store)[0].state is State.APPLIED
        await pilot.press("u")
        await until(lambda: stands(pilot.app, "is undone"))
        assert (project / "train.py").read_text(encoding="utf-8") == TEXT
        await pilot.press("escape")
        await until(lambda: pilot.app.screen is not screen)


@pytest.mark.usefixtures("no_guard")
@pytest.mark.parametrize(("name", "is_free"), [(RungName.REHEARSAL, True), (RungName.FULL, False)])
async def test_a_free_run_gives_way_to_an_edit_and_one_that_costs_does_not(
    backend: FakeBackend, store: Store, project: Path, edit: Proposal, name: RungName, is_free: bool
) -> None:
    (experiment,) = store.experiments.for_script(project / "train.py")
    run = add_run(store, experiment, name, RunStatus.RUNNING)
    backend.stop = lambda asked, number: asked.runs.update(number, status=RunStatus.STOPPED) and None  # type: ignore[method-assign]
    async with running(backend, TARGET) as pilot:
        await opened(pilot)
        await pilot.press("a")
        await until(lambda: stands(pilot.app, "is applied" if is_free else f"run {run.id} is under way"))
    assert ((project / "train.py").read_text(encoding="utf-8") == NEW) is is_free
    assert store.runs.get(run.id).status is (RunStatus.STOPPED if is_free else RunStatus.RUNNING)


@pytest.mark.usefixtures("no_guard")
async def test_a_file_that_changed_since_is_told_and_a_no_is_kept(
    backend: FakeBackend, store: Store, project: Path, edit: Proposal
) -> None:
    (project / "train.py").write_text("mine = 1\n", encoding="utf-8")
    async with running(backend, TARGET) as pilot:
        await opened(pilot)
        await pilot.press("a")
        await until(lambda: stands(pilot.app, "train.py changed since, so nothing was written"))
        await pilot.press("D")
        await until(lambda: stands(pilot.app, "is declined"))
    assert (project / "train.py").read_text() == "mine = 1\n"
    assert all_proposals(store)[0].state is State.DECLINED


@pytest.mark.usefixtures("no_guard")
async def test_a_finding_with_a_sure_edit_proposes_it(
    backend: FakeBackend, store: Store, project: Path, edit: Proposal
) -> None:
    text = "for x in loader:\n    loss.backward()\n    optimizer.step()\n"
    (project / "train.py").write_text(text, encoding="utf-8")
    finding = Finding(7, 1, None, "optim.zero_grad", Severity.ERROR, RungName.STATIC,
                      "gradients are never cleared, so they pile up", (), "train.py", 3, "clear them")  # fmt: skip
    backend.engine.ladder = replace(backend.engine.ladder, findings=(finding,))
    async with running(backend, TARGET) as pilot:
        await until(lambda: isinstance(pilot.app.screen, LadderScreen) and stands(pilot.app, "optim.zero_grad"))
        pilot.app.screen.query_one("#findings").focus()
        await pilot.press("f")
        await until(lambda: isinstance(pilot.app.screen, EditsScreen))
        await until(lambda: stands(pilot.app, "+     optimizer.zero_grad()"))
    assert all_proposals(store)[0].by == "rules"


def test_both_widths_show_every_line_of_the_diff() -> None:
    files = (FileEdit("train.py", TEXT, NEW),)
    lines = [line for line in _diff() if line and line[0] in "+-" and not line.startswith(("+++", "---"))]
    for wide in (False, True):
        texts = [f"{side[1]}{side[2]}" for row in rows(files, wide=wide) for side in (row.old, row.new)
                 if side is not None and side[1] != " "]  # fmt: skip
        assert sorted(texts) == sorted(lines)
    wide_rows = list(rows(files, wide=True))
    assert any(row.old and row.new and row.old[1] == "-" and row.new[1] == "+" for row in wide_rows)
