"""A small paper as a PDF with two columns, tables, raised digits and words broken at line ends, in pure Python.

The source has a title in its first line, ``# `` before headings, ``| `` before a table's rows, blank lines between
paragraphs, and
``10^{-4}`` for powers. Fonts are the standard ones that every reader has: Helvetica, its bold, and Symbol for Greek
letters.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass

WIDTHS = (
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
    556, 556, 556, 278, 278,
    584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778, 667, 778,
    722, 667, 611, 722, 667,
    944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833,
    556, 556, 556, 556,
    333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)  # fmt: skip
"""Of Helvetica, from the space on, in thousandths of its size."""
SYMBOLS = {"β": "b", "ε": "e", "η": "h", "λ": "l", "α": "a", "τ": "t"}
PAGE = (612.0, 792.0)
MARGIN, GUTTER, SIZE, LEADING = 54.0, 20.0, 9.5, 11.5
COLUMN = (PAGE[0] - 2 * MARGIN - GUTTER) / 2


@dataclass(frozen=True)
class Run:
    """Characters in one font, from one place on."""

    text: str
    left: float
    base: float
    size: float
    font: str = "F1"


def width(text: str, size: float) -> float:
    """What a text takes in points; Greek letters as a middling one."""
    return sum(WIDTHS[ord(one) - 32] if 32 <= ord(one) < 127 else 560 for one in text) * size / 1000


def parts(word: str) -> list[tuple[str, bool]]:
    """A word's pieces, each with whether it is raised."""
    found: list[tuple[str, bool]] = []
    while "^{" in word:
        before, _, rest = word.partition("^{")
        raised, _, word = rest.partition("}")
        found += [(before, False), (raised, True)]
    return [one for one in [*found, (word, False)] if one[0]]


def word_width(word: str, size: float = SIZE) -> float:
    """The word with its raised pieces."""
    return sum(width(text, size * (0.7 if raised else 1)) for text, raised in parts(word))


def place(word: str, left: float, base: float, size: float, font: str) -> Iterator[Run]:
    """The word's runs: raised pieces smaller and higher, Greek letters from another font."""
    for text, raised in parts(word):
        at, small = (base + 0.35 * size, 0.7 * size) if raised else (base, size)
        for letters, used in _fonts(text, font):
            yield Run(letters, left, at, small, used)
            left += width(letters, small)


def _fonts(text: str, font: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    for one in text:
        used = "F3" if one in SYMBOLS else font
        if found and found[-1][1] == used:
            found[-1] = (found[-1][0] + one, used)
        else:
            found.append((one, used))
    return found


def broken(words: list[str], room: float) -> Iterator[list[str]]:
    """Lines that fit; a long word is broken with a hyphen where much room would be left."""
    line: list[str] = []
    for word in words:
        while True:
            used = sum(word_width(one) for one in line) + len(line) * width(" ", SIZE)
            if not line or used + word_width(word) <= room:
                line.append(word)
                break
            cut = next((at for at in range(len(word) - 3, 3, -1) if used + width(word[:at] + "-", SIZE) <= room), 0)
            if cut and word.isalpha() and len(word) > 7:
                yield [*line, word[:cut] + "-"]
                word, line = word[cut:], []
            else:
                yield line
                line = []
    if line:
        yield line


class Sheet:
    """Pages filled column by column."""

    def __init__(self) -> None:
        self.pages: list[list[Run]] = [[]]
        self.column, self.base, self.top = 0, PAGE[1] - MARGIN, PAGE[1] - MARGIN

    @property
    def left(self) -> float:
        """Where the present column begins."""
        return MARGIN + self.column * (COLUMN + GUTTER)

    def title(self, text: str) -> None:
        """Over both columns."""
        left = (PAGE[0] - width(text, 15)) / 2
        self.pages[-1] += [run for word in [text] for run in place(word, left, self.base - 15, 15, "F2")]
        self.top = self.base = self.base - 42

    def down(self, step: float) -> None:
        """The next line, in the next column or on the next page where this one is full."""
        self.base -= step
        if self.base < MARGIN:
            if self.column:
                self.pages.append([])
                self.top = PAGE[1] - MARGIN
            self.column, self.base = 1 - self.column, self.top - step

    def line(self, words: list[str], *, spread: bool, size: float = SIZE, font: str = "F1") -> None:
        """One line, spread over the column's width unless it is a paragraph's last."""
        wide = 1.08 if font == "F2" else 1.0  # bold letters are wider
        self.down(LEADING)
        used = sum(word_width(one, size) for one in words)
        space = width(" ", size)
        if spread and len(words) > 1:
            space = min((COLUMN - used) / (len(words) - 1), 3 * space)
        left = self.left
        for word in words:
            self.pages[-1] += place(word, left, self.base, size, font)
            left += wide * word_width(word, size) + space

    def paragraph(self, text: str) -> None:
        """Justified lines."""
        lines = list(broken(text.split(), COLUMN))
        for number, words in enumerate(lines):
            self.line(words, spread=number + 1 < len(lines))
        self.down(5)

    def heading(self, text: str) -> None:
        """Bold, with room above."""
        self.down(8)
        self.line(text.split(), spread=False, size=11, font="F2")
        self.down(3)

    def table(self, rows: list[list[str]]) -> None:
        """Cells under one another."""
        columns = max(len(row) for row in rows)
        wide = [max(word_width(row[index]) for row in rows if index < len(row)) for index in range(columns)]
        gap = max(16.0, (COLUMN - sum(wide)) / max(1, columns))
        for row in rows:
            self.down(LEADING)
            left = self.left
            for cell, taken in zip(row, wide, strict=False):
                self.pages[-1] += place(cell, left, self.base, SIZE, "F1")
                left += taken + min(gap, 40)
        self.down(6)


def typeset(source: str) -> bytes:
    """The paper as a PDF."""
    sheet = Sheet()
    title, *rest = source.strip().split("\n\n")
    sheet.title(" ".join(title.split()))
    for piece in rest:
        if piece.startswith("# "):
            sheet.heading(piece[2:].strip())
        elif piece.startswith("|"):
            sheet.table([[cell.strip() for cell in line.strip().strip("|").split("|")] for line in piece.splitlines()])
        else:
            sheet.paragraph(piece)
    return document([content(page) for page in sheet.pages])


def content(runs: list[Run]) -> bytes:
    """A page's instructions, line by line over the whole page, as some writers make them."""
    shown = []
    for run in sorted(runs, key=lambda run: (-round(run.base), run.left)):
        text = "".join(SYMBOLS.get(one, one) for one in run.text)
        raw = text.encode("cp1252", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
        shown.append(
            b"BT /%s %.2f Tf 1 0 0 1 %.2f %.2f Tm (%s) Tj ET" % (run.font.encode(), run.size, run.left, run.base, raw)
        )
    return b"\n".join(shown)


def document(pages: list[bytes]) -> bytes:
    """A PDF of these pages."""
    fonts = b"<< /F1 3 0 R /F2 4 0 R /F3 5 0 R >>"
    kids = b" ".join(b"%d 0 R" % (6 + 2 * number) for number in range(len(pages)))
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        b"<< /Type /Pages /Kids [%s] /Count %d >>" % (kids, len(pages)),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>",
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Symbol >>",
    ]
    for number, page in enumerate(pages):
        packed = zlib.compress(page)
        objects += [
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %d %d] /Resources << /Font %s >> /Contents %d 0 R >>"
            % (int(PAGE[0]), int(PAGE[1]), fonts, 7 + 2 * number),
            b"<< /Length %d /Filter /FlateDecode >>\nstream\n%s\nendstream" % (len(packed), packed),
        ]
    made, places = b"%PDF-1.4\n", []
    for number, body in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % at for at in places)
    end = b"trailer << /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, len(made))
    return made + b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1) + table + end
