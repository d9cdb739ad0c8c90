"""Records as JSON objects: the shapes that docs/schema describes and other programs read.

Invariant: what is not known is ``null``, never zero; a number that JSON cannot hold is ``null`` with its words beside.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from ..planner.again import command_again
from ..planner.moves import Ask
from ..planner.provenance import Hyperparameter
from ..planner.rungs import FACTS
from ..planner.view import LadderView, RungView
from ..runtime.budgets import Account
from ..store.records import (
    Acceptance,
    Approval,
    Experiment,
    Finding,
    Forecast,
    Interval,
    Metric,
    Run,
    RungName,
    RungStatus,
    RunRow,
    Trial,
)
from .output import SCHEMA

Object = dict[str, Any]

STATUS_WORDS = {RungStatus.PLANNED: "skipped", RungStatus.NOT_BUILT: "skipped"}
"""A rung that was not climbed is skipped, and ``why`` says what for; it never reads as passed."""

FORECAST_FIELDS = (
    "seconds",
    "cpu_seconds",
    "peak_host_bytes",
    "peak_device_bytes",
    "gpu_seconds",
    "energy_joules",
    "usd",
)


def interval(value: Interval | None, *, whole: bool = False) -> Object | None:
    """The three values of an interval; ``whole`` for what is counted."""
    if value is None:
        return None
    bounds = {"low": value.low, "mid": value.mid, "high": value.high}
    return {name: round(bound) for name, bound in bounds.items()} if whole else bounds


def finding(found: Finding, experiment: Experiment, accepted: Acceptance | None = None) -> Object:
    """A finding as the contract has it, why a person takes it as it is, and what shows it again."""
    return {
        "id": found.id,
        "code": found.code,
        "severity": str(found.severity),
        "rung": str(found.rung),
        "message": found.message,
        "evidence": [dict(one) for one in found.evidence],
        "file": found.file,
        "line": found.line,
        "fix": found.fix,
        "accepted": None if accepted is None else {"reason": accepted.reason, "by": accepted.accepted_by},
        "command": command_again(found, experiment),
    }


def forecast(made: Forecast | None, *, why_none: str = "") -> Object:
    """A forecast; without one every value is unknown for the same reason."""
    if made is None:
        unknown = [f"{name}: {why_none}" for name in (*FORECAST_FIELDS, "steps")]
        return {**dict.fromkeys(FORECAST_FIELDS), "steps": None, "steps_exact": False, "unknown": unknown}
    values = {name: interval(getattr(made, name), whole=name.endswith("_bytes")) for name in FORECAST_FIELDS}
    told = {entry.partition(":")[0] for entry in made.unknown}
    silent = [f"{name}: not measured" for name, value in values.items() if value is None and name not in told]
    return {**values, "steps": made.steps, "steps_exact": made.steps_exact, "unknown": [*made.unknown, *silent]}


def rung(one: RungView) -> Object:
    """One rung with what climbing it has shown."""
    why = one.why
    if one.status is RungStatus.PLANNED:
        why = why or "not reached"
    status = STATUS_WORDS.get(one.status, str(one.status))
    run_id = one.run.id if one.run else None
    return {"rung": str(one.name), "status": status, "seconds": one.actual_seconds, "why": why, "run": run_id}


def ladder(view: LadderView, *, script: str, up_to: Sequence[RungName], cost: Object) -> Object:
    """One experiment on its ladder: what ``check`` and ``run`` answer."""
    full = next((one.forecast for one in view.rungs if one.name is RungName.FULL), None)
    return {
        "schema": SCHEMA,
        "script": script,
        "module": view.experiment.module,
        "args": list(view.experiment.args),
        "experiment": view.experiment.id,
        "python": str(view.experiment.python),
        "rungs": [rung(one) for one in view.rungs if one.name in up_to],
        "findings": [finding(one, view.experiment, view.accepted.get(one.id)) for one in view.findings],
        "forecast": forecast(full, why_none="the rehearsal that would measure it has not passed"),
        "cost": cost,
        "budgets": [budget(one) for one in view.budgets],
        "verified": list(view.verified),
        "not_verified": list(view.not_verified),
    }


def budget(one: Account) -> Object:
    """What is spent in one unit, and of how much; what runs under way may take is ``null`` where nothing bounds it."""
    return {
        "unit": str(one.unit),
        "budget": one.budget,
        "spent": one.spent,
        "unknown_runs": list(one.unknown_runs),
        "reserved": _finite(one.reserved),
        "left": one.left,
    }


def asks(move: Ask, why: str | None) -> Object:
    """What a person is asked to approve, and why it was left open."""
    return {
        "rung": str(move.rung),
        "why": why or move.why,
        "verifies": list(move.verifies),
        "forecast": forecast(move.forecast),
    }


def shows_results(one: Run) -> bool:
    """Whether the run's metrics mean something: those of a rehearsal, whose loops are cut, are never results."""
    return FACTS[one.rung].costs


def run(one: Run) -> Object:
    """One run with what it was allowed and what it used."""
    return {
        "run": one.id,
        "experiment": one.experiment_id,
        "rung": str(one.rung),
        "status": str(one.status),
        "reason": one.reason,
        "created_at": one.created_at,
        "started_at": one.started_at,
        "ended_at": one.ended_at,
        "ceiling_seconds": one.ceiling_seconds,
        "wall_seconds": one.wall_seconds,
        "cpu_seconds": one.cpu_seconds,
        "steps": one.steps,
        "planned_steps": one.planned_steps,
        "last_loss": _finite(one.last_loss) if shows_results(one) else None,
        "exit_code": one.exit_code,
        "signal": one.signal,
        "isolation": one.isolation,
        "peak_host_bytes": one.peak_host_bytes,
        "peak_device_bytes": one.peak_device_bytes,
        "gpu_seconds": one.gpu_seconds,
        "energy_joules": one.energy_joules,
        "usd": one.usd,
        "usd_per_hour": one.usd_per_hour,
        "usd_per_kwh": one.usd_per_kwh,
        "log": str(one.log_path),
    }


def row(one: RunRow) -> Object:
    """One line of the history."""
    origin = {"name": one.experiment_name, "script": str(one.script), "module": one.module, "args": list(one.args)}
    return {**run(one.run), **origin, "forecast_seconds": interval(one.forecast_seconds)}


def experiment(one: Experiment) -> Object:
    """What the runs belong to."""
    return {
        "experiment": one.id,
        "name": one.name,
        "script": str(one.script),
        "module": one.module,
        "args": list(one.args),
        "working_dir": str(one.working_dir),
        "python": str(one.python),
        "fingerprint": one.fingerprint,
        "declared_steps": one.declared_steps,
        "budget_seconds": one.budget_seconds,
        "budget_gpu_seconds": one.budget_gpu_seconds,
        "budget_joules": one.budget_joules,
        "budget_usd": one.budget_usd,
        "host_limit_bytes": one.host_limit_bytes,
        "disk_limit_bytes": one.disk_limit_bytes,
        "device_limit_bytes": one.device_limit_bytes,
        "created_at": one.created_at,
    }


def approval(one: Approval) -> Object:
    """A decision."""
    return {
        "rung": str(one.rung),
        "decision": str(one.decision),
        "ceiling_seconds": one.ceiling_seconds,
        "reason": one.reason,
        "decided_by": one.decided_by,
        "decided_at": one.decided_at,
        "forecast": one.forecast_id,
        "used_by_run": one.used_by_run_id,
    }


def trial(one: Trial) -> Object:
    """One trial of a sweep, with its run."""
    return {
        "sweep": one.sweep_id,
        "trial": one.number,
        "state": str(one.state),
        "origin": one.origin,
        "parameters": dict(one.parameters),
        "length": one.length,
        "seed": one.seed,
        "run": one.run_id,
        "value": one.value,
        "cost_seconds": one.cost_seconds,
        "why": one.why,
    }


def metrics(last: Iterable[Metric]) -> list[Object]:
    """The last value of each metric; one that is not finite says so in words."""
    return [
        {"name": one.name, "step": one.step, "value": _finite(one.value)}
        | ({} if math.isfinite(one.value) else {"text": str(one.value)})
        for one in last
    ]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def hyperparameter(row: Hyperparameter) -> Object:
    """One row of the table of hyperparameters."""
    return {
        "name": row.name,
        "value": row.value,
        "expression": row.expression,
        "origin": row.origin,
        "pointer": row.pointer,
        "role": row.role,
        "callee": row.callee,
        "file": row.file,
        "line": row.line,
        "times": row.times,
        "is_open": row.is_open,
        "note": row.note,
    }
