"""Quotes from a document: the only place where one is made.

Invariant: what leaves here stands literally in the source; anything else raises.
"""

from __future__ import annotations

from .brief import Place
from .document import Document
from .sentences import Statement


class QuoteError(ValueError):
    """A quote that does not stand in the source."""


class Quoter:
    """Makes quotes of statements, and checks those that somebody else made."""

    def __init__(self, document: Document) -> None:
        self._document = document

    def of(self, statement: Statement) -> tuple[str, Place]:
        """The source's words of a statement."""
        quote, place = self._document.quote(statement.start, statement.end)
        return self.checked(quote, place)

    def checked(self, quote: str, place: Place | None = None) -> tuple[str, Place]:
        """The quote and where it stands; raises ``QuoteError`` where it does not."""
        found = self._document.find(quote)
        if found is None:
            raise QuoteError("the quote does not stand in the source")
        return quote, place or found
