"""What the processes of a run say to one another: the launch file, and the probe's messages.

Invariant: nothing here runs anything. What comes from the script's side is foreign: a line that is malformed, too long
or of a wrong type is ``None``, never an exception.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

from ..store.records import Json, Metric

MAX_LINE_BYTES = 4 * 1024 * 1024
"""A longer line from the probe is dropped."""

MAX_NAME_CHARACTERS = 200
"""A longer name of a metric or of a report is dropped with what it names."""

MOST_DEVICES = 64
"""An allocator's report of more accelerators is dropped."""

PROBE_VARIABLE = "MLINTERN_PROBE"
"""The environment variable with the probe's settings, as one JSON object."""

PROBE_REPORTS = ("hello", "loops", "crash", "end", "note", "memory", "stuck", "environment", "ranks")
"""What the probe reports besides metrics and progress, one report of each kind."""

OBSERVED = "observed."
"""What an examination's observers report: this and the observer's name, in small letters."""

RUN_VARIABLE = "MLINTERN_RUN"
"""The environment variable that marks every process of a run; its value is the run's folder."""


class Isolation(StrEnum):
    """What keeps the user's files untouched, best first. A wish: the first from there on that is granted holds."""

    OVERLAY = "overlay"
    LANDLOCK = "landlock"
    AUDIT = "audit"
    NONE = "none"  # a full run: it writes where the script says

    @property
    def needs_redirect(self) -> bool:
        """Whether the probe must turn writes towards the scratch folder: the kernel refuses them, or does not look."""
        return self in (Isolation.LANDLOCK, Isolation.AUDIT)

    @property
    def fallbacks(self) -> tuple[Isolation, ...]:
        """This isolation and, in order, what to try when the machine does not grant it."""
        if self is Isolation.NONE:
            return (self,)
        ranked = (Isolation.OVERLAY, Isolation.LANDLOCK, Isolation.AUDIT)
        return ranked[ranked.index(self) :]


class ProbeMode(StrEnum):
    """What the probe does with the script. ``OFF`` runs the plain command."""

    DRYRUN = "dryrun"
    REHEARSE = "rehearse"
    EXAMINE = "examine"
    PILOT = "pilot"
    WATCH = "watch"
    OFF = "off"


@dataclass(frozen=True, slots=True)
class ProbeSettings:
    """What the probe is told."""

    mode: ProbeMode
    stop_steps: int | None = None
    roots: tuple[Path, ...] = ()
    """Folders whose modules are the user's."""
    redirect: Path | None = None
    """Where writes are turned to. Leave it ``None``: it is filled in when the isolation that holds needs it."""
    time_budget_seconds: float | None = None
    whole_seconds: float | None = None
    """An examination that is not over by then breaks off, and tells what it saw until then."""
    memory_room: Mapping[str, int] | None = None
    """Free bytes of each device type, such as ``cpu``: a dry run that comes close looks at what would make it fit."""
    thorough: bool = False
    """Leave outer and evaluation loops whole: a second look at a crash that the cutting may have caused."""
    processes: int | None = None
    """How many ranks to start; 1 is one that believes in a launcher, ``None`` a script without ranks."""


@dataclass(frozen=True, slots=True)
class Command:
    """What to run: a script, or a module as ``python -m``."""

    python: Path
    script: Path | None
    module: str | None
    args: tuple[str, ...]
    working_dir: Path
    environment: Mapping[str, str | None]
    """Changes to the environment that the face runs in; ``None`` removes a variable."""


GRACE_SECONDS = 10.0
"""How long a script may go on after it was asked to stop, unless told."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a run may use; ``None`` is no limit. A costly rung's wall time comes from its approval, not from here."""

    wall_seconds: float | None = None
    host_bytes: int | None = None
    disk_bytes: int | None = None
    device_bytes: int | None = None
    gpu_seconds: float | None = None
    """What is left of the experiment's budgets, put there by the gate; so for the next two."""
    energy_joules: float | None = None
    usd: float | None = None
    grace_seconds: float = GRACE_SECONDS
    """How long the script may go on after it was asked to stop."""


@dataclass(frozen=True, slots=True)
class LaunchFile:
    """What the face leaves in the run's folder for the supervisor. The approval's token is never in it."""

    run_id: int
    command: Command
    limits: Limits
    isolation: Isolation
    probe: ProbeSettings
    writable: tuple[Path, ...] = ()
    """Folders of ours that the script may write in whatever isolation holds, such as a fresh copy of the project."""
    hidden: tuple[Path, ...] = ()
    """Files of sealed labels, all in one folder, that no process of the run may read."""


def launch_text(launch: LaunchFile) -> str:
    """The launch file as text."""
    return json.dumps(asdict(launch), default=str, indent=1)


def launch_from_text(text: str) -> LaunchFile:
    """The launch file back from its text. The text is ours: a wrong one raises."""
    data: dict[str, Any] = json.loads(text)
    command, probe = data["command"], data["probe"]
    return LaunchFile(
        run_id=data["run_id"],
        command=Command(
            python=Path(command["python"]),
            script=_path(command["script"]),
            module=command["module"],
            args=tuple(command["args"]),
            working_dir=Path(command["working_dir"]),
            environment=command["environment"],
        ),
        limits=Limits(**data["limits"]),
        isolation=Isolation(data["isolation"]),
        probe=ProbeSettings(
            mode=ProbeMode(probe["mode"]),
            stop_steps=probe["stop_steps"],
            roots=tuple(Path(root) for root in probe["roots"]),
            redirect=_path(probe["redirect"]),
            time_budget_seconds=probe["time_budget_seconds"],
            memory_room=probe.get("memory_room"),
            thorough=probe["thorough"],
            processes=probe.get("processes"),
        ),
        writable=tuple(Path(folder) for folder in data.get("writable", ())),
        hidden=tuple(Path(file) for file in data.get("hidden", ())),
    )


def probe_environment(
    settings: ProbeSettings, command: Command, *, events_fd: int, redirect: Path | None, writable: tuple[Path, ...] = ()
) -> str:
    """The value of ``MLINTERN_PROBE``: the settings, the descriptor to write messages to, and what to run."""
    return json.dumps(
        {
            "mode": settings.mode,
            "stop_steps": settings.stop_steps,
            "roots": [str(root) for root in settings.roots],
            "redirect": None if redirect is None else str(redirect),
            "writable": [str(folder) for folder in writable],
            "time_budget_seconds": settings.time_budget_seconds,
            "memory_room": None if settings.memory_room is None else dict(settings.memory_room),
            "thorough": settings.thorough,
            "processes": settings.processes,
            "events_fd": events_fd,
            "script": None if command.script is None else str(command.script),
            "module": command.module,
            "args": list(command.args),
        }
    )


@dataclass(frozen=True, slots=True)
class MetricRows:
    """Measured values, in order; a value that is not finite is there as ``nan`` or ``inf``."""

    rows: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class Progress:
    """How many optimizer steps are done, of how many."""

    steps: int
    planned: int | None


@dataclass(frozen=True, slots=True)
class DeviceMemory:
    """What the allocator of the training process says of one accelerator; bytes, and counts since the start."""

    index: int
    """As the script numbers it."""
    total: int
    allocated: int
    """In tensors, at the end of a step."""
    peak: int
    reserved: int
    retries: int
    ooms: int


@dataclass(frozen=True, slots=True)
class AllocatorReport:
    """Memory at the end of an optimizer step, told from inside the training process."""

    step: int
    resident_bytes: int | None
    """Host memory of the training process."""
    devices: tuple[DeviceMemory, ...]


@dataclass(frozen=True, slots=True)
class ProbeReport:
    """Anything else that the probe says, stored under its name; the last one of a name wins."""

    kind: str
    data: Json


ProbeMessage: TypeAlias = MetricRows | Progress | AllocatorReport | ProbeReport


class LineReader:
    """Cuts what the probe writes into lines, in bounded memory: a line that grows too long is skipped and counted."""

    def __init__(self) -> None:
        self.dropped = 0
        self._rest = bytearray()
        self._is_skipping = False

    def feed(self, piece: bytes) -> list[bytes]:
        """The lines that the piece completes."""
        self._rest += piece
        *lines, rest = self._rest.split(b"\n") if b"\n" in piece else (self._rest,)
        if lines and self._is_skipping:
            del lines[0]
            self._is_skipping = False
        if len(rest) > MAX_LINE_BYTES:
            self.dropped += not self._is_skipping
            self._is_skipping = True
        self._rest = bytearray() if self._is_skipping else bytearray(rest)
        return [bytes(line) for line in lines if line]


def parse_message(line: bytes) -> ProbeMessage | None:
    """One line from the probe; ``None`` for a line that is not a message."""
    if len(line) > MAX_LINE_BYTES:
        return None
    try:
        data = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(data, dict):
        return None
    kind = data.pop("e", None)
    if not isinstance(kind, str) or not 0 < len(kind) <= MAX_NAME_CHARACTERS:
        return None
    if kind == "metrics":
        return _metrics(data.get("rows"))
    if kind == "progress":
        return _progress(data)
    if kind == "allocator":
        return _allocator(data)
    # The supervisor keeps reports of its own; the script's side must not be able to say them.
    return ProbeReport(kind, data) if kind in PROBE_REPORTS or _is_observed(kind) else None


def _is_observed(kind: str) -> bool:
    name = kind.removeprefix(OBSERVED)
    return name != kind and name.isascii() and name.replace("_", "").isalpha() and name.islower()


def _metrics(rows: object) -> MetricRows | None:
    if not isinstance(rows, list):
        return None
    metrics = tuple(_metric(row) for row in rows)
    kept = tuple(metric for metric in metrics if metric is not None)
    return MetricRows(kept) if len(kept) == len(metrics) else None


def _metric(row: object) -> Metric | None:
    """``[step, name, value]``, or ``[step, name, null, "nan" | "inf" | "-inf"]`` for a value that JSON cannot hold."""
    if not isinstance(row, list) or not 3 <= len(row) <= 4:
        return None
    step, name, value = row[:3]
    if not _is_count(step) or not isinstance(name, str) or not 0 < len(name) <= MAX_NAME_CHARACTERS:
        return None
    if value is None:
        return Metric(name, step, _not_finite(row[3] if len(row) == 4 else "nan"))
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return Metric(name, step, float(value))
    except OverflowError:
        return Metric(name, step, math.inf if value > 0 else -math.inf)


def _not_finite(text: object) -> float:
    return {"inf": math.inf, "-inf": -math.inf}.get(text if isinstance(text, str) else "", math.nan)


def _progress(data: Mapping[str, object]) -> Progress | None:
    steps, planned = data.get("steps"), data.get("planned")
    if not _is_count(steps) or not (planned is None or _is_count(planned)):
        return None
    assert isinstance(steps, int)
    return Progress(steps, planned if isinstance(planned, int) else None)


def _allocator(data: Mapping[str, object]) -> AllocatorReport | None:
    step, resident, rows = data.get("step"), data.get("resident"), data.get("devices")
    if not _is_count(step) or not (resident is None or _is_count(resident)) or not isinstance(rows, list):
        return None
    devices = tuple(device for row in rows[:MOST_DEVICES] if (device := _device(row)) is not None)
    if len(devices) != len(rows):
        return None
    assert isinstance(step, int)
    return AllocatorReport(step, resident if isinstance(resident, int) else None, devices)


def _device(row: object) -> DeviceMemory | None:
    names = [field.name for field in fields(DeviceMemory)]
    if not isinstance(row, dict) or not all(_is_count(row.get(name)) for name in names):
        return None
    return DeviceMemory(**{name: row[name] for name in names})


def _is_count(value: object) -> bool:
    """Whether it is a whole number that SQLite can hold."""
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**63


def _path(text: str | None) -> Path | None:
    return None if text is None else Path(text)
