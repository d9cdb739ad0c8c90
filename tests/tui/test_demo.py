"""`--demo-gpu`: every screen says that the GPU is made up, and nothing of it gets into the user's own history."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from harness import TARGET, ours, running, shown, until
from mlintern.runtime import demo_gpu
from synthetic import FakeBackend

needs_compiler = pytest.mark.skipif(shutil.which("cc") is None, reason="needs a C compiler")


@pytest.fixture
def switched_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(demo_gpu.LIBRARY_VARIABLE, "/nowhere/libnvidia-ml.so.1")


@pytest.mark.usefixtures("switched_on", "no_guard")
async def test_every_screen_says_it_also_without_colour(
    backend: FakeBackend, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    async with running(backend, TARGET) as pilot:
        for screen, sign in (
            ("ladder", "rehearsal"), ("home", "this machine"), ("run", "epoch 82"), ("history", "gpt.py"),
        ):  # fmt: skip
            ours(pilot).go(screen)
            await until(lambda sign=sign: sign in shown(pilot.app))
            assert demo_gpu.LABEL in shown(pilot.app), screen
        await pilot.press("question_mark")
        await until(lambda: f"esc close · {demo_gpu.LABEL}" in shown(pilot.app))
    async with running(backend, size=(60, 24)) as pilot:
        await until(lambda: "demo GPU" in shown(pilot.app))


async def test_without_it_nothing_is_said(backend: FakeBackend) -> None:
    async with running(backend) as pilot:
        await until(lambda: "this machine" in shown(pilot.app))
        assert "demo" not in shown(pilot.app)


def plain(home: Path, *words: str, path: str | None = None, temporary: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "MLINTERN_HOME": str(home), "TMPDIR": str(temporary)}
    return subprocess.run(
        [sys.executable, "-m", "mlintern.tui.launch", "--plain", "--demo-gpu", *words],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
        env={**environment, **({} if path is None else {"PATH": path})},
    )  # fmt: skip


@needs_compiler
def test_nothing_of_it_gets_into_the_users_own_home(tmp_path: Path) -> None:
    done = plain(tmp_path / "home", temporary=tmp_path)
    assert done.returncode == 0 and done.stdout.splitlines()[0] == demo_gpu.LABEL
    assert list(tmp_path.iterdir()) == []


def test_without_a_compiler_it_says_what_to_do(tmp_path: Path) -> None:
    done = plain(tmp_path / "home", path="/nowhere", temporary=tmp_path)
    assert done.returncode == 1
    assert "install gcc" in done.stderr and "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


@needs_compiler
def test_the_machine_has_gpus_whose_names_say_what_they_are(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from mlintern.runtime import demo_gpu\n"
        "from mlintern.tui.machine import gpu_facts\n"
        "demo_gpu.switch_on(Path(sys.argv[1])); print(*(fact.words for fact in gpu_facts()), sep='\\n')"
    )
    done = subprocess.run([sys.executable, "-c", program, tmp_path], capture_output=True, text=True, check=True)
    first, second = done.stdout.splitlines()
    assert first.startswith("0: demo-GPU-made-up, ") and first.endswith(" free of 24 GiB")
    assert second == "1: demo-GPU-made-up, 24 GiB free of 24 GiB"


@needs_compiler
def test_what_it_tells_never_looks_like_a_leak(tmp_path: Path) -> None:
    from mlintern.runtime.trend import Level, Trend

    trend = Trend()
    frames = [line.split() for line in demo_gpu.script().splitlines() if line.startswith("demo")][::2]
    for moment in range(240):
        total, used = map(int, frames[moment // 2 % len(frames)][1:3])
        assert trend.add(float(moment), total - used, total).level < Level.LEAK
