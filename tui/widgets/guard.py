"""The guard before an approval: what was typed for something else can never be taken for a yes.

Invariant: a key is accepted only after the question has been on the screen for ``GRACE_SECONDS`` and the person has
then stopped typing for ``PAUSE_SECONDS``; every key that comes earlier is swallowed and starts the pause anew.
"""

from __future__ import annotations

GRACE_SECONDS = 0.5
PAUSE_SECONDS = 0.4


class ApprovalGuard:
    """Pure: it is told the time and decides."""

    def __init__(self, *, grace: float = GRACE_SECONDS, pause: float = PAUSE_SECONDS) -> None:
        self._grace, self._pause = grace, pause
        self.opens_at = float("inf")
        """When the question starts to take answers; infinite while it is not on the screen."""

    def appeared(self, at: float) -> None:
        """The question has come on the screen, or has changed."""
        self.opens_at = at + self._grace

    def hidden(self) -> None:
        """The question is not on the screen."""
        self.opens_at = float("inf")

    def typed(self, at: float) -> bool:
        """A key came; returns whether it counts as an answer."""
        if at >= self.opens_at:
            return True
        if self.opens_at != float("inf"):
            self.opens_at = max(self.opens_at, at + self._pause)
        return False

    def clicked(self, at: float) -> bool:
        """A click came; returns whether it counts. It starts no pause: a mouse is not a keyboard."""
        return at >= self.opens_at
