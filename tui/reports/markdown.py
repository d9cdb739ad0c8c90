"""A report as Markdown.

Invariant: whatever comes from a file, a log or the database is escaped: it can make no link, picture, heading or HTML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...planner.report.blocks import (
    Block,
    Bullets,
    Claim,
    Command,
    Line,
    Paragraph,
    Plot,
    Report,
    Section,
    Table,
)
from ...planner.report.blocks import Reference as Ref
from .values import Shown

_SPECIAL = re.compile(r"([\\`*_\[\]!|<>~&$]|^[#+=-]|(?<=^\d)[.)](?= )|:(?=//)|(?<=www)\.)", re.IGNORECASE)


def render(report: Report, shown: Shown) -> str:
    """The whole report."""
    lines = [f"# {_line(report.title, shown)}", ""]
    for section in report.sections:
        lines += _section(section, shown)
    return "\n".join(lines).rstrip() + "\n"


def escaped(text: str) -> str:
    """Text that Markdown shows as it is: also no bare address that it would turn into a link."""
    return _SPECIAL.sub(r"\\\1", text)


def _line(parts: Line, shown: Shown) -> str:
    return "".join(escaped(shown.part(part)) if isinstance(part, Ref) else part.text for part in parts)


def _section(section: Section, shown: Shown) -> Iterator[str]:
    yield f"## {section.title.text}"
    yield ""
    for block in section.blocks:
        yield from _block(block, shown)
        yield ""


def _block(block: Block, shown: Shown) -> Iterator[str]:
    match block:
        case Paragraph(parts):
            yield _line(parts, shown)
        case Bullets(items):
            yield from (f"- {_line(item, shown)}" for item in items)
        case Command(parts):
            yield from _code(shown.text(parts))
        case Table(head, rows):
            yield f"| {' | '.join(word.text for word in head)} |"
            yield f"|{'---|' * len(head)}"
            yield from (f"| {' | '.join(_line(cell, shown) for cell in row)} |" for row in rows)
        case Claim():
            yield from _claim(block, shown)
        case Plot(title, _, names):
            yield f"{title.text}: {', '.join(_line(name, shown) for name in names)} (drawn in the HTML report)"


def _claim(claim: Claim, shown: Shown) -> Iterator[str]:
    yield f"**{_line((claim.verdict,), shown)}**: {_line(claim.statement, shown)}"
    yield ""
    yield from (f"- {_line(reason, shown)}" for reason in claim.because)
    yield from (f"- {_line(name, shown)}: {_line((value,), shown)}" for name, value in claim.facts)
    yield from (f"- note: {_line(note, shown)}" for note in claim.beside)
    yield ""
    yield "To check it again:"
    yield ""
    yield from _code(shown.text(claim.check.parts))
    yield ""


def _code(text: str) -> Iterator[str]:
    """A fenced block whose fence is longer than any run of backticks in the text."""
    longest = max((len(run) for run in re.findall(r"`+", text)), default=0)
    fence = "`" * max(3, longest + 1)
    yield from (f"{fence}sh", text, fence)
