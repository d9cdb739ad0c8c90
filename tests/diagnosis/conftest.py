"""Logs of known truth: what each is stands in the manifest beside it."""

from __future__ import annotations

import io
import tomllib
from dataclasses import dataclass
from pathlib import Path

from mlintern.planner.diagnosis.diagnose import diagnose
from mlintern.planner.diagnosis.hypothesis import Diagnosis
from mlintern.planner.diagnosis.log import read

LOGS = Path(__file__).parent / "logs"


@dataclass(frozen=True)
class Known:
    """One log with its truth."""

    path: Path
    code: str
    """Empty for a sound one."""
    shows: str
    never: str | None

    def __str__(self) -> str:
        return self.path.name


def known(folder: str) -> list[Known]:
    """The logs of one folder."""
    manifest = tomllib.loads((LOGS / folder / "manifest.toml").read_text(encoding="utf-8"))
    return [
        Known(LOGS / folder / name, truth["code"], truth.get("shows", ""), truth.get("never"))
        for name, truth in manifest.items()
    ]


def of_file(path: Path) -> Diagnosis:
    """The diagnosis of a log file."""
    with path.open("rb") as stream:
        return diagnose(read(stream))


def of_text(text: str | bytes) -> Diagnosis:
    """The diagnosis of a log's text."""
    return diagnose(read(io.BytesIO(text.encode() if isinstance(text, str) else text)))
