"""Whether any random generator is seeded in a program that draws at random.

Invariant: a seed in any form, also as an argument of a library's, counts.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from .facts import Fact, fact, row
from .project import Project
from .trace import Call, Trace

_SEEDS = {"manual_seed", "manual_seed_all", "seed", "seed_everything", "set_seed", "set_random_seed", "default_rng",
          "random_state", "generator", "PRNGKey", "RandomState", "fix_seed", "data_seed"}  # fmt: skip

_LAYERS = ("torch.nn.Linear", "torch.nn.Conv", "torch.nn.LSTM", "torch.nn.Embedding")
_DRAWS = {"train_test_split", "random_split", "randn", "rand", "permutation", "shuffle"}


def seeds(trace: Trace, project: Project) -> Iterator[Fact]:
    """The first random draw of a program without a seed."""
    first = next((call for call in trace.calls if _is_random(call)), None)
    if first is None or trace.blind or _is_seeded(project):
        return
    yield fact("no seed", first.spot, row("drawn here", first.spot))


def _is_random(call: Call) -> bool:
    last = call.name.rpartition(".")[2]
    if last == "DataLoader" and "shuffle" in call.keywords:
        return call.keywords["shuffle"].const is True
    return call.name.startswith(_LAYERS) or last in _DRAWS


def _is_seeded(project: Project) -> bool:
    for file in project.files.values():
        for node in ast.walk(file.tree) if file.tree is not None else ():
            word = getattr(node, "id", None) or getattr(node, "attr", None) or getattr(node, "arg", None)
            if isinstance(word, str) and (word in _SEEDS or word.endswith("seed")):
                return True
    return False
