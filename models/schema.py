"""The part of JSON Schema that is kept to exactly, as typed shapes.

Invariant: a keyword that is not known here is refused with its place. Every shape is finite: texts, lists and numbers
have a longest form, so that whatever a model's weights say, a constrained answer comes to its end.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias

from .engine import UnsupportedSchema

MOST_TEXT = 2_000
"""Characters in one text; longer prose is asked for as free text."""
DEFAULT_TEXT = 500
MOST_ITEMS = 64
DEFAULT_ITEMS = 16
MOST_WHOLE = 10**15 - 1
_MOST_DEPTH = 16
_ANNOTATIONS = frozenset(
    {"title", "description", "default", "examples", "$schema", "$id", "$defs", "definitions", "$comment"}
)


@dataclass(frozen=True, slots=True)
class Text:
    """A string of so many characters."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer in a range, both ends included."""

    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Number:
    """Any finite number of up to 15 digits before and after the point."""


@dataclass(frozen=True, slots=True)
class Literal:
    """One of a few values, each as compact JSON."""

    values: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Items:
    """A list."""

    item: Shape
    low: int
    high: int


@dataclass(frozen=True, slots=True)
class Fields:
    """An object with exactly these keys, in this order."""

    fields: tuple[tuple[str, Shape], ...]


@dataclass(frozen=True, slots=True)
class Either:
    """One of several shapes."""

    shapes: tuple[Shape, ...]


Shape: TypeAlias = Text | Whole | Number | Literal | Items | Fields | Either


def shape_of(schema: Mapping[str, Any]) -> Shape:
    """The shape that a schema asks for. Raises :class:`UnsupportedSchema`."""
    return _Reading(schema).shape(schema, "#", 0)


def compact(value: object) -> str:
    """A value as constrained answers spell it."""
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def misfit(shape: Shape, value: object, at: str = "the answer") -> str | None:
    """Where and why a value is not of the shape; ``None`` where it is."""
    match shape:
        case Text(low, high):
            fits = isinstance(value, str) and low <= len(value) <= high
            return None if fits else f"{at} is no text of {low} to {high} characters"
        case Whole(low, high):
            fits = _is_whole(value) and low <= value <= high  # type: ignore[operator]
            return None if fits else f"{at} is no whole number from {low} to {high}"
        case Number():
            fits = isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
            return None if fits else f"{at} is no number"
        case Literal(values):
            fits = (value is None or isinstance(value, str | int | float)) and compact(value) in values
            return None if fits else f"{at} is none of {', '.join(values)}"
        case Items(item, low, high):
            if not isinstance(value, list) or not low <= len(value) <= high:
                return f"{at} is no list of {low} to {high} items"
            return _first(misfit(item, one, f"{at}[{index}]") for index, one in enumerate(value))
        case Fields(fields):
            if not isinstance(value, dict) or value.keys() != {key for key, _ in fields}:
                return f"{at} has not exactly the keys {', '.join(key for key, _ in fields)}"
            return _first(misfit(one, value[key], f"{at}.{key}") for key, one in fields)
        case Either(shapes):
            problems = [misfit(one, value, at) for one in shapes]
            return None if None in problems else problems[0]


def _first(problems: Iterable[str | None]) -> str | None:
    return next((problem for problem in problems if problem is not None), None)


class _Reading:
    """One schema being read; references are looked up in the whole of it."""

    def __init__(self, root: Mapping[str, Any]) -> None:
        self._root = root

    def shape(self, schema: Any, at: str, depth: int) -> Shape:
        if not isinstance(schema, Mapping):
            raise _refused(at, "is not an object")
        if depth > _MOST_DEPTH:
            raise _refused(at, "is nested too deeply, or refers to itself")
        if "$ref" in schema:
            self._only(schema, at, "$ref")
            return self.shape(self._referred(schema["$ref"], at), at, depth + 1)
        if "const" in schema or "enum" in schema:
            return self._literal(schema, at)
        for key in ("anyOf", "oneOf"):
            if key in schema:
                self._only(schema, at, key)
                return self._either(schema[key], f"{at}/{key}", depth)
        kind = schema.get("type")
        if isinstance(kind, list) and kind:
            without = [self._typed({**schema, "type": one}, one, at, depth) for one in kind if one != "null"]
            return Either((*without, Literal(("null",)))) if "null" in kind else Either(tuple(without))
        return self._typed(schema, kind, at, depth)

    def _typed(self, schema: Mapping[str, Any], kind: object, at: str, depth: int) -> Shape:
        match kind:
            case "string":
                self._only(schema, at, "type", "minLength", "maxLength")
                return Text(*self._range(schema, at, "minLength", "maxLength", DEFAULT_TEXT, MOST_TEXT))
            case "integer":
                self._only(schema, at, "type", "minimum", "maximum")
                low, high = schema.get("minimum", -MOST_WHOLE), schema.get("maximum", MOST_WHOLE)
                if not _is_whole(low) or not _is_whole(high) or not -MOST_WHOLE <= low <= high <= MOST_WHOLE:
                    raise _refused(at, f"has no usable range from {low} to {high}")
                return Whole(low, high)
            case "number":
                self._only(schema, at, "type")
                return Number()
            case "boolean":
                self._only(schema, at, "type")
                return Literal(("true", "false"))
            case "null":
                self._only(schema, at, "type")
                return Literal(("null",))
            case "array":
                self._only(schema, at, "type", "items", "minItems", "maxItems")
                low, high = self._range(schema, at, "minItems", "maxItems", DEFAULT_ITEMS, MOST_ITEMS)
                return Items(self.shape(schema.get("items"), f"{at}/items", depth + 1), low, high)
            case "object":
                return self._fields(schema, at, depth)
            case _:
                raise _refused(at, f"has the type {kind!r}, which is none that can be kept to")

    def _fields(self, schema: Mapping[str, Any], at: str, depth: int) -> Shape:
        self._only(schema, at, "type", "properties", "required", "additionalProperties")
        properties = schema.get("properties")
        if not isinstance(properties, Mapping) or not properties:
            raise _refused(at, "names no properties")
        if schema.get("additionalProperties", False) is not False:
            raise _refused(at, "allows properties that it does not name")
        if set(schema.get("required", properties)) != set(properties):
            raise _refused(at, "has optional properties: require them all, and let those be null that may be missing")
        shapes = ((str(key), self.shape(one, f"{at}/properties/{key}", depth + 1)) for key, one in properties.items())
        return Fields(tuple(shapes))

    def _literal(self, schema: Mapping[str, Any], at: str) -> Shape:
        self._only(schema, at, "const", "enum", "type")
        values = [schema["const"]] if "const" in schema else schema["enum"]
        if not isinstance(values, list) or not values or not all(_is_scalar(value) for value in values):
            raise _refused(at, "lists values other than texts, numbers, true, false and null")
        return Literal(tuple(dict.fromkeys(compact(value) for value in values)))

    def _either(self, schemas: Any, at: str, depth: int) -> Shape:
        if not isinstance(schemas, list) or not schemas:
            raise _refused(at, "is no list of schemas")
        shapes = tuple(self.shape(one, f"{at}/{index}", depth + 1) for index, one in enumerate(schemas))
        return Either(shapes)

    def _referred(self, reference: object, at: str) -> Any:
        target: Any = self._root
        if not isinstance(reference, str) or not reference.startswith("#"):
            raise _refused(at, "refers to something outside")
        for part in reference.removeprefix("#").split("/")[1:]:
            name = part.replace("~1", "/").replace("~0", "~")
            if not isinstance(target, Mapping) or name not in target:
                raise _refused(at, f"refers to {reference}, which is not there")
            target = target[name]
        return target

    def _range(
        self, schema: Mapping[str, Any], at: str, low: str, high: str, default: int, most: int
    ) -> tuple[int, int]:
        least = schema.get(low, 0)
        up_to = schema.get(high, max(default, least) if _is_whole(least) else default)
        if not _is_whole(least) or not _is_whole(up_to) or not 0 <= least <= up_to <= most:
            raise _refused(at, f"has {low} {least} and {high} {up_to}; at most {most} can be kept to")
        return least, up_to

    def _only(self, schema: Mapping[str, Any], at: str, *known: str) -> None:
        foreign = sorted(set(schema) - set(known) - _ANNOTATIONS)
        if foreign:
            raise _refused(at, f"uses {', '.join(foreign)}")


def _is_whole(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_scalar(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    return value is None or isinstance(value, str | int | bool)


def _refused(at: str, what: str) -> UnsupportedSchema:
    return UnsupportedSchema(f"The schema at {at} {what}; it cannot be kept to, so nothing was asked.")
