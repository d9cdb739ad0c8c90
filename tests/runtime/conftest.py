"""A laboratory for runs: a home, a store, scripts written on the spot, and waiting on processes instead of sleeping."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from textwrap import dedent

import pytest
from mlintern.runtime import launch, processes
from mlintern.runtime.protocol import Command, Isolation, Limits, ProbeMode, ProbeSettings
from mlintern.store import Store
from mlintern.store.records import Decision, Event, Experiment, Run, RungName

PATIENCE_SECONDS = 60.0
TOKEN = "the secret of the approval"


class Lab:
    """Starts real runs of small scripts."""

    def __init__(self, folder: Path, home: Path) -> None:
        self.home = home
        self.project = folder / "project"
        self.project.mkdir(parents=True)
        self.store = Store.open(home)
        self.environment: dict[str, str | None] = {}
        self._started: list[Run] = []

    def script(self, text: str, name: str = "train.py") -> Path:
        path = self.project / name
        path.write_text(dedent(text))
        return path

    def experiment(self, script: Path, *, python: Path = Path(sys.executable)) -> Experiment:
        return self.store.experiments.add(
            name=script.stem,
            script=script,
            module=None,
            args=(),
            working_dir=self.project,
            python=python,
            fingerprint="0" * 64,
            declared_steps=None,
            budget_seconds=None,
        )

    def new_run(self, script: Path, *, rung: RungName = RungName.FULL, ceiling: float | None = 120.0) -> Run:
        """A run that is about to start, approved unless ``ceiling`` is ``None``."""
        experiment = self.experiment(script)
        if ceiling is not None:
            self.approve(experiment.id, rung, ceiling)
        run = self.store.runs.add(experiment_id=experiment.id, rung=rung, ceiling_seconds=None, folder_root=self.home)
        self._started.append(run)
        return run

    def approve(self, experiment_id: int, rung: RungName, ceiling: float | None, token: str = TOKEN) -> None:
        self.store.approvals.add(
            experiment_id=experiment_id,
            rung=rung,
            forecast_id=None,
            decision=Decision.APPROVED,
            ceiling_seconds=ceiling,
            reason=None,
            decided_by="flag",
            token_hash=sha256(token.encode()).hexdigest(),
        )

    def command(self, script: Path, *args: str, python: Path = Path(sys.executable)) -> Command:
        return Command(
            python=python,
            script=script,
            module=None,
            args=args,
            working_dir=self.project,
            environment=self.environment,
        )

    def start(
        self,
        text: str,
        *args: str,
        rung: RungName = RungName.FULL,
        ceiling: float | None = 120.0,
        limits: Limits = Limits(grace_seconds=5),  # noqa: B008  # frozen
        isolation: Isolation = Isolation.NONE,
        probe: ProbeSettings = ProbeSettings(ProbeMode.OFF),  # noqa: B008  # frozen
        python: Path = Path(sys.executable),
        token: str | None = TOKEN,
    ) -> Run:
        """Start a run of a script with this text; its process runs when this returns."""
        script = self.script(text)
        run = self.new_run(script, rung=rung, ceiling=ceiling)
        command = self.command(script, *args, python=python)
        launch.start(self.home, run.id, command, limits=limits, isolation=isolation, probe=probe, token=token)
        return self.store.runs.get(run.id)

    def wait(self, run: Run) -> Run:
        """Wait until the run's supervisor has ended, which it does last."""
        pid = self.store.runs.get(run.id).supervisor_pid
        assert pid is not None
        wait_for_end(pid)
        return self.store.runs.get(run.id)

    def run(self, text: str, *args: str, **options: object) -> Run:
        """Start a run and wait for its end."""
        return self.wait(self.start(text, *args, **options))  # type: ignore[arg-type]

    def rehearse(self, text: str, *args: str, isolation: Isolation) -> Run:
        """Run a script under an isolation, to its end."""
        return self.run(text, *args, rung=RungName.REHEARSAL, ceiling=None, isolation=isolation, token=None)

    def log(self, run: Run) -> bytes:
        return run.log_path.read_bytes()

    def wait_for_output(self, run: Run, text: bytes) -> None:
        until(lambda: text in self.log(run), f"{text!r} in the output")

    def events(self, run: Run) -> tuple[Event, ...]:
        return self.store.events.after(0, run_id=run.id)

    def kinds(self, run: Run) -> list[str]:
        return [event.kind for event in self.events(run)]

    def close(self) -> None:
        for run in self._started:
            pid = self.store.runs.get(run.id).supervisor_pid
            if pid is not None:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
                wait_for_end(pid)
            for left in processes.of_run(run.folder):
                with suppress(ProcessLookupError):
                    os.kill(left, signal.SIGKILL)
                wait_for_end(left)
        self.store.close()


def until(condition: Callable[[], bool], what: str, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait for a condition that nothing can notify us of."""
    deadline = time.monotonic() + seconds
    pause = threading.Event()
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds} s in vain for {what}"
        pause.wait(0.01)


def wait_for_end(pid: int, seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until a process that need not be our child has ended."""
    try:
        descriptor = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        ready, _, _ = select.select([descriptor], [], [], seconds)
        assert ready, f"process {pid} did not end in {seconds} s"
    finally:
        os.close(descriptor)


@pytest.fixture
def lab(tmp_path: Path) -> Iterator[Lab]:
    laboratory = Lab(tmp_path, tmp_path / "home")
    yield laboratory
    laboratory.close()


@pytest.fixture
def make_lab(tmp_path: Path) -> Iterator[Callable[[Path], Lab]]:
    """For a test that needs its home elsewhere."""
    made: list[Lab] = []

    def make(home: Path) -> Lab:
        made.append(Lab(tmp_path, home))
        return made[-1]

    yield make
    for laboratory in made:
        laboratory.close()


@pytest.fixture
def wait_until() -> Callable[..., None]:
    return until


@pytest.fixture
def wait_for_process() -> Callable[..., None]:
    return wait_for_end


@pytest.fixture(scope="session")
def compile_c(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Compile one C file into a shared library; skips where there is no compiler."""

    def build(source: Path, name: str) -> Path:
        library = tmp_path_factory.mktemp("library") / name
        try:
            subprocess.run(
                ["cc", "-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], check=True, capture_output=True
            )
        except FileNotFoundError:
            pytest.skip("needs a C compiler")
        library.parent.chmod(0o755)
        return library

    return build


@pytest.fixture(scope="session")
def nvml(compile_c: Callable[..., Path]) -> Path:
    """NVML's stand-in."""
    return compile_c(Path(__file__).parents[2] / "runtime" / "demo_nvml" / "nvml.c", "libnvidia-ml.so.1")


@pytest.fixture
def state(tmp_path: Path, nvml: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file that the library reads; processes that are started from here on find the library."""
    monkeypatch.setenv("LD_LIBRARY_PATH", str(nvml.parent))
    monkeypatch.setenv("FAKE_NVML_STATE", str(tmp_path / "state"))
    return tmp_path / "state"
