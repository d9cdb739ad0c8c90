r"""LaTeX: sections, lists, tabulars, macros without a meaning for the reader, mathematics.

Invariant: nothing is executed or included; a macro that is not known is left out of the view with its name alone.
"""

from __future__ import annotations

import re

from .blocks import BREAK, CELL, HEADING, ROW
from .mapped import Mapped
from .mathematics import plain_signs

_COMMENT = re.compile(r"(?<!\\)%[^\n]*")
_PREAMBLE = re.compile(r"\A.*?\\begin\{document\}", re.DOTALL)
_AFTER = re.compile(r"\\end\{document\}.*\Z", re.DOTALL)
_APPENDIX = re.compile(r"\\appendix\b")
_HEADING = re.compile(
    r"\\(part|chapter|section|subsection|subsubsection|paragraph|subparagraph)\*?\s*(?:\[[^\]]*\])?\{((?:[^{}]"
    r"|\{[^{}]*\})*)\}"
)
_DEPTH = {
    "part": 2, "chapter": 2, "section": 2, "subsection": 3, "subsubsection": 4, "paragraph": 5, "subparagraph": 6,
}  # fmt: skip
_BIBLIOGRAPHY = re.compile(r"\\begin\{thebibliography\}(?:\{[^{}]*\})?|\\bibliography\{[^{}]*\}")
_TABULAR = re.compile(
    r"\\begin\{(tabular[xy*]?|longtable|array)\}(?:\[[^\]]*\])?(?:\{(?:[^{}]|\{[^{}]*\})*\}){1,2}(.*?)\\end\{\1\}",
    re.DOTALL
)
_ROW_END = re.compile(r"\\\\\*?(?:\[[^\]\n]*\])?|\\tabularnewline\b")
_RULES = re.compile(
    r"\\(?:hline|toprule|midrule|bottomrule|addlinespace)\b(?:\[[^\]]*\])?|\\c(?:mid)?(?:rule"
    r"|line)(?:\([lr]+\))?\{[^{}]*\}"
)
_SPANNING = re.compile(r"\\multi(?:column|row)\{[^{}]*\}\{[^{}]*\}\{((?:[^{}]|\{[^{}]*\})*)\}")
_CELL = re.compile(r"(?<!\\)&")
_ITEM = re.compile(r"\\item\b[ ]?(?:\[([^\]]*)\])?")
_CITATION = re.compile(
    r"~?\\(?:(?:full|paren|auto|text)?cite[a-z]*|nocite)\*?(?:\[[^\]]*\]){0,2}\{[^{}]*\}",
    re.IGNORECASE)
_TEXTUAL_CITATION = re.compile(
    r"\\(?:citet|textcite|citeauthor|newcite)\*?(?:\[[^\]]*\]){0,2}\{[^{}]*\}",
    re.IGNORECASE)
_REFERENCE = re.compile(r"\\(?:eq|auto|c|C|page|name)?ref\*?\{[^{}]*\}")
_NUMBER = re.compile(r"\\num\*?(?:\[[^\]]*\])?\{([^{}]*)\}")
_QUANTITY = re.compile(r"\\(?:SI|qty)\*?(?:\[[^\]]*\])?\{([^{}]*)\}\{([^{}]*)\}")
_DROPPED = re.compile(
    r"\\(?:label|vspace|hspace|includegraphics|usepackage|documentclass|bibliographystyle|input|include|centering"
    r"|url|thanks|setlength"
    r"|author|date|maketitle|newcommand|renewcommand|def|small|footnotesize|scriptsize|normalsize|noindent"
    r"|resizebox|arraystretch)\b\*?"
    r"(?:\[[^\]]*\]|\{(?:[^{}]|\{[^{}]*\})*\})*"
)
_ENVIRONMENT = re.compile(r"\\(?:begin|end)\{[^{}]*\}(?:\[[^\]]*\])?")
_FOOTNOTE = re.compile(r"\\footnote(?:text)?\s*(?:\[[^\]]*\])?\{((?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}")
_FOOTNOTE_AFTER = re.compile(rf"(?<=[.!?]){_FOOTNOTE.pattern}")
"""At the end of a sentence it is a paragraph of its own."""
_STYLED = re.compile(
    r"\\(?:textbf|textit|emph|texttt|textsc|textrm|textsf|underline|mbox|text|caption|mathrm|mathbf"
    r"|textsuperscript|code|href\{[^{}]*\})"
    r"\*?(?:\[[^\]]*\])?\{((?:[^{}]|\{[^{}]*\})*)\}"
)
_ESCAPED = re.compile(r"\\([%&$#_{}])")
_QUOTES = re.compile(r"``|''")
_TIE = re.compile(r"(?<!\\)~")
_DASHES = re.compile(r"(?<![-\w])--(?![-\w])|(?<=\w)--(?=\w)|(?<=[\w ])---(?=[\w ])")
_DOLLARS = re.compile(r"(?<!\\)\$\$?|\\[()\[\]]")
_UNKNOWN = re.compile(r"\\[A-Za-z]+\*?")
_BRACES = re.compile(r"(?<![\w^_])\{|\}(?!\w)|\{(?=[A-Za-z])|(?<=[A-Za-z.])\}")
_DEFINITION = re.compile(
    r"\\(?:(?:re)?newcommand\*?|providecommand\*?|def)\s*\{?\s*\\(?P<name>[A-Za-z]+)\s*\}?\s*(?P<takes>\[1\])?\s*"
    r"\{(?P<meaning>(?:[^{}]|\{(?:[^{}]|\{[^{}]*\})*\})*)\}"
)
_MOST_MACROS = 500
_MOST_MEANING = 200
CITED = " ‹cited› "
"""What a citation in brackets reads as."""
CITED_AUTHORS = " ‹cited› et al. "


def view(text: str) -> Mapped:
    """The text with marks for its structure."""
    seen = Mapped.of(text).sub(_COMMENT)
    seen = _expanded(seen).sub(_PREAMBLE, BREAK)
    seen = seen.sub(_AFTER).sub(_APPENDIX, BREAK + HEADING * 2 + "Appendix" + BREAK)
    seen = seen.rewrite(_HEADING, lambda match: (BREAK + HEADING * _DEPTH[match.group(1)], 2, BREAK))
    seen = seen.sub(_BIBLIOGRAPHY, BREAK + HEADING * 2 + "References" + BREAK)
    seen = _tables(seen)
    for pattern, parts in (
        (_ITEM, (BREAK, 1, " ")), (
            _TEXTUAL_CITATION, (CITED_AUTHORS,)
        ), (_CITATION, (CITED,)), (_REFERENCE, ("‹ref›",)),
        (_FOOTNOTE_AFTER, (BREAK, 1, BREAK)), (_FOOTNOTE, (" (", 1, ") ")),
        (_NUMBER, (1,)), (_QUANTITY, (1, " ", 2)), (_DROPPED, (" ",)), (_STYLED, (1,)), (_STYLED, (1,)),
        (
            _ENVIRONMENT, (BREAK,)
        ), (_ESCAPED, (1,)), (_QUOTES, ('"',)), (_TIE, (" ",)), (_DASHES, ("–",)), (_DOLLARS, ()),
    ):  # fmt: skip
        seen = seen.sub(pattern, *parts)
    seen = plain_signs(seen)
    return seen.sub(_UNKNOWN, " ").sub(_BRACES)


def _expanded(seen: Mapped) -> Mapped:
    """Macros of at most one argument read as what they were defined as; once, so that none can grow without end."""
    meanings = {
        match["name"]: match["meaning"]
        for match in list(_DEFINITION.finditer(seen.text))[:_MOST_MACROS]
        if match["meaning"].count("#") == (match["takes"] is not None) and 0 < len(match["meaning"]) <= _MOST_MEANING
    }
    if not meanings:
        return seen
    seen = seen.sub(_DEFINITION, " ")
    names = "|".join(sorted(map(re.escape, meanings), key=len, reverse=True))
    used = re.compile(rf"\\(?P<name>{names})(?![A-Za-z])(?:\{{\}}|\\(?=\s)|\{{([^{{}}]*)\}})?")

    def parts(match: re.Match[str]) -> tuple[str | int, ...]:
        before, takes, after = meanings[match["name"]].partition("#1")
        if takes:
            return (before, 2, after) if match[2] is not None else (0,)
        return (before,) if match[2] is None else (before, "{", 2, "}")

    return seen.rewrite(used, parts)


def _tables(seen: Mapped) -> Mapped:
    spans = [match.span(2) for match in _TABULAR.finditer(seen.text)]
    if not spans:
        return seen
    text = seen.text
    within = {at for start, end in spans for at in range(start, end)}
    starts = {start for start, _ in spans}
    pattern = re.compile(rf"{_ROW_END.pattern}|{_RULES.pattern}|{_CELL.pattern}|{_SPANNING.pattern}|\n")

    def parts(match: re.Match[str]) -> tuple[str | int, ...]:
        if match.start() not in within:
            return (0,)
        words = match.group()
        if words == "\n":
            return ("\n" + ROW,) if match.start() in starts else (" ",)
        if words == "&":
            return (CELL,)
        if match.group(1) is not None:
            return (1,)
        return ("\n" + ROW,) if _ROW_END.fullmatch(text[match.start() : match.end()]) else (" ",)

    return seen.rewrite(pattern, parts)
