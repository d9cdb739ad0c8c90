"""Values as TOML text.

Invariant: whatever a string holds, reading the text gives the same string back; none of it becomes a key or a table.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence

Plain = float | int | str | bool | Sequence[str]


def table(name: str, content: Mapping[str, Plain | None], *, repeated: bool = False) -> str:
    """One table; ``name`` and the keys are ours, and what is ``None`` is left out."""
    header = f"[[{name}]]" if repeated else f"[{name}]"
    return "\n".join([header, *(f"{key} = {value(one)}" for key, one in content.items() if one is not None), ""])


def value(one: Plain) -> str:
    """One value."""
    if isinstance(one, bool):
        return "true" if one else "false"
    if isinstance(one, str):
        return _string(one)
    if isinstance(one, int):
        return str(one)
    if isinstance(one, float):
        if not math.isfinite(one):
            raise ValueError(f"{one} is no value of an experiment")
        return repr(one)
    return f"[{', '.join(_string(text) for text in one)}]"


def _string(text: str) -> str:
    whole = text.encode("utf-8", "replace").decode("utf-8")  # a lone surrogate cannot be written
    return json.dumps(whole, ensure_ascii=False).replace("\x7f", "\\u007f")
