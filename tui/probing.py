"""What the probe is told for a run of each rung, and how long the rungs that need no approval may take."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..runtime.protocol import ProbeMode, ProbeSettings
from ..runtime.room import Room
from ..store.records import Experiment, Run, RungName

FREE_CEILING_SECONDS = 60.0
"""What a rung without approval may take where nobody said otherwise."""

REHEARSAL_LOOP_SECONDS = 5.0
"""How long a rehearsal spends inside loops, so that the whole stays within seconds."""

EXAMINATION_LOOP_SECONDS = 2.0
"""How long an examination spends inside loops; it measures no time, so it needs less of it."""

EXAMINATION_END_SECONDS = 15.0
"""What is left of an examination's ceiling, at most half of it, for what is tried after the script's end."""

DRYRUN_CEILING_SECONDS = 30.0
"""What a dry run may take at most, where it looks at what would make a training fit; else it ends in seconds."""

_MODES = {
    RungName.DRYRUN: ProbeMode.DRYRUN,
    RungName.REHEARSAL: ProbeMode.REHEARSE,
    RungName.OVERFIT: ProbeMode.EXAMINE,
    RungName.PILOT: ProbeMode.PILOT,
}


def free_ceiling(rung: RungName, given: float | None) -> float:
    """The ceiling in seconds of a rung that needs no approval; a dry run leaves the rehearsal its part."""
    ceiling = given or FREE_CEILING_SECONDS
    return min(DRYRUN_CEILING_SECONDS, ceiling / 2) if rung is RungName.DRYRUN else ceiling


def probe_settings(
    run: Run,
    experiment: Experiment,
    *,
    roots: tuple[Path, ...],
    thorough: bool,
    processes: int | None,
    look_for_room: Callable[[], Room],
) -> ProbeSettings:
    """The settings for this run; it is looked for room only where that matters."""
    mode = _MODES.get(run.rung, ProbeMode.WATCH)
    ceiling = run.ceiling_seconds or FREE_CEILING_SECONDS
    if mode is ProbeMode.DRYRUN:
        room = memory_room(look_for_room(), experiment)
        return ProbeSettings(
            mode=mode, roots=roots, time_budget_seconds=0.85 * ceiling, memory_room=room, processes=processes
        )
    is_examination = mode is ProbeMode.EXAMINE
    seconds = EXAMINATION_LOOP_SECONDS if is_examination else REHEARSAL_LOOP_SECONDS
    return ProbeSettings(
        mode=mode,
        stop_steps=run.planned_steps if mode is ProbeMode.PILOT else None,
        roots=roots,
        time_budget_seconds=min(seconds, ceiling / 4),
        whole_seconds=max(ceiling / 2, ceiling - EXAMINATION_END_SECONDS) if is_examination else None,
        thorough=thorough,
        processes=processes,
    )


def memory_room(room: Room, experiment: Experiment) -> dict[str, int]:
    """Bytes that a run could take by type of device: what is free, or what a person allows where that is less."""
    free = {"cpu": _least(room.host_bytes, experiment.host_limit_bytes)}
    if room.device_bytes:
        free["cuda"] = _least(max(room.device_bytes), experiment.device_limit_bytes)
    return free


def _least(size: int, limit: int | None) -> int:
    return size if limit is None else min(size, limit)
