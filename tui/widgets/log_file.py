"""A growing log file of any size, read by line number.

Invariant: memory does not grow with the number of lines, only by one integer per 64 KiB of file; nothing is mapped, so
a file that shrinks under us is reread, not a crash. One thread indexes (``advance``), any may read what is indexed.
"""

from __future__ import annotations

import os
import re
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from pathlib import Path

from ..text import ESCAPES, clean

CHUNK_BYTES = 1 << 16
BLOCK_BYTES = 1 << 20
LONG_LINE_BYTES = 1 << 13
"""A line is shown up to this length; of a longer one the beginning, or its last state where it redraws itself."""
MAX_MATCHES = 100_000
_ESCAPES = re.compile(ESCAPES.encode())


class LogFile:
    """Line access over the bytes of one log file."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.generation = 0
        """Counts how often the file was replaced by a shorter one; line numbers of another generation mean nothing."""
        self._reset()

    def _reset(self) -> None:
        self._newlines_before = array("Q", [0])  # entry k: newlines in the first k whole chunks
        self._newlines = 0
        self._ends_open = False
        self.indexed_bytes = 0

    @property
    def line_count(self) -> int:
        """Lines known so far, with the last one counted even while its end is not written yet."""
        return self._newlines + self._ends_open

    def total_bytes(self) -> int:
        """The file's size now; a file that is not there yet is empty."""
        try:
            return self.path.stat().st_size
        except OSError:
            return 0

    def advance(self, most_bytes: int = 1 << 26) -> bool:
        """Index what was appended, at most ``most_bytes`` of it; returns whether anything changed."""
        size = self.total_bytes()
        if size < self.indexed_bytes:
            self.generation += 1
            self._reset()
            return True
        if size == self.indexed_bytes:
            return False
        try:
            with self.path.open("rb", buffering=0) as file:
                self._index(file.fileno(), min(size, self.indexed_bytes + most_bytes))
        except OSError:
            return False
        return True

    def _index(self, descriptor: int, end: int) -> None:
        position = (len(self._newlines_before) - 1) * CHUNK_BYTES
        newlines = self._newlines_before[-1]
        while position < end:
            block = os.pread(descriptor, min(BLOCK_BYTES, end - position), position)
            if not block:
                break
            for start in range(0, len(block), CHUNK_BYTES):
                newlines += block.count(b"\n", start, start + CHUNK_BYTES)
                if start + CHUNK_BYTES <= len(block):
                    self._newlines_before.append(newlines)
            whole = len(block) - len(block) % CHUNK_BYTES
            position += len(block)
            self._newlines, self._ends_open, self.indexed_bytes = newlines, block[-1:] != b"\n", position
            if whole < len(block):
                # A chunk was cut short by a short read; its count belongs to the partial tail, counted anew next time.
                break

    def read(self, first: int, count: int) -> list[str]:
        """Lines ``first`` … as clean text; fewer where the file ends."""
        last = min(first + count, self.line_count)
        if first < 0 or first >= last:
            return []
        try:
            with self.path.open("rb", buffering=0) as file:
                return self._read(file.fileno(), first, last)
        except OSError:
            return []

    def _read(self, descriptor: int, first: int, last: int) -> list[str]:
        lines: list[str] = []
        start = self._start_of(descriptor, first)
        buffer, buffer_start = b"", start
        for number in range(first, last):
            at = start - buffer_start
            newline = buffer.find(b"\n", at)
            if newline < 0:
                buffer_start, at = start, 0
                buffer = os.pread(descriptor, min(CHUNK_BYTES, self.indexed_bytes - start), start)
                newline = buffer.find(b"\n")
            if newline >= 0:
                line, start = buffer[at:newline], buffer_start + newline + 1
            else:
                end = self._start_of(descriptor, number + 1) if number < self._newlines else self.indexed_bytes + 1
                line, start = self._long_line(descriptor, start, end - 1), end
            lines.append(display(line))
        return lines

    def _long_line(self, descriptor: int, start: int, end: int) -> bytes:
        """A line longer than a buffer: its last state where it redraws itself, otherwise its beginning."""
        if end - start <= CHUNK_BYTES:
            return os.pread(descriptor, end - start, start)
        tail = os.pread(descriptor, LONG_LINE_BYTES, end - LONG_LINE_BYTES)
        if b"\r" in tail.rstrip(b"\r"):
            return tail
        return os.pread(descriptor, LONG_LINE_BYTES, start) + f" … ({end - start:,} bytes)".encode()

    def _start_of(self, descriptor: int, number: int) -> int:
        """The offset at which line ``number`` begins: just behind the newline of that ordinal."""
        if number == 0:
            return 0
        chunk = bisect_left(self._newlines_before, number) - 1
        data = os.pread(descriptor, CHUNK_BYTES, chunk * CHUNK_BYTES)
        rest = data.split(b"\n", number - self._newlines_before[chunk])[-1]
        return chunk * CHUNK_BYTES + len(data) - len(rest)

    def search(self, query: str) -> Iterator[list[int]]:
        """Numbers of the lines that hold ``query`` (letter case ignored), in batches of one per block read."""
        needle = re.compile(re.escape(query.encode("utf-8", "surrogateescape")), re.IGNORECASE)
        line, carried, found = 0, b"", 0
        try:
            with self.path.open("rb", buffering=0) as file:
                while found < MAX_MATCHES and (block := file.read(BLOCK_BYTES)):
                    text, newline, rest = (carried + block).rpartition(b"\n")
                    if not newline and len(rest) < BLOCK_BYTES:
                        carried = rest
                        continue
                    whole, carried = (text + newline, rest) if newline else (rest, b"")
                    batch = _matches(needle, whole, line)
                    found += len(batch)
                    line += whole.count(b"\n")
                    yield batch
                yield _matches(needle, carried, line)
        except OSError:
            return


def _matches(needle: re.Pattern[bytes], data: bytes, line: int) -> list[int]:
    """The line numbers at which the pattern stands in ``data``, whose first line is ``line``."""
    visible = _ESCAPES.sub(b"", data) if b"\x1b" in data else data
    numbers: list[int] = []
    counted = 0
    for match in needle.finditer(visible):
        line += visible.count(b"\n", counted, match.start())
        counted = match.start()
        if not numbers or numbers[-1] != line:
            numbers.append(line)
    return numbers


def display(line: bytes) -> str:
    """One line as a terminal would leave it: the last state of a progress bar, no control codes, bad UTF-8 as �."""
    redrawn = line.rstrip(b"\r")
    if b"\r" in redrawn:
        redrawn = redrawn.rpartition(b"\r")[2]
    return clean(redrawn[: 2 * LONG_LINE_BYTES].decode("utf-8", "replace"))
