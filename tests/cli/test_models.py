"""`mlintern models` as it is used: what is here, whether it fits, and a trial."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.tests.models import tiny

from .conftest import Mlintern


@pytest.fixture
def models(home: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv("HOME", str(tmp_path))
    for name in ("HF_HOME", "HF_HUB_CACHE", "XDG_CACHE_HOME", "OLLAMA_MODELS", "LLAMA_CACHE"):
        monkeypatch.delenv(name, raising=False)
    (home / "models").mkdir(parents=True)
    return home / "models"


def test_models_are_listed_with_whether_they_fit(mlintern: Mlintern, models: Path, home: Path) -> None:
    none = mlintern("models")
    assert none.code == 0 and "no GGUF file was found" in none.out and "built-in rules decide" in none.out
    path = tiny.write_random(models / "noise.gguf", 1)
    (model,) = (content := mlintern("models", "--json").json("models"))["models"]
    assert content["chosen"]["path"] == str(path) and content["trial"] is None
    assert (model["fits"], model["quantisation"], model["context_length"]) == (True, "F32", 4096)
    assert model["plan"]["context"] == 4096 and model["is_chosen"] is True
    (models / "broken.gguf").write_bytes(b"GGUF\3")
    listed = mlintern("models")
    assert listed.code == 0 and "fits on the CPU" in listed.out and "no usable GGUF" in listed.out
    assert "2 models in" in listed.out
    broken = next(one for one in mlintern("models", "--json").json("models")["models"] if one["problem"])
    assert (broken["fits"], broken["plan"], broken["parameters"]) == (None, None, None)
    doctor = mlintern("doctor", "--json").json("doctor")
    assert doctor["models"] == [str(path)] and doctor["model"]["path"] is None


def test_a_model_is_tried(mlintern: Mlintern, models: Path) -> None:
    pytest.importorskip("llama_cpp")
    path = tiny.write_random(models / "noise.gguf", 1)
    content = (done := mlintern("models", "--test", path, "--json")).json("models")
    assert done.code == 0 and content["trial"]["outcome"] == "runs" and content["trial"]["tokens_per_second"] > 0
    text = mlintern("models", "--test", path)
    assert "tokens a second" in text.out and "llama_" not in text.out + text.err


def test_what_cannot_be_tried_is_told(mlintern: Mlintern, models: Path) -> None:
    assert mlintern("models", "--test", models / "none.gguf", "--json").error["code"] == "model"
    (models / "cut.gguf").write_bytes(b"GGUF")
    done = mlintern("models", "--test", models / "cut.gguf")
    assert done.code == 2 and "Get it anew" in done.err
