"""What the Home screen tells of the machine, where it depends on what the person has set."""

from __future__ import annotations

from pathlib import Path

from mlintern.tui.machine import MachineFact, model_fact


def test_who_decides_is_told_plainly(tmp_path: Path) -> None:
    assert model_fact(tmp_path) == MachineFact("decisions", "the built-in rules; no model is chosen")
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "own.gguf").touch()
    assert model_fact(tmp_path) == MachineFact("decisions", "own.gguf, and the built-in rules")
    config = tmp_path / "config.toml"
    config.write_text('[model]\npath = "/none/gone.gguf"\n')
    gone = "gone.gguf, which is not there, and the built-in rules"
    assert model_fact(tmp_path) == MachineFact("decisions", gone, is_missing=True)
    config.write_text('[model]\nserver = "http://localhost:8080"\n')
    assert model_fact(tmp_path) == MachineFact("decisions", "http://localhost:8080, and the built-in rules")
    config.write_text("[model]\npath = 7\n")
    broken = model_fact(tmp_path)
    assert broken.is_missing and "line 2: path is a text" in broken.words
