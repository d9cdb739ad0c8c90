"""The records that everything else is said in: frozen, typed, with units in their names.

Invariant: a record is a value. It is never changed in place, and ``None`` always means *unknown* or *not yet*, never
zero.
Times named ``*_at`` are seconds since the Unix epoch; durations end in ``_seconds``; sizes end in ``_bytes``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]
"""A JSON object as read back from the database."""


class RungName(StrEnum):
    """The rungs of the cost ladder, in climbing order (the order of definition is the order of the ladder)."""

    STATIC = "static"
    DRYRUN = "dryrun"
    REHEARSAL = "rehearsal"
    OVERFIT = "overfit"
    PILOT = "pilot"
    SWEEP = "sweep"
    FULL = "full"
    CONFIRM = "confirm"


class RungStatus(StrEnum):
    """Where a rung stands. ``NOT_BUILT``: declared, but this version cannot climb it; it never reads as passed."""

    PLANNED = "planned"
    WAITING = "waiting"  # asks a person
    RUNNING = "running"
    PASSED = "passed"
    FAILED = "failed"
    STOPPED = "stopped"  # at a ceiling, or by a person
    SKIPPED = "skipped"
    NOT_BUILT = "not built yet"


class RunStatus(StrEnum):
    """The life of one process that mlintern started."""

    STARTING = "starting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"
    LOST = "lost"  # its supervisor vanished; nobody saw how it ended

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to the run."""
        return self not in (RunStatus.STARTING, RunStatus.RUNNING)


class Severity(StrEnum):
    """How much a finding matters: the result would be wrong, is likely harmed, or is worth knowing."""

    ERROR = "error"
    WARNING = "warning"
    INFO = "info"


class Decision(StrEnum):
    """What a person said when asked to climb a rung."""

    APPROVED = "approved"
    DECLINED = "declined"


@dataclass(frozen=True, slots=True)
class Interval:
    """A forecast value with its bounds; ``low <= mid <= high``, all in the unit of the field that holds it."""

    low: float
    mid: float
    high: float


EARLY_END = "early_end"
"""What a forecast does not know when a condition such as patience may end the run before its last step."""


@dataclass(frozen=True, slots=True)
class Experiment:
    """One script with its arguments and interpreter: the thing that climbs the ladder."""

    id: int
    name: str
    script: Path
    """Absolute path of the script, or of the package's file when ``module`` is set."""
    module: str | None
    """Dotted name for ``python -m``; ``None`` for a plain script."""
    args: tuple[str, ...]
    """The script's own arguments, as for the full run."""
    working_dir: Path
    python: Path
    """The interpreter that runs the script; not ours."""
    fingerprint: str
    """sha256 over the project's code as it was: a changed file means a new climb."""
    declared_steps: int | None
    """Total optimizer steps as the person stated them (``--steps``)."""
    budget_seconds: float | None
    created_at: float
    host_limit_bytes: int | None = None
    """Memory that all processes of a run may use together; ``None`` is no limit. So for the next two."""
    disk_limit_bytes: int | None = None
    device_limit_bytes: int | None = None
    budget_gpu_seconds: float | None = None
    """GPUs times the time that runs hold them; ``budget_seconds`` and these three hold together."""
    budget_joules: float | None = None
    budget_usd: float | None = None


@dataclass(frozen=True, slots=True)
class Rung:
    """Where one rung of one experiment stands."""

    experiment_id: int
    name: RungName
    status: RungStatus
    why: str | None = None
    run_id: int | None = None
    seconds: float | None = None
    updated_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Run:
    """One process started for one rung of an experiment, with what it was allowed and what it used."""

    id: int
    experiment_id: int
    rung: RungName
    status: RunStatus
    reason: str | None
    """Why it ended the way it did, in words."""
    created_at: float
    started_at: float | None
    ended_at: float | None
    supervisor_pid: int | None
    supervisor_started: float | None
    """The supervisor's process creation time, so that a reused pid is not mistaken for it."""
    ceiling_seconds: float | None
    exit_code: int | None
    signal: int | None
    isolation: str | None
    """What kept the user's files untouched: ``overlay``, ``landlock``, ``audit``, or ``none`` for a full run."""
    folder: Path
    """Where the run's log and scratch files are."""
    steps: int | None
    planned_steps: int | None
    last_loss: float | None
    wall_seconds: float | None
    cpu_seconds: float | None
    peak_host_bytes: int | None
    peak_device_bytes: int | None
    energy_joules: float | None
    usd: float | None
    gpu_seconds: float | None = None
    """GPUs times the time that the run held them."""
    usd_per_hour: float | None = None
    """The price of the machine, as it was when the run began; ``None`` is not known."""
    usd_per_kwh: float | None = None

    @property
    def log_path(self) -> Path:
        """The run's captured output, byte for byte."""
        return self.folder / "output.log"


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a rung will cost, as it was shown to the person who decided."""

    id: int
    experiment_id: int
    rung: RungName
    """The rung whose cost this is."""
    source_run_id: int | None
    """The run that it was extrapolated from."""
    created_at: float
    seconds: Interval | None
    cpu_seconds: Interval | None
    steps: int | None
    steps_exact: bool
    peak_host_bytes: Interval | None
    peak_device_bytes: Interval | None
    energy_joules: Interval | None
    usd: Interval | None
    unknown: tuple[str, ...] = ()
    """One ``field: reason`` for every value that is ``None``."""
    gpu_seconds: Interval | None = None
    """GPUs times the time that they are held."""
    basis: str | None = None
    """In words, what the width of the time's interval comes from."""

    @property
    def may_end_early(self) -> bool:
        """Whether steps and time are the most there can be, because a condition such as patience may end the run."""
        return any(entry.startswith(f"{EARLY_END}:") for entry in self.unknown)


@dataclass(frozen=True, slots=True)
class Approval:
    """A person's decision about one rung, with the forecast that was on the screen."""

    id: int
    experiment_id: int
    rung: RungName
    forecast_id: int | None
    decision: Decision
    ceiling_seconds: float | None
    reason: str | None
    decided_by: str
    """How it was given: ``tui``, ``terminal`` or ``flag``."""
    decided_at: float
    used_by_run_id: int | None
    """The one run that spent it; an approval is spent once."""
    extends_run_id: int | None = None
    """The run under way whose ceiling this raises; it is spent on nothing else."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A fault, a doubt or a fact, with evidence that a person can check."""

    id: int
    experiment_id: int
    run_id: int | None
    code: str
    severity: Severity
    rung: RungName
    message: str
    evidence: tuple[Json, ...]
    file: str | None
    line: int | None
    fix: str | None


@dataclass(frozen=True, slots=True)
class Acceptance:
    """A finding that a person takes as it is."""

    id: int
    experiment_id: int
    fingerprint: str
    """Of what the finding says: code, file and words without line numbers."""
    code: str
    file: str | None
    message: str
    reason: str
    accepted_by: str
    """How it was given: ``tui``, ``terminal`` or ``flag``."""
    created_at: float
    withdrawn_at: float | None = None


class Outcome(StrEnum):
    """What came of a remedy that was tried."""

    HELPED = "helped"
    DID_NOT_HELP = "did-not-help"


@dataclass(frozen=True, slots=True)
class Remedy:
    """What was tried against a failure, which hypothesis it tested, and what came of it."""

    id: int
    experiment_id: int | None
    run_id: int | None
    """The run that failed; ``None`` for a log of a run that is not ours."""
    subject: str
    """What it was tried on: an experiment, or a log by its path."""
    evidence: str
    """The fingerprint of what was seen; the same remedy is not proposed again while it stays."""
    remedy: str
    hypothesis: str
    outcome: Outcome
    created_at: float


class SweepStatus(StrEnum):
    """Where a sweep stands. One that is interrupted goes on where it stood, within what was approved."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"  # by a person
    FAILED = "failed"

    @property
    def is_over(self) -> bool:
        """Whether no more trials start."""
        return self is not SweepStatus.RUNNING


class TrialState(StrEnum):
    """What became of a trial. Only ``COMPLETE`` has a value that may be compared with another's."""

    RUNNING = "running"
    COMPLETE = "complete"
    PRUNED = "stopped early"  # behind the others at the same length
    INFEASIBLE = "infeasible"  # out of memory, or not a number: a region to stay out of, not a bad value
    FAILED = "failed"
    LOST = "lost"  # a process was killed; the configuration is tried again

    @property
    def is_over(self) -> bool:
        """Whether nothing more will happen to it."""
        return self is not TrialState.RUNNING


@dataclass(frozen=True, slots=True)
class Sweep:
    """A search over hyperparameters that a person approved, as a whole, up to a ceiling."""

    id: int
    experiment_id: int
    approval_id: int
    status: SweepStatus
    why: str | None
    space: tuple[Json, ...]
    """The parameters with their bounds, as :mod:`planner.sweep.space` writes them."""
    metric: str
    """What trials are compared by, in the script's words."""
    maximise: bool
    insisted: bool
    """Whether the metric's name says test, and the person wanted it all the same."""
    seeds: int
    """How often the default and the best configuration run, each time with another seed."""
    workers: int
    ceiling_seconds: float
    """What all trials together may take."""
    trial_seconds: Interval
    """What a trial with the script's own arguments was forecast to take."""
    setup_seconds: float
    """How much of that is before and beside the training, and takes as long however short the training is."""
    length: Json | None
    """The argument for the training's length, and its value in the full run; ``None`` where the script has none."""
    seed_flag: str | None
    created_at: float
    ended_at: float | None = None
    conductor_pid: int | None = None
    conductor_started: float | None = None
    summary: Json | None = None
    """What its trials allow to say so far, as :mod:`planner.sweep.summary` wrote it."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One run of a sweep, with the values that it had."""

    id: int
    sweep_id: int
    number: int
    state: TrialState
    origin: str
    """Where its values come from: ``given``, ``proposed``, ``longer``, ``seed`` or ``again``."""
    parameters: Json
    length: int | None
    """The value of the argument for the training's length; ``None`` is that of the full run."""
    seed: int | None
    """``None`` is the script's own."""
    run_id: int
    value: float | None
    cost_seconds: float | None
    why: str | None
    created_at: float
    ended_at: float | None


@dataclass(frozen=True, slots=True)
class Metric:
    """One measured value; ``step`` counts optimizer steps from 1, 0 is before the first."""

    name: str
    step: int
    value: float


@dataclass(frozen=True, slots=True)
class GpuSample:
    """One device at one moment; ``None`` where the driver does not say."""

    index: int
    name: str
    memory_used_bytes: int | None
    memory_total_bytes: int | None
    utilisation: float | None
    """Share of time in use, 0 to 1."""
    power_watts: float | None
    temperature_celsius: float | None
    process_bytes: int | None
    """Device memory of this run's own processes."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What the run's process tree and its machine used, about once a second."""

    elapsed_seconds: float
    cpu_cores: float
    """Cores in use by the process tree since the previous sample."""
    host_bytes: int
    """Resident memory of the process tree."""
    host_available_bytes: int
    disk_written_bytes: int
    gpus: tuple[GpuSample, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, appended once and never changed; every screen is a fold over these."""

    id: int
    at: float
    experiment_id: int | None
    run_id: int | None
    kind: str
    data: Json


class RunSort(StrEnum):
    """What the history can be ordered by. Runs where the value is unknown come last, whichever the direction."""

    CREATED = "created"
    ENDED = "ended"
    NAME = "name"
    SCRIPT = "script"
    RUNG = "rung"  # in alphabetical order: it groups, it does not climb
    STATUS = "status"
    WALL = "wall"
    LOSS = "loss"
    USD = "usd"


@dataclass(frozen=True, slots=True)
class RunRow:
    """One line of the history: a run with what it belongs to and what it was expected to take."""

    run: Run
    experiment_name: str
    script: Path
    module: str | None
    args: tuple[str, ...]
    forecast_seconds: Interval | None
    """Of the forecast that the run was approved with; ``None`` where no approval was needed or the time was unknown."""


@dataclass(frozen=True, slots=True)
class ForecastOutcome:
    """A forecast beside the finished run that it was about."""

    forecast: Forecast
    run: Run
    source_rung: RungName
    """The rung of the run that the forecast was made from."""
    script: Path
    was_shown: bool
    """Whether it is the forecast that the run was approved with."""


@dataclass(frozen=True, slots=True)
class LogHit:
    """A piece of a run's log that holds the words; the text is in the log file, from ``offset`` on."""

    run_id: int
    offset: int
    """Where the indexed piece begins, in bytes."""


@dataclass(frozen=True, slots=True)
class SearchHit:
    """A run that holds the words, in its own record or in its log."""

    row: RunRow
    log_offset: int | None
    """Where the piece of the log that holds them begins; ``None`` when the record itself does."""
