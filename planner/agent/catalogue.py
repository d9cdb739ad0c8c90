"""Every tool there is. A new one is an entry in its family's table."""

from __future__ import annotations

from collections.abc import Mapping

from .tool import Surroundings, Tool
from .tools import files, person, proposals, reading, runs

TOOLS: Mapping[str, Tool] = {
    tool.name: tool for family in (files, reading, runs, proposals, person) for tool in family.TOOLS
}


def offered(surroundings: Surroundings) -> tuple[Tool, ...]:
    """The tools that are worth offering now."""
    return tuple(tool for tool in TOOLS.values() if tool.is_useful(surroundings))
