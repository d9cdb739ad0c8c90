"""A run is started after the local model has left the GPU, not before."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mlintern.runtime import launch
from mlintern.runtime.room import Room
from mlintern.runtime.tenants import tenancy
from mlintern.store import Store
from mlintern.store.records import RungName
from mlintern.tui.starting import start_run


def test_the_model_has_left_when_the_supervisor_is_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int | None] = []
    model = subprocess.Popen([sys.executable, "-c", "import sys; print(flush=True); sys.stdin.read()"],
                             stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # fmt: skip
    assert model.stdout is not None
    model.stdout.readline()

    def fake_start(*words: Any, **more: Any) -> None:
        seen.append(model.poll())

    monkeypatch.setattr(launch, "start", fake_start)
    with Store.open(tmp_path) as store, tenancy(tmp_path, "model", pid=model.pid, device_bytes=1 << 30):
        (tmp_path / "train.py").write_text("print(1)\n")
        experiment = store.experiments.add(
            name="x", script=tmp_path / "train.py", module=None, args=(), working_dir=tmp_path,
            python=Path(sys.executable), fingerprint="f",
        )  # fmt: skip
        run = store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=9, folder_root=tmp_path)
        start_run(tmp_path, run, experiment, args=(), look_for_room=lambda: Room(1 << 30, ()))
    model.communicate()
    assert seen and seen[0] is not None
