"""Hyperparameters of the model and of what goes into it: layers, widths, heads, lengths, sizes.

Invariant: as in ``training.py``, the more special name comes first.
"""

from __future__ import annotations

from .sentences import NUMBER
from .subject import Subject

_KIND = (
    r"(?:(?:transformer|encoder|decoder|hidden|convolutional|conv|recurrent|LSTM|GRU|BiLSTM|bidirectional|residual"
    r"|self-?attention|attention|dense"
    r"|fully[- ]connected|stacked|identical|feed-?forward|linear|message[- ]passing|graph|conformer|MLP|TCN"
    r"|pre-norm|causal|dilated|layers\sof|block|unidirectional|S4|mixer)[\s-])*"
)

ARCHITECTURE: tuple[Subject, ...] = (
    Subject(
        "heads",
        r"(?:number\sof\s|num_?|n_?)?(?:self-?)?(?:attention[- _]?)?heads(?:\sper\slayer)?|n_head"
        r"|num_attention_heads",
        symbols="h H",
        counted=(r"#[\s-](?:parallel\s|self-?)?(?:attention[\s-]|self-attention[\s-])?heads?\b", r"#-head(?:ed)?\b"),
        least=1, most=512, whole=True,
    ),
    Subject(
        "kernel_size",
        r"(?:conv(?:olution(?:al)?)?\s)?(?:kernels?|filters?)[- _]?(?:size|width|length)s?(?:\s(?:of|is))?"
        r"|(?:kernels?|filters?)\sof\s(?:size|width)",
        symbols="k K",
        counted=(
            r"@\s(?:(?:strided|dilated|depthwise|grouped|causal)\s)?(?:conv(?:olution(?:s|al)?)?s?|kernels?"
            r"|filters?)\b",
            r"(?:kernels?|filters?)\sof\s@"),
        least=1, most=1001, whole=True,
    ),
    Subject(
        "patch_size", r"patch[- _]?sizes?|patch(?:es)?\sof\s(?:length|size)|patch[- _]length",
        counted=(r"patch(?:es)?\s(?:of|with|at|sized)\s(?:size\s)?@", r"@[\s-](?:pixel\s|image\s"
            r"|non-overlapping\s)*patch(?:es)?\b"),
        symbols="P p", least=1, most=1024, whole=True,
    ),
    Subject(
        "image_size",
        r"(?:input\s)?(?:image|input|crop|train(?:ing)?)[- _]?(?:sizes?|resolutions?)|img_?size"
        r"|resolution(?:\sof)?|resiz(?:e|ed|ing)\s(?:\w+\s){0,2}?to"
        r"|(?:random(?:ly)?[- ])?(?:resized\s)?crop(?:s|ped)?\s(?:of|to)(?:\ssize)?|pixels\sat",
        counted=(
            r"@[\s-](?:pixels?\s|px\s)?(?:(?:RGB|gr[ae]y-?scale|colou?r|input|random|center|centre"
            r"|square)\s)*(?:images?|crops?|inputs?|pictures|photographs|thumbnails|scans|tiles)\b",
            r"#[\s-](?:pixels?\s|px\s)?(?:(?:RGB|gr[ae]y-?scale|colou?r|input|random|center|centre"
            r"|square)\s)*(?:crops?|resolution|pixels|px)\b",
            r"(?:images?|inputs?|pictures|photographs|thumbnails|scans|tiles)\b[^.;\ue000-\uf8ff]{0,30}@",
            r"\bcrop(?:s|ped|ping)?\s(?:of\s|to\s|at\s|size\s)*@",
            r"(?:images?|inputs?|photographs|scans|slices)\b[^.;,\ue000-\uf8ff]{0,30}(?:resi[sz]ed|scaled|rescaled"
            r"|cropped|down-?sampled)\s(?:to\s)?#",
            r"(?:images?|photographs|scans|slices)\b[^.;,\ue000-\uf8ff]{0,15}\s(?:at|of\ssize)\s#",
            r"(?:images?|pictures|digits|letters|faces|photographs|scans|slices|tiles|thumbnails)\s\(@(?=\s?[,;)])",
        ),
        least=8, most=8192, whole=True,
    ),
    Subject(
        "vocabulary_size",
        r"(?:shared\s|joint\s|subword\s|BPE\s|word\s|source-target\s|output\s|character\s)*vocab(?:ulary"
        r"|ularies)?(?:[- _]?size)?(?:\s(?:of|with|has|contains|limited|is|about|the|most|frequent|consists|of"
        r"|comprises|includes))*|vocab_size",
        symbols="V",
        counted=(
            r"#\s(?:shared\s|joint\s|most\sfrequent\s)?(?:BPE|byte[- ]pair|word-?piece|sentence-?piece|sub-?word"
            r"|unigram|character(?=\s(?:types|vocab|symbols)))(?:\s(?:sub-?word|encoding|pieces?))?\s?(?:tokens|units"
            r"|merges|merge\soperations"
            r"|types|pieces|vocabulary|symbols)?",
            r"(?:BPE|tokeni[sz]er|vocab\w*)\b[^.;\ue000-\uf8ff]{0,30}\s#\s(?:entries|tokens|types|pieces|symbols"
            r"|units|merges|words|sub-?words)",
            r"#[\s-](?:entry|token|word|item|symbol|piece)\s(?:\w+\s)?vocabulary", r"#\smerge\soperations",
        ),
        least=2, most=1e7, whole=True,
    ),
    Subject(
        "sequence_length",
        r"(?:max(?:imum)?[- _]?)?(?:(?:input|source|target|token|training|context)\s)?(?:sequence|context|input"
        r"|token|prompt|segment|history|lookback|look-back|window|block|text|sentence|document)[- _]?(?:lengths?"
        r"|sizes?|windows?|window\slength)"
        r"|look-?back(?:\s(?:window|horizon|length|period|of))*|max_?(?:seq(?:uence)?_?)?len(?:gth)?|block_?size"
        rf"|context(?=\s?[:=]?\s?{NUMBER})"
        r"|seq_?len|n_ctx|context(?:\s(?:window|of|size|length))+|truncat(?:e|ed|ing)\s(?:\w+\s){0,3}?(?:to|at"
        r"|after)|sequences\sof(?:\slength)?|maximum\slength(?:\sof)?|windows\sof(?:\slength)?|history\sof"
        r"|(?:sequences?|inputs?|windows?|contexts?|examples|clips)\s(?:have|has|are|with|of)\s(?:a\s)?(?:fixed\s"
        r"|maximum\s|maximal\s)?length",
        symbols="L T n l S",
        counted=(
            r"(?:pad|crop|cut|truncat)\w*\b[^.;\ue000-\uf8ff]{0,25}\sto\s(?:a\slength\sof\s)?#\s(?:samples|tokens"
            r"|frames|time[- ]?steps|points|characters)",
            r"#[\s-](?:tokens?|time[- ]?steps?|characters?|frames?|word-?pieces?|sub-?words?|hours?"
            r"|days)[\s-](?:long\s)?(?:sequences?|contexts?|windows?|segments?|inputs?|chunks?|blocks?|history"
            r"|look-?back)",
            r"sequences?,?\s(?:each\s)?of\s#\stokens",
            r"(?:records?|series|windows?|clips?|signals?|segments?|inputs?|traces?)\s(?:has|have|with|of|contains?"
            r"|is|are|comprises?)\s"
            r"(?:\w+\s)?#\s(?:samples|time[- ]?steps|points|frames|steps)\b",
            r"#\stokens\seach",
            r"(?:at\smost|up\sto|longer\sthan|first|limited\sto|cut\s(?:off\s)?(?:at|to|after)|clipped\sto"
            r"|padded\sto|chunks\sof|blocks\sof|sequences\sof|windows\sof|segments\sof|context\sof|inputs\sof"
            r"|maximum\sof|past|last|previous)\s#\s(?:(?:sub-?word|word-?piece|BPE|input|consecutive"
            r"|past)\s)?(?:tokens|time[- ]?steps|characters|word-?pieces|sub-?words|observations|words|readings"
            r"|values|measurements)",
        ),
        least=2, most=1e7, whole=True,
        unless_after=r"[\s-]*(?:of\s)?(?:attention)",
        unit=r"tokens|time[- ]?steps|characters|hours|days|frames|samples|word-?pieces|observations|steps",
    ),
    Subject(
        "feedforward_size",
        r"(?:feed-?forward|FFN?|MLP|inner|inter-?mediate"
        r"|inner-layer)[- _]?(?:inner\s)?(?:hidden\s)?(?:dimension(?:ality)?|size|width|dim|units)|d_?ff|d_?FF"
        r"|intermediate_size",
        counted=(r"(?:MLPs?|feed-?forward\s(?:layers?|blocks?|networks?))\s(?:with|of)\s#\s(?:inner|hidden"
                 r"|intermediate)?\s?units",
            r"#\s(?:inner|intermediate)\s(?:units|neurons|dimensions)"),
        symbols="dff d_ff d", least=2, most=1e6, whole=True,
    ),
    Subject("head_size", r"head[- _](?:dimension(?:ality)?|size|dim)|d_?head|d_?k", least=1, most=4096, whole=True),
    Subject("embedding_size",
        r"(?:(?:word|token|input|character|entity|item|user|patch"
        r"|node)\s)?embedding(?:s)?[- _]?(?:dimension(?:ality)?|size|dim|width)(?:\s(?:of))?|(?:embeddings"
        r"|vectors)\sof\s(?:size|dimension)|emb_dim",
        counted=(r"#[\s-]dimensional\s(?:\w+\s){0,2}(?:embeddings?|vectors)",
            r"embedding\s(?:layer|table|vector)s?\b[^.;\ue000-\uf8ff]{0,20}\s?#\s(?:dimensions"
            r"|dims?)\b"), least=1, most=1e6, whole=True),
    Subject(
        "hidden_size",
        r"(?:hidden|model|latent|state|cell|channel|d_)[- _]?(?:layer\s|state\s)?(?:dimension(?:ality)?s?|sizes?"
        r"|widths?|dim|units)|d_?model|dmodel|n_embd|hidden\slayers?\sof\s(?:size\s|width\s)?"
        r"|hidden\sunits(?:\sper\slayer)?|(?:layer\s)?width(?:\sof)?|dim(?=\s?[:=])|n_hidden|d\sof",
        symbols="d D H h dmodel d_model C",
        counted=(
            r"#[\s-](?:(?:hidden|LSTM|GRU|recurrent|ReLU|GELU|memory)\s)+(?:units?|neurons?|cells?|nodes|dimensions)",
            r"#\s(?:units|neurons|cells|nodes)\b(?!\sof\stime)",
            r"#[\s-]dimensional\s(?:hidden|model|residual|latent|state|recurrent|cell)",
            r"#[\s-]unit\s(?:hidden|LSTM|GRU|layers?|\w+\slayers?)",
        ),
        least=1, most=1e6, whole=True,
    ),
    Subject("channels", r"(?:number\sof\s)?(?:feature\s)?channels(?=\s*[:=])", counted=(
        r"(?<!RGB )#\s(?:(?:feature|output|base|residual|skip|hidden|dilation|conv\w*)\s)?channels\b",
        r"#[\s-]channel\s(?:conv\w*|layers?|blocks?)", r"#\s(?:(?:convolutional|output|learned)\s)?(?:feature\smaps"
                                                       r"|filters)\b"), unless_before=r"input|colou?r|all|each"
            r"|[\ue000-\uf8ff\d]-", least=1, most=1e5,
        whole=True),
    Subject(
        "layers",
        r"(?:number\sof\s|num_?|n_?)(?:hidden[\s_]|transformer\s|encoder\s|decoder\s|residual\s|LSTM\s"
        r"|convolutional\s)?(?:layers?|blocks)|(?:network\s|model\s|transformer\s)?depth(?:\sof)?|n_layer"
        r"|num_hidden_layers|(?:transformer\s|encoder\s|decoder\s|hidden\s|LSTM\s)?layers(?=\s*[:=])",
        symbols="L N l",
        counted=(
            rf"#[\s-](?:{_KIND}|(?:(?!and\b|follow|every\b|each\b|of\b|in\b|the\b|with\b|per\b|to\b|for\b"
            rf"|more\b)[a-z-]+\s){{1,2}})(?:layers?|blocks)\b(?!\snorm)",
            r"#\s(?:encoder|encoding)\s(?:and|or)\s[\ue000-\uf8ff]\s(?:decoder|decoding)\s(?:layers|blocks)",
            r"#-layer(?:ed)?\b", rf"(?:stack\sof|depth)\s#\s{_KIND}(?:layers|blocks)"),
        unless_before=r"(?:every|last|first|top|final|bottom|the\sother|remaining|after|in|each)(?:\sthe)?",
        unless_after=r"[\s-]*(?:multiple|wise|map|buffer|of\s(?:a|the)\stree|estim)",
        least=1, most=2000, whole=True,
    ),
)
