"""How a run of an experiment is started, for climb, sweep and confirm: its script, limits, isolation and probe.

Invariant: only a full run works on the user's own files; every other run's writes land in scratch, or in
a fresh copy of the project that was made for it.
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
    processes: int | None = None,
    grace_seconds: float = GRACE_SECONDS,
    copy: Path | None = None,
    hidden: tuple[Path, ...] = (),
) -> None:
    """Start a run that the store knows, with these arguments for the script. Raises ``LaunchError``.

    ``copy`` is the folder of a fresh copy that the experiment's paths lie in: it alone may be written. ``hidden`` are
    files of sealed labels. A local model that holds memory of a GPU leaves first; it saves what it has read and comes
    back when it is asked.
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
        isolation=_isolation(run, copy),
        probe=probe_settings(
            run,
            experiment,
            roots=target_of(experiment).roots,
            thorough=thorough,
            processes=processes,
            look_for_room=look_for_room,
        ),
        token=token,
        writable=() if copy is None else (copy,),
        hidden=hidden,
    )


def _isolation(run: Run, copy: Path | None) -> Isolation:
    if run.rung is RungName.FULL:
        return Isolation.NONE
    # An overlay would take what is written into the copy away, predictions and checkpoints with it.
    return Isolation.OVERLAY if copy is None else Isolation.LANDLOCK
