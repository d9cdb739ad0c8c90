"""The command that shows a finding again, for a person who wants to check it.

Invariant: a pure function of the records; what it says can be pasted into a shell as it is, in any folder unless it is
told that it will be pasted in this one.
"""

from __future__ import annotations

import shlex
from pathlib import Path

from ..store.records import Experiment, Finding
from .rungs import FACTS

_SIZES = (("GiB", 1 << 30), ("GB", 10**9), ("MiB", 1 << 20), ("MB", 10**6), ("B", 1))


def command_again(finding: Finding, experiment: Experiment, *, here: Path | None = None) -> str:
    """Climbs from the first rung to the one that the finding came from: ``mlintern check train.py --to rehearsal …``.

    A rung that costs asks for its approval again. ``here`` is the folder that it will be run in, if that is known.
    """
    rung = finding.rung
    verb, more = ("run", ["--fresh"]) if FACTS[rung].costs else ("check", [])
    words = ["mlintern", verb, *_program(experiment), "--to", str(rung), *more]
    words += ["--python", str(experiment.python), *_limits(experiment)]
    command = shlex.join([*words, "--", *experiment.args] if experiment.args else words)
    folder = experiment.working_dir
    return command if folder == here else f"cd {shlex.quote(str(folder))} && {command}"


def _program(experiment: Experiment) -> list[str]:
    """The script as it is named in its folder, or the module."""
    if experiment.module is not None:
        return ["-m", experiment.module]
    script, folder = experiment.script, experiment.working_dir
    named = str(script.relative_to(folder)) if script.is_relative_to(folder) else str(script)
    return [f"./{named}" if named.startswith("-") else named]


def _limits(experiment: Experiment) -> list[str]:
    """What was said of the whole run and of what it may use."""
    steps = experiment.declared_steps
    words = [] if steps is None else ["--steps", str(steps)]
    for option, limit in (
        ("--memory", experiment.host_limit_bytes),
        ("--disk", experiment.disk_limit_bytes),
        ("--gpu-memory", experiment.device_limit_bytes),
    ):
        words += [] if limit is None else [option, _size(limit)]
    return words


def _size(amount: int) -> str:
    """Exactly so many bytes, in the largest unit that divides them."""
    return next(f"{amount // size}{unit}" for unit, size in _SIZES if amount % size == 0)
