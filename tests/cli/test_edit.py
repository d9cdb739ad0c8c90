"""`mlintern edit` as it is typed: a diff is proposed, shown, applied by hunk, undone."""

from __future__ import annotations

from pathlib import Path

import pytest

from .conftest import Mlintern

PATCH = """--- a/train.py
+++ b/train.py
@@ -1,2 +1,2 @@
-lr = 1
+lr = 0.1
 momentum = 0.9
@@ -20,2 +20,2 @@
 epochs = 3
-seed = 1
+seed = 2
"""


@pytest.fixture(autouse=True)
def project(folder: Path) -> Path:
    middle = "".join(f"# {number}\n" for number in range(3, 20))
    (folder / "train.py").write_text(f"lr = 1\nmomentum = 0.9\n{middle}epochs = 3\nseed = 1\n", encoding="utf-8")
    (folder / "p.diff").write_text(PATCH, encoding="utf-8")
    return folder


def test_a_diff_is_proposed_applied_by_hunk_and_undone(mlintern: Mlintern, project: Path) -> None:
    before = (project / "train.py").read_text()
    (one,) = mlintern("edit", "propose", "p.diff", "--reason", "too fast", "--json").json("edit")["edits"]
    assert (one["state"], one["hunks"], one["reason"]) == ("proposed", 2, "too fast")
    assert (project / "train.py").read_text() == before
    edit = str(one["id"])
    shown = mlintern("edit", "show", edit)
    assert "-lr = 1\n+lr = 0.1\n" in shown.out and "hunk 2" in shown.out
    applied = mlintern("edit", "apply", edit, "--hunks", "1")
    assert applied.code == 0 and "applied" in applied.out
    assert (project / "train.py").read_text() == before.replace("lr = 1", "lr = 0.1")
    assert mlintern("edit", "undo", edit).code == 0 and (project / "train.py").read_text() == before
    assert [each["state"] for each in mlintern("edit", "list", "--json").json("edit")["edits"]] == ["undone"]


@pytest.mark.parametrize(
    ("words", "says"),
    [(("apply", "9"), "There is no edit 9"), (("apply",), "needs the number"), (("show", "x"), "is not the number"),
     (("propose", "gone.diff"), "cannot be read"), (("fix", "9"), "There is no finding 9")],
)  # fmt: skip
def test_what_cannot_be_is_exit_code_2(mlintern: Mlintern, words: tuple[str, ...], says: str) -> None:
    assert mlintern("edit", "propose", "p.diff").code == 0
    done = mlintern("edit", *words, "--json")

    assert done.code == 2 and says in done.error["message"]


def test_a_diff_that_does_not_fit_is_refused(mlintern: Mlintern, project: Path) -> None:
    (project / "train.py").write_text("lr = 7\n", encoding="utf-8")
    done = mlintern("edit", "propose", "p.diff")

    assert done.code == 2 and "stand not in train.py" in done.err
