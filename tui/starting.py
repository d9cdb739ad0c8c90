"""How a run of an experiment is started: its script, its limits, its isolation and its probe. Climb and sweep both do.

Invariant: only a full run works on the user's own files; every other run's writes land in scratch.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..runtime import launch, tenants
from ..runtime.project import ScriptTarget
from ..runtime.protocol import GRACE_SECONDS, Command, Isolation, Limits
from ..runtime.room import Room
from ..store.records import Experiment, Run, RungName
from .probing import probe_settings


def target_of(experiment: Experiment) -> ScriptTarget:
    """What a known experiment runs, whatever its files say now."""
    return ScriptTarget(experiment.script, experiment.module, experiment.args, experiment.working_dir)


def start_run(
    home: Path,
    run: Run,
    experiment: Experiment,
    *,
    args: tuple[str, ...],
    look_for_room: Callable[[], Room],
    token: str | None = None,
    thorough: bool = False,
    grace_seconds: float = GRACE_SECONDS,
) -> None:
    """Start a run that the store knows, with these arguments for the script. Raises ``LaunchError``.

    A local model that holds memory of a GPU leaves first; it saves what it has read and comes back when it is asked.
    """
    tenants.free_devices(home)
    launch.start(
        home,
        run.id,
        Command(
            python=experiment.python,
            script=None if experiment.module else experiment.script,
            module=experiment.module,
            args=args,
            working_dir=experiment.working_dir,
            environment={},
        ),
        limits=Limits(
            wall_seconds=run.ceiling_seconds,
            host_bytes=experiment.host_limit_bytes,
            disk_bytes=experiment.disk_limit_bytes,
            device_bytes=experiment.device_limit_bytes,
            grace_seconds=grace_seconds,
        ),
        isolation=Isolation.NONE if run.rung is RungName.FULL else Isolation.OVERLAY,
        probe=probe_settings(
            run, experiment, roots=target_of(experiment).roots, thorough=thorough, look_for_room=look_for_room
        ),
        token=token,
    )
