"""From a file to a document: which form it has, its characters, its structure.

Invariant: whatever the file holds, the answer is a document or a ``ReadingError`` that says what to do.
"""

from __future__ import annotations

import re
from pathlib import Path

from . import html, latex, markdown, plain
from .blocks import FOREIGN_CONTROL, blocks, normalised
from .document import Document, Form, Mark, ReadingError, line_marks
from .mapped import Mapped

MOST_BYTES = 64 << 20
MOST_CHARACTERS = 1_000_000
SUFFIXES = {
    ".pdf": Form.PDF, ".md": Form.MARKDOWN, ".markdown": Form.MARKDOWN, ".rst": Form.PLAIN,
    ".tex": Form.LATEX, ".ltx": Form.LATEX, ".html": Form.HTML, ".htm": Form.HTML, ".xhtml": Form.HTML,
    ".txt": Form.PLAIN, ".text": Form.PLAIN, ".eml": Form.PLAIN,
}  # fmt: skip
_LATEX = re.compile(r"\\documentclass|\\begin\{document\}|\\(?:sub)?section\*?\{")
_HTML = re.compile(r"\s*(?:<!doctype html|<html|<\?xml[^>]*>\s*<(?:!doctype )?html|<body)", re.IGNORECASE)
_MARKDOWN = re.compile(r"^#{1,6} \S|^\|.*\|\s*$|^```", re.MULTILINE)
_ODD_SHARE = 0.05


def read_document(path: Path) -> Document:
    """The file as a document."""
    content = _content(path)
    name = path.name
    if content.startswith(b"%PDF") or b"%PDF-" in content[:1024]:
        return _pdf(content, name, str(path))
    if path.suffix.lower() == ".pdf":
        raise ReadingError("broken", f"{name} is no PDF, whatever its name says.", "Get the file once more.")
    return read_text(_characters(content, name), str(path), SUFFIXES.get(path.suffix.lower()))


def read_text(text: str, source: str, form: Form | None = None) -> Document:
    """A text that is already at hand; the form is told from the text where it is not given."""
    if not text.strip():
        raise ReadingError("empty", f"{Path(source).name} is empty.", "Name a paper or a task.")
    if len(text) > MOST_CHARACTERS:
        raise ReadingError(
            "too_long", f"{Path(source).name} has {len(text):,} characters.", f"At most {MOST_CHARACTERS:,} are read."
        )
    text = FOREIGN_CONTROL.sub(" ", text.replace("\r\n", "\n").replace("\r", "\n"))
    form = _form(text) if form is None or (form is Form.PLAIN and _HTML.match(text)) else form
    if form is Form.HTML:
        inner, seen, marks = html.read(text)
        if not inner.strip():
            raise ReadingError("empty", f"{Path(source).name} has no text between its tags.", "Name a paper or a task.")
        return _document(source, form, inner, seen, marks)
    readers = {Form.LATEX: latex.view, Form.MARKDOWN: markdown.view, Form.PLAIN: plain.view}
    return _document(source, form, text, readers[form](text), line_marks(text))


def _pdf(content: bytes, name: str, source: str) -> Document:
    from . import pdf  # it costs a tenth of a second, which other sources need not pay

    return _document(source, Form.PDF, *pdf.read(content, name))


def _document(source: str, form: Form, text: str, seen: Mapped, marks: list[Mark]) -> Document:
    view = normalised(seen)
    return Document(source, form, text, view, blocks(view), marks)


def _content(path: Path) -> bytes:
    if path.is_dir():
        raise ReadingError("unreadable", f"{path} is a folder.", "Name the paper or the task in it.")
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ReadingError(
                "too_long", f"{path.name} has {path.stat().st_size:,} bytes.", f"At most {MOST_BYTES:,} are read."
            )
        content = path.read_bytes()
    except OSError as error:
        raise ReadingError(
            "unreadable",
            f"{path} cannot be read: {error.strerror or error}.",
            "Name a PDF, Markdown, LaTeX, HTML or text file.",
        ) from error
    except ValueError as error:
        raise ReadingError("unreadable", f"{path} cannot be read: {error}.", "Name a file.") from error
    if not content.strip():
        raise ReadingError("empty", f"{path.name} is empty.", "Name a paper or a task.")
    return content


def _characters(content: bytes, name: str) -> str:
    for mark, encoding in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(mark):
            return content.decode(encoding, "replace")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("cp1252", "replace")
    odd = len(FOREIGN_CONTROL.findall(text)) + text.count("\ufffd")
    if odd > _ODD_SHARE * len(text):
        raise ReadingError("unreadable", f"{name} is no text.", "Name a PDF, Markdown, LaTeX, HTML or text file.")
    return text


def _form(text: str) -> Form:
    if _HTML.match(text):
        return Form.HTML
    if _LATEX.search(text):
        return Form.LATEX
    return Form.MARKDOWN if _MARKDOWN.search(text) else Form.PLAIN
