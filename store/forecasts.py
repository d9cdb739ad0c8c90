"""Forecasts, kept as they were shown.

Invariant: a forecast is added and never changed; a better one is a new row.
"""

from __future__ import annotations

import time

from .area import Area
from .codec import Shape
from .errors import NotFound
from .records import Forecast, ForecastOutcome, Interval, Run, RungName, RunStatus

_SHAPE = Shape(Forecast)
_RUN = Shape(Run)
_REST = Shape(ForecastOutcome, without=["forecast", "run"])

_OUTCOMES = f"""
SELECT {_SHAPE.qualified("forecasts")}, {_RUN.qualified("runs")}, source.rung, experiments.script,
    EXISTS (SELECT 1 FROM approvals WHERE forecast_id = forecasts.id AND used_by_run_id = runs.id)
FROM (SELECT * FROM forecasts ORDER BY id DESC LIMIT ?) AS forecasts
JOIN runs ON runs.experiment_id = forecasts.experiment_id AND runs.rung = forecasts.rung
JOIN experiments ON experiments.id = runs.experiment_id
JOIN runs AS source ON source.id = forecasts.source_run_id
WHERE runs.status = ? AND runs.rung NOT IN ('sweep', 'confirm') AND forecasts.id = (
    SELECT max(latest.id) FROM forecasts AS latest
    WHERE latest.experiment_id = runs.experiment_id AND latest.rung = runs.rung
        AND latest.source_run_id = forecasts.source_run_id AND latest.created_at <= runs.created_at)
ORDER BY runs.id DESC, forecasts.id DESC
"""


class Forecasts(Area):
    """The forecasts, oldest first by id."""

    def add(
        self,
        *,
        experiment_id: int,
        rung: RungName,
        source_run_id: int | None = None,
        seconds: Interval | None = None,
        cpu_seconds: Interval | None = None,
        steps: int | None = None,
        steps_exact: bool = False,
        peak_host_bytes: Interval | None = None,
        peak_device_bytes: Interval | None = None,
        energy_joules: Interval | None = None,
        usd: Interval | None = None,
        unknown: tuple[str, ...] = (),
        gpu_seconds: Interval | None = None,
        basis: str | None = None,
    ) -> Forecast:
        """Remember a forecast."""
        forecast_id = self._database.insert(
            "forecasts",
            {
                "experiment_id": experiment_id,
                "rung": rung,
                "source_run_id": source_run_id,
                "created_at": time.time(),
                "seconds": seconds,
                "cpu_seconds": cpu_seconds,
                "steps": steps,
                "steps_exact": steps_exact,
                "peak_host_bytes": peak_host_bytes,
                "peak_device_bytes": peak_device_bytes,
                "energy_joules": energy_joules,
                "usd": usd,
                "unknown": unknown,
                "gpu_seconds": gpu_seconds,
                "basis": basis,
            },
        )
        return self.get(forecast_id)

    def get(self, forecast_id: int) -> Forecast:
        """The forecast with this id."""
        row = self._database.row(f"SELECT {_SHAPE.columns} FROM forecasts WHERE id = ?", (forecast_id,))
        if row is None:
            raise NotFound(f"There is no forecast {forecast_id}.")
        return _SHAPE.load(row)

    def latest(self, experiment_id: int, rung: RungName) -> Forecast | None:
        """The newest forecast of a rung's cost."""
        row = self._database.row(
            f"SELECT {_SHAPE.columns} FROM forecasts WHERE experiment_id = ? AND rung = ? ORDER BY id DESC LIMIT 1",
            (experiment_id, rung),
        )
        return _SHAPE.load(row) if row else None

    def for_experiment(self, experiment_id: int) -> tuple[Forecast, ...]:
        """Every forecast of an experiment, oldest first."""
        rows = self._database.rows(
            f"SELECT {_SHAPE.columns} FROM forecasts WHERE experiment_id = ? ORDER BY id", (experiment_id,)
        )
        return tuple(map(_SHAPE.load, rows))

    def outcomes(self, limit: int = 2000) -> tuple[ForecastOutcome, ...]:
        """The latest ``limit`` forecasts beside the finished runs that they were about, the newest run first.

        Of those made from one run, the last before the start counts; a run has one for each run it was foretold from.
        A sweep's forecast is of all its trials together, so no run of it is an outcome.
        """
        split = len(_SHAPE.names)
        runs_end = split + len(_RUN.names)
        return tuple(
            ForecastOutcome(_SHAPE.load(row[:split]), _RUN.load(row[split:runs_end]), *_REST.values(row[runs_end:]))
            for row in self._database.rows(_OUTCOMES, (limit, RunStatus.DONE))
        )
