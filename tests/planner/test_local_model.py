"""The person's model as an engine: tried before it is used, known as a tenant, and out of an experiment's way."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from mlintern.models.engine import EngineDied, EngineError, EngineMissing, Limits, Message, Role
from mlintern.models.fit import Memory
from mlintern.models.gguf import read_header
from mlintern.models.local import LocalEngine, default_threads
from mlintern.models.server import ServerEngine
from mlintern.models.trial import known_trial, runtime_name
from mlintern.planner.local_model import is_run_on, open_engine, plan_now
from mlintern.planner.model_setting import ModelSetting
from mlintern.runtime import tenants
from mlintern.store import Store
from mlintern.store.model_trials import TrialOutcome
from mlintern.store.records import RungName, RunStatus
from mlintern.tests.models import tiny

HI = (Message(Role.USER, "hi"),)


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def model(tmp_path: Path) -> Path:
    pytest.importorskip("llama_cpp")
    return tiny.say(tmp_path / "saying.gguf", "It fits.")


def test_a_model_is_tried_once_and_is_a_tenant_while_it_is_loaded(store: Store, home: Path, model: Path) -> None:
    engine = open_engine(store, home, ModelSetting(path=model))
    assert isinstance(engine, LocalEngine)
    trial = known_trial(store, read_header(model))
    assert trial is not None and trial.outcome is TrialOutcome.RUNS
    assert tenants.present(home) == ()
    try:
        assert engine.generate(HI).text == "It fits."
        (tenant,) = tenants.present(home)
        assert tenant.pid == engine.worker_pid and "saying.gguf" in tenant.what and tenant.host_bytes > 0
        assert tenant.ask_to_leave()
        assert engine.generate(HI).text == "It fits."
        engine.yield_memory()
        assert tenants.present(home) == ()
    finally:
        engine.close()
    again = open_engine(store, home, ModelSetting(path=model))
    assert known_trial(store, read_header(model)) == trial
    again.close()


def test_a_model_that_crashed_here_is_not_loaded_again(store: Store, home: Path, model: Path) -> None:
    from mlintern.models.local import fingerprint

    store.model_trials.add(
        fingerprint=fingerprint(model), runtime=runtime_name(), outcome=TrialOutcome.CRASHED, extra_buffers=False,
        detail="It was killed by SIGILL.",
    )  # fmt: skip
    with pytest.raises(EngineError, match=r"does not run here\. It was killed by SIGILL"):
        open_engine(store, home, ModelSetting(path=model))


def test_what_a_run_was_promised_is_not_the_models(store: Store, home: Path, model: Path) -> None:
    with pytest.raises(EngineError, match="GiB are free"):
        open_engine(store, home, ModelSetting(path=model), host_promised=1 << 50)
    with pytest.raises(EngineError, match="smaller model"):
        plan_now(read_header(model), Memory(1 << 20))


def test_without_a_choice_or_a_file_there_is_no_engine(store: Store, home: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineMissing, match="no model"):
        open_engine(store, home, ModelSetting())
    with pytest.raises(EngineMissing, match="cannot be read"):
        open_engine(store, home, ModelSetting(path=tmp_path / "none.gguf"))
    assert isinstance(open_engine(store, home, ModelSetting(server="http://127.0.0.1:9")), ServerEngine)


def test_one_thread_must_do_while_a_run_is_on(store: Store, home: Path) -> None:
    assert not is_run_on(home) and default_threads(is_run_on=True) == 1 <= default_threads(is_run_on=False)
    experiment = store.experiments.add(
        name="x", script=Path("x.py"), module=None, args=(), working_dir=home, python=Path("python"), fingerprint="f",
    )  # fmt: skip
    store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=None, folder_root=home)
    assert is_run_on(home)


def test_while_a_run_is_on_the_model_is_loaded_for_the_processor(
    store: Store, home: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from mlintern.planner import local_model

    monkeypatch.setattr(local_model, "memory_now", lambda **promised: Memory(1 << 34, (1 << 36,)))
    engine = open_engine(store, home, ModelSetting(path=model))
    assert isinstance(engine, LocalEngine)
    assert engine._surroundings.plan().device_layers > 0
    experiment = store.experiments.add(
        name="x", script=Path("x.py"), module=None, args=(), working_dir=home, python=Path("python"), fingerprint="f",
    )  # fmt: skip
    run = store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=None, folder_root=home)
    assert engine._surroundings.plan().device_layers == 0
    store.runs.update(run.id, status=RunStatus.DONE)
    assert engine._surroundings.plan().device_layers > 0
    engine.close()


def test_a_call_that_is_under_way_when_the_model_must_leave_is_ended(store: Store, home: Path, tmp_path: Path) -> None:
    pytest.importorskip("llama_cpp")
    path = tiny.write_scripted(tmp_path / "endless.gguf", ["on "], {"\n": {"on ": 1.0}, "on ": {"on ": 1.0}})
    engine = open_engine(store, home, ModelSetting(path=path))
    said: list[str] = []

    def leave(text: str) -> None:
        if not said:
            (tenant,) = tenants.present(home)
            assert tenant.ask_to_leave()
        said.append(text)

    try:
        answer = engine.generate(HI, limits=Limits(tokens=3_900), on_text=leave)
        assert answer.generated is not None and answer.generated < 3_900
    except EngineDied:
        assert said
    finally:
        engine.close()
    assert tenants.present(home) == ()
