"""What this machine has, as lines for the Home screen. Slow to find out: called in a thread, after the first paint.

Invariant: what cannot be found out reads "unknown" with the reason; nothing here raises.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from ..planner import prices
from ..store.records import GpuSample
from .text import clean
from .units import money, size


@dataclass(frozen=True, slots=True)
class MachineFact:
    """One line: a label, what is there, and whether something is missing."""

    label: str
    words: str
    is_missing: bool = False


def gather(python: Path | None, home: Path) -> tuple[MachineFact, ...]:
    """Everything the Home screen tells about the machine."""
    set_by_person = (price_fact(home), model_fact(home))
    return (*interpreter_facts(python), *host_facts(), *gpu_facts(), *set_by_person, home_fact(home))


def interpreter_facts(python: Path | None) -> tuple[MachineFact, ...]:
    """The interpreter that scripts would run in, and its torch, told by the interpreter; torch is not loaded."""
    from ..runtime import interpreters

    try:
        chosen = interpreters.choose(python, (Path.cwd(),))
    except interpreters.InterpreterError as error:
        return (MachineFact("python", clean(str(error)), is_missing=True),)
    built = f" for {chosen.torch_built_for}" if chosen.torch_built_for else ", CPU only"
    return (
        MachineFact("python", f"{chosen.python}  {chosen.path}  ({chosen.source})"),
        MachineFact("torch", f"{chosen.torch}{built}"),
    )


def host_facts() -> tuple[MachineFact, ...]:
    """Cores and memory."""
    import psutil

    memory = psutil.virtual_memory()
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return (
        MachineFact("cpu", f"{cores} core{'s' if cores > 1 else ''}"),
        MachineFact("memory", f"{size(memory.available)} free of {size(memory.total)}"),
    )


def gpu_facts() -> tuple[MachineFact, ...]:
    """Every GPU that the driver's library sees; none is a normal state."""
    from ..runtime.nvml import GpuMonitor

    monitor = GpuMonitor()
    monitor.open()
    try:
        gpus = monitor.look(set())
    finally:
        monitor.close()
    if not gpus:
        return (MachineFact("gpu", "none seen"),)
    return tuple(MachineFact("gpu", f"{gpu.index}: {clean(gpu.name)}, {_gpu_memory(gpu)}") for gpu in gpus)


def _gpu_memory(gpu: GpuSample) -> str:
    if gpu.memory_total_bytes is None:
        return "memory unknown"
    used = gpu.memory_used_bytes
    free = None if used is None else gpu.memory_total_bytes - used
    return f"{size(free)} free of {size(gpu.memory_total_bytes)}"


def home_fact(home: Path) -> MachineFact:
    """Where runs are kept and how much room is left there."""
    existing = next((folder for folder in (home, *home.parents) if folder.exists()), Path("/"))
    try:
        free = shutil.disk_usage(existing).free
    except OSError as error:
        return MachineFact("kept in", f"{home}, room unknown: {error.strerror}")
    return MachineFact("kept in", f"{home}, {size(free)} free", is_missing=free < 1 << 30)


def price_fact(home: Path) -> MachineFact:
    """What an hour of it costs, as the person has set it."""
    price = prices.known(home)
    return MachineFact("price", clean(price_words(price)), is_missing=price.is_broken)


def model_fact(home: Path) -> MachineFact:
    """Who answers questions of judgement: the person's model beside the rules, or the rules alone."""
    from ..planner import model_setting  # brings the client of a server along, which the first paint can do without

    chosen = model_setting.known(home)
    if chosen.is_broken:
        return MachineFact("decisions", clean(f"the built-in rules; {chosen.why_none}"), is_missing=True)
    if chosen.server is None and chosen.path is None:
        return MachineFact("decisions", "the built-in rules; no model is chosen")
    name = chosen.server or (chosen.path.name if chosen.path is not None else "")
    missing = chosen.path is not None and not chosen.path.is_file()
    gone = ", which is not there" if missing else ""
    return MachineFact("decisions", clean(f"{name}{gone}, and the built-in rules"), is_missing=missing)


def price_words(price: prices.Price) -> str:
    """A price with where it comes from, or why there is none."""
    if not price.is_set:
        return price.why_none or "not set"
    parts = [f"{money(price.usd_per_hour)} an hour"] if price.usd_per_hour is not None else []
    parts += [f"{money(price.usd_per_kwh)} a kWh"] if price.usd_per_kwh is not None else []
    return f"{', '.join(parts)} ({price.source})"
