"""Whose value a sentence gives: this training's, somebody else's, one that was only tried; and for which model or
stage.

Invariant: what is somebody else's, or was only tried, is left out however plainly it is written.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from .document import BlockKind, Document
from .sentences import NUMBER, Statement

_FOREIGN_SECTION = re.compile(
    r"\b(?:related\swork|prior\swork|previous\swork|references|bibliography|literature|acknowledge?ments?"
    r"|background\sand\srelated|future\swork|limitations?|^\W*(?:[\d.]+\s+)?(?:background|comments|faq)\W*$"
    r"|what\sothers|others\sdo|elsewhere|competitors?|existing\s(?:systems?|solutions?|work)|ablations?|sensitivity"
    r"|what\sdid\snot\swork|things\s(?:we|that)\s.*(?:tried|not\swork)|negative\sresults|baselines(?:\s(?:models?"
    r"|methods?|systems?|details))?$"
    r"|comparison\s(?:with|to)\s(?:prior|previous|other)|changelog|history|alternatives\sconsidered|rejected"
    r"|out\sof\sscope|non-goals|license)\b",
    re.IGNORECASE,
)
_APPENDIX = re.compile(r"^\s*(?:appendix|supplement|[A-H]\b[.:)]?(?:\d|\s))", re.IGNORECASE)
_ELSEWHERE = re.compile(
    r"\b(?:additional|further|other|extra|transfer|supplementary)\s(?:experiments?|results?|data\s?sets?|tasks?"
    r"|domains?|benchmarks?|studies)\b"
    r"|\b(?:experiments?|results?|details|settings?|hyper-?parameters?|setup|training)\s(?:on"
    r"|for)\s(?:the\s)?(?P<data>[A-Z0-9][\w-]+)",
    re.IGNORECASE,
)
_FIRST_PERSON = re.compile(
    r"\b(?:we|our|ours|us|this\s(?:paper|work|project|model|task)|here)\b|\bfollow(?:ing|s|ed)?\b|\bas\sin\b"
    r"|\badopt",
    re.IGNORECASE)
_OTHERS = re.compile(
    r"‹cited›|\bet\sal\b|\bthe\sauthors?\b"
    r"|\b(?:prior|previous|earlier|former|existing|older|other|legacy|published|competing|recent"
    r"|concurrent)\s(?:\w+\s)?(?:work|works|stud(?:y|ies)|papers?|models?|methods?"
    r"|approach(?:es)?|systems?|teams?|attempts?|results?|versions?|implementations?|authors?|efforts|runs?"
    r"|state[- ]of[- ]the[- ]art|best|experiments?|reports?|solutions?|literature)\b"
    r"|\bthe\s(?:original|reference|official|old)\s(?:\w+\s){0,2}?(?:paper|authors?|work|implementation|model"
    r"|recipe|code|system|script)\b|\bstate[- ]of[- ]the[- ]art\b"
    r"|\bbaselines?\b|\b(?:GPT-[234]|BERT|PaLM|LLaMA|T5)\s(?:was|were|used|is)\b|\b(?:last|previous)\s(?:year"
    r"|quarter|month|intern|team|person|attempt|run|time|student|model)\b|\w's\s(?:README|paper|report|model"
    r"|configuration|code|repository|results?|authors?|recipe|versions?|runs?|attempts?|notebook|script|setup"
    r"|settings?|model|network|baseline)\b|\bfor\s(?:orientation|comparison|reference)\b"
    r"|^\W*(?:version\s|v)\d[\w.]*\s(?:\(|(?:has|had|was|used|uses|is)\b)|\b(?:its|their)\s(?:README|paper|config\w*"
    r"|code)\b"
    r"|\bthe\s(?!(?:present|current|full|whole)\b)[\w-]+\spaper\b|\b(?:somebody|someone)\b"
    r"|\bthe\soriginal\s\S+\s(?:was|is|used|uses|has|had)\b|\bits\sown\b|\b(?:colleagues?|competitors?)\b|^\W*(?:they"
    r"|he|she)\s",
    re.IGNORECASE,
)
_CONTRAST = re.compile(
    r"^[\s,(]*(?:and\s|but\s)?(?:compared\s(?:to|with)|in\scomparison|unlike|instead\sof|rather\sthan|in\scontrast"
    r"|as\sopposed\sto|than|versus|vs|against|over\sthe|not|up\sfrom|down\sfrom"
    r"|replacing|improv\w+\s(?:on|over|upon)|relative\sto|originally|previously|formerly|no\slonger)\b",
    re.IGNORECASE,
)
_CLAUSE = re.compile(
    r";|:\s(?=[a-z])|—|\s[–-]\s|,?\s\b(?:while|whereas|whilst|although|though)\b|,\s(?=we\b|our\b|but\b|yet\b|not\b"
    r"|unlike\b|in\scontrast|compared|instead\sof|rather\sthan|versus\b|as\sopposed|up\sfrom|down\sfrom|and\snot\b"
    r"|where\s|and\s(?:please|we|then|you)\b)"
    r"|\s(?=compared\s(?:to|with)\b|instead\sof\b|rather\sthan\b|versus\b|vs\.?\s|as\sopposed\sto\b|unlike\b"
    r"|in\scontrast\sto\b)|(?=\(vs\b)|(?=\(compared\b)|(?=\((?:down|up)\sfrom\b)|(?=\(instead\b)|(?=\(not\b)",
    re.IGNORECASE,
)
_TRIED = re.compile(
    r"\?\W*$|\bif\s(?:memory|you|the\sGPU|there|time|needed|necessary)\b|^\W*for\s(?:the\s|our\s|an?\s)?(?:ablation"
    r"|sensitivity|toy|debug|smoke|sanity)\w*|^\W*(?:(?:we|I)\s(?:also\s|first\s|briefly\s"
    r"|initially\s)*(?:tried|experimented|attempted|tested|explored|considered|ablated?|var(?:y|ied))"
    r"|(?:increasing|doubling|halving|reducing|lowering|raising|removing|replacing|using|setting|switching"
    r"|going)\s.*\b(?:hurts?|degrad\w+|worse|wors\w+|diverg\w+|unstable|fail\w*|no\s(?:gain|improvement|benefit"
    r"|effect)|did\snot\shelp|lower(?:s|ed)?\s(?:the\s)?(?:accuracy|score)|drops?\s(?:the|accuracy|by)|costs?"
    r"|reduc\w+\s(?:the\s)?(?:accuracy|score)))"
    r"|\b(?:diverge[sd]?|did\snot\s(?:help|converge|work)|does\snot\s(?:help|work)|(?:gave|led\sto|gives|yields?"
    r"|yielded|resulted\sin)\s(?:\w+\s){0,2}?(?:worse|lower|inferior|poorer|instabilit\w+|diverg\w+)"
    r"|made\sno\sdifference|gave\sno\s(?:gain|improvement)|(?:hurts?|degrade[sd]?)\b|(?:is|was|were|are|performs?"
    r"|performed)\s(?:\w+\s)?worse|became\sunstable|unstable|(?:was|is|were|proved)\s(?:too\s(?:high|low|large"
    r"|small|few|short|slow)|not\s(?:enough|sufficient)|insufficient))\b"
    r"|\b(?:could|might|would)\s(?:also\s)?(?:be|have|use|try|help|need)\b|\bfuture\swork\b|^\W*(?:with|without"
    r"|at)\s.*\b(?:accuracy|performance|loss|score|quality|mIoU|F-?[\ue000-\uf8ff1]|BLEU|WER|AUC|RMSE|MAE|error"
    r"|perplexity)\s"
    r"(?:drops|falls|fell|dropped|decreases?d?|degrades?d?|increases?d?|worsens|rises|rose|(?:is|was"
    r"|becomes)\s(?:\w+\s)?(?:lower|higher|worse))\b"
    r"|\b(?:do|does|did|must|should|shall|may|can)\s?(?:not|n't|never)\s(?:use|exceed|go|train|set|copy|increase"
    r"|change)\b|\bnever\s(?:use|exceed)\b|\b(?:we|I)\stried\b|^\W*with\s.*\bis\s(?:the\ssame|no\sbetter|similar)\b"
    r"|\b(?:lower(?:s|ed)|reduc(?:es|ed)|decreas(?:es|ed)|drop(?:s|ped)|cost|costs|hurts?|worsen(?:s|ed)?)\s(?:the\s"
    r"|our\s)?"
    r"(?:test\s|validation\s|dev\s|final\s)?(?:accuracy|scores?|performance|F-?[\ue000-\uf8ff1]|BLEU|AUC|mIoU|quality"
    r"|results?)\b"
    r"|\b(?:gave|gives|yield\w*|led\sto|leads?\sto)\s(?:the\s|a\s)?(?:same|similar|identical|no\s(?:better|gain))\b"
    r"|^\W*with\s(?!our\b|this\b|these\b)[^,;]*[\ue000-\uf8ff][^,;]*\s(?:the\s)?(?:test\s|validation\s)?(?:accuracy|MSE"
    r"|MAE|RMSE"
    r"|BLEU|WER|error|AUC|loss|perplexity|score)\s(?:is|was)\b"
    r"|\b(?:led\sto\s(?:a\s)?collapse|collapse[sd]\b|brought\s(?:nothing|no\b|little)|ma[dk]e[s]?\sthings\sworse)"
    r"|^\W*with\s.*\bwe\s(?:got|saw)\b|\bwith\s.*\b(?:is|are|was|were)\s(?:\w+\s)?(?:lower|worse|higher)\b"
    r"|^\W*(?:halving|doubling|removing|dropping|replacing|reducing|increasing)\s.*\b(?:reduc|lower|rais|increas"
    r"|decreas)\w*\s(?:the\s)?\S+\sto\b"
    r"|\bhad\s(?:we|I)\b|\bif\s(?:you|we|it)\s.*\b(?:run\sout|out\sof\smemory"
    r"|larger|smaller)\b",
    re.IGNORECASE,
)
_OUR_FORMER = re.compile(
    r"\bour\s(?:\w+\s){0,2}baselines?\b|\b(?:my|our|the)\s(?:old|previous|former|earlier|legacy|current|present"
    r"|existing)\s(?!(?:experiment|section|setting|work)s?\b)\w+|\bwinners?\b"
    r"|\bthe\s(?:paper|article|post|work|thesis)\s(?:by|from)\b|\bwhich\s(?:we|I)\s(?:skip|drop|omit|leave\sout"
    r"|ignore|do\snot)\b",
    re.IGNORECASE)
_NAMED_OTHER = re.compile(
    r"^\W*(?:The\s)?[A-Z][\w-]*[A-Z0-9][\w-]*(?:\s(?:model|network|team))?\s(?:‹cited›\s)?(?:was|were|is|are|uses?"
    r"|used|trains?|trained|employs?|has|have|relies|needs?|reported)\b"
)
SEARCHED = re.compile(
    r"\b(?:search(?:ed|es|ing)?|sweep|swept|sweeps|sweeping|grid|tun(?:ed|ing)|explor(?:e|ed|ing)|tried|try|vary"
    r"|varied|varying|candidates?|considered|rang(?:e|es|ed|ing)|selected\s(?:\w+\s)?from|choos\w+\s(?:\w+\s)?from"
    r"|chosen\s(?:\w+\s)?from"
    r"|picked\sfrom|among|between|log-?uniform\w*|uniform(?:ly)?\s(?:from|in|over)|optuna|random\ssearch"
    r"|search\sspace|values\sin|cross-?validat\w+\sover)\b|∈|\\in\b|(?<!each )(?<!one )\bone\sof\b"
    r"|\bfrom\s(?:the\sset|\{|\[)|\bover\s(?:\{|\[|the\sset)",
    re.IGNORECASE,
)
BEST = re.compile(
    rf"(?:(?:{NUMBER})[^.;\ue000-\uf8ff]{{0,40}}\b(?:work(?:ed|s)\sbest|perform(?:ed|s)\s(?:the\s)?best"
    rf"|was\s(?:the\s)?best|(?:should\s)?comes?\sout|came\sout|turn(?:s|ed)\sout\s(?:to\sbe\s)?(?:the\s)?best"
    rf"|is\sbest|gave\sthe\sbest|were\sbest|being\sthe\sbest|was\s(?:finally\s)?(?:selected"
    rf"|chosen|used|kept)|is\s(?:finally\s)?(?:selected|used|chosen)|won)\b"
    rf"|\b(?:best|settled\son|chose|choose|selected?|picked?|final(?:ly)?|ended\sup\swith|optimal|winning|keep|kept"
    rf"|take|took"
    rf"|use)\b[^.;\ue000-\uf8ff]{{0,40}}(?:{NUMBER}))",
    re.IGNORECASE,
)

_SIZE = r"base|tiny|small|medium|large|big|huge|mini|nano|micro|xl|xxl|default"
_NOUN = r"models?|variants?|networks?|configurations?|config|versions?|setting|student|setup"
_MODEL = re.compile(
    rf"""
    \b(?P<sized>(?:[A-Z][\w+]*[- ])?(?:{_SIZE}))[- ](?:{_NOUN})\b
    | \b(?P<named>(?!ROUGE)[A-Z][A-Za-z]+\d*[-_](?:S|M|L|XL|B|Ti|base|small|large|tiny|mini|medium|big|Base|Small|Large
        |Tiny|Mini|Medium|Big|XL))\b
    | \b(?:for|in|of|with|and|by|to)\s(?:the\s)?(?P<lone>{_SIZE})(?=\s*(?:$|[,;:.)]|and\b|or\b|respectively|we\b
        |uses?\b|has\b|takes?\b|is\b))
    | \b(?:for|of|in|on|to|and|the)\s(?:the\s)?(?P<part>backbone
        |(?:(?:vision|image|language|text|audio|speech)\s)?(?:encoder|decoder)
        |(?:classification\s|prediction\s|linear\s|new\s
        |task\s|detection\s|output\s)?head(?!s|-|\sof)|teacher|student|generator|discriminator|critic
        |embedding\slayers?|pre-?trained\slayers|new\slayers)(?:\s(?:network|model|parameters|layers
        |weights))?\b
    | \b(?P<phase>pre-?training|fine-?tuning|distillation|(?:first|second|third|final)\s(?:training\s)?(?:stage
        |phase)|(?:stage|phase)\s(?:{NUMBER}|I{{1,3}}|A|B|one|two))(?![A-Za-z])
    | ^\W*(?P<speech>(?:The\s|Our\s)(?:{_SIZE}|teacher|student|generator
        |discriminator))\b(?=\s(?:one\s)?(?:uses?|has|takes?|is|was|were|trains?|gets?))
    | ,?\s(?:and\s|but\s)?the\s(?P<later>{_SIZE}|teacher|student|generator|discriminator|encoder
        |decoder)(?=\s(?:one\s)?(?:uses?|has|takes?|trains?|gets?|{NUMBER}))
    """,
    re.VERBOSE,
)
_DATA = re.compile(
    r"\b(?:on|for)\s(?:the\s)?(?P<data>[A-Z][A-Za-z]*[A-Z0-9-][\w-]*(?:\s[A-Z]?\w*\d\w*)?)(?=[\s,.;:)]|$)"
)
_RIGHT_BEFORE = re.compile(rf"{NUMBER}\s?(?:[\w-]+\s)?$")
_NOT_DATA = re.compile(
    r"^(?:GPUs?|TPUs?|CPUs?|[AHV]100|RTX.*|AdamW?|SGD|Table|Section|‹.*|NVIDIA|LSTM|GRU|MLP|CNN|BERT|GPT.*|ResNet.*"
    r"|ViT.*|A\d+|T4|L4|PyTorch|AMP)$"
)


_ASIDE = re.compile(rf"\([^()]*{NUMBER}[^()]*\)")
"""What stands in brackets beside what is told, with numbers of its own."""


@dataclass(frozen=True, slots=True)
class Clause:
    """A part of a statement in which one thing is said of one subject."""

    start: int
    end: int
    words: str


def is_foreign_section(statement: Statement, data: frozenset[str]) -> bool:
    """Whether the statement stands where others' values are told, or those of another data set in an appendix."""
    titles = statement.block.titles
    if any(_FOREIGN_SECTION.search(title) for title in titles[-2:]):
        return True
    in_appendix = any(_APPENDIX.match(title) or "appendix" in title.lower() for title in titles)
    if not in_appendix:
        return False
    for title in titles:
        found = _ELSEWHERE.search(title)
        if found and (found["data"] is None or found["data"].lower() not in data):
            return found["data"] is None or found["data"][0].isupper() or found["data"][0].isdigit()
    return False


def clause_at(statement: Statement, at: int) -> Clause:
    """The clause around a position of the statement's words."""
    words = statement.words
    start, end = 0, len(words)
    for match in _CLAUSE.finditer(words):
        if match.end() <= at:
            start = match.start()
        elif match.start() > at:
            end = match.start()
            break
    return Clause(
        start,
        end,
        _ASIDE.sub(
            lambda match: match.group() if match.start() <= at - start < match.end() else " " * len(match.group()),
            words[start:end],
        ),
    )


def is_of_others(statement: Statement, at: int) -> bool:
    """Whether what stands there is said of somebody else's training."""
    text = clause_at(statement, at).words
    return bool(_OTHERS.search(text)) and not _FIRST_PERSON.search(text)


def is_foreign(statement: Statement, at: int) -> bool:
    """Whether what stands there is said of somebody else's training, or of one that was only tried."""
    clause = clause_at(statement, at)
    text = clause.words.lstrip(";—,–- ")
    if _CONTRAST.match(text) or _TRIED.search(text):
        return True
    if _OTHERS.search(text) and not _FIRST_PERSON.search(text):
        lead = statement.words[: clause.start]
        if _NAMED_OTHER.match(text) and "‹cited›" in text:
            return True
        citing_at_end = re.fullmatch(r"[^‹]*‹cited›[\s.,)]*", text) is not None and "baseline" not in text.lower()
        return not (
            citing_at_end or (_FIRST_PERSON.search(lead) and "‹cited›" in text and not re.match(r"‹cited›", text))
        )
    return _OUR_FORMER.search(text) is not None


def applies_to(document: Document, statement: Statement, first: int, last: int) -> str | None:
    """The model or the stage that the value is said of, as the source calls it."""
    clause = clause_at(statement, first)
    found = list(_MODEL.finditer(statement.words, clause.start, clause.end))
    after = next((m for m in found if m.start() >= last and _is_near(statement.words[last : m.start()])), None)
    before = [match for match in found if match.start() <= first]
    chosen = after or (before[-1] if before else None)
    if chosen is None:
        return _one_of_several_datasets(document, statement, clause, last)
    name = chosen.lastgroup or ""
    text = _words(document, statement, *chosen.span(name))
    return re.sub(r"^(?:The|Our|the|our)\s", "", text)


def _one_of_several_datasets(document: Document, statement: Statement, clause: Clause, after: int) -> str | None:
    """A data set is neither model nor stage; it tells values apart only where the sentence has values for several."""
    every = [match for match in _DATA.finditer(statement.words) if not _NOT_DATA.match(match["data"])]
    every = [match for match in every if _RIGHT_BEFORE.search(statement.words[: match.start()])]
    found = next((match for match in every if after - 1 <= match.start() < clause.end), None)
    if found is None or len({match["data"] for match in every}) < 2:
        return None
    return _words(document, statement, *found.span("data"))


def _is_near(gap: str) -> bool:
    return not re.search(rf"{NUMBER}|,|\b(?:from|than|unlike|like|by|beyond|into)\b", gap) and len(gap) < 40


def _words(document: Document, statement: Statement, start: int, end: int) -> str:
    first, last = statement.span(start, end)
    return " ".join(document.view.text[first:last].split())


_LISTED = re.compile(
    r"[^.;]{0,40}?\b(?:for|in|of)\s(?:the\s|our\s)?(?P<names>[\w-]+(?:\s[\w-]+)?(?:,\s(?:the\s)?[\w-]+)*,?\s(?:and"
    r"|or)\s(?:the\s)?[\w-]+(?:\s[\w-]+)?)(?P<noun>\s(?:models?|variants?|stages?|phases?|networks?"
    r"|configurations?))?(?:,?\srespectively)?"
)


def listed_names(document: Document, statement: Statement, after: int, count: int) -> list[str] | None:
    """The names that a list of values goes with: ``for the base and large models, respectively``."""
    match = _LISTED.match(statement.words, after)
    if match is None or not (match["noun"] or "respectively" in statement.words[after:]):
        return None
    text = _words(document, statement, *match.span("names"))
    names = [
        re.sub(r"^(?:and|or|the)\s(?:the\s)?", "", one.strip())
        for one in re.split(r",\s*|\s(?:and|or)\s", text)
        if one.strip()
    ]
    names = [re.sub(r"\s(?:models?|variants?|stages?|phases?|networks?)$", "", name) for name in names]
    return names if len(names) == count else None


def stage_of_section(statement: Statement, stages: frozenset[str]) -> str | None:
    """The stage that a section is about, where the source has sections for several."""
    for title in reversed(statement.block.titles):
        if (stage := stage_in(title)) is not None and stage in stages:
            return stage
    return None


_LEADS = re.compile(
    r"^\W*(?:(?:in|during|for|at|as)\s(?:the\s|our\s)?)?(?P<stage>(?:supervised\s|self-supervised\s)?(?:pre-?training"
    r"|fine-?tuning|distillation)"
    rf"|(?:stage|phase)\s(?:{NUMBER}|I{{1,3}}|A|B|one|two)|(?:the\s)?(?:first|second|third"
    rf"|final)\s(?:training\s)?(?:stage|phase))(?![A-Za-z])"
    r"(?P<more>\s?[–:—-]\s(?:self-supervised\s|supervised\s)?(?:pre-?training|fine-?tuning|distillation)\b)?"
    r"(?:\s\([^()]{0,40}\))?(?:\s(?:stage|phase|run|hyper-?parameters|settings?|setup))*"
    r"(?=\s?[:.,–—-]|\s(?:we|runs?|uses?|lasts?|takes?|is|was|starts?)\b)",
    re.IGNORECASE,
)


def stages_of_paragraphs(statements: Sequence[Statement]) -> dict[int, str]:
    """The stage that a paragraph opens with, for each of its sentences that comes after, where there are several."""
    found: dict[int, str] = {}
    block, stage = None, None
    for one in statements:
        if one.block is not block:
            block, stage = one.block, None
        lead = _LEADS.match(one.words)
        if lead is not None and one.block.kind is BlockKind.TEXT:
            number = next((one.number(at) for at in range(*lead.span("stage")) if one.is_number(at)), None)
            stage = re.sub(NUMBER, str(number.value) if number else "", lead["stage"] + (lead["more"] or "")).lower()
        if stage is not None:
            found[one.order] = stage
    return found if len(set(found.values())) > 1 else {}


def stage_in(title: str) -> str | None:
    """Pre-training or fine-tuning, and the like, in a section's title."""
    found = re.search(
        r"\b(pre-?training|(?:adapter|prompt|instruction|preference)[- ]tuning|fine-?tuning|distillation|stage \d"
        r"|phase \d|first stage|second stage)\b",
        title, re.IGNORECASE)
    return found.group(1).lower() if found else None
