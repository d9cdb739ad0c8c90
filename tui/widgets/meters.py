"""What a run uses, as bars against its limits.

Invariant: a value that nobody measured reads ``unknown`` and has no bar; a bar near its limit is marked with a sign.
"""

from __future__ import annotations

from dataclasses import dataclass

from textual.strip import Strip

from ...store.records import Experiment, GpuSample, Run, Sample
from ..text import clean, fit
from ..units import UNKNOWN, duration, size
from .painted import Painted, Piece

LABEL_WIDTH = 6
NEAR_LIMIT = 0.9


@dataclass(frozen=True, slots=True)
class Meter:
    """One line: a label, how full it is (``None``: no bar), and the value in words."""

    label: str
    share: float | None
    words: str

    @property
    def near_limit(self) -> bool:
        """Whether it deserves a sign."""
        return self.share is not None and self.share >= NEAR_LIMIT


def machine_meters(sample: Sample | None, cores: int, experiment: Experiment) -> list[Meter]:
    """CPU, memory, disk and every GPU, from the newest sample, against the machine or the limit that is nearer."""
    if sample is None:
        return [Meter(label, None, UNKNOWN) for label in ("cpu", "memory", "disk", "gpu")]
    whole = sample.host_bytes + sample.host_available_bytes
    meters = [
        Meter("cpu", sample.cpu_cores / cores, f"{sample.cpu_cores:.1f} of {cores} cores"),
        _share("memory", sample.host_bytes, _nearer(whole, experiment.host_limit_bytes)),
        _share("disk", sample.disk_written_bytes, experiment.disk_limit_bytes, what=" written"),
    ]
    for gpu in sample.gpus:
        meters += _gpu_meters(gpu, experiment.device_limit_bytes, several=len(sample.gpus) > 1)
    return meters if sample.gpus else [*meters, Meter("gpu", None, "none seen")]


def _share(label: str, used: int, most: int | None, *, what: str = "") -> Meter:
    if not most:
        return Meter(label, None, f"{size(used)}{what}")
    return Meter(label, used / most, f"{size(used)} of {size(most)}")


def _nearer(whole: int | None, limit: int | None) -> int | None:
    """What is reached first."""
    return min((most for most in (whole, limit) if most), default=None)


def _gpu_meters(gpu: GpuSample, limit: int | None, *, several: bool) -> list[Meter]:
    number = f" {gpu.index}" if several else ""
    used, total = gpu.memory_used_bytes, _nearer(gpu.memory_total_bytes, limit)
    share = used / total if used is not None and total else None
    details = [
        f"{gpu.power_watts:.0f} W" if gpu.power_watts is not None else "",
        f"{gpu.temperature_celsius:.0f} °C" if gpu.temperature_celsius is not None else "",
    ]
    busy = UNKNOWN if gpu.utilisation is None else f"{gpu.utilisation:.0%}".replace("%", " %")
    return [
        Meter(f"gpu{number}", gpu.utilisation, " ".join([busy, *filter(None, details)])),
        Meter(f"vram{number}", share, f"{size(used)} of {size(total)}"),
    ]


def run_meters(run: Run, *, elapsed: float | None, forecast_rate: float | None) -> list[Meter]:
    """Throughput and the ceiling of a run."""
    rate = run.steps / elapsed if run.steps and elapsed else None
    expected = f" (forecast {_rate(forecast_rate)})" if forecast_rate else ""
    meters = [Meter("steps", None, f"{_rate(rate)}/s{expected}" if rate else UNKNOWN)]
    if run.ceiling_seconds is None:
        return [*meters, Meter("limit", None, "no ceiling")]
    share = elapsed / run.ceiling_seconds if elapsed is not None and run.ceiling_seconds else None
    used = UNKNOWN if share is None else f"{share:.0%}".replace("%", " %")
    return [*meters, Meter("limit", share, f"{used} of {duration(run.ceiling_seconds)}")]


def _rate(rate: float | None) -> str:
    if rate is None:
        return UNKNOWN
    return f"{rate:.0f}" if rate >= 100 else f"{rate:.3g}"


class Meters(Painted):
    """The lines with their bars."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._meters: list[Meter] = []

    def show(self, meters: list[Meter]) -> None:
        """Draw these from now on."""
        if meters != self._meters:
            self._meters = meters
            self.refresh()

    def render_line(self, y: int) -> Strip:
        width, height = self.content_size
        if y >= len(self._meters):
            return self.strip((), width)
        hidden = len(self._meters) - height + 1
        if hidden > 1 and y == height - 1:
            return self.strip([(f"{hidden} more in a taller window", "warn")], width)
        return self.strip(draw_meter(self._meters[y], width), width)


def draw_meter(meter: Meter, width: int) -> list[Piece]:
    """One meter in ``width`` cells: label, bar, words; the bar gives way first."""
    label: Piece = (fit(meter.label, LABEL_WIDTH) + " ", "muted")
    words = clean(meter.words)
    bar_width = min(16, width - LABEL_WIDTH - 3 - max(len(words), 18))
    if meter.share is None or bar_width < 4:
        ink = "muted" if meter.share is None else ""
        return [label, (words, ink), (" !" if meter.near_limit else "", "warn")]
    filled = min(bar_width, max(0, round(meter.share * bar_width)))
    return [
        label,
        ("█" * filled, "warn" if meter.near_limit else "accent"),
        ("░" * (bar_width - filled), "faint"),
        ("! " if meter.near_limit else "  ", "warn"),
        (words, ""),
    ]
