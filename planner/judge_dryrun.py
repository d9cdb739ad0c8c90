"""What an ended dry run means for its rung: passed with figures, or skipped because it could not.

Invariant: it fails a script only for want of memory that its tensors alone would take. What breaks under fake tensors
may run for real, and the rehearsal comes next.
"""

from __future__ import annotations

from collections.abc import Mapping

from ..store.records import Json, Run, RungStatus, RunStatus
from .alternatives import will_not_fit
from .judge import Verdict
from .memory_report import CATEGORIES, DevicePeaks, Look, MemoryReport, MemoryReportError, Peak, parse

ON_REQUEST = "stopped on request"
"""What the supervisor says of a run that a person stopped."""
MOST_TEXT = 300
CUT_SHORT = {"time": "the dry run's time was over", "crash": "the dry run broke off"}
"""How a dry run may end before what it was to see; the figures are of what it saw."""
NOT_SEEN = "scratch memory that operations take and give back inside themselves, such as convolutions"


def judge_dryrun(run: Run, reports: Mapping[str, Json], room: Mapping[str, int]) -> Verdict:
    """Judge an ended dry run from what was reported; ``room`` is what is free of each type of device, in bytes."""
    if run.status is RunStatus.STOPPED and run.reason == ON_REQUEST:
        return Verdict(RungStatus.STOPPED, run.reason)
    if run.status is RunStatus.LOST:
        return Verdict(RungStatus.STOPPED, run.reason or "its supervisor vanished, so nobody saw how it ended")
    report = _report(reports)
    if isinstance(report, str):
        return _could_not(report)
    if report is None:
        return _could_not(run.reason or "its process ended before there was a report")
    if report.base is None:
        return _could_not(report.could_not or "it told nothing of the script as it is")
    finding = will_not_fit(report, room)
    if finding is not None:
        return Verdict(RungStatus.FAILED, finding.message, (finding,))
    return Verdict(RungStatus.PASSED)


def what_dryrun_showed(reports: Mapping[str, Json]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """``(verified, not verified)`` in words, from a passed dry run's report."""
    report = _report(reports)
    base = report.base if isinstance(report, MemoryReport) else None
    if base is None:
        return (), ("what the dry run saw: its report is missing",)
    verified = [_shapes(base), *(words for device, peaks in base.devices.items() if (words := _peak(device, peaks)))]
    open_ = [NOT_SEEN]
    if base.ended in CUT_SHORT:
        open_.append(f"the memory of later steps: {CUT_SHORT[base.ended]} after {base.steps} of them")
    if not base.evaluations:
        open_.append("the memory of an evaluation: the dry run saw none")
    if base.assumed:
        names = ", ".join(base.assumed[:5])
        open_.append(f"sizes that depend on values ({names}): the dry run took the largest")
    return tuple(verified), tuple(open_)


def _report(reports: Mapping[str, Json]) -> MemoryReport | str | None:
    """The report, why it cannot be read, or ``None`` where there is none."""
    data = reports.get("memory")
    if data is None:
        return None
    try:
        return parse(data)
    except MemoryReportError as error:
        return str(error)


def _could_not(why: str) -> Verdict:
    return Verdict(RungStatus.SKIPPED, f"could not, because {why[:MOST_TEXT]}")


def _shapes(base: Look) -> str:
    steps = f"{base.steps} step{'' if base.steps == 1 else 's'} of training"
    if not base.evaluations:
        return f"shapes fit in {steps}"
    passes = f"{base.evaluations} forward pass{'' if base.evaluations == 1 else 'es'}"
    return f"shapes fit in {steps} and {passes} of evaluation"


def _peak(device: str, peaks: DevicePeaks) -> str | None:
    peak = peaks.training or peaks.whole
    if not peak.total:
        return None
    words = f"peak memory of tensors before anything is allocated: {_bytes(peak.total)} on {device} ({_parts(peak)})"
    if peaks.evaluation is not None:
        words += f", {_bytes(peaks.evaluation.total)} in evaluation"
    return words


def _parts(peak: Peak) -> str:
    parts = [(name, peak.parts[name]) for name in CATEGORIES if peak.parts[name] * 100 >= peak.total]
    return ", ".join(f"{name} {_bytes(size)}" for name, size in parts)


def _bytes(size: float) -> str:
    for unit in ("B", "KiB", "MiB", "GiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.3g} {unit}"
        size /= 1024
    return f"{size:.3g} TiB"
