"""Letters that papers use for hyperparameters without a word: ``L = 12, H = 768, A = 12``, ``η = 3e-4``.

Invariant: a letter that stands for many things is read only beside another of its kind.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from .numbers import Number
from .sentences import NUMBER, Statement

_ASSIGNED = re.compile(rf"(?<![\w^])(?P<letter>[A-Za-zηλτμ]{{1,2}}(?:_?[A-Za-z]{{2,5}})?)\s?=\s?(?P<n>{NUMBER})")
_ALONE = {"η": "learning_rate", "λ": "weight_decay", "τ": "temperature", "lr": "learning_rate", "wd": "weight_decay",
          "bs": "batch_size"}  # fmt: skip
_OF_A_MODEL = {"L": "layers", "N": "layers", "A": "heads", "h": "heads", "d": "hidden_size", "D": "hidden_size",
               "V": "vocabulary_size", "T": "sequence_length", "dff": "feedforward_size", "d_ff": "feedforward_size",
               "dmodel": "hidden_size", "d_model": "hidden_size", "dh": "head_size"}  # fmt: skip
_MOST_LAYERS, _MOST_HEADS, _MOST_RATE = 200, 128, 1
_FEWEST = 2


def symbols(statement: Statement) -> Iterator[tuple[str, int]]:
    """Each hyperparameter's name with the position of its value."""
    found = [(match["letter"], match.start("n")) for match in _ASSIGNED.finditer(statement.words)]
    for letter, at in found:
        if letter in _ALONE and _makes_sense(_ALONE[letter], statement.number(at)):
            yield _ALONE[letter], at
    of_model = [(letter, at) for letter, at in found if letter == "H" or letter in _OF_A_MODEL]
    if len({letter for letter, _ in of_model}) < _FEWEST:
        return
    has_heads = any(letter in ("A", "h") for letter, _ in of_model)
    has_width = any(letter in ("d", "D", "dmodel", "d_model") for letter, _ in of_model)
    for letter, at in of_model:
        name = _OF_A_MODEL.get(letter) or ("heads" if has_width and not has_heads else "hidden_size")
        if _makes_sense(name, statement.number(at)):
            yield name, at


def _makes_sense(name: str, number: Number) -> bool:
    if name in ("learning_rate", "weight_decay"):
        return 0 <= number.value <= _MOST_RATE and not number.is_percent
    if name == "temperature":
        return number.value > 0
    most = {"layers": _MOST_LAYERS, "heads": _MOST_HEADS}.get(name, 1_000_000)
    return number.is_whole and 1 <= number.value <= most
