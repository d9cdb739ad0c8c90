"""What an experiment's own settings say of a sweep: the table ``[sweep]`` of ``experiment.toml``.

Invariant: a person's words on the command line come first; what stands here is checked like them, and never guessed at.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

from .space import EXAMPLES, SpaceError


@dataclass(frozen=True, slots=True)
class StatedSweep:
    """The parameters with their bounds, as ``--param`` takes them, and the metric, as ``--metric`` does."""

    parameters: tuple[str, ...] = ()
    metric: str | None = None


def stated_sweep(settings: Path) -> StatedSweep:
    """What the file says; nothing where there is no file or no table. Raises ``SpaceError``."""
    if not settings.is_file():
        return StatedSweep()
    try:
        table = tomllib.loads(settings.read_text(encoding="utf-8")).get("sweep", {})
    except (OSError, ValueError) as error:
        raise SpaceError(f"{settings} cannot be read: {error}") from error
    parameters = table.get("parameters", []) if isinstance(table, dict) else None
    metric = table.get("metric") if isinstance(table, dict) else None
    are_words = isinstance(parameters, list) and all(isinstance(one, str) for one in parameters)
    if not are_words or not (metric is None or isinstance(metric, str)):
        raise SpaceError(f'{settings}: under [sweep] write parameters = ["…", "…"], for example {EXAMPLES}')
    return StatedSweep(tuple(map(str, parameters or ())), metric)
