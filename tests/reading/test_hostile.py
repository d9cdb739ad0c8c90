"""Broken and hostile input: a clear error or a brief, never anything else."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from mlintern.benchmarks.reading.typeset import document as pdf_document
from mlintern.benchmarks.reading.typeset import typeset
from mlintern.planner.reading import source
from mlintern.planner.reading.document import ReadingError
from mlintern.planner.reading.reading import read_brief
from pypdf import PdfReader, PdfWriter

PDF = typeset("A Title\n\n# Abstract\n\nWe train for 30 epochs with a batch size of 64.\n")


def told(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(ReadingError) as caught:
        read_brief(path)
    assert caught.value.hint and str(caught.value)
    return caught.value.code


def test_what_is_no_paper_is_told_as_what_it_is(tmp_path: Path) -> None:
    assert told(tmp_path / "empty.txt", b"") == "empty"
    assert told(tmp_path / "blank.md", b" \n\t\n") == "empty"
    assert told(tmp_path / "tags.html", b"<html><script>epochs of 5</script></html>") == "empty"
    assert told(tmp_path / "picture.txt", bytes(range(256)) * 40) == "unreadable"
    assert told(tmp_path / "text.pdf", b"learning rate of 0.1") == "broken"
    assert told(tmp_path / "cut.pdf", PDF[: len(PDF) // 3]) == "broken"
    assert told(tmp_path / "head.pdf", b"%PDF-1.7\n") == "broken"
    assert told(tmp_path / "scan.pdf", pdf_document([b"0 0 m 10 10 l S"])) == "no_text"


def test_a_password_is_asked_for_and_an_empty_one_opens(tmp_path: Path) -> None:
    path = tmp_path / "plain.pdf"
    path.write_bytes(PDF)
    for password in ("secret", ""):
        writer = PdfWriter(clone_from=PdfReader(path))
        writer.encrypt(user_password=password, owner_password="owner", algorithm="RC4-128")
        writer.write(tmp_path / f"locked{password}.pdf")

    assert told(tmp_path / "lockedsecret.pdf", (tmp_path / "lockedsecret.pdf").read_bytes()) == "encrypted"
    assert {one.name for one in read_brief(tmp_path / "locked.pdf").hyperparameters} == {"epochs", "batch_size"}


def test_missing_files_and_folders(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "none.pdf", Path("a\0b")):
        with pytest.raises(ReadingError):
            read_brief(path)


def test_too_much_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source, "MOST_CHARACTERS", 1000)
    assert told(tmp_path / "long.txt", b"a learning rate of 0.1. " * 100) == "too_long"
    monkeypatch.setattr(source, "MOST_BYTES", 100)
    assert told(tmp_path / "large.txt", b"a learning rate of 0.1. " * 100) == "too_long"


def test_other_encodings_and_control_codes_are_read(tmp_path: Path) -> None:
    for name, content in (
        ("latin.txt", "Größe: we use a batch size of 32.".encode("latin-1")),
        ("wide.txt", "We use a batch size of 32.".encode("utf-16")),
        ("marks.txt", b"\xef\xbb\xbfWe use a batch\x00 size \x1b[31mof\x02 32.\x03\x01"),
    ):
        (tmp_path / name).write_bytes(content)
        if name != "marks.txt":
            assert [one.value for one in read_brief(tmp_path / name).hyperparameters] == [32]
        else:
            assert all("\x1b" not in one.quote for one in read_brief(tmp_path / name).requirements)


def test_damaged_files_end_in_an_error_or_a_brief(tmp_path: Path) -> None:
    generator = random.Random(7)
    for number in range(60):
        content = bytearray(PDF)
        for _ in range(generator.randrange(1, 30)):
            content[generator.randrange(9, len(content))] = generator.randrange(256)
        path = tmp_path / f"{number}.pdf"
        path.write_bytes(content)
        try:
            read_brief(path)
        except ReadingError as error:
            assert error.hint


def test_markup_that_never_ends_is_read_in_time_that_grows_with_its_length(tmp_path: Path) -> None:
    for number, text in enumerate(
        (
            "{" * 3000,
            "\\section{" * 800,
            "|" * 4000,
            "$" * 3001,
            "(" * 3000,
            "<table>" * 900,
            "a " * 4000,
            "1" * 5000,
            "**" * 2000,
        )
    ):
        for suffix in (".tex", ".md", ".html", ".txt"):
            path = tmp_path / f"{number}{suffix}"
            path.write_text(f"learning rate of 0.1 {text}", encoding="utf-8")
            read_brief(path)
