"""The data of an experiment: which part reads it, and what the part has to know.

Invariant: data that is not here, or whose columns cannot be told apart, is refused with what to give; none is made up.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from ..datasets.look import look
from ..datasets.report import DataReport, UnreadableDataError
from ..provenance import Origin
from ..reading.brief import Brief, RequirementKind
from .recipe import Default, NotPossibleError, Scalar, Task

Setting = Scalar | list[str]
_CLASSES = {Task.CLASSIFICATION, Task.REGRESSION}
_SHARE = re.compile(r"(\d+(?:\.\d+)?) ?(?:%|/|$|per cent)")
_BUNDLED: Mapping[str, tuple[str, Task]] = {
    "digits": (r"digits", Task.IMAGES),
    "iris": (r"iris", Task.CLASSIFICATION),
    "wine": (r"wine", Task.CLASSIFICATION),
    "breast_cancer": (r"breast[- _]cancer", Task.CLASSIFICATION),
    "diabetes": (r"diabetes", Task.REGRESSION),
}
"""Scikit-learn's own, which need no download."""
_ROWS = {"digits": 1797, "iris": 150, "wine": 178, "breast_cancer": 569, "diabetes": 442}


@dataclass(frozen=True, slots=True)
class Columns:
    """Columns that a person names; ``split`` is rows, groups or time."""

    target: str | None = None
    group: str | None = None
    time: str | None = None
    split: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """Data, before it is known what for."""

    words: str
    tasks: frozenset[Task]
    path: Path | None = None
    report: DataReport | None = None
    bundled: str | None = None
    size: int | None = None
    """Rows, or the characters of a text; ``None`` where the end was not reached."""
    shares: Mapping[str, Setting] = field(default_factory=dict)
    """How much is validation and test, and who says so."""


@dataclass(frozen=True, slots=True)
class DataUse:
    """Data as an experiment uses it."""

    part: str
    """The file in ``parts/data``."""
    table: Mapping[str, Setting]
    split: str
    """By what it is split, and why, in words."""
    notes: tuple[str, ...] = ()
    values: Mapping[str, Default] = field(default_factory=dict)
    """Hyperparameters that this form of data asks for."""


def find(brief: Brief, named: Path | None, beside: Path) -> Source:
    """The data that a person named, or else the brief; files of the brief are looked for ``beside`` it."""
    return replace(_find(brief, named, beside), shares=shares(brief))


def shares(brief: Brief) -> dict[str, Setting]:
    """The shares of validation and test: the source's, where it gives all three in their order, or the usual ones."""
    for one in brief.requirements:
        found = [float(number) for number in _SHARE.findall(one.quote)]
        if one.kind is RequirementKind.SPLIT and len(found) == 3 and sum(found) == 100 and found[0] >= max(found[1:]):
            _, validation, test = (number / 100 for number in found)
            if validation > 0 and test > 0:
                return _shares(validation, test, f"quoted source: {' '.join(one.quote.split())}")
    return _shares(0.15, 0.15, "convention: 70 %, 15 %, 15 %")


def _shares(validation: float, test: float, origin: str) -> dict[str, Setting]:
    return {"validation_fraction": validation, "test_fraction": test, "shares_from": origin, "split_seed": 0}


def _find(brief: Brief, named: Path | None, beside: Path) -> Source:
    if named is not None:
        return _of_path(named)
    asked_for = [one for one in brief.requirements if one.kind is RequirementKind.DATASET]
    texts = [f"{one.text} {one.quote}" for one in asked_for]
    texts += [one.dataset for one in brief.targets if one.dataset]
    for text in texts:
        for word in re.findall(r"[\w./-]+\.(?:csv|tsv|jsonl|npz|npy|txt|parquet)\b", text):
            path = (beside / word).resolve()
            if path.is_file() and path.is_relative_to(beside.resolve()):  # a paper names no file of elsewhere
                return _of_path(path)
    everything = " ".join(texts).lower()
    if re.search(r"scikit[- ]?learn|sklearn", everything):
        for name, (pattern, task) in _BUNDLED.items():
            if re.search(pattern, everything):
                words = f"scikit-learn's {name.replace('_', ' ')}"
                return Source(words, frozenset({task}), bundled=name, size=_ROWS[name])
    words = asked_for[0].quote if asked_for else texts[0] if texts else ""
    asked = f"It asks for “{' '.join(words.split())[:120]}”. " if words else "The brief names no data. "
    raise NotPossibleError(
        "data",
        f"{asked}No such data was found here, and none is made up.",
        "Name it with --data PATH; `mlintern find WORDS` looks for data on this machine.",
    )


def _of_path(path: Path) -> Source:
    try:
        report = look(path)
    except UnreadableDataError as error:
        raise NotPossibleError("data", str(error), error.hint) from error
    tasks = {
        "text": {Task.LANGUAGE},
        "NumPy": {Task.IMAGES},
        "folder of images": {Task.IMAGES},
        "CSV": {*_CLASSES, Task.TEXT, Task.FORECAST},
        "TSV": {*_CLASSES, Task.TEXT, Task.FORECAST},
        "JSON lines": {Task.TEXT},
    }.get(report.form)
    if tasks is None:
        raise NotPossibleError(
            "data",
            f"No recipe reads {path} ({report.form}).",
            "Give CSV, TSV, JSON lines, an .npz of images and labels, a folder of images for each class, or a text.",
        )
    if not report.has_own_names:
        raise NotPossibleError(
            "data", f"Some columns of {path} have no name, or the name of another.", "Give each a name of its own."
        )
    size = report.arrays[0].shape[0] if report.form == "text" else report.rows
    return Source(str(path), frozenset(tasks), path.resolve(), report, size=size)


def training_size(source: Source) -> int | None:
    """How much of it is for training."""
    if source.size is None:
        return None
    held_out = float(str(source.shares["validation_fraction"])) + float(str(source.shares["test_fraction"]))
    return round(source.size * (1 - held_out))


def use(source: Source, task: Task, columns: Columns) -> DataUse:
    """How an experiment of this task uses the data."""
    if source.bundled is not None:
        return _use_bundled(source.bundled, task, source.shares)
    from . import source_columns, source_images

    assert source.path is not None and source.report is not None
    common: dict[str, Setting] = {"path": str(source.path), **_digest(source.path), **source.shares}
    if task in _CLASSES:
        return source_columns.of_table(source.report, task, columns, common)
    if task is Task.TEXT:
        return source_columns.of_texts(source.report, columns, common)
    if task is Task.FORECAST:
        return source_columns.of_series(source.report, columns, common)
    if task is Task.LANGUAGE:
        return DataUse("characters.py", common, "in the order of the text: its end is the test")
    return source_images.of_images(source.report, common)


def _digest(path: Path) -> dict[str, Setting]:
    """What the file holds now, so that another content is noticed; nothing for a folder."""
    if path.is_dir():
        return {}
    with path.open("rb") as stream:
        return {"sha256": hashlib.file_digest(stream, "sha256").hexdigest()}


def _use_bundled(name: str, task: Task, shares: Mapping[str, Setting]) -> DataUse:
    split = "by rows at random, equal rows together"
    if task is Task.IMAGES:
        return DataUse("digits.py", {"name": name, **shares}, f"{split}, classes in equal shares")
    is_classes = task is Task.CLASSIFICATION
    words = f"{split}, classes in equal shares" if is_classes else split
    return DataUse("sklearn_table.py", {"name": name, "classes": is_classes, **shares}, words)


IMAGE_SIZE = Default(32, Origin.RECIPE, "small enough for a full run of about a minute on one processor core")
