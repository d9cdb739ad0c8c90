"""An experiment as a folder: parts are copied as they are, and everything particular stands in experiment.toml.

Invariant: nothing is written over, and a new folder appears whole or not at all; no word of a source becomes code.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from ... import __version__
from ..briefs import FILE, text_of
from .experiment import Experiment
from .readme import readme, where
from .recipe import NotPossibleError
from .toml_text import Plain, table

PARTS = Path(__file__).parent / "parts"
SHARED = ("settings", "splits", "checkpoint", "optimization", "train", "evaluate", "test_experiment")


def write(experiment: Experiment, into: Path) -> tuple[str, ...]:
    """Write the folder; returns the names of its files. Raises :class:`NotPossibleError` where something is there."""
    into = into.absolute()
    try:
        if into.is_dir() and any(into.iterdir()):
            raise NotPossibleError("into", f"{into} is not empty.", "Name a new folder; nothing is written over.")
        if into.exists() and not into.is_dir():
            raise NotPossibleError("into", f"{into} is a file.", "Name a new folder.")
        into.parent.mkdir(parents=True, exist_ok=True)
        beside = Path(tempfile.mkdtemp(prefix=f".{into.name[:100]}-", dir=into.parent))
        try:
            for name, text in files(experiment, into.name):
                (beside / name).write_text(text, encoding="utf-8")
            _put(beside, into)
        finally:
            shutil.rmtree(beside, ignore_errors=True)
    except OSError as error:
        raise NotPossibleError(
            "into", f"{into} cannot be written: {error.strerror}.", "Name a folder that you may write."
        ) from error
    return tuple(sorted(path.name for path in into.iterdir()))


def _put(beside: Path, into: Path) -> None:
    """All at once; into an empty folder, which may be where the person stands, file by file."""
    if into.is_dir():
        for path in beside.iterdir():
            path.rename(into / path.name)
    else:
        beside.chmod(0o755)
        beside.rename(into)


def files(experiment: Experiment, title: str) -> Iterator[tuple[str, str]]:
    """Every file's name and text."""
    chosen = {
        "data": experiment.data.part,
        "model": experiment.recipe.model,
        "objective": experiment.recipe.objective,
    }
    parts = [(PARTS / f"{name}.py", f"{name}.py") for name in SHARED]
    parts += [(PARTS / kind / name, f"{kind}.py") for kind, name in chosen.items()]
    yield from ((name, part.read_text(encoding="utf-8")) for part, name in parts)
    yield "experiment.toml", settings(experiment, title)
    yield FILE, text_of(experiment.checklist)
    yield "README.md", readme(experiment, title)
    yield ".gitignore", "runs/\n__pycache__/\n"


def settings(experiment: Experiment, title: str) -> str:
    """The text of experiment.toml."""
    recipe, brief = experiment.recipe, experiment.brief
    tables = [
        "# The experiment: its data, and every value with where it comes from. train.py reads it at its start.\n",
        table(
            "experiment",
            {
                "name": title,
                "task": str(recipe.task),
                "architecture": recipe.architecture,
                "recipe": recipe.name,
                "source": brief.source,
                "written_by": f"mlintern {__version__}",
                "train": "train.py",
                "evaluate": "evaluate.py",
            },
        ),
        table("data", experiment.data.table),
    ]
    for one in experiment.chosen.values:
        says = {"value": one.value, "origin": str(one.origin), "says": one.pointer, "place": where(one.place) or None}
        tables.append(table(f"hyperparameters.{one.name}", says))
    for target in brief.targets:
        aim: dict[str, Plain | None] = {"metric": target.metric, "value": target.value, "unit": target.unit}
        rest = {"spread": target.spread, "split": target.split, "says": target.quote}
        tables.append(table("targets", aim | rest, repeated=True))
    return "\n".join(tables)
