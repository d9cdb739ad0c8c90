"""The probe's report of a dry run's memory, read back as typed values. Another shape is refused, never half understood.

The shape is written down in ``runtime/probe/dryrun.py``. All sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..store.records import Json

CATEGORIES = ("parameters", "gradients", "optimizer", "activations", "temporaries", "inputs")
"""What memory holds; a peak's categories add up to its total."""

MOST_LOOKS = 20
MOST_NAMES = 20
"""What comes from the script's side is read as far as this."""
MOST_CHARACTERS = 60


class MemoryReportError(ValueError):
    """The probe's report does not have the shape of a memory report."""


@dataclass(frozen=True, slots=True)
class Peak:
    """The most memory at one moment, and what it held."""

    total: int
    parts: Mapping[str, int]

    @property
    def fixed(self) -> int:
        """What does not grow with the batch: parameters, gradients and the optimizer's state."""
        return self.parts["parameters"] + self.parts["gradients"] + self.parts["optimizer"]


@dataclass(frozen=True, slots=True)
class DevicePeaks:
    """The peaks on one type of device; ``None`` where no training or no evaluation was seen."""

    whole: Peak
    training: Peak | None
    evaluation: Peak | None


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the script: as it is, or with something varied."""

    name: str
    """``base``, ``half`` (batches cut in two), ``autocast``, ``checkpoint``, ``eval_no_grad`` or ``real``."""
    share: float
    """Of each batch, what was kept."""
    could_not: str | None
    ended: str
    """``script`` (to its end), ``enough``, ``time``, or ``crash`` after what was to be seen."""
    training_batch: int | None
    evaluation_batch: int | None
    steps: int
    evaluations: int
    """Forward passes that evaluate."""
    assumed: tuple[str, ...]
    """Operations whose result's size depends on values: the largest was taken."""
    devices: Mapping[str, DevicePeaks]
    """By device type, ``cpu`` or ``cuda``."""
    grown_bytes: int | None
    """What a real look's process grew by."""
    allocated_bytes: int | None
    reserved_bytes: int | None
    """A real look's own device memory, as its allocator counted."""
    seconds: float


@dataclass(frozen=True, slots=True)
class MemoryReport:
    """All looks of one dry run."""

    looks: tuple[Look, ...]
    could_not: str | None
    """Why the script as it is could not be dry-run."""

    @property
    def base(self) -> Look | None:
        """The script as it is, if that worked."""
        return self.look("base")

    def look(self, name: str) -> Look | None:
        """The first look of that name that worked."""
        return next((look for look in self.looks if look.name == name and look.could_not is None), None)


def parse(report: Json) -> MemoryReport:
    """Read a ``memory`` report. Raises :class:`MemoryReportError`."""
    try:
        looks = tuple(_look(data) for data in report["looks"][:MOST_LOOKS])
        return MemoryReport(looks, _words(report["could_not"]))
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as problem:
        raise MemoryReportError(f"the probe's memory report cannot be read: {problem}") from problem


def _look(data: Mapping[str, Any]) -> Look:
    could_not = _words(data["could_not"])
    if could_not is not None:
        return _without_figures(data, could_not)
    batch, counts, process = data["batch"], data["counts"], data["process"]
    return Look(
        name=_name(data["name"]),
        share=float(data["share"]),
        could_not=None,
        ended=_name(data["ended"]),
        training_batch=_size(batch["training"]),
        evaluation_batch=_size(batch["evaluation"]),
        steps=max(int(counts["steps"]), 0),
        evaluations=max(int(counts["evaluations"]), 0),
        assumed=tuple(_name(name) for name in data["assumed"][:MOST_NAMES]),
        devices={_name(device): _peaks(peaks) for device, peaks in list(data["devices"].items())[:MOST_NAMES]},
        grown_bytes=_size(process["growth"]),
        allocated_bytes=_size(process["allocated"]),
        reserved_bytes=_size(process["reserved"]),
        seconds=float(data["seconds"]),
    )


def _without_figures(data: Mapping[str, Any], could_not: str) -> Look:
    share = float(data.get("share") or 1.0)
    return Look(_name(data["name"]), share, could_not, "", None, None, 0, 0, (), {}, None, None, None, 0.0)


def _peaks(data: Mapping[str, Any]) -> DevicePeaks:
    whole = _peak(data["whole"])
    if whole is None:
        raise ValueError("a device without a peak")
    return DevicePeaks(whole, _peak(data["training"]), _peak(data["evaluation"]))


def _peak(data: Mapping[str, Any] | None) -> Peak | None:
    if data is None:
        return None
    parts = {name: _size(data[name]) or 0 for name in CATEGORIES}
    total = _size(data["total"])
    if total is None or total != sum(parts.values()):
        raise ValueError("the categories of a peak do not add up to it")
    return Peak(total, parts)


def _size(value: object) -> int | None:
    if value is None:
        return None
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise ValueError(f"{value!r:.40} is no size")
    return value


def _name(value: object) -> str:
    return str(value)[:MOST_CHARACTERS]


def _words(value: object) -> str | None:
    return None if value is None else str(value)
