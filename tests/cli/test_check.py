"""`mlintern check` on real scripts."""

from __future__ import annotations

import hashlib
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import COMMAND, Mlintern, environment
from .programs import TRAIN, UNKNOWN_STEPS

FOREVER = "import threading\nprint('waiting', flush=True)\nthreading.Event().wait()\n"


@pytest.fixture(autouse=True)
def one_thread(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two busy threads on two shared cores would measure each other."""
    monkeypatch.setenv("OMP_NUM_THREADS", "1")


def checksums(folder: Path) -> dict[Path, str]:
    return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.rglob("*") if path.is_file()}


def test_the_command_of_a_finding_shows_it_again(mlintern: Mlintern, folder: Path, home: Path) -> None:
    (folder / "train.py").write_text(TRAIN.replace("optimizer.zero_grad()", "pass"))
    first = mlintern("check", "train.py", "--to", "static", "--json", "--python", sys.executable, "--", "--epochs", "2")
    (told,) = (one for one in first.json("check")["findings"] if one["code"] == "optim.zero_grad")
    ours = " ".join(map(shlex.quote, COMMAND))
    again = told["command"].replace("&& mlintern ", f"&& {ours} ")
    done = subprocess.run(again, shell=True, capture_output=True, text=True, cwd="/", env=environment(home))

    assert f"cd {shlex.quote(str(folder))} && mlintern check train.py --to static" in told["command"]
    assert "error: optim.zero_grad: " in done.stdout, done.stderr
    assert f"again: {told['command'].partition('&& ')[2]}" in done.stdout, "the same command, where it stands"


def test_a_sound_script_is_checked_forecast_and_left_untouched(mlintern: Mlintern, folder: Path) -> None:
    (folder / "train.py").write_text(TRAIN)
    (folder / "model.pt").write_text("the weights of yesterday")
    before = checksums(folder)
    done = mlintern("check", "train.py", "--json", "--python", sys.executable, "--", "--epochs", "700")
    assert done.code == 0, done.err
    content = done.json("check")
    assert checksums(folder) == before
    assert (content["script"], content["args"]) == ("train.py", ["--epochs", "700"])
    assert [(one["rung"], one["status"]) for one in content["rungs"]] == [
        ("static", "passed"),
        ("dryrun", "passed"),
        ("rehearsal", "passed"),
        ("overfit", "passed"),
    ]
    assert [one["why"] for one in content["rungs"]] == [None, None, None, None]
    assert [one for one in content["findings"] if one["severity"] != "info"] == []
    forecast = content["forecast"]
    assert (forecast["steps"], forecast["steps_exact"]) == (7000, True)
    assert 0 < forecast["seconds"]["low"] <= forecast["seconds"]["mid"] <= forecast["seconds"]["high"]
    for name in ("peak_device_bytes", "energy_joules", "usd"):
        assert forecast[name] is None
        assert any(one.startswith(f"{name}: ") for one in forecast["unknown"])
    assert content["cost"]["cpu_seconds"] > 0
    assert content["verified"] and content["not_verified"]
    assert content["asks"] is None


def test_a_crash_at_the_end_is_a_finding_with_its_place(mlintern: Mlintern, folder: Path) -> None:
    (folder / "train.py").write_text(TRAIN)
    done = mlintern("check", "train.py", "--json", "--", "--out", "no/such/folder/model.pt")
    assert done.code == 1
    content = done.json("check")
    crash = next(one for one in content["findings"] if one["code"] == "run.crash")
    assert (crash["severity"], crash["rung"], crash["file"]) == ("error", "rehearsal", "train.py")
    assert crash["line"] == TRAIN[: TRAIN.index("torch.save")].count("\n") + 1
    assert content["rungs"][2]["status"] == "failed"


def test_a_static_fault_stops_before_anything_runs(mlintern: Mlintern, folder: Path) -> None:
    (folder / "train.py").write_text("open('ran', 'w')\n" + TRAIN.replace("lr=0.1", "learning_rate=0.1"))
    done = mlintern("check", "train.py")
    assert done.code == 1
    assert "run.arguments.call: torch.optim.SGD takes no argument learning_rate" in done.out
    assert "static: failed" in done.out
    assert "climbing rehearsal" not in done.err
    assert not (folder / "ran").exists()
    as_json = mlintern("check", "train.py", "--json")
    assert as_json.code == 1
    content = as_json.json("check")
    assert [one["status"] for one in content["rungs"]] == ["failed", "skipped", "skipped", "skipped"]
    assert content["rungs"][2]["why"] == "not reached"
    assert content["forecast"]["seconds"] is None and content["forecast"]["unknown"]
    assert content["runs"] == []


def test_what_passes_the_ceiling_is_stopped_with_4(mlintern: Mlintern, folder: Path) -> None:
    (folder / "wait.py").write_text(FOREVER)
    done = mlintern("check", "wait.py", "--ceiling", "3s", "--json")
    assert done.code == 4, done.err
    rehearsal = done.json("check")["rungs"][2]
    assert rehearsal["status"] == "stopped"
    assert rehearsal["why"].startswith("ceiling")


def test_what_passes_its_memory_limit_is_stopped_with_4(mlintern: Mlintern, folder: Path) -> None:
    (folder / "wait.py").write_text("held = bytearray(b'x') * (200 << 20)\n" + FOREVER)
    done = mlintern("check", "wait.py", "--memory", "100MiB", "--json")
    assert done.code == 4, done.err
    rehearsal = done.json("check")["rungs"][2]
    assert (rehearsal["status"], rehearsal["why"].endswith("of memory, 100 MiB allowed")) == ("stopped", True)


def test_a_module_and_the_last_rung_can_be_named(mlintern: Mlintern, folder: Path) -> None:
    (folder / "pkg").mkdir()
    (folder / "pkg" / "__init__.py").touch()
    (folder / "pkg" / "train.py").write_text("from .parts import missing\n")
    (folder / "pkg" / "parts.py").write_text("present = 1\n")
    done = mlintern("check", "-m", "pkg.train", "--to", "static", "--json")
    assert done.code == 1
    content = done.json("check")
    assert (content["module"], content["script"]) == ("pkg.train", str(Path("pkg") / "train.py"))
    assert [one["rung"] for one in content["rungs"]] == ["static"]
    assert [(one["code"], one["file"], one["line"]) for one in content["findings"]] == [
        ("run.arguments.import", str(Path("pkg") / "train.py"), 1)
    ]


def test_a_check_looks_again_although_the_script_is_the_same(mlintern: Mlintern, folder: Path) -> None:
    (folder / "train.py").write_text("import torch\nfrom helper import value\n")
    assert mlintern("check", "train.py", "--to", "static").code == 1
    (folder / "helper.py").write_text("value = 1\n")
    assert mlintern("check", "train.py", "--to", "static").code == 0


def test_steps_that_cannot_be_known_are_unknown_until_they_are_told(mlintern: Mlintern, folder: Path) -> None:
    (folder / "train.py").write_text(UNKNOWN_STEPS)
    unknown = mlintern("check", "train.py", "--json").json("check")["forecast"]
    assert unknown["steps"] is None and unknown["seconds"] is None
    assert any("--steps" in one for one in unknown["unknown"])
    told = mlintern("check", "train.py", "--steps", "5000", "--json").json("check")["forecast"]
    assert told["steps"] == 5000
    assert told["seconds"] is not None
