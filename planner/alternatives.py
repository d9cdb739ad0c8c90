"""What would make a training fit: a smaller batch with accumulation, lower precision, checkpointing, evaluation without
gradients, each with its own forecast of peak memory.

Every figure comes from a look of the dry run that really varied it. Where real looks at small batches are there, what
the fake ones cannot see (scratch memory inside operations) is added in proportion.

Invariant: nothing is proposed that was not looked at, and nothing that does not help.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ..runtime.limits import size_words
from ..store import Store
from ..store.records import Experiment, Interval, RungName, Severity
from .finding import FindingDraft
from .memory_report import DevicePeaks, Look, MemoryReport, MemoryReportError, Peak, parse

UNSEEN = 1.35
"""Operations' own scratch memory makes the real peak so much higher at most, where no real look has told."""

SCATTER = 1.1
"""As ``UNSEEN``, where one has."""

ROUNDING = 1.02
"""Below the fake peak itself, only so much is doubted: allocators round."""

WORDS: Mapping[str, str] = {
    "autocast": "bf16 autocast around the forward pass",
    "checkpoint": "activation checkpointing of the repeated blocks",
    "eval_no_grad": "evaluation under torch.no_grad()",
}


@dataclass(frozen=True, slots=True)
class Alternative:
    """One change to the training, and the peak that it would have."""

    change: str
    peak: Interval

    @property
    def words(self) -> str:
        """For a person."""
        low, middle, high = map(size_words, (self.peak.low, self.peak.mid, self.peak.high))
        return f"{self.change}: about {middle} [{low}–{high}]"


@dataclass(frozen=True, slots=True)
class MemoryCurve:
    """Peak bytes of one device as a straight line over the training batch, from looks at two sizes."""

    fixed: float
    per_item: float
    batch: int
    unseen: float
    """How much more a real run takes than the fake one, as a factor."""
    is_measured: bool
    """Whether ``unseen`` comes from real looks."""

    def at(self, batch: float) -> Interval:
        """The peak with a batch of this size."""
        return around(self.fixed + self.per_item * batch, self.unseen, is_measured=self.is_measured)

    def largest(self, room: float) -> int:
        """The largest batch whose upper bound fits into ``room``; 0 where none does."""
        if self.per_item <= 0:
            return self.batch
        upper = self.at(1).high / max(1.0, self.fixed + self.per_item)
        return max(0, math.floor((room / upper - self.fixed) / self.per_item))


def around(fake: float, unseen: float, *, is_measured: bool) -> Interval:
    """What a fake peak means for a real run."""
    middle = fake * unseen
    high = middle * SCATTER if is_measured else fake * max(unseen, UNSEEN)
    return Interval(fake / ROUNDING, middle, max(middle, high))


def device_of(look: Look) -> str:
    """The device that the training's memory is on."""
    return max(look.devices, key=lambda name: (name != "cpu", look.devices[name].whole.total), default="cpu")


def curve(report: MemoryReport, device: str) -> MemoryCurve | None:
    """The peak over the batch; ``None`` where there were not two sizes to look at."""
    whole, half = report.base, report.look("half")
    if whole is None or half is None or not whole.training_batch or not half.training_batch:
        return None
    at_whole, at_half = _training(whole, device), _training(half, device)
    if at_whole is None or at_half is None or whole.training_batch <= half.training_batch:
        return None
    per_item = (at_whole.total - at_half.total) / (whole.training_batch - half.training_batch)
    line = MemoryCurve(
        fixed=at_whole.total - per_item * whole.training_batch,
        per_item=per_item,
        batch=whole.training_batch,
        unseen=1.0,
        is_measured=False,
    )
    unseen = _unseen(report, line)
    return line if unseen is None else MemoryCurve(line.fixed, per_item, line.batch, unseen, is_measured=True)


def need(report: MemoryReport) -> Interval | None:
    """The peak of the script as it is on the device of its training; ``None`` where the dry run could not tell."""
    base = report.base
    if base is None or not base.devices:
        return None
    device = device_of(base)
    line = curve(report, device)
    unseen = line.unseen if line is not None else 1.0
    return around(base.devices[device].whole.total, unseen, is_measured=line is not None and line.is_measured)


def alternatives(report: MemoryReport, room: float) -> tuple[Alternative, ...]:
    """What would take less than the script as it is, the surest first. ``room`` is what is free, in bytes."""
    base = report.base
    if base is None or not base.devices:
        return ()
    device = device_of(base)
    line = curve(report, device)
    found = [] if line is None else _smaller_batch(line, room)
    now = base.devices[device].whole.total
    for name, words in WORDS.items():
        look = report.look(name)
        peaks = None if look is None else look.devices.get(device)
        if peaks is not None and peaks.whole.total < 0.98 * now:
            unseen, measured = (line.unseen, line.is_measured) if line is not None else (1.0, False)
            found.append(Alternative(words, around(peaks.whole.total, unseen, is_measured=measured)))
    return tuple(found)


def will_not_fit(report: MemoryReport, room: Mapping[str, int]) -> FindingDraft | None:
    """The finding that a training certainly runs out of memory, with what would fit; ``None`` where it need not.

    ``room`` is what is free of each type of device, in bytes.
    """
    base, needed = report.base, need(report)
    if base is None or needed is None:
        return None
    device = device_of(base)
    free = room.get(device)
    if free is None or needed.low <= free:
        return None
    others = alternatives(report, free)
    fitting = [other.words for other in others if other.peak.high <= free]
    what = "memory" if device == "cpu" else "GPU memory"
    return FindingDraft(
        "memory.oom",
        Severity.ERROR,
        f"will not fit: its tensors alone need {size_words(needed.low)} of {what}, and {size_words(free)} are free",
        (
            {"device": device, "needed_bytes": round(needed.low), "free_bytes": free},
            *({"change": one.change, "peak_bytes": [round(one.peak.low), round(one.peak.high)]} for one in others),
        ),
        fix=f"what would fit: {'; '.join(fitting)}" if fitting else "free some, or make the model or its batch smaller",
    )


def known_alternatives(store: Store, experiment: Experiment, room: Mapping[str, int]) -> tuple[str, ...]:
    """What the experiment's dry run knows that would take less, in words; nothing where there was none."""
    run_id = store.rungs.all(experiment.id)[RungName.DRYRUN].run_id
    told = None if run_id is None else store.reports.get(run_id, "memory")
    if told is None:
        return ()
    try:
        report = parse(told)
    except MemoryReportError:
        return ()
    free = room.get(device_of(report.base)) if report.base is not None and report.base.devices else None
    return () if free is None else tuple(other.words for other in alternatives(report, free))


def _smaller_batch(line: MemoryCurve, room: float) -> list[Alternative]:
    """The largest power-of-two part of the batch that fits, with as many accumulation steps."""
    largest = line.largest(room)
    parts = 2
    while line.batch // parts >= 1:
        batch = line.batch // parts
        if batch <= largest:
            return [Alternative(f"batch {batch} with {parts} accumulation steps", line.at(batch))]
        parts *= 2
    return []


def _unseen(report: MemoryReport, line: MemoryCurve) -> float | None:
    """Real over fake, both at the full batch, from a straight line through two real looks."""
    real = sorted(
        (look.training_batch, size)
        for look in report.looks
        if look.name == "real" and look.could_not is None and look.training_batch
        if (size := _real_size(look)) is not None
    )
    if len(real) < 2 or real[0][0] == real[-1][0]:
        return None
    (small, low), (large, high) = real[0], real[-1]
    at_batch = high + (high - low) / (large - small) * (line.batch - large)
    fake = line.fixed + line.per_item * line.batch
    return max(1.0, at_batch / fake) if fake > 0 else None


def _real_size(look: Look) -> int | None:
    return look.reserved_bytes or look.grown_bytes


def _training(look: Look, device: str) -> Peak | None:
    peaks: DevicePeaks | None = look.devices.get(device)
    return None if peaks is None else peaks.training or peaks.whole
