"""Hunks: all of them give the new text, none the old one; a diff is taken only where its lines surely stand."""

from __future__ import annotations

import difflib
import random

import pytest
from mlintern.planner.edits.hunks import hunks_between, split, unified, with_hunks
from mlintern.planner.edits.patch import PatchError, changed_files

OLD = "".join(f"line {number}\n" for number in range(1, 41))
NEW = OLD.replace("line 3\n", "line three\n").replace("line 20\n", "").replace("line 38\n", "line 38\nmore\n")


def test_each_hunk_can_be_taken_without_the_others() -> None:
    hunks = hunks_between(OLD, NEW)

    assert len(hunks) == 3
    assert with_hunks(OLD, hunks, {1, 2, 3}) == NEW and with_hunks(OLD, hunks, ()) == OLD
    assert with_hunks(OLD, hunks, {2}) == OLD.replace("line 20\n", "")
    assert hunks[0].head == "@@ -1,6 +1,6 @@"


@pytest.mark.parametrize("seed", range(40))
def test_any_change_comes_back_from_its_own_diff(seed: int) -> None:
    draw = random.Random(seed)
    endings = ["\n", "\r\n", "\x0c\n", "\u2028\n"]
    old = "".join(draw.choice("abcdef") + draw.choice(endings) for _ in range(draw.randrange(60)))
    old += draw.choice(["", "end without a line feed"])
    lines = split(old)
    for _ in range(draw.randrange(1, 6)):
        place = draw.randrange(len(lines) + 1)
        lines[place : place + draw.randrange(3)] = [f"new {draw.random()}\n"] if draw.random() < 0.6 else []
    new = "".join(lines)
    hunks = hunks_between(old, new)
    assert with_hunks(old, hunks, range(1, len(hunks) + 1)) == new
    if new == old:
        return
    if old and "\r" not in old and "\r" not in new:
        text = "\n".join(unified("f.py", hunks)) + "\n"
        assert changed_files(text, lambda _path: old) == {"f.py": (old, new)}
    text = "".join(difflib.unified_diff(split(old), split(new), "a/f.py", "b/f.py"))
    if old.endswith("\n") and new.endswith("\n"):
        assert changed_files(text, lambda _path: old)["f.py"][1] == new


def test_a_hunk_that_moved_is_taken_where_its_lines_are_the_only_ones() -> None:
    text = "".join(difflib.unified_diff(split(OLD), split(NEW), "a/f.py", "b/f.py"))
    moved = "# a head\n\n" + OLD

    assert changed_files(text, lambda _path: moved)["f.py"][1] == "# a head\n\n" + NEW


@pytest.mark.parametrize(
    ("patch", "says"),
    [
        ("nothing at all", "holds no change"),
        ("--- a/f\n+++ b/g\n@@ -1 +1 @@\n-x\n+y\n", "moves f to g"),
        ("--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+y\n", "makes or deletes"),
        ("rename from a\nrename to b\n", "no other kind"),
        ("@@ -1 +1 @@\n-x\n+y\n", "before the file"),
        ("--- a/f\n+++ b/f\n@@ -1,9 +1,9 @@\n-x\n+y\n", "not whole"),
        ("--- a/f\n+++ b/f\n@@ -1 +1 @@\n-gone\n+y\n", "stand not in f"),
        ("--- a/f\n+++ b/f\n@@ -9 +9 @@\n-x\n+y\n", "at 2 places"),
    ],
)
def test_a_diff_that_does_not_surely_fit_is_refused(patch: str, says: str) -> None:
    with pytest.raises(PatchError, match=says):
        changed_files(patch, lambda _path: "x\nx\n")
