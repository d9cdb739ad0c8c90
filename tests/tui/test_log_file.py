"""The log's line index: any size, any bytes, growing and shrinking under us."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.tui.widgets.log_file import CHUNK_BYTES, LogFile, display


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "output.log"


def indexed(path: Path) -> LogFile:
    log = LogFile(path)
    while log.advance():
        pass
    return log


def test_lines_are_found_by_number_in_a_file_of_many_chunks(path: Path) -> None:
    lines = [f"epoch {number} " + "x" * (number % 300) for number in range(20_000)]
    path.write_text("\n".join(lines) + "\n")
    log = indexed(path)
    assert log.line_count == 20_000
    for first in (0, 1, 437, 9_999, 19_998):
        assert log.read(first, 3) == lines[first : first + 3]
    assert log.read(19_990, 50) == lines[19_990:]
    assert log.read(20_000, 5) == [] and log.read(-1, 5) == []


def test_chunk_borders_do_not_shift_lines(path: Path) -> None:
    for padding in range(-2, 3):
        head = "a" * (CHUNK_BYTES + padding)
        path.write_text(f"{head}\nsecond\n\nfourth\n")
        log = indexed(path)
        assert log.line_count == 4
        assert log.read(1, 3) == ["second", "", "fourth"]


def test_a_file_of_empty_lines(path: Path) -> None:
    path.write_bytes(b"\n" * (3 * CHUNK_BYTES))
    log = indexed(path)
    assert log.line_count == 3 * CHUNK_BYTES
    assert log.read(2 * CHUNK_BYTES, 2) == ["", ""]


def test_growth_is_indexed_in_steps_and_an_unfinished_line_is_shown(path: Path) -> None:
    log = LogFile(path)
    assert not log.advance() and log.line_count == 0
    written: list[str] = []
    with path.open("a") as file:
        for number in range(3_000):
            line = f"line {number} " + "y" * (number % 97)
            written.append(line)
            file.write(line)
            if number % 500 == 250:
                file.flush()
                assert log.advance()
                assert log.line_count == number + 1
                assert log.read(number, 1) == [line]
            file.write("\n")
    assert log.advance() and not log.advance()
    assert log.read(0, 3_000) == written


def test_indexing_can_stop_and_go_on(path: Path) -> None:
    path.write_text("".join(f"{number}\n" for number in range(200_000)))
    log = LogFile(path)
    steps = 0
    while log.advance(CHUNK_BYTES + 17):
        steps += 1
    assert steps > 5 and log.line_count == 200_000
    assert log.read(123_456, 1) == ["123456"]


def test_a_file_that_shrinks_starts_a_new_generation(path: Path) -> None:
    path.write_text("one\ntwo\nthree\n")
    log = indexed(path)
    path.write_text("new\n")
    assert log.advance() and log.generation == 1
    log.advance()
    assert log.read(0, 9) == ["new"]


def test_a_file_that_vanishes_reads_as_empty(path: Path) -> None:
    path.write_text("one\n")
    log = indexed(path)
    path.unlink()
    assert log.read(0, 1) == []


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        (b"  0%|  |\r 50%|# |\r100%|##|\r", "100%|##|"),
        (b"windows line\r", "windows line"),
        (b"\xff\xfe loss \xe2\x9c\x93", "�� loss ✓"),
        (b"\x1b[2J\x1b[31mred\x1b[0m \x07bell", "red bell"),
        (b"[bold]x[/bold]", "[bold]x[/bold]"),
        (b"a\x00b", "ab"),
    ],
)
def test_display(raw: bytes, shown: str) -> None:
    assert display(raw) == shown


def test_a_huge_line_is_cut_and_its_length_told(path: Path) -> None:
    path.write_bytes(b"before\n" + b"z" * 3_000_000 + b"\nafter\n")
    log = indexed(path)
    before, huge, after = log.read(0, 3)
    assert (before, after) == ("before", "after")
    assert huge.startswith("zzz") and huge.endswith("(3,000,000 bytes)") and len(huge) < 20_000


def test_a_huge_progress_bar_shows_its_last_state(path: Path) -> None:
    bar = b"".join(b"\r%6d/100000 loss 0.1" % number for number in range(100_001))
    path.write_bytes(bar + b"\ndone\n")
    log = indexed(path)
    assert log.read(0, 2) == ["100000/100000 loss 0.1", "done"]


def test_search_finds_lines_across_blocks_ignoring_case_and_escapes(path: Path) -> None:
    lines = [
        f"step {number} " + ("\x1b[31mNa\x1b[0mN loss" if number % 40_000 == 7 else "fine") for number in range(100_000)
    ]
    path.write_text("\n".join(lines))
    log = indexed(path)
    found = [number for batch in log.search("nan LOSS") for number in batch]
    assert found == [7, 40_007, 80_007]
    assert [number for batch in log.search("[31m") for number in batch] == []
    assert [number for batch in log.search("step 99999") for number in batch] == [99_999]


def test_search_reads_its_text_literally(path: Path) -> None:
    path.write_text("a.c\nabc\n(x\n")
    log = indexed(path)
    assert [number for batch in log.search("a.c") for number in batch] == [0]
    assert [number for batch in log.search("(x") for number in batch] == [2]
