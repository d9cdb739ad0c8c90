"""A shape as a grammar: in llama.cpp's own notation (GBNF), and in the one that llguidance reads (Lark).

Invariant: both are written from the same shape by the same rules and allow the same texts: exactly the compact JSON of
that shape, without white space and without ``\\u`` escapes, which could spell half a character. Patterns keep to what
both notations read alike: classes, groups, and counted repetition.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from .schema import Either, Fields, Items, Literal, Number, Shape, Text, Whole, compact

_CHARACTER = r'([^"\\\x00-\x1f\x7f]|[\\]["\\bfnrt])'
_NUMBER = r"[-]?([0]|[1-9][0-9]{0,14})([.][0-9]{1,15})?([eE][-+]?[0-9]{1,2})?"


def gbnf(shape: Shape) -> str:
    """For llama.cpp; the rule to begin with is ``root``."""
    return _Grammar(assign="::=", quote=_quoted_for_gbnf, pattern=lambda text: text).write(shape, "root")


def lark(shape: Shape) -> str:
    """For llguidance; the rule to begin with is ``start``."""
    return _Grammar(assign=":", quote=compact, pattern=lambda text: f"/{text}/").write(shape, "start")


class _Grammar:
    """Rules being written, one for each part of the shape."""

    def __init__(self, *, assign: str, quote: Callable[[str], str], pattern: Callable[[str], str]) -> None:
        self._assign, self._quote, self._pattern = assign, quote, pattern
        self._rules: list[str] = []

    def write(self, shape: Shape, name: str) -> str:
        """All rules, the first one first."""
        body = self._body(shape)
        return "\n".join((f"{name} {self._assign} {body}", *self._rules, ""))

    def _rule(self, shape: Shape) -> str:
        """A rule of its own for a part; its name."""
        body = self._body(shape)
        name = f"part{len(self._rules)}"
        self._rules.append(f"{name} {self._assign} {body}")
        return name

    def _body(self, shape: Shape) -> str:
        match shape:
            case Text(low, high):
                return self._pattern(f'["]{_CHARACTER}{{{low},{high}}}["]')
            case Whole(low, high):
                return self._pattern("|".join(_wholes(low, high)))
            case Number():
                return self._pattern(_NUMBER)
            case Literal(values):
                return " | ".join(map(self._quote, values))
            case Items(item, low, high):
                return self._items(self._rule(item), low, high)
            case Fields(fields):
                return self._fields(fields)
            case Either(shapes):
                return " | ".join(self._rule(one) for one in shapes)

    def _items(self, item: str, low: int, high: int) -> str:
        opening, closing, comma = map(self._quote, ("[", "]", ","))
        if high == 0:
            return f"{opening} {closing}"
        more = f"({comma} {item}){{{max(low - 1, 0)},{high - 1}}}" if high > 1 else ""
        filled = f"{item} {more}".strip()
        return f"{opening} {filled} {closing}" if low else f"{opening} ({filled})? {closing}"

    def _fields(self, fields: tuple[tuple[str, Shape], ...]) -> str:
        parts = []
        for index, (key, shape) in enumerate(fields):
            before = "{" if index == 0 else ","
            parts += [self._quote(f"{before}{compact(key)}:"), self._rule(shape)]
        return " ".join((*parts, self._quote("}")))


def _quoted_for_gbnf(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n").replace("\r", "\\r")
    return f'"{escaped}"'


def _wholes(low: int, high: int) -> Iterator[str]:
    """Patterns of which each whole number from ``low`` to ``high`` matches one, without leading zeros."""
    if low < 0:
        for pattern in _naturals(max(1, -high), -low):
            yield f"[-]{pattern}"
    if high >= 0:
        yield from _naturals(max(0, low), high)


def _naturals(low: int, high: int) -> Iterator[str]:
    """Patterns for the natural numbers of a range, one number of digits after another."""
    for digits in range(len(str(low)), len(str(high)) + 1):
        least = max(low, 10 ** (digits - 1) if digits > 1 else 0)
        most = min(high, 10**digits - 1)
        yield from _same_length(str(least), str(most))


def _same_length(low: str, high: str) -> Iterator[str]:
    """Patterns for the numbers between two of the same number of digits."""
    if not low:
        yield ""
    elif low[0] == high[0]:
        for rest in _same_length(low[1:], high[1:]):
            yield f"[{low[0]}]{rest}"
    elif set(low[1:]) <= {"0"} and set(high[1:]) <= {"9"}:
        yield f"[{low[0]}-{high[0]}]{_digits(len(low) - 1)}"
    else:
        yield from _between(low, high)


def _between(low: str, high: str) -> Iterator[str]:
    """The same where the first digits differ: the ends on their own, the whole tens between them at once."""
    rest = len(low) - 1
    for tail in _same_length(low[1:], "9" * rest):
        yield f"[{low[0]}]{tail}"
    first, last = int(low[0]) + 1, int(high[0]) - 1
    if first <= last:
        yield f"[{first}-{last}]{_digits(rest)}"
    for tail in _same_length("0" * rest, high[1:]):
        yield f"[{high[0]}]{tail}"


def _digits(count: int) -> str:
    return f"[0-9]{{{count}}}" if count else ""
