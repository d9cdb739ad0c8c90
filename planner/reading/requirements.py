"""What is asked for, kind by kind: a sentence is a requirement where it says one of the things that a training needs.

Invariant: one sentence is a requirement of each kind at most once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from .brief import Requirement, RequirementKind, Target
from .datasets import names_in
from .document import BlockKind, Document
from .metrics import metrics_in
from .named import named
from .quoting import Quoter
from .scope import is_foreign, is_foreign_section
from .sentences import NUMBER, Statement

_I = re.IGNORECASE
_PATTERNS: tuple[tuple[RequirementKind, re.Pattern[str]], ...] = (
    (
        RequirementKind.SPLIT,
        re.compile(
            rf"(?<!\w)(?:hold(?:ing)?[- ]?out|held[- ]?out|{NUMBER}-fold|cross-?\s?validation"
            rf"|train(?:ing)?\s?/\s?(?:val|dev|test)\w*|(?:official|standard|random|stratified|chronological"
            rf"|temporal|original|predefined|fixed)\s(?:\w+\s)?(?:train\w*\s)?(?:split|partition)s?"
            rf"|split\s(?:in(?:to)?|by|at|the|is|are|randomly)|{NUMBER}(?:/{NUMBER})+|{NUMBER}\s(?:\w+\s)?(?:for"
            rf"|as\sa?)\s(?:training|validation|test(?:ing)?|development)|(?:training|validation|test"
            rf"|dev(?:elopment)?)\s(?:set|split|rows|examples|data|images)\s(?:of|has|have|contains?|consists?|is"
            rf"|are|with|comprises)"
            rf"|(?:form|forms|make\sup|constitutes?)\s(?:the|our)\s(?:test|validation|training|dev)|(?:used|kept"
            rf"|reserved|serve|set\saside)\s(?:\w+\s)?(?:for|as\s(?:the\s|a\s)?)\s?(?:validation|test\w*"
            rf"|development)|leave-one-(?:\w+-)?out|(?:validation|test)\sfolds?|folds?\s[\ue000-\uf8ff]|(?:images"
            rf"|rows|examples|records|samples|sentences|pairs)\s(?:train|validate|test)\s(?:the|it)|group\w*\sby\s\w+"
            rf"|no\s\w+\s(?:may\s)?appears?\sin\sboth|(?:for"
            rf"|as)\s(?:the\s|a\s)?(?:validation|testing|development)|split\soff|set\saside|(?:official|standard"
            rf"|usual|original|predefined|public|customary)\s(?:\w+\s){{0,3}}?(?:splits?|lists?|partitions?|folds?)"
            rf"|(?:validation|test|dev(?:elopment)?)\s(?:sentences|images|rows|examples|samples|utterances"
            rf"|molecules|documents|months|clips))(?!\w)|\btrain\w*\s(?:on|with)\b[^.;]{{0,60}}\b(?:validat|test"
            rf"|evaluat)\w*\s(?:on|with)\b|\b(?:test|val(?:idation)?|dev)_(?:size|fraction|split|ratio)\b"
            rf"|\bsplits?\s(?:files?|lists?)\b|{NUMBER}\s?/\s?{NUMBER}\s?/\s?{NUMBER}"
            rf"|\bon\s(?:the\s)?(?:\S+\s){{0,2}}(?:dev|development|test|validation|held-out)\s(?:sets?|splits?"
            rf"|part)\b|{NUMBER}\s?:\s?{NUMBER}(?:\s?:\s?{NUMBER})?(?=\s(?:at\srandom|split|random|ratio))"
            rf"|\b\d\d?:\d\d?:\d\d?\b|{NUMBER}\straining\b[^.;]{{0,30}}{NUMBER}\s(?:validation|test|dev)"
            rf"|\bsplit\s*[:=]|\b(?:dev|test)-(?:clean|other)\b"
            rf"|\bselects?\s(?:the\s)?(?:\w+\s)?(?:checkpoints?|models?|epoch)\b|\b\d\d/\d\d(?:/\d\d)?\b",
            _I,
        ),
    ),
    (
        RequirementKind.AUGMENTATION,
        re.compile(
            r"\b(?:augment\w*|random(?:ly)?\s(?:resized\s)?(?:crop\w*|flip\w*|horizontal|rotat\w*|eras\w*|scal\w*"
            r"|mask\w*|shift\w*|gain)|horizontal\s(?:and\svertical\s)?flip\w*|flipped|mix-?up|cut-?mix|cut-?out"
            r"|Rand-?Augment|Auto-?Augment|Trivial-?Augment|Spec-?Augment"
            r"|colou?r\sjitter\w*|jitter(?:ing|ed)?|speed\sperturbation|time\s(?:mask\w*|warp\w*|stretch\w*)"
            r"|frequency\smask\w*|pitch\sshift\w*|back-?translat\w*|background\snoise|shifted\sin\stime"
            r"|time[- ]?shift\w*|noise\s(?:is\s)?(?:added|injected)|additive\s(?:noise|Gaussian)"
            r"|noise\sinjection)\b", _I,
        ),
    ),
    (
        RequirementKind.PREPROCESSING,
        re.compile(
            r"(?<!\w)(?:pre-?\s?process\w*|(?<!batch\s)(?<!batch-)(?<!layer\s)(?<!group\s)normali[sz]ed?\b(?!\s(?:flow"
            r"|entropy))|normali[sz]ing|standardi[sz]\w*|tokeni[sz]\w*|lower-?\s?cas\w*|resi[sz](?:ed?|ing)"
            r"|imput\w+|(?:one|[\ue000-\uf8ff])-hot|convert(?:ed|s)?\s(?:\w+\s){0,3}?to|histogram\sequali[sz]\w*"
            r"|gr[ae]y[- ]?scale"
            r"|(?:crop|pad)\w*\s(?:or|and)\s(?:pad|crop)\w*|quantile[- ]transform\w*|(?:rows|users|items|ratings"
            r"|records|samples|examples|sentences|lines)\b[^.;]{0,50}\b(?:dropped|removed|excluded|discarded"
            r"|filtered)|log-?\s?mel|mel[- ](?:filter|spectro)\w*|spectrograms?|MFCCs?|filter-?banks?"
            r"|(?:zero|[\ue000-\uf8ff])\smean|unit\svariance|min-max|byte[- ]pair|BPE|sentence-?piece|word-?piece"
            r"|re-?sampl\w+"
            r"|down-?sampl\w+\sto|missing\svalues|de-?duplicat\w*|z-?scor\w*|padded|truncat\w+|scal(?:e|ed|es"
            r"|ing)\s(?:\w+\s){0,2}?(?:to|into|between|by)\b"
            r"|log-?transform\w*|center-?\s?cropp?\w*|converted\sto|(?:z-score|min-max|feature|input|instance"
            r"|mean)\snormali[sz]ation|divided\sby|(?:split|cut"
            r"|divided)\s(?:\w+\s)?(?:into|with)\s(?:\w+\s){0,3}?(?:strides?|windows?|chunks|segments|overlap\w*)"
            r"|removed?\s(?:rows|duplicates|punctuation)"
            r"|embedded\scategor\w+|per-channel\smean)\b", _I,
        ),
    ),
    (
        RequirementKind.LOSS,
        re.compile(
            r"\b(?:cross-?\s?entrop\w*|(?:mean\s)?squared[- ]error\sloss|MSE\sloss|(?:L1|L2|Huber|smooth\sL1|focal"
            r"|hinge|contrastive|triplet|CTC|dice|quantile|pinball|ranking|reconstruction|margin|InfoNCE|KL|Poisson"
            r"|log-cosh|distillation|BCE)[- ](?:loss|divergence|objective)"
            r"|loss\sfunction|(?:loss|error|entropy|likelihood)\s(?:is|was|are)\s(?:\w+\s)?minimi[sz]ed|loss\s(?:is"
            r"|was|are|gets)\b|(?:is|are|as|be)\s(?:the|our|a)\s(?:training\s)?(?:loss|objective|criterion)|(?:the"
            r"|our|training)\sloss\s(?:is|was|of)|sampled\ssoftmax|training\s(?:loss"
            r"|objective)|objective\sis|minimi[sz](?:e|es|ed|ing)\s(?:the\s)?(?:\w+[\s-]){0,3}?(?:loss|error"
            r"|likelihood|entropy|divergence)|(?:negative\s)?log-?likelihood|connectionist\stemporal"
            r"|next[- ]token\sprediction|masked\slanguage\smodel\w*)\b|\bloss\s*[:=\x02]", _I,
        ),
    ),
    (
        RequirementKind.ARCHITECTURE,
        re.compile(
            rf"(?<!\w)(?:L(?=\s?=\s?{NUMBER})|LoRA|YOLO\w*|WRN(?:-\w+)*|wide-?\s?resnets?|[\w-]*TDNN|{NUMBER}\schannels"
            rf"|adapters?|Llama[\w.-]*|Mixers?|{NUMBER}\s(?:stages\sof|feature\smaps|filters)|transformers?"
            rf"|ResNet\w*(?:-\d+)?|(?:wide\s)?residual\snetworks?|(?:Bi-?)?LSTMs?|GRUs?"
            rf"|MLPs?|multi-?\s?layer\sperceptrons?|CNNs?|conv(?:olutional)?\s?(?:neural\s)?(?:nets?|networks?"
            rf"|layers?|blocks?)|ViT(?:-\w+)*|vision\stransformers?|U-?Net|conformers?|encoder-decoder"
            rf"|decoder-only|encoder-only|(?:mini|nano)?GPT(?:-2)?|BERT(?:-\w+)?|RoBERTa|DistilBERT|wav2vec\w*"
            rf"|EfficientNet\w*|ConvNeXt\w*|MobileNet\w*|TCNs?|temporal\sconvolution\w*|feed-?forward\snetworks?"
            rf"|graph\s(?:neural|attention|convolution\w*)\s?networks?|autoencoders?|perceptron"
            rf"|recurrent\s(?:neural\s)?networks?"
            rf"|{NUMBER}[- ](?:\w+\s){{0,2}}?(?:layers?|blocks|heads)|hidden\s(?:layers?|size|units|dimension)"
            rf"|activation|embedding\s(?:size|dimension|layer)|pooling|head\sdimension|residual\sblocks?"
            rf"|layer\snorm\w*|batch\snorm\w*)\b|\b(?:model|architecture)\s*[:=\x02]"
        , _I),
    ),
    (
        RequirementKind.HARDWARE,
        re.compile(
            rf"(?<!\w)(?:{NUMBER}\s?GB\s(?:graphics\s)?cards?|GTX|{NUMBER}\sTi|Titan|Quadro|Jetson|graphics\scards?"
            rf"|GPUs?|TPUs?|(?:A|H|V|P)\d{{2,4}}[A-Zs]?|GH200|B200s?|MI\d{{3}}|RTX\s?\w*|T4s?|L40?S?|K80"
            rf"|CPU(?:s|\scores?)?|{NUMBER}\scores|laptop|workstation|single\s(?:machine|node)"
            rf"|{NUMBER}\s?G(?:i)?B\s(?:of\s)?(?:\w+\s)?(?:memory|RAM|VRAM)|Raspberry|accelerators?)\b"
        ),
    ),
    (
        RequirementKind.BUDGET,
        re.compile(
            rf"{NUMBER}[\s-]*(?:GPU[- ]?|TPU[- ]?|wall-?clock\s|core[- ]?|CPU[- ]?|A100[- ]?)?(?:hours?|h\b"
            rf"|minutes?|min\b|days?|weeks?|kWh|USD|dollars|euros|EUR|€)|\$\s?{NUMBER}|\bbudget\w*|\b(?:at\smost"
            rf"|no\smore\sthan|under|fewer\sthan|less\sthan|up\sto)\s{NUMBER}\s(?:\w+\s)?(?:parameters|weights|MB"
            rf"|GB)|\bwall-?clock\b|\btime\slimit\b", _I,
        ),
    ),
)  # fmt: skip
_LIMIT = re.compile(r"\b(?:not|never|no)\b[^.;]{0,20}\b(?:longer|more|exceed\w*)\b", _I)
"""A prohibition that is a limit."""
_BUDGET_CUE = re.compile(
    r"\b(?:train\w*|run\w*|budget|within|took|takes?|taking|finish\w*|at\smost|no\smore|under|less\sthan|limit\w*"
    r"|cost\w*|complete[sd]?|total|wall|must|should|spend\w*|compute|parameters|use[ds]?|have|available|enough|cpu"
    r"|fits?|RTX|GTX|[AHVP]\d+\w*|epochs?|cards?|GPUs?|machine)\b",
    _I,
)
_METRIC_CUE = re.compile(
    r"\b(?:metrics?|report\w*|measur\w+|evaluat\w+|scor(?:e|es|ed|ing)|comput\w+|averag\w+|defin\w+|mean\sover"
    r"|judged|compar\w+|select\w*|primary|performance)\b|[:=\x02]",
    _I)
_DATA = re.compile(
    rf"^\W*[A-Z][\w-]*(?:\s[A-Z][\w-]*)?\s(?:holds|contains|consists\sof|comprises|includes)\s[^.]{{0,20}}{NUMBER}"
    rf"|\b(?:data\s?sets?|corpus|the\sdata|database)\s(?:is|are|has|have|contains?|consists?|compris\w+|of|with"
    rf"|holds?|from|lies?|covers?)\b|\b(?:data\s?sets?|data|corpus)\s*[:=\x02]|{NUMBER}\s(?:\w+\s){{0,2}}?(?:images"
    rf"|rows|examples|samples|sentences|utterances|documents|reviews|hours\sof\s\w+|records|series|photographs"
    rf"|pictures|scans|recordings|interactions|notes|clients|users|subjects|ratings|ECGs|tokens\sof|customers"
    rf"|\w*photos|tiles|farms|mixtures|compounds|molecules|songs|tracks|questions|dialogues|articles|graphs|nodes"
    rf"|features"
    rf"|patients|sentence\spairs)\b(?!\sper)|\b[\w/-]+\.(?:csv|parquet|npz|npy|jsonl?|h5|tsv)\b", _I,
)
_TRAINED_ON = re.compile(
    r"\b(?:[Tt]rain|[Ff]ine-?[Tt]un|[Pp]re-?[Tt]rain|[Ee]valuat|[Ee]xperiment|[Tt]est"
    r"|[Rr]eproduc)\w*\b[^.;]{0,60}?\bon\s(?:the\s)?"
    r"(?!(?:NVIDIA|GPU|TPU|CPU|RTX|[AHVTL]\d|Apple|Google|Amazon|Linux)\b)(?:[\w-]+\s)?[A-Z][\w-]+")
_ASKS = re.compile(
    r"\b(?:must|should|shall|needs?\sto|required?|ensure|make\ssure|please|deliver\w*|mandatory)\b|^\W*(?:Use"
    r"|Report|Save|Write|Log|Fix|Keep|Provide|Implement|Train|Do|Reproduce)\b"
)
_TITLES = tuple(
    (kind, re.compile(rf"\W*(?:[\d.]+\s+)?(?:the\s|our\s)?(?:{title})\W*", _I))
    for kind, title in (
        (RequirementKind.LOSS, r"loss(?:\sfunctions?)?|(?:training\s)?objectives?|criterion"),
        (RequirementKind.DATASET, r"data(?:\s?sets?)?|corpus|corpora"),
        (RequirementKind.SPLIT, r"(?:data\s)?splits?"),
        (RequirementKind.AUGMENTATION, r"(?:data\s)?augmentations?"),
        (RequirementKind.PREPROCESSING, r"(?:data\s)?pre-?processing|front\s?end|features"),
        (RequirementKind.ARCHITECTURE, r"model|network|architecture"),
        (RequirementKind.METRIC, r"metrics?"),
        (RequirementKind.HARDWARE, r"hardware"),
        (RequirementKind.BUDGET, r"(?:compute\s)?budget"),
    )
)
_MOST_WORDS = 220


def requirements(
    document: Document, statements: Sequence[Statement], data: frozenset[str], targets: Sequence[Target]
) -> Iterator[Requirement]:
    """Everything that is asked for, in the order of the source."""
    quoter = Quoter(document)
    wanted = {target.quote: target for target in targets}
    for one in statements:
        if (
            one.block.kind is BlockKind.HEADING
            or is_foreign_section(one, data)
            or not one.words.strip()
            or (is_foreign(one, len(one.words) - 1) and is_foreign(one, 0) and not _LIMIT.search(one.words))
        ):
            continue
        kinds = list(dict.fromkeys(_kinds(one, document.view.text[one.start : one.end])))
        quote, place = quoter.of(one)
        text = _short(document, one)
        if not kinds and (kind := _kind_of_section(one)) is not None:
            kinds.append(kind)
        if quote in wanted:
            yield Requirement(RequirementKind.TARGET, text, quote, place)
        elif not kinds and _ASKS.search(one.words) and one.block.kind is BlockKind.TEXT and len(one.words.split()) > 3:
            kinds.append(RequirementKind.OTHER)
        for kind in kinds:
            yield Requirement(kind, text, quote, place)


def _kinds(one: Statement, text: str) -> Iterator[RequirementKind]:
    words = one.words
    if names_in(text) or _DATA.search(words) or _TRAINED_ON.search(words):
        yield RequirementKind.DATASET
    for kind, pattern in _PATTERNS:
        if any(_counts(one, kind, match.start()) for match in pattern.finditer(words)):
            yield kind
    said = {found.name for found in named(one)}
    if "optimizer" in said or re.search(r"\boptimi[sz]er\b", words, _I):
        yield RequirementKind.OPTIMIZER
    if "schedule" in said or re.search(r"\bwarm-?\s?up\b|\bwarmed\sup\b|\bearly[- ]stopping\b", words, _I):
        yield RequirementKind.SCHEDULE
    if (any(True for _ in metrics_in(words)) and _METRIC_CUE.search(words)) or re.search(r"\bmetrics?\s?(?:is|are|:"
            r"|=)", words, _I):
        yield RequirementKind.METRIC


def _kind_of_section(one: Statement) -> RequirementKind | None:
    """What a section is about whose title is the name of a kind."""
    if not one.block.titles or one.block.kind is not BlockKind.TEXT:
        return None
    return next((kind for kind, title in _TITLES if title.fullmatch(one.block.titles[-1])), None)


def _counts(one: Statement, kind: RequirementKind, at: int) -> bool:
    is_limit = kind in (RequirementKind.BUDGET, RequirementKind.HARDWARE) and _LIMIT.search(one.words) is not None
    if is_foreign(one, at) and not is_limit:
        return False
    return kind is not RequirementKind.BUDGET or _BUDGET_CUE.search(one.words) is not None


def _short(document: Document, one: Statement) -> str:
    text = " ".join(document.view.text[one.start : one.end].replace("\x02", " | ").split()).strip(" |")
    return text if len(text) <= _MOST_WORDS else text[: _MOST_WORDS - 1].rsplit(" ", 1)[0] + "…"
