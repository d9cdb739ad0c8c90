"""Real memory for the guard's benchmark: traces recorded from real scripts, and a real kill in a real control group.

``python benchmarks/guard_real.py`` records the traces anew, into ``guard_real.json`` beside it.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from mlintern.benchmarks.control_group import limited
from mlintern.benchmarks.guard_traces import Trace
from mlintern.runtime import launch
from mlintern.runtime.guard import REPORT
from mlintern.runtime.protocol import Command, Isolation, LaunchFile, Limits, ProbeMode, ProbeSettings, launch_text
from mlintern.store import Store
from mlintern.store.records import Decision, RungName
from mlintern.tests.scripts.corpus import scripts

RECORDED = Path(__file__).with_name("guard_real.json")
SECONDS, LEAK_SECONDS = 60.0, 120.0
HEALTHY = (
    "example_digits_cnn", "example_char_gpt", "example_hf_trainer", "data_bound", "eval_heavy", "lengths_random",
    "lengths_sorted", "plain_slices", "lightning_digits",
)  # fmt: skip
MIB = 1 << 20
TOKEN = "benchmark"

_LEAK = """
import torch, time
model = torch.nn.Sequential(torch.nn.Linear(512, 512), torch.nn.ReLU(), torch.nn.Linear(512, 10))
optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
kept = []
end = time.monotonic() + {seconds}
while time.monotonic() < end:
    x, y = torch.randn({batch}, 512), torch.randint(0, 10, ({batch},))
    out = model(x)
    loss = torch.nn.functional.cross_entropy(out, y)
    optimizer.zero_grad(); loss.backward(); optimizer.step()
    kept.append({what})
    time.sleep({pause})
"""
LEAKS = {
    "losses kept with their graphs": _LEAK.format(seconds=LEAK_SECONDS, batch=1024, what="model(x).sum()", pause=0.05),
    "batches kept": _LEAK.format(seconds=LEAK_SECONDS, batch=2048, what="x", pause=0.1),
    "batches kept, and an evaluation now and then": _LEAK.format(
        seconds=LEAK_SECONDS,
        batch=1024,
        what="x if len(kept) % 40 else model[0](torch.randn(60000, 512)).mean(0)",
        pause=0.05,
    ),
}
"""Scripts that leak for as long as a recording takes."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """Host memory of a real run: seconds and bytes, from its first step on."""

    name: str
    leaks: bool
    samples: tuple[tuple[float, float], ...]

    def under(self, limit_bytes: float) -> Trace:
        """The run as it would look where so much is all there is."""
        full_at = next((moment for moment, used in self.samples if used >= limit_bytes), None)
        before = [(moment, used / limit_bytes) for moment, used in self.samples if full_at is None or moment < full_at]
        return Trace(self.name, tuple(before), full_at)

    @property
    def peak_bytes(self) -> float:
        """The most it used."""
        return max(used for _, used in self.samples)


def recorded() -> tuple[Recorded, ...]:
    """The traces that are kept beside this file."""
    return tuple(
        Recorded(
            one["name"],
            one["leaks"],
            tuple((moment, used) for moment, used in one["samples"] if moment >= (one["steps_from"] or 0.0)),
        )
        for one in json.loads(RECORDED.read_text(encoding="utf-8"))
    )


def record() -> None:
    """Run every script for a while, supervised as ever, and keep what it used."""
    rows = []
    for script in scripts():
        if script.name in HEALTHY and not script.missing:
            with tempfile.TemporaryDirectory() as scratch:
                folder = Path(scratch) / "copy"
                shutil.copytree(script.folder, folder, ignore=shutil.ignore_patterns("__pycache__"))
                rows.append(_watched(script.name, folder / script.script, script.full.args, leaks=False))
    for name, text in LEAKS.items():
        with tempfile.TemporaryDirectory() as scratch:
            path = Path(scratch) / "leak.py"
            path.write_text(text)
            rows.append(_watched(name, path, (), leaks=True))
    RECORDED.write_text("[\n" + ",\n".join(map(json.dumps, rows)) + "\n]\n", encoding="utf-8")


def _watched(name: str, script: Path, args: Sequence[str], *, leaks: bool) -> Mapping[str, object]:
    with tempfile.TemporaryDirectory() as scratch:
        home = Path(scratch) / "home"
        with Store.open(home) as store:
            file = _prepared(store, home, script, args, ProbeMode.WATCH, ceiling=LEAK_SECONDS if leaks else SECONDS)
            launch.start(
                home, file.run_id, file.command, limits=file.limits, isolation=file.isolation, probe=file.probe,
                token=TOKEN,
            )  # fmt: skip
            while not store.runs.get(file.run_id).status.is_over:
                time.sleep(0.5)
            samples = [(round(one.elapsed_seconds, 2), one.host_bytes) for one in store.samples.for_run(file.run_id)]
            points = (store.reports.get(file.run_id, REPORT) or {}).get("points", ())
            began = next((point[0] for point in points if point[1]), None)
    most = max(used for _, used in samples) / MIB
    print(f"{name}: {len(samples)} samples, at most {most:.0f} MiB, steps from {began} s on", flush=True)
    return {"name": name, "leaks": leaks, "steps_from": began, "samples": samples}


# Ignores what asks it to end, so that only the kernel ends it; grows by so many bytes ten times a second.
_UNTIL_KILLED = """
import signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
held, piece = [], int(sys.argv[1]) // 10
while True:
    held.append(b"x" * piece)
    time.sleep(0.1)
"""

_FACE = """
import os, sys
from pathlib import Path
Path(sys.argv[3], "cgroup.procs").write_text(str(os.getpid()))
from mlintern.runtime import launch
from mlintern.runtime.guard import REPORT
from mlintern.runtime.protocol import launch_from_text
file = launch_from_text(Path(sys.argv[2]).read_text())
launch.start(Path(sys.argv[1]), file.run_id, file.command, limits=file.limits, isolation=file.isolation,
             probe=file.probe, token="benchmark")
"""


def real_kill(limit_bytes: int, bytes_per_second: int) -> Mapping[str, float | str | None]:
    """A script that leaks until the kernel kills it, watched by its supervisor: when it was told, and when it died."""
    with tempfile.TemporaryDirectory() as scratch, limited(limit_bytes) as group:
        home, script = Path(scratch) / "home", Path(scratch) / "leak.py"
        script.write_text(_UNTIL_KILLED)
        with Store.open(home) as store:
            file = _prepared(store, home, script, (str(bytes_per_second),), ProbeMode.OFF, ceiling=900.0)
            path = home / "launch.benchmark.json"
            path.write_text(launch_text(file))
            subprocess.run([sys.executable, "-c", _FACE, home, path, group], check=True)
            while not (run := store.runs.get(file.run_id)).status.is_over:
                time.sleep(0.2)
            told = [event for event in store.events.after(0, run_id=run.id) if event.kind == "run.memory"]
            started = run.started_at or 0.0
            killed_at = run.wall_seconds
            report = store.reports.get(run.id, REPORT) or {}
            warned_at = told[0].at - started if told else None
            return {
                "limit_bytes": limit_bytes,
                "bytes_per_second": bytes_per_second,
                "warned_at": warned_at,
                "said_left": told[0].data["seconds_left"] if told else None,
                "killed_at": killed_at,
                "kills": report.get("kills"),
                "words": told[0].data["words"] if told else None,
            }


def _prepared(
    store: Store, home: Path, script: Path, args: Sequence[str], mode: ProbeMode, *, ceiling: float
) -> LaunchFile:
    python = Path(sys.executable)
    experiment = store.experiments.add(
        name="leak", script=script, module=None, args=tuple(args), working_dir=script.parent, python=python,
        fingerprint="0" * 64,
    )  # fmt: skip
    store.approvals.add(
        experiment_id=experiment.id, rung=RungName.FULL, forecast_id=None, decision=Decision.APPROVED,
        ceiling_seconds=ceiling, reason=None, decided_by="flag", token_hash=sha256(TOKEN.encode()).hexdigest(),
    )  # fmt: skip
    run = store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=None, folder_root=home)
    command = Command(python, script, None, tuple(args), script.parent, {"OMP_NUM_THREADS": "1"})
    # Where it is to be killed by the kernel, the grace period must outlast it.
    limits = Limits(grace_seconds=600 if mode is ProbeMode.OFF else 2)
    return LaunchFile(run.id, command, limits, Isolation.NONE, ProbeSettings(mode, roots=(script.parent,)))


if __name__ == "__main__":
    record()
