"""A schema is kept to exactly or refused; both grammars allow what the shape says."""

from __future__ import annotations

import json
import random
import re
from typing import Any

import pytest
from mlintern.models.engine import UnsupportedSchema
from mlintern.models.grammar import gbnf, lark
from mlintern.models.schema import Number, Whole, misfit, shape_of

FORM = {
    "type": "object",
    "properties": {
        "cause": {"enum": ['a "b"', "c\\d", "über", 3, None]},
        "line": {"type": "integer", "minimum": 1, "maximum": 57},
        "why": {"type": "string", "maxLength": 20},
        "values": {"type": "array", "items": {"type": "number"}, "maxItems": 3},
        "also": {"type": ["string", "null"], "maxLength": 3},
        "part": {"$ref": "#/$defs/part"},
    },
    "required": ["cause", "line", "why", "values", "also", "part"],
    "additionalProperties": False,
    "$defs": {"part": {"type": "object", "properties": {"sure": {"type": "boolean"}}}},
}
GOOD = {"cause": 'a "b"', "line": 57, "why": "x" * 20, "values": [1, -2.5], "also": None, "part": {"sure": True}}


def test_what_fits_fits_and_the_first_misfit_is_named() -> None:
    shape = shape_of(FORM)
    assert misfit(shape, GOOD) is None
    for key, value in {
        "cause": "b", "line": 58, "why": "x" * 21, "values": [1, 2, 3, 4], "also": "long", "part": {"sure": 1},
    }.items():  # fmt: skip
        assert key in str(misfit(shape, {**GOOD, key: value}))
    assert "keys" in str(misfit(shape, {**GOOD, "more": 1})) and misfit(shape, []) is not None
    assert misfit(Whole(0, 1), True) is not None and misfit(Number(), float("nan")) is not None


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        ({}, "type"),
        ({"type": "string", "pattern": "^a+$"}, "pattern"),
        ({"type": "string", "maxLength": 100_000}, "at most 2000"),
        ({"type": "number", "minimum": 0}, "minimum"),
        ({"type": "integer", "minimum": 3, "maximum": 2}, "range"),
        ({"type": "object"}, "names no properties"),
        ({"type": "object", "properties": {"a": {"type": "null"}}, "required": []}, "optional"),
        ({"type": "object", "properties": {"a": {"type": "null"}}, "additionalProperties": True}, "does not name"),
        ({"type": "array"}, "items"),
        ({"enum": []}, "lists values"),
        ({"enum": [{"a": 1}]}, "lists values"),
        ({"$ref": "#/$defs/none"}, "not there"),
        ({"$ref": "http://elsewhere/"}, "outside"),
        ({"$defs": {"a": {"$ref": "#/$defs/a"}}, "$ref": "#/$defs/a"}, "refers to itself"),
        ({"allOf": [{"type": "string"}]}, "type"),
        ({"type": "string", "allOf": []}, "allOf"),
    ],
)
def test_what_cannot_be_kept_to_is_refused_with_its_place(schema: dict[str, Any], words: str) -> None:
    with pytest.raises(UnsupportedSchema, match=words):
        shape_of(schema)


def test_ranges_allow_each_number_and_no_other() -> None:
    source = random.Random(3)
    edges = [-1000, -100, -99, -10, -9, -1, 0, 1, 9, 10, 99, 100, 999, 1000]
    for _ in range(1_000):
        low, high = sorted(source.choice([*edges, source.randint(-3000, 3000)]) for _ in "ab")
        (rule,) = re.findall(r"start : /(.*)/", lark(Whole(low, high)))
        for value in {low - 1, low, low + 1, high - 1, high, high + 1, 0, source.randint(-4000, 4000)}:
            assert bool(re.fullmatch(rule, str(value))) == (low <= value <= high), (low, high, value)


def test_both_notations_are_taken_by_their_readers() -> None:
    llguidance = pytest.importorskip("llguidance")
    grammar = llguidance.LLMatcher.grammar_from_lark(lark(shape_of(FORM)))
    assert llguidance.LLMatcher.validate_grammar(grammar) == ""
    assert gbnf(shape_of(FORM)).startswith('root ::= "{\\"cause\\":" part0 ",\\"line\\":" part1')
    assert json.dumps(GOOD)
