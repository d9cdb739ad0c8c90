"""Hyperparameters whose value is a word: the optimizer, the shape of the schedule, the precision.

Invariant: each has one spelling, whatever the source calls it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from .scope import clause_at
from .sentences import Statement

_I = re.IGNORECASE
OPTIMIZERS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(rf"(?<![\w-]){pattern}(?![\w-]*\w)", flags))
    for name, pattern, flags in (
        ("AdamW", r"Adam-?\s?W", _I), (
            "Adam", r"Adam(?!\s?[A-Z]\w*,?\s\()(?:\soptimi[sz]er)?", 0
        ), ("Adam", r"adam(?=\s*$|\soptimi[sz]er)|ADAM", 0),
        ("NAdam", r"Nadam", _I), (
            "RAdam", r"RAdam|rectified\sAdam", _I
        ), ("Adamax", r"Adamax", _I), ("Adafactor", r"Ada-?factor", _I),
        ("Adagrad", r"Ada-?grad", _I), (
            "Adadelta", r"Ada-?delta", _I
        ), ("RMSprop", r"RMS-?prop", _I), ("LAMB", r"LAMB", 0), ("LARS", r"LARS", 0),
        (
            "Lion", r"Lion(?=\soptimi[sz]er|\s\(|\swith|,|\.|\s*$)", 0
        ), ("Sophia", r"Sophia(?:-[GH])?", 0), ("Shampoo", r"Shampoo", 0), ("Muon", r"Muon", 0),
        ("L-BFGS", r"L-?BFGS", _I), ("SGD", r"(?:mini-?batch\s)?(?:SGD|stochastic\sgradient\sdescent)", _I),
    )
)  # fmt: skip
_OPTIMIZES = re.compile(
    r"\b(?:optimi[sz]\w*|train\w*|updat\w+|use[sd]?|using|with|by|learn\w*|minimi[sz]\w*|fit\w*|run|employ\w*|apply"
    r"|via|is|be|choose|chosen|adopt\w*)\b|[:=\x02]|^\W*$", re.IGNORECASE
)
SCHEDULES: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (name, re.compile(pattern, re.IGNORECASE))
    for name, pattern in (
        ("cyclic", r"\bcyclic(?:al)?\s(?:learning|lr|schedul)\w*|\btriangular2?\b|\bCyclicLR\b"),
        ("one_cycle", r"(?:\bone|[\ue000-\uf8ff])[- ]?cycle\b|\b1-?cycle\b|\bOneCycle(?:LR)?\b"),
        ("cosine",
        r"\bcosine(?!\s(?:similarit|distance|loss|embedding|classifier|margin|proximity))\b"
        r"|\bcosine[- _]?(?:anneal|decay|schedule)|CosineAnnealing\w*|\bhalf-cosine\b|\bSGDR\b"
        ),
        ("inverse_sqrt",
        r"\b(?:inverse|reciprocal)[- _](?:of\sthe\s)?(?:square[- ]?root|sqrt)\b|\binv(?:erse)?_?sqrt\b|\bNoam\b"
        r"|\bproportional(?:ly)?\sto\sthe\sinverse\ssquare\sroot"
        ),
        ("polynomial",
        r"\bpolynomial(?:ly)?[- ](?:decay|learning|lr|schedule|anneal)\w*|\bpoly(?:nomial)?\s(?:learning[- ]rate\s"
        r"|lr\s)?(?:schedule|policy"
        r"|decay)"
        ),
        ("exponential",
        r"\bexponential(?:ly)?[- ](?:\w+\s)?(?:decay\w*|anneal\w*|schedul\w*|lr)|\bdecay\w*\s(?:it\s"
        r"|the\s(?:learning\s)?rate\s)?exponentially"
        r"|ExponentialLR|\b(?:decay|multipl)\w*\s(?:it\s"
        r"|the\slearning\srate\s)?by\s(?:a\sfactor\sof\s)?\S+\s(?:after\s)?(?:every|each|per)\sepoch"
        ),
        ("plateau", r"\bplateau\w*|ReduceLROnPlateau|\b(?:halv|cut|reduc|divid|multipl|lower|decay|decreas"
                    r"|drop)\w*\b[^.;]{0,60}"
        r"\b(?:when(?:ever)?|if|once|as\ssoon\sas|each\stime)\b[^.;]{0,40}\b(?:loss|accuracy|score|metric|error"
        r"|perplexity|F1|AUC|it)\b"
        r"[^.;]{0,30}\b(?:stagnat|stall|plateau|stops?\simprov|not\simprov|n't\simprov|flatten|does\snot)\w*"),
        ("step",
        r"\bstep[- _]?(?:wise\s)?(?:decay|schedule|lr|anneal\w*)\b|\bStepLR\b|MultiStepLR"
        r"|\bpiece-?wise[- ]constant\b|\bmilestones?\b|\b(?:divid|drop|decay|decreas|reduc|multipl|lower"
        r"|cut)\w*\b[^.;]{0,60}\b(?:(?:by|with)\s(?:a\sfactor\s(?:of\s)?)?[\ue000-\uf8ff]|in\shalf"
        r"|tenfold)[^.;]{0,25}\b(?:at|every|after)\s(?:the\s)?(?:epochs?|steps?|iterations?|[\ue000-\uf8ff])"
        r"|[x×]\s?[\d.\ue000-\uf8ff]+\sat\sepochs?\b|\bhalv(?:ed|ing)\s(?:every|at|after)"
        ),
        ("linear",
        r"\blinear(?:ly)?[- _](?:decay|anneal|decreas|schedul|ramp-?down|cool-?down|learning[- ]rate\sschedule"
        r"|learning[- ]rate\sdecay|lr\sdecay)\w*|\b(?:decay|anneal|decreas|reduc|drop|fall)\w*\slinearly"
        r"|\b(?:decay|decreas|anneal)\w*\sto\s\S+\slinearly|\blinear\swarm-?\s?up\sand\s(?:linear\s)?(?:decay"
        r"|cool-?down)|\bdecayed\s(?:to\s\S+\s)?(?:in\sa\s)?linear"
        ),
        ("constant",
        r"\b(?:constant|fixed)[- ](?:learning[- ]?rate|lr|step[- ]size|schedule)|\blearning\srate\s(?:is|was"
        r"|stays?|remains?|stayed|remained)\s(?:kept\s|held\s)?(?:constant|fixed)"
        r"|\bno\s(?:learning[- ]rate\s)?schedul\w+|\blearning\srate\sis\sconstant"
        r"|\bwithout\s(?:any\s)?(?:learning[- ]rate\s)?(?:schedule|decay\sof\sthe\slearning\srate)"
        r"|\bconstant\sthroughout|\blearning[- ]rate\s?(?:(?:of|is|was|="
        r"|:)\s?)?[\ue000-\uf8ff],?\s\(?(?:constant|fixed)\b(?!\s(?:for|until|during|over))"
        r"|\blr\s?[=:]?\s?[\ue000-\uf8ff],?\s\(?constant(?!\s(?:for|until|during|over))"
        ),
    )
)  # fmt: skip
_RATE = re.compile(
    r"\b(?:learning[- _]?rate|lr|schedul\w+|decay\w*|anneal\w*|warm[- ]?up|step\ssize|cosine|at\sepochs?)\b",
    re.IGNORECASE)
PRECISIONS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("bf16", re.compile(r"\b(?:bf-?16|bfloat-?16|brain\sfloat)\b", re.IGNORECASE)),
    ("fp16", re.compile(
        r"\b(?:fp-?16|float-?16|half[- ]precision|16-bit\s(?:floating|precision|float))\b",
        re.IGNORECASE)),
    ("fp8", re.compile(r"\bfp-?8\b", re.IGNORECASE)),
    ("tf32", re.compile(r"\btf-?32\b", re.IGNORECASE)),
    ("fp32", re.compile(
        r"\b(?:fp-?32|float-?32|single[- ]precision|full[- ]precision|32-bit\s(?:floating|precision|float))\b",
        re.IGNORECASE)),
    ("mixed", re.compile(r"\b(?:(?:[Aa]utomatic\s)?[Mm]ixed[- ][Pp]recision|AMP)\b")),
)


@dataclass(frozen=True, slots=True)
class Named:
    """A value that is a word, and where it stands in the statement's words."""

    name: str
    value: str
    start: int
    end: int


def named(statement: Statement) -> Iterator[Named]:
    """What the statement says by name; whose it is, others decide."""
    words = statement.words
    yield from _optimizer(words)
    if _RATE.search(words):
        yield from _first_in_each_clause(statement, "schedule", SCHEDULES)
    yield from _first_in_each_clause(statement, "precision", PRECISIONS)


def _first_in_each_clause(
    statement: Statement, name: str, patterns: tuple[tuple[str, re.Pattern[str]], ...]
) -> Iterator[Named]:
    """One value for a clause: ``mixed precision (bf16)`` and ``linear warm-up, then cosine`` say one each."""
    told: set[int] = set()
    for value, pattern in patterns:
        for match in pattern.finditer(statement.words):
            clause = clause_at(statement, match.start()).start
            if clause not in told:
                told.add(clause)
                yield Named(name, value, *match.span())


def _optimizer(words: str) -> Iterator[Named]:
    found = [
        Named("optimizer", value, *match.span()) for value, pattern in OPTIMIZERS for match in pattern.finditer(words)
    ]
    taken: set[int] = set()
    for one in sorted(found, key=lambda one: (one.start, -one.end)):
        near = words[max(0, one.start - 60) : one.start]
        if one.start in taken or not (_OPTIMIZES.search(near) or re.search(r"optimi[sz]er", words, re.IGNORECASE)):
            continue
        taken.update(range(one.start, one.end))
        yield one


def plain_word(name: str, text: str) -> str | None:
    """The value that a table's cell or a setting gives by name."""
    text = text.strip().strip("\"'`")
    if name == "optimizer":
        lowered = {value.lower(): value for value, _ in OPTIMIZERS}
        if text.lower() in lowered:
            return lowered[text.lower()]
        return next((value for value, pattern in OPTIMIZERS if pattern.search(text)), None)
    if name == "schedule":
        simple = {"cosine": "cosine", "linear": "linear", "constant": "constant", "step": "step",
                  "exponential": "exponential", "none": "constant",
                  "polynomial": "polynomial", "multistep": "step", "multi-step": "step", "fixed": "constant",
                  "plateau": "plateau"}  # fmt: skip
        first = text.partition(",")[0].strip().lower()
        if first in simple:
            return simple[first]
        return next((value for value, pattern in SCHEDULES if pattern.search(f"{text} schedule")), None)
    return next((value for value, pattern in PRECISIONS if pattern.search(text)), None)
