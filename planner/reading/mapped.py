"""A text that was rewritten for reading, each character of which still knows where it stood before.

Invariant: ``starts`` and ``ends`` are as long as the text and never decrease, so a span of what was rewritten is a
span of the original.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

Part = str | int
"""A piece to put in place of a match: words of our own, or the number of a group that stays as it is."""


@dataclass(frozen=True, slots=True)
class Mapped:
    """The rewritten text; ``starts[i]`` and ``ends[i]`` bound what its character ``i`` stands for in the original."""

    text: str
    starts: Sequence[int]
    ends: Sequence[int]

    @classmethod
    def of(cls, text: str) -> Mapped:
        """The text as it is."""
        return cls(text, range(len(text)), range(1, len(text) + 1))

    def sub(self, pattern: re.Pattern[str], *parts: Part) -> Mapped:
        """Every match replaced by the parts; none takes it away."""
        return self.rewrite(pattern, lambda match: parts)

    def rewrite(self, pattern: re.Pattern[str], parts: Callable[[re.Match[str]], Sequence[Part]]) -> Mapped:
        """Every match replaced by what ``parts`` makes of it."""
        pieces: list[str] = []
        starts: list[int] = []
        ends: list[int] = []
        at = 0

        def keep(begin: int, end: int) -> None:
            pieces.append(self.text[begin:end])
            starts.extend(self.starts[begin:end])
            ends.extend(self.ends[begin:end])

        for match in pattern.finditer(self.text):
            if match.end() == match.start():
                continue
            keep(at, match.start())
            at = match.end()
            chosen = parts(match)
            first, last = self.starts[match.start()], self.ends[match.end() - 1]
            whole = not any(isinstance(part, int) for part in chosen)
            for part in chosen:
                if isinstance(part, int):
                    if match.start(part) >= 0:
                        keep(*match.span(part))
                        first = max(first, ends[-1] if ends else first)
                else:
                    pieces.append(part)
                    starts.extend([first] * len(part))
                    ends.extend([last if whole else first] * len(part))
        keep(at, len(self.text))
        return Mapped("".join(pieces), starts, ends)

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Where a span that is not empty stood."""
        return self.starts[start], max(self.ends[start:end])
