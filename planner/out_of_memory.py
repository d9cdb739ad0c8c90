"""Why memory ran out, or will: from the crash's own words, the record of the run's memory, and the kernel's.

Invariant: a cause is named only where numbers show it, and they stand in the evidence. What would fit instead, with its
forecast, is said by who can forecast it: it comes in as words, and is never made up here.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from ..runtime.guard import REPORT
from ..runtime.limits import size_words
from ..runtime.trend import theil_sen
from ..store.records import Json, Run, RungName, Severity
from .crashes import tell
from .extrapolate import extrapolate
from .finding import FindingDraft
from .looptree import LoopTreeError, parse

GUARD_STOP = "memory:"
"""How the reason of a run begins that was stopped before its memory ran out."""

_WORDS = re.compile(
    r"out of memory|can't allocate memory|Unable to allocate|Cannot allocate memory|CUBLAS_STATUS_ALLOC_FAILED"
    r"|DataLoader worker \(pid.*\) is killed by signal: Killed"
)
_TYPES = ("OutOfMemoryError", "MemoryError", "_ArrayMemoryError")
_UNITS = {"bytes": 1, "B": 1, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40, "PiB": 1 << 50}
_SIZE = r"(\d+(?:\.\d+)?) (bytes|B|KiB|MiB|GiB|TiB|PiB)"
_FIGURES = {
    "tried": (rf"[Tt]ried to allocate {_SIZE}", rf"Unable to allocate {_SIZE}"),
    "total": (rf"total capacity of {_SIZE}", rf"{_SIZE} total capacity"),
    "free": (rf"of which {_SIZE} is free", rf"{_SIZE} free"),
    "allowed": (rf"{_SIZE} allowed",),
    "ours": (rf"this process has {_SIZE} memory in use",),
    "others": (rf"Process \d+ has {_SIZE} memory in use",),
    "allocated": (rf"{_SIZE} is allocated by PyTorch", rf"{_SIZE} already allocated"),
    "unused": (rf"{_SIZE} is reserved by PyTorch but unallocated",),
    "reserved": (rf"{_SIZE} reserved in total",),
}

LEAST_ROWS = 10
LEAST_GROWTH_BYTES = 32 << 20
LEAST_GROWTH_SHARE = 0.05
"""Growth below these, of what there was, is not called a leak: a process settles for a while."""

WORTH_TELLING_SHARE = 0.1
SAFE_SHARE = 0.8
"""Of what is left; a leak that will take more is warned of."""

EARLY_STEPS = 10


class Why(StrEnum):
    """Why there was not enough."""

    LEAK = "leak"
    FRAGMENTATION = "fragmentation"
    OTHER_PROCESS = "another process"
    EVALUATION = "evaluation"
    LONG_BATCH = "long batch"
    TOO_LARGE = "too large"
    UNKNOWN = "unknown"


_FIXES = {
    Why.LEAK: "look for what is kept from step to step: losses or outputs gathered with their graphs (append"
    " loss.item(), or out.detach().cpu()), hooks, caches",
    Why.FRAGMENTATION: "set PYTORCH_ALLOC_CONF=expandable_segments:True, or pad batches to a few lengths",
    Why.OTHER_PROCESS: "free the device of other processes, or choose another one (CUDA_VISIBLE_DEVICES)",
    Why.EVALUATION: "evaluate under torch.no_grad(), with a smaller batch, and keep its outputs on the host",
    Why.LONG_BATCH: "bound the length of a batch: cut or bucket the longest inputs, or size batches by tokens",
    Why.TOO_LARGE: "use a smaller batch and accumulate gradients, checkpoint activations, or lower the precision",
    Why.UNKNOWN: "use a smaller batch, or accumulate gradients",
}


@dataclass(frozen=True, slots=True)
class Leak:
    """Growth from step to step, as the record shows it."""

    what: str
    """``allocated``: in tensors on devices; ``training``: host memory of the training process."""
    bytes_per_step: float
    first_step: int
    last_step: int
    grown_bytes: float

    @property
    def words(self) -> str:
        """For a person."""
        where = "tensors on the device" if self.what == "allocated" else "the training process"
        return (
            f"{where} grew by {size_words(self.grown_bytes)} from step {self.first_step} to {self.last_step},"
            f" {size_words(self.bytes_per_step)} a step"
        )

    @property
    def evidence(self) -> Json:
        """The numbers."""
        return {
            "grew": self.what,
            "bytes_per_step": round(self.bytes_per_step),
            "from_step": self.first_step,
            "to_step": self.last_step,
            "grown_bytes": round(self.grown_bytes),
        }


def is_out_of_memory(crash: Json) -> bool:
    """Whether an exception says that memory ran out, of whatever type it is."""
    return crash.get("type") in _TYPES or _WORDS.search(str(crash.get("message") or "")) is not None


def diagnose_crash(crash: Json, reports: Mapping[str, Json], alternatives: Sequence[str] = ()) -> FindingDraft:
    """What an exception for want of memory came from; ``alternatives`` are what would fit, in words."""
    story, record = tell(crash), reports.get(REPORT, {})
    figures = figures_in(str(crash.get("message") or ""))
    leak = leak_in(record)
    why, because = _why(crash, figures, record, leak)
    evidence: list[Json] = [*story.evidence, {"cause": why, **figures}]
    if leak is not None:
        evidence.append(leak.evidence)
    message = f"{story.message}: {because}" if because else story.message
    fix = _fix(why, alternatives)
    return FindingDraft("memory.oom", Severity.ERROR, message, tuple(evidence), story.file, story.line, fix)


def diagnose_death(run: Run, reports: Mapping[str, Json], alternatives: Sequence[str] = ()) -> FindingDraft | None:
    """Killed by the kernel for want of memory, or stopped before it would have been; ``None`` for other deaths."""
    record = reports.get(REPORT, {})
    is_stopped = (run.reason or "").startswith(GUARD_STOP)
    kills = record.get("kills") or 0
    if not is_stopped and not (kills and run.signal == 9):
        return None
    leak, warned = leak_in(record), _last_warning(record)
    why = Why.LEAK if leak is not None else _why_warned(warned)
    words = [str(run.reason)]
    if leak is not None:
        words.append(leak.words)
    elif warned is not None and not is_stopped:
        words.append(str(warned.get("words")))
    evidence: list[Json] = [{"cause": why, "kills": kills, "limit_bytes": record.get("group_limit_bytes")}]
    if leak is not None:
        evidence.append(leak.evidence)
    if warned is not None:
        evidence.append({key: warned.get(key) for key in ("resource", "cause", "used_bytes", "bytes_per_second")})
    code = "memory.leak" if is_stopped and why is Why.LEAK else "memory.oom"
    return FindingDraft(code, Severity.ERROR, "; ".join(words), tuple(evidence), fix=_fix(why, alternatives))


def leak_ahead(run: Run, reports: Mapping[str, Json]) -> FindingDraft | None:
    """A run that ended well, but leaked: whether the rest of the steps would still fit."""
    record = reports.get(REPORT, {})
    leak = leak_in(record)
    if leak is None:
        return None
    steps = _full_steps(run, reports)
    left = _left_bytes(record, leak)
    evidence = (leak.evidence, {"left_bytes": left, "full_steps": steps})
    ahead = 0.0 if steps is None else max(0.0, leak.bytes_per_step * (steps - leak.last_step))
    if left is None or steps is None or ahead < WORTH_TELLING_SHARE * left:
        more = "" if steps is not None else "; how many steps the full run makes is not known"
        return FindingDraft("memory.leak", Severity.INFO, leak.words + more, evidence, fix=_FIXES[Why.LEAK])
    if ahead <= SAFE_SHARE * left:
        words = f"{leak.words}; the {steps} steps of the full run would take {size_words(ahead)} more, which fits"
        return FindingDraft("memory.leak", Severity.INFO, words, evidence, fix=_FIXES[Why.LEAK])
    last = leak.last_step + int(left / leak.bytes_per_step)
    ends = f"which ends at about step {last} of {steps}" if last < steps else f"nearly all of which {steps} steps take"
    words = f"{leak.words}; {size_words(left)} are left, {ends}"
    return FindingDraft("memory.leak", Severity.WARNING, words, evidence, fix=_FIXES[Why.LEAK])


def figures_in(text: str) -> dict[str, int]:
    """The sizes that an out-of-memory message tells, in bytes; what it does not tell is not there."""
    found: dict[str, int] = {}
    for name, patterns in _FIGURES.items():
        for pattern in patterns:
            sizes = [round(float(amount) * _UNITS[unit]) for amount, unit in re.findall(pattern, text)]
            if sizes:
                found[name] = sum(sizes) if name == "others" else sizes[0]
                break
    if "unused" not in found and {"reserved", "allocated"} <= found.keys():
        found["unused"] = max(0, found["reserved"] - found["allocated"])
    return found


def leak_in(record: Json) -> Leak | None:
    """Steady growth from step to step, on the devices or else in the training process; ``None`` where none shows."""
    columns = list(record.get("columns") or ())
    for what in ("allocated", "training"):
        if "step" not in columns or what not in columns:
            continue
        step, value = columns.index("step"), columns.index(what)
        rows: dict[int, float] = {}
        for point in record.get("points") or ():
            if len(point) == len(columns) and point[value] is not None and point[step]:
                rows[int(point[step])] = float(point[value])
        if (leak := _steady(what, rows)) is not None:
            return leak
    return None


def _steady(what: str, rows: Mapping[int, float]) -> Leak | None:
    """The growth over the rows after the first fifth, where it goes on in both halves and stands out."""
    steps = sorted(rows)[len(rows) // 5 :]
    if len(steps) < LEAST_ROWS:
        return None
    values = [rows[step] for step in steps]
    half = len(steps) // 2
    first, second = theil_sen(steps[:half], values[:half]), theil_sen(steps[half:], values[half:])
    slope = theil_sen(steps, values)
    grown = slope * (steps[-1] - steps[0])
    offsets = [value - slope * step for step, value in zip(steps, values, strict=True)]
    middle = statistics.median(offsets)
    noise = 1.4826 * statistics.median(abs(offset - middle) for offset in offsets)
    goes_on = min(first, second) >= 0.5 * slope > 0
    if not goes_on or grown < max(LEAST_GROWTH_BYTES, LEAST_GROWTH_SHARE * values[0], 4 * noise):
        return None
    return Leak(what, slope, steps[0], steps[-1], grown)


def _why(crash: Json, figures: Mapping[str, int], record: Json, leak: Leak | None) -> tuple[Why, str | None]:
    """The cause and the sentence that shows it; the surest first."""
    tried, unused, others = (figures.get(name, 0) for name in ("tried", "unused", "others"))
    if leak is not None:
        return Why.LEAK, f"a leak, {leak.words}"
    warned = _last_warning(record)
    if warned is not None and _why_warned(warned) is Why.OTHER_PROCESS:
        return Why.OTHER_PROCESS, str(warned.get("words"))
    if tried and unused >= tried:
        return Why.FRAGMENTATION, (
            f"fragmentation: {size_words(unused)} were reserved and hold no tensor, but nowhere {size_words(tried)}"
            " in one piece"
        )
    if tried and others and others + figures.get("free", 0) >= tried:
        held = f"other processes hold {size_words(others)} of the device"
        return Why.OTHER_PROCESS, f"{held}, without which {size_words(tried)} more would have fitted"
    if crash.get("phase") == "evaluation":
        return Why.EVALUATION, None
    if not tried and "killed by signal" in str(crash.get("message")):
        return Why.UNKNOWN, "the kernel killed a loader worker for want of memory" if record.get("kills") else None
    steps = int(crash.get("steps") or 0)
    if steps >= EARLY_STEPS:
        told = f"{size_words(tried)} were asked for at once" if tried else "one step needed more than those before"
        return Why.LONG_BATCH, f"after {steps} steps that fitted and left nothing behind, {told}: a larger batch"
    return Why.TOO_LARGE, None if not tried else f"{size_words(tried)} more did not fit from the first steps on"


def _why_warned(warning: Json | None) -> Why:
    """The guard's word for it as ours."""
    causes = {
        "leak": Why.LEAK, "host leak": Why.LEAK, "workers": Why.LEAK, "fragmentation": Why.FRAGMENTATION,
        "another process": Why.OTHER_PROCESS, "long batch": Why.LONG_BATCH,
    }  # fmt: skip
    return causes.get(str((warning or {}).get("cause")), Why.UNKNOWN)


def _last_warning(record: Json) -> dict[str, Any] | None:
    warnings = record.get("warnings") or ()
    return dict(warnings[-1]) if warnings else None


def _fix(why: Why, alternatives: Sequence[str]) -> str:
    return f"{_FIXES[why]}; what would fit: {'; '.join(alternatives)}" if alternatives else _FIXES[why]


def _full_steps(run: Run, reports: Mapping[str, Json]) -> int | None:
    """The steps of the full run."""
    if run.rung is RungName.FULL and run.steps:
        return run.steps
    try:
        return extrapolate(parse(reports["loops"]["tree"])).steps
    except (KeyError, LoopTreeError):
        return None


def _left_bytes(record: Json, leak: Leak) -> int | None:
    """What was left at the end, of what grew."""
    if leak.what == "training":
        return (record.get("host") or {}).get("left_bytes")
    devices = record.get("devices") or ()
    return min((device["total"] - device["reserved"] for device in devices), default=None)
