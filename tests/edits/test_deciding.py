"""Edits of real files: proposed without writing, written all or none, taken up after a crash, undone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from mlintern.benchmarks.honesty.world import World
from mlintern.planner.edits import deciding, journal
from mlintern.planner.edits.proposal import Proposal, State, all_proposals, proposal
from mlintern.planner.edits.proposing import Refusal, Workspace, propose, propose_patch
from mlintern.planner.edits.workspace import EditError
from mlintern.runtime.project import fingerprint
from mlintern.runtime.seal import target_of
from mlintern.store.records import RunStatus

PATCH = """--- a/train.py
+++ b/train.py
@@ -1 +1 @@
-import torch  # a script that trains
+import torch  # a script that trains well
--- a/other.py
+++ b/other.py
@@ -1,2 +1,2 @@
 one = 1
-two = 2
+two = 3
"""


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    made = World(tmp_path)
    made.script("other.py", "one = 1\ntwo = 2\n")
    with made.store:
        yield made


def space(world: World) -> Workspace:
    return Workspace.of(world.store, world.project, by="model")


def proposed(found: Proposal | Refusal) -> Proposal:
    assert isinstance(found, Proposal), found
    return found


def texts(world: World) -> tuple[str, str]:
    return (world.project / "train.py").read_text(), (world.project / "other.py").read_text()


def test_nothing_is_written_before_it_is_applied_and_undo_gives_it_back(world: World) -> None:
    before = texts(world)
    (world.project / "other.py").chmod(0o640)
    experiment = world.experiment()
    one = proposed(propose_patch(space(world), PATCH, "two is wrong"))
    assert texts(world) == before and one.state is State.PROPOSED and one.hunk_count == 2

    done = deciding.apply(world.store, world.home, one.id, by="tui")
    assert texts(world) == ("import torch  # a script that trains well\n", "one = 1\ntwo = 3\n")
    assert done.state is State.APPLIED and (world.project / "other.py").stat().st_mode & 0o777 == 0o640
    assert fingerprint(target_of(experiment)) != experiment.fingerprint, "the ladder starts again"
    assert [each.id for each in deciding.climbs_again(world.store, done)] == [experiment.id]

    assert deciding.undo(world.store, world.home, one.id, by="tui").state is State.UNDONE
    assert texts(world) == before and fingerprint(target_of(experiment)) == experiment.fingerprint
    assert sorted(path.name for path in world.project.iterdir()) == ["other.py", "train.py"]
    deciding.apply(world.store, world.home, one.id, by="tui")
    assert proposal(world.store, one.id).state is State.APPLIED


def test_hunks_are_taken_one_by_one_and_undo_takes_back_what_was_written(world: World) -> None:
    before = texts(world)
    one = proposed(propose_patch(space(world), PATCH, "two is wrong"))
    deciding.apply(world.store, world.home, one.id, by="tui", hunks={2})
    assert texts(world) == (before[0], "one = 1\ntwo = 3\n")
    deciding.undo(world.store, world.home, one.id, by="tui")
    assert texts(world) == before
    for hunks, says in (({3}, "hunks 1 to 2"), (set(), "no hunk")):
        with pytest.raises(EditError, match=says):
            deciding.apply(world.store, world.home, one.id, by="tui", hunks=hunks)


def test_a_file_that_changed_since_is_never_written_over(world: World) -> None:
    one = proposed(propose_patch(space(world), PATCH, "two is wrong"))
    world.script("other.py", "one = 1\ntwo = 2\n# mine\n")
    with pytest.raises(EditError, match=r"other.py changed since"):
        deciding.apply(world.store, world.home, one.id, by="tui")
    world.script("other.py", "one = 1\ntwo = 2\n")
    deciding.apply(world.store, world.home, one.id, by="tui")
    world.script("train.py", "import torch\n")
    with pytest.raises(EditError, match=r"train.py changed since"):
        deciding.undo(world.store, world.home, one.id, by="tui")
    assert texts(world) == ("import torch\n", "one = 1\ntwo = 3\n")


def test_nothing_is_applied_while_a_run_is_under_way(world: World) -> None:
    one = proposed(propose(space(world), "other.py", "two = 2", "two = 3", "why not"))
    run = world.run(world.experiment(), {})
    world.store.runs.update(run.id, status=RunStatus.RUNNING)
    with pytest.raises(EditError, match=f"run {run.id} is under way"):
        deciding.apply(world.store, world.home, one.id, by="tui")


def test_what_was_decided_is_not_decided_again(world: World) -> None:
    one = proposed(propose(space(world), "other.py", "two = 2", "two = 3", "why not"))
    with pytest.raises(EditError, match="only what was applied"):
        deciding.undo(world.store, world.home, one.id, by="tui")
    assert deciding.decline(world.store, one.id, by="tui", reason="no").state is State.DECLINED
    with pytest.raises(EditError, match="is declined"):
        deciding.apply(world.store, world.home, one.id, by="tui")
    with pytest.raises(EditError, match="nothing to decline"):
        deciding.decline(world.store, one.id, by="tui")
    with pytest.raises(EditError, match="no edit 99"):
        deciding.undo(world.store, world.home, 99, by="tui")


@pytest.mark.parametrize(
    ("path", "says"),
    [("../home/x.py", "only files of the project"), ("/etc/passwd", "only files of the project"), ("", "only files"),
     ("link.py", "over the link"), ("linked/x.py", "over the link"), (".git/config", "version control"),
     ("folder", "Is a directory"), ("absent.py", "cannot be read"), ("binary.py", "no text"),
     ("latin.py", "no text in UTF-8"), ("large.py", "KiB"), ("pipe", "no file with text")],
)  # fmt: skip
def test_only_text_files_of_the_project_are_edited(world: World, path: str, says: str) -> None:
    here = world.project
    (here / "link.py").symlink_to("/etc/passwd")
    (here / "linked").symlink_to(here.parent)
    (here / "folder").mkdir()
    (here / "binary.py").write_bytes(b"two = 2\0")
    (here / "latin.py").write_bytes(b"two = 2 # \xe9\n")
    (here / "large.py").write_bytes(b"two = 2\n" + b"#" * 2**20)
    os.mkfifo(here / "pipe")
    found = propose(space(world), path, "two = 2", "two = 3", "why not")

    assert isinstance(found, Refusal) and says in found.reason
    assert all_proposals(world.store) == ()


@pytest.mark.parametrize(
    ("old", "new", "reason", "says"),
    [("three", "x", "r", "stands not"), ("e", "x", "r", "2 times"), ("", "x", "r", "stands not"),
     ("two = 2", "two = 2", "r", "changes nothing"), ("two = 2", "two = \0", "r", "no text"),
     ("two = 2", "\ud800", "r", "no text"), ("two = 2", "two = 3", " ", "says not why")],
)  # fmt: skip
def test_a_proposal_that_cannot_be_is_a_refusal(world: World, old: str, new: str, reason: str, says: str) -> None:
    world.script("other.py", "one = 1\ntwo = 2\n# e\n")
    found = propose(space(world), "other.py", old, new, reason)

    assert isinstance(found, Refusal) and says in found.reason


CRASH = """
import os, sys
from pathlib import Path
from mlintern.planner.edits import deciding, journal
from mlintern.store import Store
home, edit, at = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
calls = 0
real = os.fsync
def fsync(descriptor):
    global calls
    calls += 1
    if calls == at:
        os._exit(9)
    real(descriptor)
os.fsync = fsync
with Store.open(home) as store:
    deciding.apply(store, home, edit, by="tui")
os._exit(0)
"""


def test_a_crash_at_any_moment_leaves_all_or_none(world: World) -> None:
    before = texts(world)
    after = ("import torch  # a script that trains well\n", "one = 1\ntwo = 3\n")
    one = proposed(propose_patch(space(world), PATCH, "two is wrong"))
    seen = set()
    for at in range(1, 40):
        done = subprocess.run([sys.executable, "-c", CRASH, str(world.home), str(one.id), str(at)], check=False)
        assert done.returncode in (0, 9)
        deciding.recover(world.store, world.home)
        state = proposal(world.store, one.id).state
        assert texts(world) == (after if state is State.APPLIED else before), at
        assert sorted(path.name for path in world.project.iterdir()) == ["other.py", "train.py"], at
        assert [path.name for path in (world.home / journal.FOLDER).iterdir()] == ["lock"]
        seen.add((done.returncode, state))
        if state is State.APPLIED:
            deciding.undo(world.store, world.home, one.id, by="tui")
        if done.returncode == 0:
            break
    assert (9, State.APPLIED) in seen and (9, State.PROPOSED) in seen and (0, State.APPLIED) in seen


def test_a_file_that_changed_between_a_crash_and_the_recovery_takes_the_rest_back(world: World) -> None:
    before = texts(world)
    one = proposed(propose_patch(space(world), PATCH, "two is wrong"))
    for at in range(1, 40):
        subprocess.run([sys.executable, "-c", CRASH, str(world.home), str(one.id), str(at)], check=False)
        if texts(world) != before:
            break
    assert texts(world)[1] == before[1], "the crash was between the two files"
    world.script("other.py", "# another's\n")
    deciding.recover(world.store, world.home)

    assert texts(world) == (before[0], "# another's\n")
    assert proposal(world.store, one.id).state is State.PROPOSED


def test_a_folder_that_cannot_be_written_leaves_everything(world: World) -> None:
    one = proposed(propose_patch(space(world), PATCH, "two is wrong"))
    before = texts(world)
    (world.home / journal.FOLDER).write_text("no folder")
    with pytest.raises((EditError, OSError)):
        deciding.apply(world.store, world.home, one.id, by="tui")
    assert texts(world) == before and proposal(world.store, one.id).state is State.PROPOSED
