"""A report as one HTML file: styles and plots are inside, there is no script, and nothing is fetched.

Invariant: every text is escaped; the content policy in the head forbids scripts and remote content, whatever is inside.
"""

from __future__ import annotations

from collections.abc import Iterator
from html import escape

from ...planner.report.blocks import Block, Bullets, Claim, Command, Line, Paragraph, Plot, Report, Section, Table
from . import plots
from .values import Shown
from .values import shown as in_words

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; border-bottom: 1px solid #8884; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { text-align: left; vertical-align: top; padding: .2rem .7rem .2rem 0; border-bottom: 1px solid #8883; }
td { overflow-wrap: anywhere; } pre { background: #8881; padding: .5rem .7rem; overflow-x: auto; }
svg { max-width: 100%; display: block; margin: .5rem 0; }
.claim { border-left: 4px solid #888; padding: .1rem 1rem; margin: 1rem 0; }
.supported { border-color: #1a7f37; } .not-supported { border-color: #d1242f; } .inconclusive { border-color: #9a6700; }
"""
_POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def render(report: Report, shown: Shown) -> str:
    """The whole page."""
    title = escape(shown.text(report.title))
    body = "".join("".join(_section(section, shown)) for section in report.sections)
    return (
        '<!doctype html>\n<html lang="en"><head><meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title><style>{_STYLE}</style></head>\n<body><h1>{title}</h1>\n{body}</body></html>\n"
    )


def _line(parts: Line, shown: Shown) -> str:
    return escape(shown.text(parts))


def _section(section: Section, shown: Shown) -> Iterator[str]:
    yield f"<h2>{escape(section.title.text)}</h2>\n"
    for block in section.blocks:
        yield from _block(block, shown)


def _block(block: Block, shown: Shown) -> Iterator[str]:
    match block:
        case Paragraph(parts):
            yield f"<p>{_line(parts, shown)}</p>\n"
        case Bullets(items):
            yield f"<ul>{''.join(f'<li>{_line(item, shown)}</li>' for item in items)}</ul>\n"
        case Command(parts):
            yield f"<pre>{_line(parts, shown)}</pre>\n"
        case Table(head, rows):
            yield f"<table><tr>{''.join(f'<th>{escape(word.text)}</th>' for word in head)}</tr>\n"
            yield from (f"<tr>{''.join(f'<td>{_line(cell, shown)}</td>' for cell in row)}</tr>\n" for row in rows)
            yield "</table>\n"
        case Claim():
            yield from _claim(block, shown)
        case Plot():
            yield _plot(block, shown)


def _claim(claim: Claim, shown: Shown) -> Iterator[str]:
    answer = shown.text((claim.verdict,))
    yield f'<div class="claim {escape(answer.replace(" ", "-"))}"><p><b>{escape(answer)}</b>: '
    yield f"{_line(claim.statement, shown)}</p><ul>"
    yield from (f"<li>{_line(reason, shown)}</li>" for reason in claim.because)
    yield from (f"<li>{_line(name, shown)}: {_line((value,), shown)}</li>" for name, value in claim.facts)
    yield from (f"<li>note: {_line(note, shown)}</li>" for note in claim.beside)
    yield f"</ul><p>To check it again:</p><pre>{_line(claim.check.parts, shown)}</pre></div>\n"


def _plot(plot: Plot, shown: Shown) -> str:
    names = [shown.text(name) for name in plot.names]
    values: list[object] = [shown.resolver.value(one) for one in plot.series]
    bars = [value for value in values if isinstance(value, dict)]
    if bars:
        words = [in_words(one.shown, bar["actual"]) for one, bar in zip(plot.series, bars, strict=True)]
        drawn = plots.intervals(names, bars, words)
    else:
        drawn = plots.curves(names, [value for value in values if isinstance(value, list)])
    return f"<h3>{escape(plot.title.text)}</h3>{drawn}\n" if drawn else ""
