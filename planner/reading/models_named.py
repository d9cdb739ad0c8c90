"""Which models a text calls its own and which it only compares itself with, by the way it speaks of them.

Invariant: a name that the text trains, uses or proposes is never another's.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence

from .datasets import names_in
from .scope import clause_at, is_foreign_section
from .sentences import NUMBER, Statement

_NAME = r"[A-Z][A-Za-z]*[A-Z\d-][\w-]*(?:\s(?:XL|S|M|L))?|[A-Z][a-z]+(?:Net|former|Mixer|Formerette)\b"
_OWN = re.compile(
    rf"\b(?:propose|present|introduce|call(?:\sit|\sthis|ed)?|named?|dubbed?|termed|describe)\s(?:our\s|a\s|the\s"
    rf"|an\s|it\s)?(?:[\w-]+\s){{0,4}}?(?P<name>{_NAME}|[A-Z]{{2,}}[\w-]*)"
    rf"|(?P<ours>(?:(?<=[Oo]ur\smodel,\s)|(?<=[Oo]ur\snetwork,\s))(?:{_NAME}))|(?P<bracketed>{_NAME})\s\((?:ours"
    rf"|proposed|this\swork)\)"
)
_USED = re.compile(
    rf"\b(?:[Ww]e|[Pp]lease|[Tt]o|must|should|[Mm]odel|[Aa]rchitecture|[Tt]ask|our)\b[^.;]{{0,60}}?\b(?:use|train"
    rf"|fine-?tune|employ|adopt|build|reproduce|implement|take|is|:)\s(?:an?\s|the\s|our\s|pre-?trained\s"
    rf"|small\s)*(?P<name>{_NAME})"
    rf"|(?:^|[.:]\s)(?:Fine-?tune|Train|Reproduce|Implement|Use|Build)\s(?:an?\s|the\s|our\s)*(?P<told>{_NAME})"
    rf"|\b(?:[Mm]odel|[Aa]rchitecture|[Bb]ackbone|[Ee]ncoder)\s*(?:is|[:=\x02])\s(?:an?\s|the\s)?(?P<set>{_NAME})"
)
_CITED = re.compile(rf"(?P<name>{_NAME})\s?‹cited›")
_DESCRIBED = re.compile(
    rf"(?:^\W*|[,:;]\s|\b(?:of|in|train|that)\s)(?P<name>{_NAME})(?=,?\s(?:has|is\s(?:an?|trained|built)|consists?"
    rf"|stacks?|starts|takes"
    rf"|processes|contains|comprises|maps)\b)")
_FAMOUS = re.compile(
    r"(?:BERT|RoBERTa|GPT|T5|BART|LLaMA|Llama|ResNet|DenseNet|EfficientNet|MobileNet|ConvNeXt|ViT|DeiT|Swin|LSTM|GRU"
    r"|CNN|MLP|XGBoost|LightGBM"
    r"|CatBoost|AlexNet|VGG|U-Net|UNet|DeepLab\w*|DeepAR|Adam\w*|SGD|CIFAR|MNIST|ImageNet|LibriSpeech|GPU|TPU|CPU"
    r"|[AHV]100|RTX|BiLSTM|NLP)",
    re.IGNORECASE)
_TRAINED = re.compile(
    rf"\b(?:[Ww]e|I)\s(?:train|fine-?tune|pre-?train|build|develop|design|distil)\s(?:an?\s|the\s"
    rf"|our\s)?(?P<name>(?:{_NAME}))(?=[\s,.])(?!\s‹cited›)")
_TITLED = re.compile(rf"\W*(?P<name>(?:{_NAME}))\s?[:–—]\s")
_SUBJECT = (
    r"(?:model\s|network\s)?(?:(?:was|is|were)\s(?:\w+\s)?(?:trained|optimi[sz]ed|tuned)|gets?|got|reach(?:es|ed)"
    r"|achieve[sd]|obtain(?:s|ed)|score[sd]|report(?:s|ed)|needs?|needed|trains?|uses?|used|has|takes?|stands|sits"
    r"|is\sat)\b"
)
_TELLS = re.compile(
    rf"(?:^\W*|[:,;(]\s|\b(?:and|but|that|while|whereas|since|because)\s)(?:[Tt]he\s"
    rf"|A\s)?(?P<name>{_NAME})\s(?:‹cited›\s)?{_SUBJECT}"
)
_SCORES = re.compile(
    rf"(?P<name>{_NAME})\s(?:‹cited›\s)?(?:gets?|got|reach(?:es|ed)|achieve[sd]|obtain(?:s|ed)|score[sd]|report(?:s"
    rf"|ed)|(?:is|sits|stands)\sat)\s[^.;]{{0,25}}{NUMBER}"
)

_FIRST = 6
"""Statements in which a text names what it is about."""
_OFTEN = 3
"""A model without a citation that is named so often is the text's own."""


def own_models(statements: Sequence[Statement]) -> frozenset[str]:
    """Names that the text gives to what it proposes."""
    every = [one for one in statements if not is_foreign_section(one, frozenset())]
    found = {
        match["name"] or match["ours"] or match["bracketed"] for one in every for match in _OWN.finditer(one.words)
    }
    cited = {match["name"] for one in every for match in _CITED.finditer(one.words)}
    spoken = Counter(match["name"] for one in every for match in _DESCRIBED.finditer(one.words))
    trained = {match["name"] for one in every for match in _TRAINED.finditer(one.words)}
    found |= {name for name in trained if not _FAMOUS.match(name)}
    titled = next((match["name"] for one in statements[:1] if (match := _TITLED.match(one.words))), None)
    if titled is not None and not _FAMOUS.match(titled):
        found.add(titled)
    early = " ".join(one.words for one in every[:_FIRST])
    central = {
        name
        for name in spoken
        if name not in cited and not _FAMOUS.match(name) and _times(name, every) >= (2 if name in early else _OFTEN)
    }
    return frozenset(name for name in found | central if not names_in(name))


def other_models(statements: Iterable[Statement], own: frozenset[str]) -> frozenset[str]:
    """Names that are cited, or whose scores are told, and that the text neither proposes nor trains."""
    every = list(statements)
    used = {
        match["name"] or match["told"] or match["set"]
        for one in every
        if not is_foreign_section(one, frozenset())
        for match in _USED.finditer(one.words)
    }
    cited = {match["name"] for one in every for match in _CITED.finditer(one.words)}
    scored = {match["name"] for one in every for match in _SCORES.finditer(one.words)}
    named = cited | {name for name in scored if _times(name, every) < _OFTEN}
    title = every[0].words if every else ""
    known = {*own, *used}
    return frozenset(
        name
        for name in named
        if name not in title and not any(name.startswith(one) or one.startswith(name) for one in known)
    )


def _times(name: str, statements: Iterable[Statement]) -> int:
    return sum(one.words.count(name) for one in statements)


def is_of_another_model(statement: Statement, at: int, others: frozenset[str]) -> bool:
    """Whether the clause's subject is one of the others."""
    clause = clause_at(statement, at)
    told = [match for match in _TELLS.finditer(clause.words) if clause.start + match.start() <= at]
    return bool(told) and told[-1]["name"] in others
