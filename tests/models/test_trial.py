"""A model is tried in a child: what crashes is seen, what can be switched off is, and it is remembered."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mlintern.models import process
from mlintern.models.fit import Plan
from mlintern.models.gguf import Header, read_header
from mlintern.models.trial import known_trial, try_model
from mlintern.store import Store
from mlintern.store.model_trials import TrialOutcome
from mlintern.tests.models import tiny

PLAN = Plan(1024, "f16", 0, 0, 0)

CRASHING = """
import os, signal, sys
from mlintern.models import frames, worker

def read(stream, read=frames.read):
    message = read(stream)
    if message["do"] == "load" and message["load"]["extra_buffers"] in {crashes_with}:
        os.kill(os.getpid(), signal.SIGILL)
    return message

worker.frames.read = read
worker.main()
"""
"""A worker that dies by an illegal instruction as some builds do on some processors."""


@pytest.fixture
def header(tmp_path: Path) -> Header:
    pytest.importorskip("llama_cpp")
    return read_header(tiny.write_random(tmp_path / "noise.gguf", 1))


def crash(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, crashes_with: tuple[bool, ...]) -> None:
    """Workers crash where weights are repacked, or always."""
    script = tmp_path / "crashing_worker.py"
    script.write_text(CRASHING.replace("{crashes_with}", repr(crashes_with)))
    program = ["-P", str(script)]
    monkeypatch.setattr(process, "PROGRAM", (sys.executable, *program))


def test_a_model_that_runs_is_remembered_with_its_speed(header: Header, home: Path) -> None:
    with Store.open(home) as store:
        assert known_trial(store, header) is None
        trial = try_model(store, home, header, PLAN)
        assert (trial.outcome, trial.extra_buffers, trial.detail) == (TrialOutcome.RUNS, True, None)
        assert trial.prompt_tokens_per_second is not None and trial.prompt_tokens_per_second > 0
        assert known_trial(store, header) == trial
        header.path.write_bytes(header.path.read_bytes() + b"changed")
        assert known_trial(store, header) is None


def test_what_crashes_is_switched_off(
    header: Header, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash(monkeypatch, tmp_path, (True,))
    with Store.open(home) as store:
        trial = try_model(store, home, header, PLAN)
    assert (trial.outcome, trial.extra_buffers) == (TrialOutcome.RUNS, False)
    assert "repacked" in str(trial.detail) and "GGML_NATIVE=OFF" in str(trial.detail)


def test_what_crashes_always_is_told_with_the_cure(
    header: Header, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crash(monkeypatch, tmp_path, (True, False))
    with Store.open(home) as store:
        trial = try_model(store, home, header, PLAN)
    assert trial.outcome is TrialOutcome.CRASHED
    assert "SIGILL" in str(trial.detail) and "GGML_NATIVE=OFF" in str(trial.detail)


def test_what_llama_cpp_refuses_is_no_crash(header: Header, home: Path, tmp_path: Path) -> None:
    data = header.path.read_bytes().replace(b"llama.block_count", b"llama.block_counx")
    header.path.write_bytes(data)
    with Store.open(home) as store:
        trial = try_model(store, home, header, PLAN)
    assert trial.outcome is TrialOutcome.REFUSED and "cannot load" in str(trial.detail)
