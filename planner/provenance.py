"""Where every hyperparameter of a program comes from: a table, what is unknown and matters first.

Invariant: a pure function of the inspection's report and what a person gave; an origin is stated only with a pointer
that can be looked up (a line, a library's version, a run, a command line), and is otherwise unknown.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ..store.records import Json
from .conventions import note_on


class Origin(StrEnum):
    """The ladder of origins, the surest first."""

    QUOTED = "quoted source"
    REFERENCE = "reference implementation"
    TUNED = "tuned in a run"
    CONVENTION = "convention"
    RECIPE = "chosen by the recipe"
    PERSON = "chosen by a person"
    LIBRARY = "library default"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Hyperparameter:
    """One value that takes effect, and where it comes from."""

    name: str
    value: object
    """``None`` where the code computes it; then ``expression`` is its text."""
    origin: Origin
    pointer: str
    """What to look up: a line's citation, ``torch 2.13.0``, ``--lr``."""
    role: str
    callee: str | None
    file: str
    line: int
    expression: str | None
    times: int
    sensitivity: int
    """0 matters most."""
    note: str | None
    """What differs between libraries."""
    option: str | None = None
    """The script's own option that its value comes from, as the code calls it."""

    @property
    def is_open(self) -> bool:
        """Whether nobody can tell where it comes from, and it matters."""
        return self.origin is Origin.UNKNOWN and self.sensitivity < _REST

    @property
    def is_minor(self) -> bool:
        """Whether it is a library's default that is not known to matter or to differ."""
        return self.origin is Origin.LIBRARY and self.sensitivity >= _REST and self.note is None


# In the order in which a wrong value is felt.
_SENSITIVE: tuple[tuple[str, ...], ...] = (
    ("lr", "learning_rate", "max_lr", "learning_rate_init"),
    ("batch_size", "per_device_train_batch_size"),
    ("t_max", "total_steps", "step_size", "gamma", "num_warmup_steps", "warmup_steps", "milestones", "epochs"),
    ("weight_decay", "alpha", "c", "penalty", "l1_ratio"),
    ("eps", "betas", "momentum", "max_norm"),
    ("a", "std", "gain", "mode", "nonlinearity"),
    ("dtype", "device_type", "fp16", "bf16", "init_scale"),
    ("reduction", "label_smoothing", "ignore_index", "pos_weight"),
    ("test_size", "n_splits", "stratify", "lengths"),
)  # fmt: skip
_REST = len(_SENSITIVE)
_ROLE_OF_RANK = {5: ("init",), 6: ("precision", "trainer")}
_CITATION = re.compile(r"https?://|arxiv|doi|et al|paper|section|sec\.|table \d|appendix|\(\d{4}\)", re.IGNORECASE)
_REPOSITORY = re.compile(r"git(hub|lab)\.com/|(reference|original) (code|implementation)", re.IGNORECASE)
_COMMENT = re.compile(r"#\s*(.*\w.*)$")
_RANK = list(Origin)


def table(
    report: Json, args: Sequence[str] = (), *, shown: Mapping[str, str] | None = None
) -> tuple[Hyperparameter, ...]:
    """The table of a report's hyperparameters; ``args`` is the command line that a person gave."""
    entries = report.get("hyperparameters", ())
    rows = [_row(entry, args, shown or {}) for entry in entries]
    return tuple(sorted(rows, key=lambda one: (not one.is_open, one.sensitivity, -_RANK.index(one.origin))))


def _row(entry: Json, args: Sequence[str], shown: Mapping[str, str]) -> Hyperparameter:
    given = _given(entry.get("option"), args)
    origin, pointer = (Origin.PERSON, f"--{given[0]}") if given is not None else _origin(entry)
    return Hyperparameter(
        name=entry["name"],
        value=entry["value"] if given is None else given[1],
        origin=origin,
        pointer=pointer,
        role=entry["role"],
        callee=entry["callee"],
        file=str(shown.get(entry["file"], entry["file"])),
        line=entry["line"],
        expression=entry.get("expression"),
        times=entry["count"],
        sensitivity=_sensitivity(entry["name"], entry["role"]),
        note=note_on(entry["callee"] or "", entry["name"]),
        option=entry.get("option"),
    )


def _origin(entry: Json) -> tuple[Origin, str]:
    if "stated" in entry:
        origin, pointer = entry["stated"]
        return Origin(origin), pointer
    if entry["origin"] == "library default":
        return Origin.LIBRARY, f"{entry['library']} {entry['version'] or 'of unknown version'}"
    texts = [entry["text"], (entry.get("from") or {}).get("text", "")]
    comments = [found.group(1) for found in map(_COMMENT.search, texts) if found]
    for comment in comments:
        if _REPOSITORY.search(comment):
            return Origin.REFERENCE, comment
        if _CITATION.search(comment):
            return Origin.QUOTED, comment
    if comments:
        return Origin.PERSON, comments[0]
    source = entry.get("from") or entry
    return Origin.UNKNOWN, f"line {source['line']}"


def _given(option: str | None, args: Sequence[str]) -> tuple[str, str] | None:
    """The option as it was typed, and its value, where a person gave it."""
    if not option:
        return None
    names = {option, option.replace("_", "-")}
    for index, word in enumerate(args):
        name, equals, value = word.lstrip("-").partition("=")
        if word.startswith("-") and name in names:
            follows = args[index + 1] if index + 1 < len(args) else ""
            return name, value if equals else follows
    return None


def _sensitivity(name: str, role: str) -> int:
    if role in ("metric", "seed"):
        return _REST
    ranks = (rank for rank, names in enumerate(_SENSITIVE) if name.lower() in names and _fits(rank, role))
    return next(ranks, _REST)


def _fits(rank: int, role: str) -> bool:
    return rank not in _ROLE_OF_RANK or role in _ROLE_OF_RANK[rank]


def open_questions(rows: Iterable[Hyperparameter]) -> tuple[Hyperparameter, ...]:
    """What a person should be asked about, the most sensitive first."""
    return tuple(row for row in rows if row.is_open)
