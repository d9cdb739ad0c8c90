"""Tables and settings: a name in one cell, its value in another.

Invariant: a column of ranges that were searched, of defaults or of others' values gives nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .brief import Hyperparameter, Target
from .datasets import names_in
from .document import Block, BlockKind, Document
from .hyperparameters import SUBJECTS
from .metrics import metrics_in
from .named import plain_word
from .numbers import Number, numbers
from .quoting import Quoter
from .scope import is_foreign_section
from .sentences import Statement, statement

_BY_NAME = {subject.name: subject for subject in SUBJECTS}
_ALIASES: tuple[tuple[str, str], ...] = (
    ("accumulation_steps", r"(?:grad(?:ient)?[-_ ]?)?accum(?:ulation)?(?:[-_ ]?(?:steps?|batches))?"),
    ("warmup",
        r"(?:lr[-_ ]|linear |learning[- ]rate )?warm[-_ ]?up(?:[-_ ](?:length|duration|period|phase|schedule))?"
    ),
    ("warmup_epochs", r"warm[-_ ]?up[-_ ]epochs?"),
    ("warmup_steps", r"(?:num[-_ ])?warm[-_ ]?up[-_ ](?:steps|iterations|iters|updates)"),
    ("warmup_ratio", r"warm[-_ ]?up[-_ ](?:ratio|fraction|proportion)"),
    ("min_learning_rate",
        r"(?:min(?:imum)?|final|end)[-_ ](?:learning[-_ ]?rate|lr)|(?:lr|learning[-_ ]rate)[-_ ](?:min|final|end)"
        r"|eta_min"
    ),
    ("schedule",
        r"(?:(?:learning[-_ ]?rate|lr)[-_ ]?)?(?:schedul\w*|decay(?:[-_ ](?:schedule|type|style))?)(?:[-_ ](?:type"
        r"|name))?"
    ),
    ("learning_rate",
        r"(?:(?:peak|base|initial|max(?:imum)?|starting|adam)[-_ ]?)?(?:learning[-_ ]?rate|lr"
        r"|step size)(?:[-_ ]init)?|max_lr"
    ),
    ("batch_size",
        r"(?:(?:global|total|effective|mini|train(?:ing)?|per[-_ ]device(?:[-_ ]train)?"
        r"|per[-_ ]gpu)[-_ ]?)*batch(?:[-_ ]?size)?(?: \((?:tokens|sequences|images|global|total|effective)\))?|bs"
    ),
    ("patience", r"(?:early[-_ ]stopping[-_ ]?)?patience|early[-_ ]stopping(?:[-_ ]rounds)?"),
    ("epochs",
        r"(?:(?:num(?:ber)?|max(?:imum)?|total|train(?:ing)?|n)[-_ ]?(?:of[-_ ])?(?:train(?:ing)?[-_ ])?)?epochs?"
    ),
    ("steps",
        r"(?:(?:num(?:ber)?|max(?:imum)?|total|train(?:ing)?|n)[-_ ]?(?:of[-_ ])?(?:train(?:ing)?[-_ ]"
        r"|gradient[-_ ])?)?(?:steps|iterations|iters|updates)"
    ),
    ("length",
        r"(?:training[-_ ])?(?:length|duration|schedule length|training time|train(?:ing)? (?:for|length|duration"
        r"|budget))"
    ),
    ("weight_decay", r"(?:adamw? )?weight[-_ ]?decay(?:[-_ ]rate)?|wd|l2(?:[-_ ](?:reg\w*|penalty))?"),
    ("label_smoothing", r"label[-_ ]?smoothing(?:[-_ ]factor)?|smoothing"),
    ("gradient_clip",
        r"(?:max[-_ ]?)?grad(?:ient)?s?[-_ ]?(?:norm[-_ ]?)?(?:clip\w*|norm)(?:[-_ ](?:norm|value|val))?"
        r"|clip(?:ping)?(?:[-_ ](?:norm|grad\w*|threshold|value))*|max[-_ ]norm"
    ),
    ("stochastic_depth", r"stochastic depth(?: rate)?|drop[-_ ]?path(?:[-_ ]rate)?"),
    ("dropout",
        r"(?:(?:residual|hidden|attention|attn|embedding|classifier|resid|embd)[-_ ])?drop-?out(?:[-_ ](?:rate"
        r"|prob\w*|p))?|p_?drop"
    ),
    ("betas", r"(?:(?:adamw?|optimi[sz]er)(?:'s)? )?(?:βs?|betas?|\(?(?:β|beta)_?1(?:,? ?| and |/)(?:β|beta)_?2\)?)"),
    ("beta1", r"(?:adamw? )?(?:β|beta)[-_ ]?1"),
    ("beta2", r"(?:adamw? )?(?:β|beta)[-_ ]?2"),
    ("epsilon", r"(?:adamw? |optimi[sz]er )?(?:ε|eps(?:ilon)?)"),
    ("momentum", r"(?:sgd |nesterov )?momentum"),
    ("ema_decay", r"(?:model |weight )?ema(?:[-_ ](?:decay|rate|momentum))?|moving average decay"),
    ("learning_rate", r"η|α"), ("weight_decay", r"λ"), ("patch_size", r"patch[-_ ]?size"),
    ("lora_rank", r"(?:lora[-_ ])?(?:r|rank)"), ("lora_alpha", r"lora[-_ ]alpha"),
    ("optimizer", r"optimi[sz]er|optimi[sz]ation|optim"),
    ("precision", r"(?:numeric(?:al)? |training |floating[- ]point |mixed[-_ ])?(?:precision|dtype)|amp"),
    ("seeds", r"(?:num(?:ber)?[-_ ](?:of[-_ ])?|random |n_)?seeds|(?:number of )?(?:runs|repetitions)"),
    ("seed", r"(?:random[-_ ])?seed|random_state"),
    ("temperature", r"(?:softmax |distillation )?temperature"),
    ("layers",
        r"(?:(?:num(?:ber)?|n)[-_ ](?:of[-_ ])?)?(?:(?:hidden|transformer|encoder|decoder|lstm|residual|interaction"
        r"|attention"
        r"|conv\w*)[-_ ])?(?:layers?|blocks?)|depth|n_?layers?"
    ),
    ("feedforward_size",
        r"(?:feed-?forward|ffn?|mlp|inter-?mediate|inner)[-_ ]?(?:hidden )?(?:dim\w*|size|width)|d_?ff"
    ),
    ("head_size", r"head[-_ ](?:dim\w*|size)|d_?(?:head|k)"),
    ("embedding_size", r"(?:word |token )?emb(?:edding)?s?[-_ ](?:dim\w*|size)"),
    ("hidden_size",
        r"(?:(?:hidden|model|latent|state|layer)[-_ ]?)(?:dim\w*|sizes?|width|units|channels)|width|d_?model|dmodel"
        r"|n_embd"
        r"|hidden(?: units)?|units(?: per layer)?|channels"
    ),
    ("heads", r"(?:(?:num(?:ber)?|n)[-_ ](?:of[-_ ])?)?(?:(?:self-)?attention[-_ ])?heads?|n_?heads?"),
    ("kernel_size", r"(?:conv\w* )?(?:kernel|filter)[-_ ]?(?:size|width)?"),
    ("sequence_length",
        r"(?:max(?:imum)?[-_ ]?)?(?:(?:input|token|training) )?(?:seq(?:uence)?\.?|context|input|block|window"
        r"|lookback|look-back|history)[-_ ]?(?:len(?:gth)?|size|window)?|look-?back(?: window)?"
        r"|max[-_ ]?len(?:gth)?|context"
    ),
    ("image_size", r"(?:input |train(?:ing)? )?(?:image|input|crop|img)[-_ ]?(?:size|resolution)|resolution"),
    ("vocabulary_size", r"vocab(?:ulary)?(?:[-_ ]?size)?"),
    ("mixup_alpha", r"mix-?up(?: alpha| α)?"),
)  # fmt: skip
_COMPILED = tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in _ALIASES)
_WORDS = ("optimizer", "schedule", "precision")
_SKIPPED_COLUMN = re.compile(
    r"\b(?:search|range|grid|candidates?|explored|tried|space|options|distribution|default|baseline|comment|notes?"
    r"|description|source|unit|meaning|ref(?:erence)?|previous|old|prior|section|why|rationale|origin|reason)\b"
    r"|‹cited›|et al",
    re.IGNORECASE,
)
_CHOSEN_COLUMN = re.compile(
    r"\b(?:best|selected|chosen|final|used|value|setting|ours|this work|optimal)\b",
    re.IGNORECASE)
_PLAIN_COLUMN = re.compile(
    r"^\W*(?:values?|settings?|ours|used|config(?:uration)?|selected|chosen|best|final|all models|this work"
    r"|hyper-?parameters?|parameters?|values? used|optimal|)\W*$",
    re.IGNORECASE)
_DECORATION = re.compile(
    r"\([^()]*\)|[*†‡:`\"']|^[-\s]+|\s*[=]\s*$|^--|(?<=[A-Za-z])\s+[ηλεαpτσγBLNTdhkVKE]$|,\s*[a-zηλεα]$"
)
_SYMBOL_FIRST = re.compile(r"\W*\w{1,2}[,:]?\s\(?(?P<words>[A-Za-z][\w -]{3,}?)\)?$")
"""A symbol, then what it stands for: ``λ (weight decay)``."""
_SETTING = re.compile(
    r"^[\s\-*+\"'`]*(?P<key>[A-Za-zβε_(][\w .()/,'β₁₂ε-]{0,45}?)[\"'`]*\s*(?::|=|→"
    r"|:=)\s*(?P<value>\S.{0,79}?)[,;.]?\s*$",
    re.DOTALL)
_IN_WORDS = re.compile(r"[a-z]{3,}\s+\S*\s*[a-z]{2,}|\bafter\b", re.IGNORECASE)
"""A value with several numbers and words between them is a sentence."""
_FLAG = re.compile(r"(?<!\S)--(?P<key>[A-Za-z][\w-]*)(?:\s+|=)(?P<value>[^\s-][^\s]*)")
_OURS = re.compile(
    r"\b(?:ours?|this\s(?:work|paper|repo\w*|project|model|code)|proposed|target|goal|required?|expected|to\sreach"
    r"|reported|acceptance|minimum|threshold|must|result)\b|[≥≤]",
    re.IGNORECASE)
_TARGET_COLUMN = re.compile(
    r"\b(?:target|goal|required?|expected|ours|to reach|must|threshold|acceptance|reported|result|value|minimum"
    r"|at least|at most)\b",
    re.IGNORECASE)


_PART = re.compile(
    r"(?:(?:image|text|audio|speech|vision|language|input|output|base)\s)?(?:encoder|decoder|backbone|model|network"
    r"|architecture|head"
    r"|generator|discriminator|student|embeddings?|inputs?|images?|transformer|training|regulari[sz]ation)",
    re.IGNORECASE)
_BOUND = re.compile(r"[<>≤≥]|\bat (?:least|most)\b", re.IGNORECASE)
_RUN = re.compile(r"\W*(\d{1,9})\s?(?:\.\.\.?|–|-|to|through)\s?(\d{1,9})\W*")
_CAPTION = re.compile(r"\W*(?:table|tab\.|‹ref›)", re.IGNORECASE)
_NO_SCORE = re.compile(
    r"\b(?:#|params?|parameters|size|flops|macs|gmacs|time|hours?|epochs?|steps|year|memory|speed|latency|throughput"
    r"|layers"
    r"|depth|width|data|seeds?|runs|lr|batch|pre-?train\w*|backbone|optimi[sz]er|Δ|delta|gain|rank)\b|^\W*#",
    re.IGNORECASE)
"""Titles of columns that hold no score."""


@dataclass(frozen=True, slots=True)
class _Cell:
    start: int
    end: int
    text: str


def key_of(text: str) -> str | None:
    """The hyperparameter that a cell names, with no other words."""
    text = re.sub(r"(?<=[A-Za-z])\.(?=\s)", "", text)
    plain = " ".join(_DECORATION.sub(" ", text).split()).strip(" .,-")
    whole = " ".join(text.split()).strip(" :*`")
    named = _SYMBOL_FIRST.match(whole)
    for words in (whole, plain, named["words"] if named else ""):
        for name, pattern in _COMPILED:
            if words and pattern.fullmatch(words):
                return name
    return None


class TableReader:
    """Reads a document's tables and its lines of settings."""

    def __init__(
        self,
        document: Document,
        statements: Sequence[Statement],
        data: frozenset[str],
        own: frozenset[str],
        main: str | None,
    ) -> None:
        self.document = document
        self.quoter = Quoter(document)
        self.own = own
        self.main = main
        self.rows: dict[int, list[Statement]] = {}
        self.settings: list[Statement] = []
        for one in statements:
            if is_foreign_section(one, data):
                continue
            if one.block.kind is BlockKind.ROW and one.block.table is not None:
                self.rows.setdefault(one.block.table, []).append(one)
            elif one.block.kind is BlockKind.TEXT:
                self.settings.append(one)

    def hyperparameters(self) -> Iterator[tuple[Statement, Hyperparameter]]:
        """What tables and settings give."""
        for rows in self.rows.values():
            yield from self._table(rows)
        for one in self.settings:
            yield from self._setting(one)

    def is_setting(self, one: Statement) -> bool:
        """Whether a sentence is a line of settings, which its key alone explains."""
        match = _SETTING.match(self._text(one.start, one.end))
        if match is None or (name := key_of(match["key"])) is None or re.search(r"[.;]\s", match["value"]):
            return False
        if name in _WORDS:
            return True
        several = sum(isinstance(one, Number) for one in numbers(match["value"])) > 1
        return not re.search(r"[=:]\s*[\w(]", match["value"]) and not (several and _IN_WORDS.search(match["value"]))

    def _setting(self, one: Statement) -> Iterator[tuple[Statement, Hyperparameter]]:
        text = self._text(one.start, one.end)
        if self.is_setting(one):
            match = _SETTING.match(text)
            assert match is not None
            value = match["value"].partition(" #")[0]
            yield from self._value(
                one, key_of(match["key"]), _Cell(one.start + match.start("value"), 0, value), None, match["key"]
            )
            return
        for flag in _FLAG.finditer(text):
            name = key_of(flag["key"].replace("-", "_")) or key_of(flag["key"])
            yield from self._value(
                one, name, _Cell(one.start + flag.start("value"), 0, flag["value"].rstrip("\\,.;")), None, flag["key"]
            )

    def _table(self, rows: Sequence[Statement]) -> Iterator[tuple[Statement, Hyperparameter]]:
        cells = [self._cells(row.block) for row in rows]
        header = cells[0]
        down = sum(bool(row and key_of(row[0].text)) for row in cells)
        across = sum(key_of(cell.text) is not None for cell in header)
        if down >= 1 and down >= across:
            yield from self._downwards(rows, cells)
        elif across >= 2 or (across == 1 and len(header) == 2):
            yield from self._across(rows[1:], cells[1:], header)

    def _downwards(
        self, rows: Sequence[Statement], cells: Sequence[Sequence[_Cell]]
    ) -> Iterator[tuple[Statement, Hyperparameter]]:
        """Names in the first column; or, where a row has twice two cells, in the third as well."""
        has_header = bool(cells[0]) and (key_of(cells[0][0].text) is None or not _has_value(cells[0]))
        header = cells[0] if has_header else ()
        columns = [index for index, cell in enumerate(header) if index and not _SKIPPED_COLUMN.search(cell.text)]
        chosen = [index for index in columns if _CHOSEN_COLUMN.search(header[index].text)]
        if chosen and len(columns) > len(chosen):
            columns = chosen
        for row, line in zip(rows[1 if has_header else 0 :], cells[1 if has_header else 0 :], strict=True):
            name = key_of(line[0].text) if line else None
            if name is None and len(line) > 2 and not _has_value(line[:2]):
                name = key_of(line[1].text)  # what the first cell means in words
            if len(line) == 4 and key_of(line[2].text) and _has_value(line[3:]):
                yield from self._value(row, name, line[1], None, line[0].text)
                yield from self._value(row, key_of(line[2].text), line[3], None, line[2].text)
                continue
            wanted: Sequence[int] = columns or range(1, len(line))
            if len(chosen) == 1 and 1 < len(line) < len(header):
                wanted = (len(line) - 1,)  # an empty cell before it is not seen on a page
            filled = [index for index in wanted if index < len(line) and line[index].text.strip(" –—-")]
            for index in filled if has_header else filled[:1]:
                whom = header[index].text if len(columns) > 1 and not _PLAIN_COLUMN.match(header[index].text) else None
                yield from self._value(row, name, line[index], whom, line[0].text)

    def _across(
        self, rows: Sequence[Statement], cells: Sequence[Sequence[_Cell]], header: Sequence[_Cell]
    ) -> Iterator[tuple[Statement, Hyperparameter]]:
        """Names in the header, one row a model."""
        usable = [
            (row, line)
            for row, line in zip(rows, cells, strict=True)
            if line and not _SKIPPED_COLUMN.search(line[0].text)
        ]
        named_first = key_of(header[0].text) is None
        for row, line in usable:
            whom = line[0].text if named_first and len(usable) > 1 else None
            for cell, title in zip(line, header, strict=False):
                yield from self._value(row, key_of(title.text), cell, whom, title.text)

    def _value(
        self, row: Statement, name: str | None, cell: _Cell, whom: str | None, key: str
    ) -> Iterator[tuple[Statement, Hyperparameter]]:
        if name is None:
            return
        quote, place = self.quoter.of(row)
        read = [one for one in numbers(f"= {cell.text}") if isinstance(one, Number)]  # brackets hold no citation here
        whom = " ".join(whom.split()) if whom else None
        if name in _WORDS:
            word = plain_word(name, cell.text)
            if word is not None:
                yield row, Hyperparameter(name, word, None, whom, quote, place)
            return
        if name == "betas":
            if len(read) >= 2:
                yield row, Hyperparameter("beta1", read[0].value, None, whom, quote, place)
                yield row, Hyperparameter("beta2", read[1].value, None, whom, quote, place)
            return
        run = _RUN.fullmatch(cell.text)
        if name == "seeds" and run and int(run[1]) < int(run[2]):
            yield row, Hyperparameter("seeds", int(run[2]) - int(run[1]) + 1, None, whom, quote, place)
            return
        if len(read) > 1 and not re.search(r"\(|per\b|×", cell.text):
            if name == "seeds":
                yield row, Hyperparameter("seeds", len(read), None, whom, quote, place)
            elif name in ("hidden_size", "channels", "kernel_size") and re.fullmatch(r"\W*[\[(].*[\])]\W*", cell.text):
                for width in dict.fromkeys(one.value for one in read):
                    yield row, Hyperparameter(name, width, None, whom, quote, place)
            return
        if not read:
            if (
                name in ("weight_decay", "dropout", "label_smoothing")
                and re.fullmatch(r"\W*(?:none|no|off|0)\W*", cell.text, re.IGNORECASE)
            ):
                yield row, Hyperparameter(name, 0, None, whom, quote, place)
            return
        name = _by_unit(name, cell.text, read[0])
        subject = _BY_NAME.get(name)
        if subject is not None and subject.allows(read[0]):
            unit = re.search(rf"\b({subject.unit})\b", f"{cell.text} {key}", re.IGNORECASE) if subject.unit else None
            yield row, Hyperparameter(name, subject.value(read[0]), unit.group(1) if unit else None, whom, quote, place)

    def cell_statements(self) -> Iterator[Statement]:
        """Cells that hold several things, to be read as sentences: ``AdamW (β1 = 0.9, β2 = 0.95)``."""
        for rows in self.rows.values():
            for row in rows:
                cells = self._cells(row.block)
                if len(cells) == 2 and _is_several(cells[0].text, cells[1].text):
                    yield statement(self.document, row.block, cells[0].start, cells[1].end, row.order)
                    continue
                for cell in cells[1:]:
                    if (
                        re.search(r"[A-Za-zβ]{2}.*\d.*\d|(?:decay|anneal)\w* to ", cell.text)
                        and re.search(r"Adam|SGD|β|decay|warm|\bat epochs?\b", cell.text)
                    ):
                        yield statement(self.document, row.block, cell.start, cell.end, row.order)
        for one in self.settings:
            match = _SETTING.match(self._text(one.start, one.end))
            if match and self.is_setting(one) and key_of(match["key"]) in _WORDS and re.search(r"\d", match["value"]):
                yield statement(
                    self.document,
                    one.block,
                    one.start + match.start("value"),
                    one.start + match.end("value"),
                    one.order,
                )

    def targets(self) -> Iterator[Target]:
        """Metrics with what is to be reached, or with what the source's own model reaches."""
        for rows in self.rows.values():
            cells = [self._cells(row.block) for row in rows]
            header = cells[0]
            across = [next(iter(metrics_in(cell.text)), None) for cell in header]
            if any(across[1:]):
                yield from self._own_rows(rows[1:], cells[1:], header)
            elif any(across) and not any(row and any(metrics_in(row[0].text)) for row in cells[1:]):
                yield from self._own_rows(rows[1:], cells[1:], header, header[0].text)  # it stands in the corner
            elif any(row and any(metrics_in(row[0].text)) for row in cells):
                yield from self._metric_rows(rows, cells)
            elif (caption := self._caption(rows)) is not None:
                yield from self._own_rows(rows[1:], cells[1:], header, caption)

    def _caption(self, rows: Sequence[Statement]) -> str | None:
        """The text beside a table that says which one metric its numbers are of."""
        first, last = rows[0].order, rows[-1].order
        near = [one for one in self.settings if first - 3 <= one.order < first or last < one.order <= last + 2]
        near.sort(key=lambda one: (not _CAPTION.match(self._text(one.start, one.end)), abs(one.order - first)))
        for one in near:
            text = self._text(one.start, one.end)
            if len({metric.name for metric in metrics_in(one.words)}) == 1:
                return text
        return None

    def _own_rows(
        self,
        rows: Sequence[Statement],
        cells: Sequence[Sequence[_Cell]],
        header: Sequence[_Cell],
        caption: str | None = None,
    ) -> Iterator[Target]:
        """Rows of the source's own model; where no column names a metric, the caption's is that of each column."""
        for row, line in zip(rows, cells, strict=True):
            if not line or not (_OURS.search(line[0].text) or any(name in line[0].text for name in self.own)):
                continue
            if re.search(r"\bw/?o\b|without|\s[-–−]\s", line[0].text):
                continue
            for cell, title in list(zip(line, header, strict=False))[1:]:
                found = next(iter(metrics_in(title.text)), None)
                told = title.text
                if found is None and caption is not None and not _NO_SCORE.search(title.text):
                    found, told = next(iter(metrics_in(caption)), None), f"{title.text} {'%' if '%' in caption else ''}"
                if found is not None:
                    yield from self._target(row, found.name, cell, told, _model(line[0].text))

    def _metric_rows(self, rows: Sequence[Statement], cells: Sequence[Sequence[_Cell]]) -> Iterator[Target]:
        titles = [cell.text for cell in cells[0]]
        column = next(
            (index for index, title in enumerate(titles) if index and any(name in title for name in self.own)),
            next((index for index, title in enumerate(titles) if index and _TARGET_COLUMN.search(title)), None),
        )
        first = 1
        if len(titles) == 2 and any(metrics_in(titles[0])) and _BOUND.search(titles[1]):
            first, column, titles = 0, 1, ["", ""]  # no titles, only bounds
        if column is None:
            return
        for row, line in zip(rows[first:], cells[first:], strict=True):
            found = next(iter(metrics_in(line[0].text)), None) if line else None
            if found is not None and column < len(line):
                yield from self._target(row, found.name, line[column], f"{line[0].text} {titles[column]}", None)

    def _target(self, row: Statement, metric: str, cell: _Cell, title: str, model: str | None) -> Iterator[Target]:
        read = [one for one in numbers(cell.text) if isinstance(one, Number)]
        if not read or read[0].value < 0:
            return
        spread = read[1].value if len(read) > 1 and re.search(r"±|\+/-|\(", cell.text) else None
        text = self._text(row.start, row.end)
        quote, place = self.quoter.of(row)
        percent = "%" in cell.text or "%" in title
        named = names_in(f"{title}") or names_in(text)
        yield Target(
            metric,
            read[0].value,
            "%" if percent else None,
            spread,
            _split(f"{title} {text}"),
            named[0] if named else self.main,
            model,
            quote,
            place,
        )

    def _cells(self, block: Block) -> list[_Cell]:
        return [_Cell(start, end, self._text(start, end)) for start, end in _without_empty_ends(block.cells)]

    def _text(self, start: int, end: int) -> str:
        return self.document.view.text[start:end]


def _without_empty_ends(cells: Sequence[tuple[int, int]]) -> Sequence[tuple[int, int]]:
    last = len(cells)
    while last and cells[last - 1][0] == cells[last - 1][1]:
        last -= 1
    return cells[:last]


def _is_several(key: str, value: str) -> bool:
    """Whether a row says several things of a part of the model, or more than its key asks for."""
    if not re.search(r"[A-Za-z]{3}", value) or not re.search(r"\d", value):
        return False
    if key_of(key) is None:
        return _PART.fullmatch(key.strip(" :*")) is not None
    return "," in value and len(list(numbers(value))) > 1


def _has_value(cells: Sequence[_Cell]) -> bool:
    return (
        any(re.search(r"\d", cell.text) for cell in cells[-1:] if len(cells) == 1)
        or any(re.search(r"\d", cell.text) for cell in cells[1:])
    )


def _by_unit(name: str, text: str, number: Number) -> str:
    """What a warm-up or a training's length counts."""
    if name not in ("warmup", "length"):
        return name
    if re.search(r"epoch", text, re.IGNORECASE):
        return "warmup_epochs" if name == "warmup" else "epochs"
    if name == "length":
        return "steps" if re.search(r"step|iter|update|\dk\b", text, re.IGNORECASE) else "unknown"
    return "warmup_ratio" if number.is_percent or number.value < 1 else "warmup_steps"


def _split(text: str) -> str | None:
    if re.search(r"\btest|held-?\s?out", text, re.IGNORECASE):
        return "test"
    return "validation" if re.search(r"\b(?:val|validation|dev)\b", text, re.IGNORECASE) else None


def _model(text: str) -> str | None:
    name = re.sub(r"\(?\bours\b\)?|\btarget\b|\bgoal\b", "", text, flags=re.IGNORECASE)
    return " ".join(name.split()).strip(" ,:-*") or None


