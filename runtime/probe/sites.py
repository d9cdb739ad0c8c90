"""Sites: the places in the user's code that the probe rewrote, and what can be read from the text alone."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Site:
    """One loop or one periodic branch in a source file. ``kind`` is ``for``, ``while``, ``branch`` or ``framework``."""

    number: int
    kind: str
    file: str
    line: int
    text: str
    trains: bool = False
    """The loop's own text calls ``backward``: it is never taken for an evaluation."""
    local: bool = False
    """A branch's condition is on the index of the loop around it, and starts anew with each entry of that loop."""


class SiteTable:
    """All sites of this process, numbered in the order in which they were found."""

    def __init__(self) -> None:
        self._sites: list[Site] = []
        self.products = False
        """Whether matrix products are rewritten too, as an examination wants."""

    def add(self, kind: str, file: str, line: int, text: str, *, trains: bool = False, local: bool = False) -> Site:
        """Register a place and return it with its number."""
        site = Site(len(self._sites), kind, file, line, text, trains, local)
        self._sites.append(site)
        return site

    def __getitem__(self, number: int) -> Site:
        return self._sites[number]
