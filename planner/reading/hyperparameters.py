"""Hyperparameters in sentences: every rule asked of every sentence, whose value it is, and for what.

Invariant: a number is the value of one thing at most; a list that was searched over gives none but the one that was
chosen.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .architecture import ARCHITECTURE
from .brief import Hyperparameter
from .document import BlockKind, Document
from .models_named import is_of_another_model
from .named import named
from .quoting import Quoter
from .scope import (
    BEST,
    SEARCHED,
    applies_to,
    clause_at,
    is_foreign,
    is_foreign_section,
    is_of_others,
    listed_names,
    stage_in,
    stage_of_section,
    stages_of_paragraphs,
)
from .sentences import NUMBER, Statement
from .subject import Patterns, Sighting, Subject
from .symbols import symbols
from .training import TRAINING

SUBJECTS: tuple[Subject, ...] = (*TRAINING, *ARCHITECTURE)
_PATTERNS = tuple(Patterns(subject) for subject in SUBJECTS)
_PAIR = re.compile(
    rf"(?:β|beta|b)_?\s?(?:s|1)?\s*(?:[,and/]+\s*(?:β|beta|b)_?\s?2)?\s*\)?\s*(?:=|of|are|were|is|set\sto|left|kept"
    rf"|at|:|to|\s)*\s*[(\[{{]?\s*({NUMBER})\s*(?:,|and|/)\s*({NUMBER})",
    re.IGNORECASE)
_ADAM_PAIR = re.compile(rf"\bAdam\w*\b[^.;\ue000-\uf8ff]{{0,40}}[(\[]\s*({NUMBER})\s*,\s*({NUMBER})\s*[)\]]")
_WITHOUT = (
    ("weight_decay", re.compile(
        r"\b(?:no|without(?:\sany)?|(?:do|did|does)\snot\s(?:use|apply|employ))\s(?:any\s)?(?:dropout\s(?:or|and"
        r"|nor)\s)?(?:weight[- ]decay|l2\sregulari[sz]ation)\b(?!\s(?:is\sapplied\s)?(?:on|to|for)\b)",
        re.IGNORECASE)),
    ("momentum", re.compile(r"\b(?:no|without(?:\sany)?)\s(?:nesterov\s)?momentum\b", re.IGNORECASE)),
    ("dropout", re.compile(
        r"\b(?:no|without(?:\sany)?|(?:do|did|does)\snot\s(?:use|apply"
        r"|employ))\s(?:any\s)?(?:weight[- ]decay\s(?:or|and|nor)\s)?dropout\b",
        re.IGNORECASE)),
    ("label_smoothing", re.compile(r"\b(?:no|without(?:\sany)?)\slabel[- ]smoothing\b", re.IGNORECASE)),
)
_OFF = re.compile(
    r"\b(?P<what>weight[- ]decay|dropout|label[- ]smoothing|gradient\sclipping)\s(?:is|was|are)\s(?:disabled"
    r"|not\s(?:used|applied|employed)"
    r"|(?:switched|turned)\soff|set\sto\szero|omitted|left\sout)",
    re.IGNORECASE)
_OFF_NAMES = {"gradient_clipping": "gradient_clip"}
_SEEDS = re.compile(
    rf"\bseeds?\b(?:\s(?:are|of|from|values?|in))*\s?[:=]?\s?[(\[{{]?\s*({NUMBER}(?:\s?(?:,\s?(?:and\s)?|and\s|/\s?"
    rf"|&\s?)"
    rf"{NUMBER})+)",
    re.IGNORECASE)
"""Seeds that are named one by one."""
_SEED_RANGE = re.compile(rf"\bseeds\s(?:from\s)?({NUMBER})\s?(?:to|–|-|through|\.\.)\s?({NUMBER})", re.IGNORECASE)
_ONE_SEED = re.compile(
    r"\b(?:a\s|the\s)?single\s(?:random\s|fixed\s)?(?:seed|run)\b",
    re.IGNORECASE)
_CHOSEN_TOO = re.compile(rf"(?:\s?(?:,|,?\sand|/)\s?(?:a\s|the\s)?(?:[a-z-]+\s){{0,4}}{NUMBER})+")
"""Further values that were chosen in the same breath."""
_REFUSED = re.compile(r"\b(?:no|without|avoid|not\suse|n't\suse)\s(?:any\s|automatic\s)?$", re.IGNORECASE)
_ONES = (
    ("gradient_clip", re.compile(r"\bgradients?\b[^.;]{0,40}\bunit\s(?:L2\s)?norm\b", re.IGNORECASE)),
    ("layers", re.compile(
        r"\bsingle\s(?:hidden|LSTM|GRU|recurrent|transformer|attention|convolutional)\slayer\b(?!\snorm)",
        re.IGNORECASE)),
)
"""What a text says without the number one."""
_CYCLE = re.compile(rf"\bbetween\s({NUMBER})\sand\s({NUMBER})", re.IGNORECASE)
_PARTS = ("kernel_size", "hidden_size", "channels")
"""What a model has a list of, one for each of its parts."""
_PLATEAU = re.compile(
    r"\b(?:rate|lr|it)\b[^.;]{0,30}\b(?:halv|cut|reduc|divid|multipl|lower|decay|decreas|drop)\w*|\b(?:halv|cut|reduc"
    r"|divid|multipl"
    r"|lower|decay|decreas|drop)\w*\s(?:the\s)?(?:learning[- ]rate|lr|step\ssize)",
    re.IGNORECASE)
_FROM_TO = re.compile(rf"\b(?:from)\s({NUMBER})\s(?:down\s|up\s)?to\s({NUMBER})", re.IGNORECASE)
_FALLS = re.compile(r"\b(?:decay|anneal|decreas|cosine|reduc|lower|drop|fall)\w*", re.IGNORECASE)
_RISES = re.compile(r"\b(?:warm|increas|ramp|rais|ris|grow)\w*", re.IGNORECASE)
_RANGE = re.compile(
    r"\b(?:between|range|ranging|ranges|from|within|∈|in)\b[^.;\ue000-\uf8ff]{0,20}[\[({]?\s*$",
    re.IGNORECASE)
_BOUND = re.compile(
    r"\b(?:at\sleast|more\sthan|less\sthan|fewer\sthan|below|above|over|under|exceed\w*|larger\sthan|smaller\sthan"
    r"|greater\sthan|multiples?\sof|power\sof|than)\s*$",
    re.IGNORECASE)
_AND_FOR = re.compile(
    rf"[^.;\ue000-\uf8ff]{{0,12}}\b(?:for|on|in|during)\b[^.;,\ue000-\uf8ff]{{1,40}}?(?:,|,?\s(?:and|but|or))\s(?:of\s"
    rf"|to\s|by\s|at\s|a\s|only\s)*({NUMBER})\s(?:\w+\s)?(?:for|on|in|during)\s"
)
_FOR_ANOTHER = re.compile(
    rf"[^.;\ue000-\uf8ff]{{0,12}}[,;]?\s(?:and|while|whereas|but)\s(?:(?:for|in|on|during"
    rf"|with)\s)?the\s[^.;,\ue000-\uf8ff]{{1,40}}?,?\s(?:of\s|is\s|it\sis\s|uses?\s|to\s|a\s"
    rf"|one\sof\s)*({NUMBER})(?=\s*(?:[.,;)]|$))"
)
_EITHER = re.compile(r"\bor\b|–|-|\bto\b|~")
_PER_DEVICE = re.compile(
    r"\s*(?:\w+\s){0,2}?(per|on\seach|for\seach)\s(GPU|device|core|worker|TPU|node)",
    re.IGNORECASE)
_DIVIDED = re.compile(
    r"\b(?:divid|multipl|drop|reduc|decay|scal|lower|decreas|cut|increas)\w*\b[^.;\ue000-\uf8ff]{0,30}\b(?:by"
    r"|factor)\b[^.;\ue000-\uf8ff]{0,16}$",
    re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Searched:
    """Values that were only tried, waiting for the one that was chosen."""

    subject: Subject
    values: frozenset[float]
    order: int

    def holds(self, value: float) -> bool:
        """Whether it is one of them, or lies between the two ends of a range."""
        return value in self.values or (len(self.values) == 2 and min(self.values) <= value <= max(self.values))


class Reader:
    """Goes through a document's sentences once, in order."""

    def __init__(
        self, document: Document, all_statements: list[Statement], data: frozenset[str], others: frozenset[str]
    ) -> None:
        self.document = document
        self.statements = all_statements
        self.data = data
        self.others = others
        self.quoter = Quoter(document)
        self.searched: list[Searched] = []
        self.led = stages_of_paragraphs(all_statements)
        titles = {title for one in all_statements for title in one.block.titles}
        found = {stage for title in titles if (stage := stage_in(title)) is not None}
        self.stages = frozenset(found) if len(found) > 1 else frozenset()

    def read(self) -> Iterator[Hyperparameter]:
        """All that the sentences give."""
        for statement in self.statements:
            if statement.block.kind is BlockKind.TEXT and not is_foreign_section(statement, self.data):
                yield from self._statement(statement)

    def of_cell(self, statement: Statement) -> list[Hyperparameter]:
        """What a table's cell says in words."""
        return list(self._statement(statement))

    def _statement(self, statement: Statement) -> Iterator[Hyperparameter]:
        yield from self._pairs(statement)
        yield from self._fallen(statement)
        yield from self._seeds(statement)
        for pattern in _PATTERNS:
            for sighting in pattern.sightings(statement):
                yield from self._sighting(statement, sighting)
        yield from self._chosen(statement)
        for one in named(statement):
            if _REFUSED.search(statement.words[: one.start]):
                continue
            if not self._is_foreign(statement, one.start) and not self._is_choice(statement, one.name, one.value):
                yield self._made(statement, one.name, one.value, None, one.start, one.end)
        for name, without in _WITHOUT:
            if (match := without.search(statement.words)) and not is_of_others(statement, match.start()):
                yield self._made(statement, name, 0, None, *match.span())
        for name, one_of_it in _ONES:
            if (match := one_of_it.search(statement.words)) and not self._is_foreign(statement, match.start()):
                yield self._made(statement, name, 1, None, *match.span())
        for match in _OFF.finditer(statement.words):
            name = match["what"].lower().replace(" ", "_").replace("-", "_")
            if not self._is_foreign(statement, match.start()):
                yield self._made(statement, _OFF_NAMES.get(name, name), 0, None, *match.span())
        yield from self._symbols(statement)

    def _seeds(self, statement: Statement) -> Iterator[Hyperparameter]:
        """How many seeds there are, where they are named one by one or there is but one."""
        for match in _SEEDS.finditer(statement.words):
            places = [at for at in range(*match.span(1)) if statement.is_number(at)]
            statement.taken.update(statement.index(at) for at in places)
            if not self._is_foreign(statement, match.start()):
                yield self._made(statement, "seeds", len(places), None, *match.span())
        for match in _SEED_RANGE.finditer(statement.words):
            first, last = (statement.number(match.start(group)).value for group in (1, 2))
            if first < last and not self._is_foreign(statement, match.start()):
                statement.taken.update((statement.index(match.start(1)), statement.index(match.start(2))))
                yield self._made(statement, "seeds", int(last - first) + 1, None, *match.span())
        single = _ONE_SEED.search(statement.words)
        if single and not self._is_foreign(statement, single.start()):
            yield self._made(statement, "seeds", 1, None, *single.span())

    def _symbols(self, statement: Statement) -> Iterator[Hyperparameter]:
        """Letters alone: ``L = 12, H = 768, A = 12``; nothing but their custom says what they stand for."""
        for name, at in symbols(statement):
            if statement.index(at) not in statement.taken and not self._is_foreign(statement, at):
                statement.taken.add(statement.index(at))
                whom = self._whom(statement, at, at + 1)
                yield self._made(statement, name, statement.number(at).value, whom, at, at + 1)

    def _is_foreign(self, statement: Statement, at: int) -> bool:
        return is_foreign(statement, at) or is_of_another_model(statement, at, self.others)

    def _is_choice(self, statement: Statement, name: str, value: str) -> bool:
        """Whether several are only compared: ``Adam, SGD and RMSprop were tried``."""
        if name != "optimizer":
            return False
        others = {one.value for one in named(statement) if one.name == name and not is_foreign(statement, one.start)}
        return (
            len(others) > 2
            or (len(others) == 2 and bool(SEARCHED.search(statement.words)) and not BEST.search(statement.words))
        )

    def _pairs(self, statement: Statement) -> Iterator[Hyperparameter]:
        """Both of Adam's coefficients at once: ``(β1, β2) = (0.9, 0.98)``."""
        for pattern in (_PAIR, _ADAM_PAIR):
            for match in pattern.finditer(statement.words):
                first, second = statement.number(match.start(1)), statement.number(match.start(2))
                plural = (
                    "2" in match.group()[: match.start(1) - match.start()]
                    or re.match(r"betas|βs|β[\s=(]|\bAdam|beta\s", match.group(), re.IGNORECASE)
                )
                if (
                    not plural
                    or not (0 <= first.value < 1 and 0.5 <= second.value < 1)
                    or is_foreign(statement, match.start())
                ):
                    continue
                for name, at in (("beta1", match.start(1)), ("beta2", match.start(2))):
                    if statement.index(at) not in statement.taken:
                        statement.taken.add(statement.index(at))
                        yield self._made(statement, name, statement.number(at).value, None, match.start(), match.end())

    def _fallen(self, statement: Statement) -> Iterator[Hyperparameter]:
        """A rate that goes from one value to another."""
        cycles = _CYCLE.finditer(statement.words) if re.search(r"\bcycl|\btriangular", statement.words, re.I) else ()
        for match in (*_FROM_TO.finditer(statement.words), *cycles):
            high, low = statement.number(match.start(1)), statement.number(match.start(2))
            lead = statement.words[: match.start()]
            if (
                not re.search(r"learning[- ]rate|\blr\b|step size", lead, re.IGNORECASE)
                or is_foreign(statement, match.start())
            ):
                continue
            if high.value > low.value and high.value <= 10 and _FALLS.search(lead):
                statement.taken.update((statement.index(match.start(1)), statement.index(match.start(2))))
                yield self._made(statement, "learning_rate", high.value, None, match.start(), match.end())
                yield self._made(statement, "min_learning_rate", low.value, None, match.start(), match.end())
            elif high.value < low.value <= 10 and match.re is _CYCLE:
                statement.taken.update((statement.index(match.start(1)), statement.index(match.start(2))))
                yield self._made(statement, "min_learning_rate", high.value, None, match.start(), match.end())
                yield self._made(statement, "learning_rate", low.value, None, match.start(), match.end())
            elif high.value < low.value <= 10 and _RISES.search(lead):
                statement.taken.update((statement.index(match.start(1)), statement.index(match.start(2))))
                yield self._made(statement, "learning_rate", low.value, None, match.start(), match.end())

    def _sighting(self, statement: Statement, sighting: Sighting) -> Iterator[Hyperparameter]:
        subject, values, words = sighting.subject, sighting.values, statement.words
        if any(statement.index(at) in statement.taken for at in values):
            return
        first, last = values[0], values[-1]
        if self._is_foreign(statement, first) or (not sighting.counted and _BOUND.search(words[: first])):
            statement.taken.update(statement.index(at) for at in values)
            return
        if subject.name == "learning_rate" and _DIVIDED.search(words[:first]):
            return
        if subject.name == "patience" and self._is_of_the_rate(statement, first):
            statement.taken.update(statement.index(at) for at in values)
            return
        if self._is_search(statement, sighting):
            statement.taken.update(statement.index(at) for at in values)
            read = frozenset(float(subject.value(statement.number(at))) for at in values)
            self.searched.append(Searched(subject, read, statement.order))
            return
        statement.taken.update(statement.index(at) for at in values)
        names = (
            listed_names(
                self.document, statement, max(last + 1, sighting.end if sighting.counted else last + 1), len(values)
            )
            if len(values) > 1
            else None
        )
        if len(values) > 1 and names is None and not re.search(r"\band\b|/", words[first:last]):
            values = values[:1]
        for place, at in enumerate(values):
            whom = names[place] if names else self._whom(statement, min(sighting.at, at), max(sighting.end, at + 1))
            value, unit = subject.value(statement.number(at)), self._unit(statement, sighting, at)
            yield self._made(statement, subject.name, value, whom, sighting.at, sighting.end, unit)
        if names is None and len(values) == 1:
            yield from self._more(statement, subject, last)

    def _is_of_the_rate(self, statement: Statement, at: int) -> bool:
        """Whether what is waited for is a lower rate, and not the end."""
        clause = clause_at(statement, at).words
        return bool(_PLATEAU.search(clause)) and not re.search(r"\bstop|\bterminat|\bpatience\b", clause, re.IGNORECASE)

    def _more(self, statement: Statement, subject: Subject, last: int) -> Iterator[Hyperparameter]:
        """Further values of the same thing: ``0.1 for the base model and 0.3 for the large one``."""
        while (
            match := _AND_FOR.match(statement.words, last + 1) or _FOR_ANOTHER.match(statement.words, last + 1)
        ) is not None:
            if any(pattern.phrase.search(match.group()) for pattern in _PATTERNS):
                return  # the next number is of something else
            last = match.start(1)
            number = statement.number(last)
            if statement.index(last) in statement.taken or not subject.allows(number):
                return
            statement.taken.add(statement.index(last))
            yield self._made(
                statement, subject.name, subject.value(number), self._whom(statement, last, last + 1), last, last + 1
            )

    def _is_search(self, statement: Statement, sighting: Sighting) -> bool:
        words, values = statement.words, sighting.values
        first, last = values[0], values[-1]
        clause = clause_at(statement, first).words
        if len(values) > 1:
            tail = words[last + 1 : last + 60]
            if "respectively" in tail or listed_names(self.document, statement, last + 1, len(values)):
                return False
            parts = sighting.subject.name in _PARTS and re.search(r"\band\b", words[values[-2] : last])
            many = len(values) > 2 and not parts and sighting.subject.name != "seeds" and not sighting.counted
            told = SEARCHED.search(clause) or _RANGE.search(words[:first]) or _EITHER.search(words[first:last])
            return sighting.searched or many or told is not None
        return bool(re.search(r"\bbetween\b[^.;]{0,20}$", words[:first]))

    def _chosen(self, statement: Statement) -> Iterator[Hyperparameter]:
        """The one of the values that were tried which the text says was taken."""
        for match in BEST.finditer(statement.words):
            if "search" in match.group().lower():
                continue
            first = next(index for index in range(match.start(), match.end()) if statement.is_number(index))
            listed = _CHOSEN_TOO.match(statement.words, first + 1)
            further = range(*listed.span()) if listed else ()
            for at in (first, *(index for index in further if statement.is_number(index))):
                number = statement.number(at)
                if statement.index(at) in statement.taken:
                    continue
                for one in reversed(self.searched):
                    if statement.order - one.order <= 2 and one.holds(float(one.subject.value(number))):
                        self.searched.remove(one)
                        statement.taken.add(statement.index(at))
                        yield self._made(statement, one.subject.name, one.subject.value(number), None, *match.span())
                        break

    def _whom(self, statement: Statement, start: int, end: int) -> str | None:
        found, led = applies_to(self.document, statement, start, end), self.led.get(statement.order)
        if led is not None and (found is None or found.lower() in led.lower()):
            return led
        return found or stage_of_section(statement, self.stages)

    def _unit(self, statement: Statement, sighting: Sighting, at: int) -> str | None:
        words = statement.words
        per = _PER_DEVICE.match(words, at + 1)
        if sighting.subject.name == "batch_size" and per:
            return f"per {per.group(2)}"
        if not sighting.subject.unit:
            return None
        match = re.match(rf"[\s-]*(?:\w+\s)?({sighting.subject.unit})\b", words[at + 1 :], re.IGNORECASE)
        return match.group(1) if match else None

    def _made(
        self,
        statement: Statement,
        name: str,
        value: float | str,
        whom: str | None,
        start: int,
        end: int,
        unit: str | None = None,
    ) -> Hyperparameter:
        quote, place = self.quoter.of(statement)
        if whom is None and isinstance(value, str):
            whom = self._whom(statement, start, end)
        elif whom is None:
            whom = self.led.get(statement.order) or stage_of_section(statement, self.stages)
        return Hyperparameter(name, value, unit, whom, quote, place)
