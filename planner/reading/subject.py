"""One hyperparameter as a rule sees it: the words that name it, how a value stands beside them, which values make
sense.

Invariant: a value is taken only where nothing but words of no weight stands between it and its name.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .numbers import Number
from .sentences import NUMBER, Statement


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_FILLER = _words(
    "of is was were are be been being has have had with a an the to at as by set fixed kept held chosen use "
    "uses used using employ employed equal equals value values rate size initial initially initialized default "
    "constant about approximately around roughly exactly just only up we our it which that this both should "
    "must shall will start starts starting starting peak maximum max total most selected tuned scheduled "
    "configured usual same layer drop begins begin peaks applied consists apply tiny small large modest fairly "
    "low high global parameter coefficient factor probability ratio strength norm threshold magnitude "
    "hyperparameter becomes per default: training again overall from"
)
_SEARCHING = _words(
    "tuned over among in between range varied tried explored searched search swept sweep grid considered ∈ "
    "across candidates set"
)
"""Words between a name and a list of values that were only tried."""
_SIGNS = _words(
    "= : ≈ ~ \x02 ( ) [ { → ' \" ` ≤ < := =="
)
_ASIDE = re.compile(
    r"\b(?:(?:in|for|across|throughout|during|over|on|after|to)\s+(?:all|every|each|the|both|any|our)\s*"
    r"(?:\w+\s)?(?:experiments?|models?|runs?|layers?|datasets?|data sets|cases|settings|training|networks?"
    r"|parameters?|configurations?"
    r"|weights|phases?|stages?|sub-?layers?|blocks?|linear layers?|residual branches|output|embeddings?))\b"
    r"|\bthroughout\b|\beverywhere\b"
)
_PARENTHESIS = re.compile(r"\([^()\ue000-\uf8ff]{0,50}\)")
_TOKEN = re.compile(r"[^\W\d_]+|\S")
_MORE = re.compile(rf"\s*(?:,\s*(?:and|or|then)?|and|or|/|–|-|to|~)\s*(?={NUMBER})")
_MOST_TOKENS = 12
_FAR = 110
_NUMBER_AT = re.compile(NUMBER)
_REVERSED_GAP = re.compile(r"\s*(?:is used |was used |are used )?(?:for|as)\s+(?:the\s|our\s|an?\s|its\s)?(?:\w+\s)?$")
_DIRECT_GAP = re.compile(r"[\s-]*(?:of\s)?$")


@dataclass(frozen=True, slots=True)
class Subject:
    """How one hyperparameter is spoken of."""

    name: str
    phrases: str
    """A pattern of the words that name it."""
    symbols: str = ""
    """Letters that stand for it, apart by spaces."""
    counted: tuple[str, ...] = ()
    """Patterns in which ``#`` is its value, such as ``# epochs``, and ``@`` a value with sides, such as ``3×3``."""
    unless_before: str = ""
    """A pattern; where it fits right before a counted value, the value is another thing's."""
    unless_after: str = ""
    least: float = 0.0
    most: float = 1e12
    whole: bool = False
    above_zero: bool = True
    direct: bool = False
    """Whether the value may stand right before the name, as in ``0.9 momentum``."""
    share: bool = False
    """Whether a percentage means a share of one."""
    unit: str = ""
    """A pattern of the words after a value that are its unit."""

    def allows(self, number: Number) -> bool:
        """Whether such a value makes sense."""
        value = number.value / 100 if self.share and number.is_percent else number.value
        if number.is_percent and not self.share:
            return False
        if self.whole and not float(value).is_integer():
            return False
        return self.least <= value <= self.most and (value > 0 or not self.above_zero)

    def value(self, number: Number) -> float | int:
        """The number as the value."""
        return round(number.value / 100, 12) if self.share and number.is_percent else number.value


@dataclass(frozen=True, slots=True)
class Sighting:
    """A place at which a statement gives a value, or several, of a subject."""

    subject: Subject
    values: tuple[int, ...]
    """Positions in the statement's words, all of one list."""
    at: int
    """Where the name stands."""
    end: int
    searched: bool = False
    """Whether the list stands in braces or brackets, or the words say that it was tried."""
    counted: bool = False


@dataclass(slots=True)
class Patterns:
    """A subject's patterns, compiled once."""

    subject: Subject
    phrase: re.Pattern[str] = field(init=False)
    counted: tuple[tuple[re.Pattern[str], bool], ...] = field(init=False)
    """Each with whether its value must have sides."""
    symbols: frozenset[str] = field(init=False)
    before: re.Pattern[str] | None = field(init=False)
    after: re.Pattern[str] | None = field(init=False)

    def __post_init__(self) -> None:
        one = self.subject
        self.phrase = re.compile(rf"(?<![A-Za-z])(?:{one.phrases})(?![A-Za-z])", re.IGNORECASE)
        self.counted = tuple(
            (re.compile(re.sub("[#@]", f"(?P<n>{NUMBER})", text), re.IGNORECASE), "@" in text) for text in one.counted
        )
        self.symbols = frozenset(one.symbols.split())
        self.before = re.compile(rf"(?:{one.unless_before})\s*$", re.IGNORECASE) if one.unless_before else None
        self.after = re.compile(one.unless_after, re.IGNORECASE) if one.unless_after else None

    def sightings(self, statement: Statement) -> Iterator[Sighting]:
        """Where the statement gives a value; numbers that were taken are left."""
        yield from self._counted(statement)
        for match in self.phrase.finditer(statement.words):
            if self.after is not None and self.after.match(statement.words, match.end()):
                continue
            found = self._after(statement, match.end())
            if found is None:
                found = self._before(statement, match.start())
            if found is not None:
                values, searched = found
                yield Sighting(self.subject, values, match.start(), max(match.end(), values[-1] + 1), searched)

    def _counted(self, statement: Statement) -> Iterator[Sighting]:
        words = statement.words
        for pattern, needs_sides in self.counted:
            for match in pattern.finditer(words):
                at = match.start("n")
                if needs_sides and not statement.number(at).sides:
                    continue
                if not self._is_free(statement, at):
                    continue
                listed = self._listed_before(statement, at)
                first = min(listed[0], match.start())
                if not (self.before and self.before.search(words[:first])):
                    yield Sighting(self.subject, listed, match.start(), match.end(), counted=True)

    def _listed_before(self, statement: Statement, at: int) -> tuple[int, ...]:
        """The list that a counted value ends: ``6 and 12 layers``."""
        words, found = statement.words, [at]
        while (near := re.search(rf"({NUMBER})\s*(?:,|and|or|,\s*and|/)\s*$", words[: found[0]])) is not None:
            alone = len(found) == 1 and near.group().rstrip().endswith(",")
            led = len(found) == 1 and re.search(r"(?:\b(?:of|is|to|at|with|size|rate)|[=:])\s*$", words[: near.start()])
            if alone or led:
                break
            if not self._is_free(statement, near.start(1)):
                break
            found.insert(0, near.start(1))
        return tuple(found)

    def _after(self, statement: Statement, end: int) -> tuple[tuple[int, ...], bool] | None:
        words = statement.words
        near = _NUMBER_AT.search(words, end, end + _FAR)
        if near is None:
            return None
        gap = words[end : near.start()]
        searching = not self._is_gap(gap)
        if searching and not self._is_gap(gap, _SEARCHING):
            return None
        first = near.start()
        if not self._is_free(statement, first):
            return None
        values = [first]
        while (more := _MORE.match(words, values[-1] + 1)) is not None:
            if not self._is_free(statement, more.end()):
                break
            values.append(more.end())
        if len(values) > 1 and self._belongs_elsewhere(words, values[-1] + 1):
            values.pop()
        if searching and len(values) < 2:
            return None
        return tuple(values), searching or words[:first].rstrip().endswith(("{", "["))

    def _belongs_elsewhere(self, words: str, after: int) -> bool:
        """Whether the last number of a list counts something of its own: ``0.1, 90 epochs``."""
        return re.match(
            r"[\s-]*(?:for\s+(?:the\s)?)?(?:training\s|warm-?up\s)?(?:epochs?|steps?|iterations?"
            r"|(?:[\w-]+\s){0,2}(?:layers?|blocks?)\b|units|filters|channels|convolutions?|heads?"
            r"|seeds?|runs?|images?|momentum"
                        r"|weight|dropout|GPUs?|hours?|batch|as\s)", words[after:],
                        re.IGNORECASE) is not None  # fmt: skip

    def _before(self, statement: Statement, start: int) -> tuple[tuple[int, ...], bool] | None:
        words = statement.words
        at = max((match.start() for match in _NUMBER_AT.finditer(words, max(0, start - 40), start)), default=None)
        if at is None or not self._is_free(statement, at):
            return None
        gap = words[at + 1 : start]
        fits = _REVERSED_GAP.match(gap) or (self.subject.direct and _DIRECT_GAP.match(gap))
        return ((at,), False) if fits else None

    def _is_gap(self, gap: str, more: frozenset[str] = frozenset()) -> bool:
        gap = _ASIDE.sub(" ", _PARENTHESIS.sub(" ", gap))
        tokens = _TOKEN.findall(gap)
        if len(tokens) > _MOST_TOKENS or ("," in tokens and not self._is_aside(tokens)):
            return False
        return all(self._is_light(token) or token.lower() in more for token in tokens)

    def _is_aside(self, tokens: list[str]) -> bool:
        return any(token in ("is", "was", "which", "set", "fixed") for token in tokens)

    def _is_light(self, token: str) -> bool:
        return token.lower() in _FILLER or token in _SIGNS or token in self.symbols or token == ","

    def _is_free(self, statement: Statement, at: int) -> bool:
        if not statement.is_number(at) or statement.index(at) in statement.taken:
            return False
        return self.subject.allows(statement.number(at))
