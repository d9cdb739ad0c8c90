"""Numbers in the ways in which papers write them: ``3e-4``, ``3×10^-4``, ``1/3``, ``100k``, ``97.2 ± 0.3 %``,
``twelve``.

Invariant: a number knows the span that it was read from; digits that are a part of a name (``ResNet-50``) or of a
reference
(``Table 3``, ``[12]``) are no numbers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9, "ten": 10,
    "eleven": 11,
    "twelve": 12, "sixteen": 16, "fifteen": 15, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60,
    "ninety": 90,
    "hundred": 100, "zero": 0,
}  # fmt: skip
_SCALES = {"k": 1e3, "K": 1e3, "M": 1e6, "B": 1e9, "thousand": 1e3, "million": 1e6, "billion": 1e9, "hundred": 100}

_NUMBER = re.compile(
    r"""
    (?<![\w.^]) (?:(?<!/)|(?<=\d/)(?=0?\.\d)) (?<![A-Za-z]-) (?<![A-Za-z]')
    (?P<sign>(?<![\w)\]])-)?
    (?:
        (?P<dims>\d{1,5}(?:\s?[×x*]\s?\d{1,5}){1,3})(?![\d^]|\.\d|\s?[×x]|-\d)
      | (?P<top>\d{1,3})/(?P<bottom>\d{1,4})(?![\d/.])
      | (?P<power>\d+)\s?\^\s?\{?(?P<raised>[-–+]?\d+)\}?
      | (?P<lost>10)[-–](?P<lowered>[1-9]\d?)(?![\d.])
      | (?P<mantissa>\d{1,3}(?:(?:,\d{3})+|(?:\s000)+)(?![\d])(?:\.\d+)?|\d+(?:\.\d+)?|\.\d+)
        (?:[eE]\^?(?P<exponent>[-–+]?\d{1,3})
          |\s?[×x*·]\s?10\s?(?:\^\s?\{?(?P<times>[-–+]?\d{1,3})\}?|(?P<bare>[-–]\d{1,2})))?
        (?:\s?(?P<scale>[kKMB])(?![A-Za-z\d])|[\s-](?P<named>thousand|million|billion|hundred)\b)?
    )
    (?:\s?(?P<percent>%|percent\b|per\scent\b))?
    (?![\d])(?!\.\d)(?![eE]\d)
    | (?<![\w-])(?P<word>(?i:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|sixteen
        |twenty|thirty|forty|fifty|sixty|ninety|zero))
      (?:[\s-](?P<wordscale>hundred|thousand|million))?(?!\w)
    """,
    re.VERBOSE,
)
_REFERENCE = re.compile(
    r"""
    \b(?:tables?|tab\.|figures?|figs?\.|sections?|secs?\.|§|equations?|eqs?\.|appendix|appendices|chapter
        |algorithm|alg\.|footnote|page|pp\.|line
        |python|pytorch|cuda|version|v\.|issue|ticket|step)\s?\(?\d+(?:\.\d+)*\)?(?!\s?[%×])
    | (?<![=:∈]\s)(?<![=:∈])(?<!\bin\s)(?<!\bfrom\s)(?<!\bof\s)(?<!\bover\s)(?<!\bamong\s)
      \[\d{1,3}(?:\s?[,;–-]\s?\d{1,3})+\]
    | \[\d{1,3}\]
    | \((?![^()]*\bseeds?\b)
      (?:[A-Z][^()]{0,80}?|see[^()]{0,60}?|e\.g\.[^()]{0,60}?|‹cited›\set\sal\.\s?,?\s?)\b(?:19|20)\d\d[a-z]?\)
    | (?<=\w)(?<!period)(?<!year)(?<!set)(?<!data)(?<!split)(?<!test)(?<!validation)(?<!training)(?<!months)
      \s?\((?:19|20)\d\d[a-z]?\)
    | \b(?:19|20)\d\d-\d\d-\d\d\b
    """,
    re.VERBOSE | re.IGNORECASE,
)
CITED = re.compile(r"‹cited›|\bet\sal\b\.?|‹c›")


@dataclass(frozen=True, slots=True)
class Number:
    """A number and where it stands in the text that it was read from."""

    start: int
    end: int
    value: float | int
    is_percent: bool = False
    sides: tuple[int, ...] = ()
    """Of a size such as ``224×224``; the value is the first."""

    @property
    def is_whole(self) -> bool:
        """Whether it is an integer."""
        return float(self.value).is_integer()


def numbers(text: str) -> Iterator[Number | tuple[int, int]]:
    """Every number in order; a reference in between comes as its span alone."""
    references = [match.span() for match in _REFERENCE.finditer(text)]
    at = 0
    for match in _NUMBER.finditer(text):
        while at < len(references) and references[at][1] <= match.start():
            yield references[at]
            at += 1
        if at < len(references) and references[at][0] < match.end():
            continue
        read = _read(match)
        if read is not None:
            yield read
    yield from references[at:]


def _read(match: re.Match[str]) -> Number | None:
    sides: tuple[int, ...] = ()
    if match["dims"]:
        sides = tuple(int(side) for side in re.findall(r"\d+", match["dims"]))
        value: float = sides[0]
    elif match["top"]:
        if int(match["bottom"]) == 0:
            return None
        value = int(match["top"]) / int(match["bottom"])
    elif match["power"]:
        value = _power(int(match["power"]), _exponent(match["raised"]))
    elif match["lost"]:
        value = 10.0 ** -int(match["lowered"])
    elif match["word"]:
        value = _WORDS[match["word"].lower()] * _SCALES.get(match["wordscale"] or "", 1)
    else:
        value = _plain(match)
    if match["sign"]:
        value = -value
    if value in (float("inf"), float("-inf")):
        return None
    whole = not isinstance(value, int) and value.is_integer() and abs(value) < 1e15
    return Number(match.start(), match.end(), int(value) if whole else value, bool(match["percent"]), sides)


def _plain(match: re.Match[str]) -> float:
    digits = re.sub(r"[,\s]", "", match["mantissa"])
    exponent = match["exponent"] or match["times"] or match["bare"]
    # Python reads the decimal notation exactly, which a product of powers would not.
    value = float(f"{digits}e{_exponent(exponent)}") if exponent else float(digits)
    scale = _SCALES.get(match["scale"] or match["named"] or "", 1)
    return float(f"{value * scale:.12g}") if scale != 1 else value


def _exponent(text: str) -> int:
    return int(text.replace("–", "-").replace("−", "-"))


def _power(base: int, exponent: int) -> float:
    if abs(exponent) > 60 or base > 10_000:
        return float("inf")
    return float(f"1e{exponent}") if base == 10 else float(base) ** exponent
