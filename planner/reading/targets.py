"""Numbers that are to be reached: a metric, its value, spread, split, data set and model.

Invariant: others' numbers, differences, ablations and scores on the training rows are no targets.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from .brief import Target
from .datasets import names_in
from .document import BlockKind, Document
from .metrics import Metric, metrics_in
from .models_named import is_of_another_model
from .quoting import Quoter
from .scope import applies_to, clause_at, is_foreign, is_foreign_section
from .sentences import NUMBER, Statement

_SPREAD = re.compile(
    rf"\s*%?\s*(?:±|\+/-|\+-|\(±|\(?\s?(?:std|s\.d\.|sd|standard\sdeviation|standard\serror)\.?\s?(?:of|="
    rf"|:)?)\s*({NUMBER})\s*%?",
    re.IGNORECASE)
_AFTER_NUMBER = re.compile(
    rf"(?:\s*%?\s*(?:±|\+/?-)\s*{NUMBER})?\s*%?[\s-]*(?:(?:points?\s)?(?:of|in|for|as)\s)?(?:(?:the|a|our|test"
    rf"|validation|dev|held-out|set|mean|overall|average|final|on|best|tokeni[sz]ed|case-\w+)\s)*$",
    re.IGNORECASE)
_SPREAD_SIGN = re.compile(r"(?:±|\+/?-)\s*$")
_DIFFERENCE = re.compile(
    r"\s*%?\s*(?:(?:percentage|absolute|relative|BLEU|F1|accuracy|WER|AUC)[\s-])*(?:points?|pp\b|p\.p\.|relative"
    r"|absolute|improvement|gain|reduction|increase|higher|lower|better|worse|more|less|fewer)\b",
    re.IGNORECASE)
_BY = re.compile(
    r"(?:\bby\s(?:about\s|up\sto\s|only\s|almost\s)?|\b(?:gains?|improvement|reduction|drop|increase|decrease"
    r"|difference|gap|margin)s?\s(?:of|is|was)\s(?:\w+\s)?|\+\s?|\bwithin\s(?:about\s)?)$",
    re.IGNORECASE)
_GAP_STOP = re.compile(
    r"\b(?:by|improv\w+|points?|baseline|than\sthe|confidence|epochs?|steps|threshold|with|using|beam|every"
    r"|over\sthe)\b|‹cited›|[.;]\s|\bafter\b|\bat\sepoch\b",
    re.IGNORECASE)
_TRAINING_ROWS = re.compile(
    r"\b(?:train(?:ing)?[- ](?:set\s|split\s)?(?:accuracy|loss|error|score|perplexity|F1|AUC)"
    r"|on\sthe\straining\s(?:set|split|data|rows))\b",
    re.IGNORECASE)
_TRIVIAL = re.compile(
    r"\b(?:majority(?:[- ]class)?|chance(?:\slevel)?|random(?:ly)?\s(?:guess\w*|baseline|classifier|predict\w*"
    r"|forest)|trivial|dummy|naive|human(?:s|\sperformance|\sannotators?|-level)?|inter-annotator|persistence"
    r"|seasonal[- ]naive|upper\sbound|oracle"
    r"|logistic\sregression|gradient[- ]boost\w+|XGBoost|LightGBM|n-gram|without|removing|falls?\sto|fell\sto"
    r"|drops?\sto|dropped\sto|decreases?\sto|degrades?\sto|confidence\sinterval|p-value"
    r"|(?:ensembl\w+)\sof\s(?:others|all))\b",
    re.IGNORECASE,
)
_WANTED = re.compile(
    r"\b(?:we|our|ours|target|goal|must|should|shall|need(?:s|ed)?|require[sd]?|expect(?:ed|s)?|aim\w*|want"
    r"|reproduc\w+|at\sleast|at\smost|no\s(?:more|less|worse)\sthan|accept\w*|success\w*|reach\w*|or\s(?:better"
    r"|lower|higher|more|less|above|below)|achiev\w*|obtain\w*|attain\w*|match\w*"
    r"|deliver\w*|done\swhen|beat|exceed|below|under|above|hit|get(?:s|ting)?\sto|propos\w+|this\s(?:model|paper"
    r"|work)|final|headline)\b|[≥≤<>]",
    re.IGNORECASE,
)
_SPLITS = (
    ("test", re.compile(
        r"\b(?:test|held-?\s?out|hold-?out|newstest\w*|private\sleaderboard)\b|\btest-(?:clean|other)\b",
        re.IGNORECASE)),
    ("validation", re.compile(r"\b(?:validation|val|dev(?:elopment)?|dev-(?:clean|other))\b", re.IGNORECASE)),
)
_ON = re.compile(
    r"\b(?:on|for|in|over)\s(?:the\s)?(?:\w+\s)?(?P<data>(?:[A-Z][\w'.-]*|test-\w+|dev-\w+"
    r"|newstest\w*)(?:[\s-](?:[A-Z0-9][\w'.-]*))*(?:\s(?:→|->|–|to)\s[A-Z]\w+)?)"
)
_NEXT = re.compile(
    rf"(?:[^.;\ue000-\uf8ff]|(?<=stage\s){NUMBER}|(?<=phase\s){NUMBER}){{0,50}}?(?:,|\band\b|/|\(|;)\s*(?:and\s|of\s"
    rf"|a\s"
    rf"|an\s)*({NUMBER})\s*%?(?=\s*%?\s*(?:±\s*{NUMBER}\s*%?)?\s*(?:on|for|in|at|after|with|\(|/|,|\.|$))"
)
_OTHER_SPLIT = re.compile(
    rf"[^.;\ue000-\uf8ff]{{0,40}}[(\[](?:on\s)?(?:the\s)?(?:validation|val|dev|development|test"
    rf"|held-out)(?:\sset)?\s?[:=,]?\s?"
    rf"({NUMBER})",
    re.IGNORECASE)
_COUNTED = re.compile(
    r"[\s-]*(?:(?:random|different|independent)\s)?(?:epochs?|steps|runs|seeds|folds?|classes|splits|trials"
    r"|repetitions)\b",
    re.IGNORECASE)
_BOUND_ALONE = re.compile(
    rf"(?:\b(?:it|this|that|these|they|any\w*|every\w*|all|whoever|scores?|values?|results?|runs?|variants?"
    rf"|models?)|(?<=;)|(?<=,\sand))\s(?:\w+\s){{0,4}}?"
    rf"(?:below|under|above|over|at\sleast|at\smost|no\s(?:more|less|worse)\sthan|less\sthan|more\sthan"
    rf"|[<>≤≥]=?)\s(?P<n>{NUMBER})"
    rf"\s?%?(?=\s*(?:$|[.,;)]|on\b|is\b|are\b|for\b|will\b|would\b|counts?\b|there\b))",
    re.IGNORECASE)
_FAR = 2
_AFTER_STAGE = re.compile(rf"\bafter\s(?:stage|phase)\s{NUMBER}", re.IGNORECASE)
_IN_BRACKETS = re.compile(r"[^.;()\ue000-\uf8ff]{0,60}\(\s*")
_NEAR = 40
_COUNTS = re.compile(
    r"\b(?:horizons?|length|epoch|step|beam|k|version|size|window|seed|fold|rank|threshold)\s(?:of\s|=\s)?$",
    re.IGNORECASE)
"""Right before a number that is no score."""
_LISTED_BEFORE = re.compile(rf"({NUMBER})\s*%?\s*(?:and|/)\s*$")
_OUTDONE = re.compile(
    r"\b(?:outperform\w*|surpass\w*|better\sthan|worse\sthan|above|improv\w+\s(?:on|over"
    r"|upon))\s(?![\ue000-\uf8ff])[^,;]*,?\s(?:which|whose|that)\b",
    re.IGNORECASE)
_NAMED_SUBJECT = re.compile(
    r"(?:^|,\s|\b(?:and|but|that|whereas|while)\s)[\s,;(]*(?:The\s|A\s|an?\s"
    r"|the\s)?(?P<name>[A-Z][\w-]*(?:[-\s][A-Z\d][\w-]*)*)\s(?:model\s)?(?:‹cited›\s)?(?:reach(?:es|ed)|achieve[sd]"
    r"|obtain(?:s|ed)|attain(?:s|ed)|gets?|got|score[sd]|report(?:s|ed)?|has|had|is|was|stands|stood|yield(?:s|ed)"
    r"|gives?|gave|trains?)\b"
)


@dataclass(frozen=True, slots=True)
class _Pair:
    """A metric and its number in one statement."""

    metric: Metric
    at: int


class TargetReader:
    """Goes through a document's sentences once, in order."""

    def __init__(
        self,
        document: Document,
        all_statements: Sequence[Statement],
        data: frozenset[str],
        main: str | None,
        own: frozenset[str],
        others: frozenset[str],
    ) -> None:
        self.document = document
        self.statements = all_statements
        self.data = data
        self.main = main
        self.own = own
        self.others = others
        self.quoter = Quoter(document)
        self.spoken_of: tuple[Statement | None, Metric | None] = None, None

    def read(self) -> list[Target]:
        """What is to be reached; where nothing says so plainly, what is reported."""
        found = [
            (target, plain)
            for one in self.statements
            if self._may_tell(one)
            for target, plain in (*self._statement(one), *self._bound_alone(one))
        ]
        wanted = [target for target, plain in found if plain] or [target for target, _ in found]
        return merged(wanted)

    def _may_tell(self, statement: Statement) -> bool:
        return (
            statement.block.kind is BlockKind.TEXT
            and bool(statement.numbers)
            and not is_foreign_section(statement, self.data)
        )

    def _statement(self, statement: Statement) -> Iterator[tuple[Target, bool]]:
        for pair in _pairs(statement):
            clause = clause_at(statement, pair.at)
            if (
                is_foreign(statement, pair.at)
                or is_of_another_model(statement, pair.at, self.others)
                or _TRIVIAL.search(clause.words)
                or re.match(r"\W*(?:if|unless)\b", clause.words, re.IGNORECASE)
                or _TRAINING_ROWS.search(_before_it(statement, pair))
            ):
                continue
            if _OUTDONE.search(clause.words[: pair.at - clause.start]):
                continue
            subject = _last(_NAMED_SUBJECT.finditer(clause.words, 0, max(0, pair.at - clause.start)))
            if subject and not self._is_own(subject["name"]):
                continue
            plain = bool(_WANTED.search(clause.words)) or bool(_WANTED.search(statement.words))
            yield self._target(statement, pair), plain
            for at in [*_further(statement, pair), *_aside(statement, pair)]:
                yield self._target(statement, _Pair(pair.metric, at)), plain

    def _bound_alone(self, statement: Statement) -> Iterator[tuple[Target, bool]]:
        """A bound without its metric, which the sentence before has named: ``Anything under 20 is fine``."""
        last = next(iter(reversed(list(metrics_in(statement.words)))), None)
        if last is not None:
            self.spoken_of = statement, last
        before, metric = self.spoken_of
        after = 0 if last is None else max(statement.words.find(";", last.end), 0) or len(statement.words)
        match = _BOUND_ALONE.search(statement.words, after)
        if match is None or metric is None or before is None or statement.order - before.order > _FAR:
            return
        at = match.start("n")
        is_free = statement.index(at) not in statement.taken
        if is_free and _fits(statement, metric, at) and not is_foreign(statement, at):
            yield self._target(statement, _Pair(metric, at)), True

    def _is_own(self, name: str) -> bool:
        return (
            name in self.own
            or any(one in name for one in self.own)
            or name in ("I", "You", "They", "We", "This", "It", "Our", "Accuracy", "Target", "Results", "Test")
        )

    def _target(self, statement: Statement, pair: _Pair) -> Target:
        number = statement.number(pair.at)
        words = statement.words
        spread = _SPREAD.match(words, pair.at + 1)
        tail = words[pair.at + 1 : spread.end() if spread else pair.at + 1]
        percent = number.is_percent or "%" in tail or bool(spread and statement.number(spread.start(1)).is_percent)
        quote, place = self.quoter.of(statement)
        return Target(
            metric=pair.metric.name,
            value=number.value,
            unit="%" if percent else None,
            spread=statement.number(spread.start(1)).value if spread else None,
            split=self._split(statement, pair.at),
            dataset=self._dataset(statement, pair.at),
            model=applies_to_model(self.document, statement, pair.at, self.own),
            quote=quote,
            place=place,
        )

    def _split(self, statement: Statement, at: int) -> str | None:
        before = re.split(NUMBER, statement.words[max(0, at - 60) : at])[-1]
        named = [(match.start(), name) for name, pattern in _SPLITS for match in pattern.finditer(before)]
        if named and len(before) - max(named)[0] < _NEAR:
            return max(named)[1]
        for text in (_own_part(statement, at), clause_at(statement, at).words, statement.words):
            placed = [(match.start(), name) for name, pattern in _SPLITS if (match := pattern.search(text))]
            if placed:
                return min(placed)[1]
        return None

    def _with_year(self, statement: Statement, name: str) -> str:
        """The name with the year or the version that stands after it, which is a number in the statement's words."""
        text = self.document.view.text[statement.start : statement.end]
        match = re.search(rf"{re.escape(name)}[ -]20\d\d(?!\d)", text)
        return match.group() if match else name

    def _dataset(self, statement: Statement, at: int) -> str | None:
        for text in (_own_part(statement, at), clause_at(statement, at).words):
            named = names_in(text)
            if named:
                return self._with_year(statement, named[0])
            match = _ON.search(text)
            if match and not re.match(r"[\ue000-\uf8ff]", match["data"]):
                return match["data"].rstrip(".'")
        return self.main


def _before_it(statement: Statement, pair: _Pair) -> str:
    """From the number before to the metric and its number, which stand in either order."""
    first = min(pair.at, pair.metric.start)
    before = max((match.end() for match in re.finditer(NUMBER, statement.words[:first])), default=0)
    return statement.words[before : max(pair.at, pair.metric.end) + 40]


def _last(found: Iterator[re.Match[str]]) -> re.Match[str] | None:
    return next(iter(reversed(list(found))), None)


def _own_part(statement: Statement, at: int) -> str:
    """From a number up to the next one."""
    after = re.compile(NUMBER).search(statement.words, at + 1)
    spread = _SPREAD.match(statement.words, at + 1)
    if spread:
        after = re.compile(NUMBER).search(statement.words, spread.end())
    return statement.words[at + 1 : after.start() if after else None]


def _pairs(statement: Statement) -> Iterator[_Pair]:
    """Metrics with the numbers that stand beside them; each number belongs to one."""
    words = statement.words
    taken: set[int] = set()
    every = list(metrics_in(words))
    for metric in every:
        before = _before(words, metric)
        at = (
            before if before is not None
            and before not in taken
            and _fits(statement, metric, before) else _after(statement, metric, every)
        )
        if at is None or at in taken:
            continue
        taken.add(at)
        if at == before and (other := _LISTED_BEFORE.search(words[:at])) and _fits(statement, metric, other.start(1)):
            taken.add(other.start(1))
            yield _Pair(metric, other.start(1))
        yield _Pair(metric, at)


def _before(words: str, metric: Metric) -> int | None:
    """The number right before a metric's name, over its spread."""
    for match in reversed(list(re.finditer(NUMBER, words[: metric.start]))):
        if not _SPREAD_SIGN.search(words[: match.start()]):
            gap = words[match.end() : metric.start]
            in_brackets = _IN_BRACKETS.fullmatch(gap) and words[metric.end : metric.end + 1] == ")"
            return match.start() if in_brackets or _AFTER_NUMBER.fullmatch(gap) else None
    return None


def _after(statement: Statement, metric: Metric, every: Sequence[Metric]) -> int | None:
    words = statement.words
    near = re.compile(NUMBER).search(words, metric.end, metric.end + 90)
    while near is not None and (_COUNTS.search(words[metric.end : near.start()]) or _COUNTED.match(words, near.end())):
        near = re.compile(NUMBER).search(words, near.end(), metric.end + 120)
    if near is None:
        return None
    if (
        (risen := re.match(rf"\s*%?\s*(?:down\s|up\s)?to\s({NUMBER})", words[near.end() :]))
        and re.search(r"\bfrom\s$", words[: near.start()])
    ):
        return near.end() + risen.start(1)
    gap = words[metric.end : near.start()]
    if _GAP_STOP.search(gap) or any(metric.end <= other.start < near.start() for other in every) or gap.count(",") > 1:
        return None
    return near.start() if _fits(statement, metric, near.start()) else None


def _fits(statement: Statement, metric: Metric, at: int) -> bool:
    number, words = statement.number(at), statement.words
    if (
        number.sides
        or number.value < 0
        or number.value > metric.most
        or _DIFFERENCE.match(words, at + 1)
        or _BY.search(words[:at])
    ):
        return False
    if re.match(
        r"[\s-]*(?:epochs?|steps|runs|seeds|hours|classes|folds?|GPUs?|examples|images|samples|times|layers|M\b|B\b"
        r"|million)",
        words[at + 1 :]):
        return False
    return not (
        metric.most == 100
        and number.is_whole
        and number.value > 1
        and not number.is_percent
        and statement.index(at) in statement.taken
    )


def _further(statement: Statement, pair: _Pair) -> Iterator[int]:
    """More numbers of the same metric: ``28.4 on one and 41.8 on another``."""
    at = pair.at
    spread = _SPREAD.match(statement.words, at + 1)
    at = spread.start(1) if spread else at
    while (match := _NEXT.match(statement.words, at + 1)) is not None:
        between = statement.words[at + 1 : match.start(1)]
        if (
            any(metrics_in(statement.words[match.end(1) : match.end(1) + 25]))
            or any(one.name != pair.metric.name for one in metrics_in(between))
            or not _fits(statement, pair.metric, match.start(1))
        ):
            return
        if _GAP_STOP.search(_AFTER_STAGE.sub(" ", between)) or re.search(r"\b(?:vs|versus|compared|from"
            r"|range)\b", between):
            return
        yield match.start(1)
        spread = _SPREAD.match(statement.words, match.end(1))
        at = spread.start(1) if spread else match.start(1)


def _aside(statement: Statement, pair: _Pair) -> Iterator[int]:
    """The same metric on another split, in brackets: ``19.4 (validation: 18.9)``."""
    match = _OTHER_SPLIT.match(statement.words, pair.at + 1)
    if match and _fits(statement, pair.metric, match.start(1)):
        yield match.start(1)


def applies_to_model(document: Document, statement: Statement, at: int, own: frozenset[str]) -> str | None:
    """The model that a result is of."""
    clause = clause_at(statement, at)
    named = next(
        (name for name in sorted(own, key=len, reverse=True) if re.search(rf"\b{re.escape(name)}\b", clause.words)),
        None,
    )
    if named is not None:
        return named
    found = applies_to(document, statement, at, at + 1)
    return found if found and not names_in(found) and re.search(
        r"base|large|small|tiny|medium|big|huge|student|model|-[A-Z]",
        found) else None


def merged(targets: Sequence[Target]) -> list[Target]:
    """The same number told twice is one target; what only one place tells is taken from there."""
    found: list[Target] = []
    for one in targets:
        same = next((other for other in found if _is_same(one, other)), None)
        if same is None:
            found.append(one)
            continue
        found[found.index(same)] = replace(
            same,
            spread=same.spread if same.spread is not None else one.spread,
            split=same.split or one.split,
            dataset=same.dataset or one.dataset,
            model=same.model or one.model,
        )
    return found


def _is_same(one: Target, other: Target) -> bool:
    if one.metric.removeprefix("top1_") != other.metric.removeprefix("top1_"):
        return False
    known = (one.split, other.split), (one.dataset, other.dataset), (one.model, other.model)
    return one.value == other.value and all(a is None or b is None or a == b for a, b in known)
