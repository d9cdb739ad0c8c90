"""Names of data sets, as far as a text shows that a name is one.

Invariant: a name is taken from the text; well-known ones need no further word, others stand beside ``dataset``,
``corpus`` or the like.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

_KNOWN = re.compile(
    r"\b(?:CIFAR-?100|CIFAR-?10|(?:Fashion|K|E)-?MNIST|MNIST|Tiny-?\s?ImageNet|ImageNet(?:-1k|-21k|-A|-C|-R|-V2)?"
    r"|SVHN|STL-10|COCO|Cityscapes|ADE20K|CelebA(?:-HQ)?|Food-?101|Oxford(?:-IIIT)?\s(?:Pets|Flowers)"
    r"|VisDrone|PTB-XL|UCI\s[A-Z]\w+|NYU\s?(?:Depth)?\s?[Vv]2|NYU\sDepth(?:\s[Vv]2)?|CNN\s?/\s?Daily\s?Mail|XSum"
    r"|SAMSum|GSM8K"
    r"|HumanEval|MMLU|HellaSwag|WinoGrande|PIQA|TriviaQA|HotpotQA|Europarl|FLORES"
    r"|KITTI|ModelNet40|ShapeNet|Caltech-?(?:101|256)|CUB-200|Stanford\sCars|EuroSAT|Places365|PASCAL\sVOC|LFW"
    r"|CheXpert|BraTS|Jigsaw"
    r"|Criteo|Avazu|Boston\sHousing|Wine\sQuality|Breast\sCancer\sWisconsin|AISHELL(?:-\d)?|WSJ0-2mix|FSD50K|IEMOCAP"
    r"|Cora|Citeseer|PubMed"
    r"|Imagenette|Kinetics-?\d*|UCF-?101|HMDB-?51|GermEval(?:\s20\d\d)?|XNLI|SNLI|STS-B|OntoNotes|GEFCom20\d\d"
    r"|WikiText-?(?:2|103)|Penn\sTree-?bank|PTB|enwik8|text8|Tiny\s?Shakespeare|OpenWebText|FineWeb(?:-Edu)?|C4\b"
    r"|The\sPile|TinyStories|WMT-?\s?'?\d{2,4}|IWSLT-?\s?'?\d{2,4}|Multi30k"
    r"|GLUE|SuperGLUE|SST-?2|SST-?5|MNLI|QNLI|QQP|MRPC|CoLA|RTE|SQuAD(?:\s?v?\d\.\d)?|IMDB|IMDb|AG\s?News"
    r"|AG's\sNews|Yelp|DBpedia|20\s?Newsgroups|CoNLL-?\d{4}|TREC|BoolQ"
    r"|LibriSpeech|Common\s?Voice|TED-?LIUM|TIMIT|VoxCeleb\d?|Speech\sCommands|LJSpeech|GTZAN|ESC-?50|UrbanSound8K"
    r"|AudioSet|VCTK"
    r"|ETT[hm][12]?|Electricity(?:LoadDiagrams)?|M[345]\b(?=\s(?:competition|data|forecast))|California\sHousing"
    r"|Adult(?:\sCensus)?(?=\s(?:data|income|census))|HIGGS|Higgs|Covertype|Iris|Titanic|MovieLens(?:-\d+[MK])?|QM9"
    r"|ZINC|ogbn?-\w+|MIMIC-(?:III|IV)|PhysioNet"
    r")(?![\w])"
)
_SAID = re.compile(
    r"\b(?P<name>(?:[A-Z][A-Za-z]*\d*[\w.-]*|[A-Z]{2,}\d*)(?:[ -](?:[A-Z][\w.-]*|\d{2,4}"
    r"|v\d))*)(?:\s(?P<more>(?!and\b|or\b)[a-z]\w+))?\s(?:data\s?sets?|corpus|corpora|benchmark|database|collection"
    r"|(?:train(?:ing)?|test"
    r"|validation|dev)\s(?:sets?|splits?|data))\b"
)
_SETTING = re.compile(
    r"\b(?:data\s?set|corpus|data)\s*[:=\x02]\s*(?:the\s)?(?P<name>[A-Za-z][\w.-]*(?:[ -][A-Z0-9][\w.-]*)*)",
    re.IGNORECASE)
_NAMED_DATA = re.compile(r"\b(?P<name>[A-Z][a-z]+-?[A-Z]\w*|[A-Z]{3,}\w*)\sdata\b(?!\s(?:set|augment|load|pipeline"
                         r"|parallel))")
_TRAINED_ON = re.compile(
    r"\b(?:[Tt]rain|[Ff]ine-?[Tt]un|[Pp]re-?[Tt]rain|[Ee]valuat)\w*\b[^.;,]{0,50}?\bon\s(?:the\s)?"
    r"(?!(?:NVIDIA|GPUs?|TPUs?|CPUs?|RTX|[AHVTL]\d+|AMD)\b)(?P<name>[A-Z][\w-]*[A-Z][\w-]*(?:\s(?:20\d\d"
    r"|v\d))?)(?![\w-])")
_NO_NAME = re.compile(
    r"^(?:The|This|These|Our|We|A|An|All|Each|Both|In|On|For|From|Using|Training|Test|Validation|Original|Official"
    r"|Public|Private|Full|Large|Small|Table|Figure|It|Its|No|One|Two|Three|Raw|Final"
    r"|Internal|Standard|Data|Dataset|Held-out|Evaluate|Train|Use|Download|Every|Any|Other|Another|Same|Medical"
    r"|Time|Unless|When|After|If|Only|Split|Load|Read|And|Results?|Details|NLP|ML|English|German|French)$"
)


_NO_PART = re.compile(
    r"^(?:images?|text|speech|audio|video|time|series|tabular|classification|regression|translation|segmentation"
    r"|recognition|detection|language|forecasting|benchmark|public|private|full|whole|entire|original|official|standard"
    r"|held|labell?ed|training|train|test|validation|dev|the|this|a|an|our|is|was|with|on|of|in|for|from|to|by|as|that"
    r"|subset|clean|raw|small|large|open|English|evaluation|parallel|combined|same|second|other|\w+ing|\w+ed)$"
)
"""A word between a name and ``data set`` that is no part of the name."""


def names_in(words: str) -> list[str]:
    """Names of data sets in a text, in order."""
    found = [(match.start(), match.group()) for match in _KNOWN.finditer(words)]
    for pattern in (_SAID, _SETTING, _NAMED_DATA, _TRAINED_ON):
        for match in pattern.finditer(words):
            name = _stripped(match["name"])
            more = match.groupdict().get("more")
            if name and more and not _NO_PART.match(more):
                name = f"{name} {more}"
            if name and not any(known.lower() in name.lower() or name.lower() in known.lower() for _, known in found):
                found.append((match.start(), name))
    return list(dict.fromkeys(" ".join(name.split()) for _, name in sorted(found)))


def _stripped(name: str) -> str:
    words = name.split()
    while words and _NO_NAME.match(words[0]):
        words.pop(0)
    return " ".join(words).strip(".,")


def main_dataset(texts: Iterable[str]) -> str | None:
    """The one that is spoken of most; ``None`` where two are spoken of alike, or there is none."""
    counted = Counter(name for text in texts for name in names_in(text))
    ranked = counted.most_common(2)
    if not ranked or (len(ranked) > 1 and ranked[0][1] == ranked[1][1]):
        return None
    return ranked[0][0]
