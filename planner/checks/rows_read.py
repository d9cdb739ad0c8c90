"""The row ledger's report, read back as typed values."""

from __future__ import annotations

from dataclasses import dataclass

from ...store.records import Json
from .check import Evidence

ROWS = "observed.rows"
COPIED = 0.99
"""From this share of its rows on, an evaluation is one of training rows."""
SAME_SIZE = 0.98


@dataclass(frozen=True, slots=True)
class Evaluated:
    """One evaluation, compared with what had trained its model."""

    rows: int
    distinct: int
    in_train: int
    train_rows: int
    train_distinct: int
    train_repeats: int
    labelled: int
    same_label: int
    chance: float | None
    width: int | None
    called: str | None
    tokens: bool
    model: str
    file: str
    line: int
    text: str
    examples: tuple[Json, ...]
    trained_at: Json | None
    effect: Json | None
    """The metric with the shared rows and without them, where it could be computed."""

    @property
    def share(self) -> float:
        """The part of its rows that had trained the model."""
        return self.in_train / self.rows if self.rows else 0.0

    @property
    def is_the_training_set(self) -> bool:
        """Whether it is made of the training rows, all of them."""
        return self.share >= COPIED and self.distinct >= SAME_SIZE * self.train_distinct

    def place(self, evidence: Evidence) -> str:
        """Where the evaluation stands."""
        return f"{evidence.shown(self.file)}:{self.line}"

    def shown(self, evidence: Evidence) -> tuple[Json, ...]:
        """The evidence of a finding about it."""
        here: dict[str, object] = {
            "file": evidence.shown(self.file), "line": self.line, "text": self.text, "evaluation_rows": self.rows,
            "in_training": self.in_train, "training_rows": self.train_rows, "model": self.model,
        }  # fmt: skip
        if self.effect is not None:
            here["effect"] = self.effect
        if self.labelled:
            here |= {"compared_labels": self.labelled, "same_label": self.same_label}
        trained = self.trained_at
        there = [] if trained is None else [{"file": evidence.shown(trained["file"]), "line": trained["line"]}]
        return here, *there, *self.examples


def evaluated(evidence: Evidence) -> list[Evaluated]:
    """All evaluations of the report. Raises ``KeyError`` or ``TypeError`` for another shape."""
    return [
        Evaluated(
            **{name: one[name] for name in Evaluated.__dataclass_fields__ if name != "examples"},
            examples=tuple(one["examples"]),
        )
        for one in evidence.reports[ROWS].get("evaluations", ())
    ]


def why_not(evidence: Evidence, kind: str, question: str) -> str | None:
    """Why an observer saw nothing, as words for ``could_not_tell``."""
    why = evidence.reports[kind].get("could_not")
    return None if why is None else f"{question}: {why}"
