"""From a file to a brief, by rules: the whole of the reading in the order in which it happens.

Invariant: pure apart from reading the file; the same file gives the same brief.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from .brief import Brief, Hyperparameter
from .conflicts import conflicts
from .datasets import main_dataset, names_in
from .document import BlockKind, Document
from .hyperparameters import Reader
from .models_named import other_models, own_models
from .requirements import requirements
from .scope import is_foreign_section
from .sentences import Statement, statements
from .source import read_document
from .tables import TableReader
from .targets import TargetReader, merged
from .unsaid import unsaid


def read_brief(path: Path) -> Brief:
    """The file's brief; raises ``ReadingError`` where it cannot be read."""
    return brief_of(read_document(path))


def brief_of(document: Document) -> Brief:
    """The document's brief, by the rules."""
    every = statements(document)
    own = [one for one in every if not is_foreign_section(one, frozenset())]
    texts = [document.view.text[one.start : one.end] for one in own]
    main = main_dataset(texts)
    data = _main_names(own, document)
    own_names = own_models(every)
    others = other_models(every, own_names)
    target_reader = TargetReader(document, every, data, main, own_names, others)
    tables = TableReader(document, every, data, own_names, main)
    settings = {one.order for one in every if one.block.kind is BlockKind.TEXT and tables.is_setting(one)}
    prose = [one for one in every if one.order not in settings]
    reader = Reader(document, prose, data, others)
    found = [*reader.read(), *(one for _, one in tables.hyperparameters())]
    for cell in tables.cell_statements():
        found += reader.of_cell(cell)
    hyperparameters = _ordered(_unique(found))
    targets = merged([*target_reader.read(), *tables.targets()])
    text = "\n".join(texts)
    return Brief(
        source=document.source,
        requirements=tuple(requirements(document, every, data, targets)),
        hyperparameters=hyperparameters,
        targets=tuple(targets),
        unsaid=unsaid(text, hyperparameters),
        conflicts=conflicts(hyperparameters),
    )


def _main_names(own: Sequence[Statement], document: Document) -> frozenset[str]:
    """Data sets that are spoken of outside of appendices, in small letters."""
    main = [
        one
        for one in own
        if not any(
            re.match(r"\s*(?:appendix|[A-H][.\s]\s*[A-Z\d])", title, re.IGNORECASE) for title in one.block.titles
        )
    ]
    return frozenset(name.lower() for one in main for name in names_in(document.view.text[one.start : one.end]))


def _unique(found: Sequence[Hyperparameter]) -> list[Hyperparameter]:
    """Each value once for each thing that it is said of; a plain one is left out beside the same of something."""
    kept: dict[tuple[str, object, str | None], Hyperparameter] = {}
    for one in found:
        value = round(one.value, 12) if isinstance(one.value, float) else one.value
        kept.setdefault((one.name, value, one.applies_to.lower() if one.applies_to else None), one)
    of_some = {(name, value) for name, value, whom in kept if whom is not None}
    return [one for (name, value, whom), one in kept.items() if whom is not None or (name, value) not in of_some]


def _ordered(found: Sequence[Hyperparameter]) -> tuple[Hyperparameter, ...]:
    def key(one: Hyperparameter) -> tuple[int, int]:
        return (one.place.page or 0, one.place.line or 0)

    return tuple(sorted(found, key=key))
