"""Bad input: exit code 2, one clear line with what to do, and nothing lost."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from mlintern.store import DATABASE_NAME, Store
from mlintern.tui.arguments import LATER

from .conftest import Mlintern

SOUND = "import torch\n"


def fill(folder: Path) -> None:
    (folder / "train.py").write_text(SOUND)
    (folder / "a_folder").mkdir()
    (folder / "data.bin").write_bytes(b"\x7fELF\x02\x01\x00\x00\x00")
    (folder / "broken.py").write_text("import torch\nfor x in range(3:\n    pass\n")
    (folder / "latin.py").write_bytes(b"name = '\xff\xfe'\n")
    (folder / "not_python").write_text("just words, not a program\n")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder / "bare")], check=True)


CASES = [
    (("check", "gone.py"), "does not exist"),
    (("check", "a_folder"), "is a folder"),
    (("run", "a_folder"), "is a folder"),
    (("check", "data.bin"), "binary"),
    (("check", "broken.py"), "line 2"),
    (("run", "broken.py"), "line 2"),
    (("check", "not_python"), "does not parse"),
    (("check", "latin.py"), "latin.py"),
    (("check", "-m", "no.such.module"), "no module no.such.module"),
    (("check", "train.py", "-m", "pkg"), "Name one script"),
    (("check",), "Name one script"),
    (("check", "train.py", "--python", "bare/bin/python"), "has no torch"),
    (("check", "train.py", "--python", "nowhere/python"), "No such interpreter"),
    (("check", "train.py", "--python", "train.py"), "not executable"),
    (("check", "train.py", "--python", "/bin/true"), "not a Python interpreter"),
    (("check", "train.py", "--steps", "-3"), "positive whole number"),
    (("check", "train.py", "--steps", "many"), "positive whole number"),
    (("check", "train.py", "--ceiling", "soon"), "for example 90s"),
    (("check", "train.py", "--memory", "lots"), "for example 8GB"),
    (("run", "train.py", "--disk=-1GB"), "for example 8GB"),
    (("check", "train.py", "--ceiling", "0s"), "for example 90s"),
    (("check", "train.py", "--to", "moon"), "invalid choice"),
    (("check", "train.py", "--to", "pilot"), "needs an approval"),
    (("run", "train.py", "--to", "sweep"), "has a plan of its own"),
    (("run", "train.py", "--approve", "full"), "approves nothing"),
    (("run", "train.py", "--approve", "full=soon"), "for example 90s"),
    (("run", "train.py", "--approve", "everything=1h"), "there is no rung “everything”"),
    (("run", "train.py", "--approve", "full=1h", "--approve", "full=2h"), "approved twice"),
    (("run", "train.py", "--budget", "5"), "2kWh or 3gpuh"),
    (("run", "train.py", "--budget", "2h,$0"), "nothing at all"),
    (("run", "train.py", "--budget", "2h", "--budget", "30m"), "two budgets in time"),
    (("run", "train.py", "--approve", "full=$5"), "a ceiling is a time"),
    (("check", "train.py", "--epochs", "3"), "stand behind --"),
    (("show", "seven"), "not the number of a run"),
    (("show", "0"), "not the number of a run"),
    (("compare", "1"), "2 to 20"),
    (("show", "3", "--", "x"), "nothing behind --"),
    (("--home", "train.py", "history"), "is a file"),
    ((), "required"),
    (("dance",), "invalid choice"),
    *(((name,), "not built yet") for name in LATER),
]


@pytest.mark.parametrize(("words", "told"), CASES)
def test_bad_input_ends_with_2_and_one_line(
    mlintern: Mlintern, folder: Path, home: Path, words: tuple[str, ...], told: str
) -> None:
    fill(folder)
    before = sorted(folder.rglob("*"))
    done = mlintern(*words)
    assert (done.code, done.out) == (2, "")
    assert told in done.err
    assert done.err.startswith("mlintern: ") and done.err.count("\n") == 1
    assert not home.exists()
    assert sorted(folder.rglob("*")) == before
    behind = words.index("--") if "--" in words else len(words)
    as_json = mlintern(*words[:behind], "--json", *words[behind:])
    assert as_json.code == 2
    assert told in f"{as_json.error['message']} {as_json.error['hint']}"
    assert not home.exists()


def test_a_syntax_error_is_told_to_other_programs_as_a_finding_too(mlintern: Mlintern, folder: Path) -> None:
    fill(folder)
    done = mlintern("check", "broken.py", "--json")
    content = done.json("error")
    assert content["error"]["code"] == "script.syntax"
    assert [(one["code"], one["file"], one["line"]) for one in content["findings"]] == [
        ("run.crash.syntax", "broken.py", 2)
    ]


def test_a_database_from_a_newer_version_is_left_as_it_is(mlintern: Mlintern, folder: Path, home: Path) -> None:
    (folder / "train.py").write_text(SOUND)
    Store.open(home).close()
    with sqlite3.connect(home / DATABASE_NAME) as database:
        database.execute("PRAGMA user_version = 4711")
    database.close()
    before = (home / DATABASE_NAME).read_bytes()
    for words in ("check train.py", "run train.py", "history", "show 1", "stop 1", "logs 1", "resume 1"):
        done = mlintern(*words.split())
        assert done.code == 2
        assert "newer version" in done.err and "Update mlintern" in done.err
    assert mlintern("history", "--json").error["code"] == "store.newer"
    assert (home / DATABASE_NAME).read_bytes() == before


def test_a_run_that_is_not_there_is_told(mlintern: Mlintern, home: Path) -> None:
    for command in ("show", "logs", "stop", "resume"):
        missing = mlintern(command, "7")
        assert missing.code == 2 and "There is no database" in missing.err
    assert not home.exists()
    Store.open(home).close()
    for command in ("show", "logs", "stop", "resume"):
        done = mlintern(command, "7")
        assert done.code == 2 and "no run 7" in done.err
    assert mlintern("compare", "7", "8").code == 2
    assert mlintern("history", "colour:blue").code == 2


def test_a_history_without_a_database_is_an_empty_one(mlintern: Mlintern, home: Path) -> None:
    done = mlintern("history", "--json")
    assert done.code == 0
    assert done.json("history")["runs"] == []
    assert not home.exists()


def test_a_file_in_place_of_the_database_is_kept(mlintern: Mlintern, folder: Path, home: Path) -> None:
    (folder / "train.py").write_text(SOUND)
    home.mkdir()
    (home / DATABASE_NAME).write_text("my precious notes\n" * 100)
    done = mlintern("check", "train.py", "--json")
    assert done.code == 2
    assert done.error["code"] == "store.corrupt"
    assert (home / DATABASE_NAME).read_text() == "my precious notes\n" * 100
