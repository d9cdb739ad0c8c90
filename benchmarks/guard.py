"""The guard against running out of memory: goal against measured, on made-up runs, real traces and real kills.

Usage: python benchmarks/guard.py [--runs N] [--seed N] [--raw FILE] [--no-kills]

Made-up runs come from seeds that nothing was tuned on (from two million on; tuned on others). A leak
counts as told when the first warning comes at least ten seconds before memory is full.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

from mlintern.benchmarks import guard_real, guard_traces
from mlintern.benchmarks.control_group import UnavailableError
from mlintern.benchmarks.goal import Goal
from mlintern.benchmarks.guard_traces import HEALTHY, LEAKING, UNDECIDABLE, Trace
from mlintern.runtime.guard import Alarm, Cause, Reading
from mlintern.runtime.trend import Level, Trend

RAW = Path(__file__).parent / "results" / "guard.json"
WHOLE = 64 << 30
AHEAD_SECONDS = 10.0
GRACE_SECONDS = 10.0
MOST_FALSE = 1 / 500
LEAST_TOLD = 0.95
LIMIT_FACTORS = (1.02, 1.1, 1.3, 2.0, 4.0)
"""How much a real run that is healthy is given, of what it needed."""

REAL_LIMITS = (0.6, 0.8, 0.95)
"""Where a real leak is cut off, of what it reached."""

KILLS = ((700 << 20, 4 << 20), (700 << 20, 8 << 20), (700 << 20, 12 << 20))
"""Limits of real control groups, and bytes a second of the leak in them."""

Row = dict[str, Any]


def watch(trace: Trace) -> Row:
    """What the guard says over a whole trace: its first warning, and when it would have stopped the run."""
    trend = Trend()
    warned_at = stopped_at = None
    level = share_then = None
    for moment, share in trace.samples:
        left = round((1 - share) * WHOLE)
        growth = trend.add(moment, left, WHOLE)
        if growth.level >= Level.LEAK and warned_at is None:
            warned_at, level, share_then = moment, growth.level.name, round(share, 3)
        alarm = Alarm(Reading("host", left, WHOLE, ""), growth, Cause.GROWTH, {})
        if growth.level >= Level.LEAK and stopped_at is None and alarm.is_imminent(GRACE_SECONDS + 3):
            stopped_at = moment
    return {"kind": trace.kind, "full_at": trace.full_at, "warned_at": warned_at, "level": level, "share": share_then,
            "stopped_at": stopped_at}  # fmt: skip


def of_kind(make: Callable[[str, int], Trace], kind: str, seed: int) -> Row:
    """One made-up run."""
    return {"seed": seed, **watch(make(kind, seed))}


def made_up(
    pool: ProcessPoolExecutor, make: Callable[[str, int], Trace], kinds: Iterable[str], seeds: range
) -> list[Row]:
    """Runs of every kind."""
    rows: list[Row] = []
    for kind in kinds:
        rows += pool.map(partial(of_kind, make, kind), seeds, chunksize=8)
    return rows


def table(title: str, rows: Sequence[Row], line: Callable[[Sequence[Row]], str]) -> None:
    """One line a kind."""
    print(f"\n{title}")
    for kind in dict.fromkeys(row["kind"] for row in rows):
        print(f"  {kind:45} {line([row for row in rows if row['kind'] == kind])}")


def false_line(rows: Sequence[Row]) -> str:
    """How many healthy runs were warned of, and how many would have been stopped."""
    stopped = sum(row["stopped_at"] is not None for row in rows)
    return f"{len(false(rows)):4} of {len(rows)} warned of, {stopped} stopped"


def false(rows: Sequence[Row]) -> list[Row]:
    """Runs that were warned of."""
    return [row for row in rows if row["warned_at"] is not None]


def lead(row: Row) -> float:
    """How long before the end the warning came; nothing where there was none."""
    return 0.0 if row["warned_at"] is None else row["full_at"] - row["warned_at"]


def told(rows: Sequence[Row]) -> list[Row]:
    """Leaks that were told in time."""
    return [row for row in rows if lead(row) >= AHEAD_SECONDS]


def told_line(rows: Sequence[Row]) -> str:
    """How many leaks were told in time, and how early."""
    leads = sorted(map(lead, rows))
    return (
        f"{len(told(rows)):4} of {len(rows)} told 10 s ahead; seconds ahead: median {statistics.median(leads):.0f},"
        f" tenth percentile {leads[len(leads) // 10]:.0f}, least {leads[0]:.1f}"
    )


def real_traces() -> tuple[list[Row], list[Row]]:
    """The recorded runs under limits of several sizes: healthy ones, and leaks."""
    sound: list[Row] = []
    leaks: list[Row] = []
    for one in guard_real.recorded():
        for factor in REAL_LIMITS if one.leaks else LIMIT_FACTORS:
            row = {"factor": factor, **watch(one.under(factor * one.peak_bytes))}
            (leaks if one.leaks else sound).append(row)
    return sound, leaks


def real_kills() -> list[Row]:
    """Leaks until the kernel kills; says why where that cannot be done."""
    rows: list[Row] = []
    for limit, pace in KILLS:
        try:
            rows.append(dict(guard_real.real_kill(limit, pace)))
        except UnavailableError as error:
            print(f"  skipped: {error}")
            break
    for row in rows:
        ahead = None if row["warned_at"] is None else row["killed_at"] - row["warned_at"]
        row["seconds_ahead"] = ahead
        said = "not told" if ahead is None else f"told {ahead:.1f} s before (it said {row['said_left']:.1f} s)"
        print(
            f"  {row['limit_bytes'] >> 20} MiB, {row['bytes_per_second'] >> 20} MiB/s: {said}, "
            f"killed after {row['killed_at']:.1f} s, {row['kills']} kill"
        )
    return rows


def main() -> int:
    """Measure everything; returns whether a goal was missed."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--runs", type=int, default=500, help="made-up runs of each kind")
    parser.add_argument("--seed", type=int, default=2_000_000, help="the first seed")
    parser.add_argument("--raw", type=Path, default=RAW, help="where the row of every run goes")
    parser.add_argument("--no-kills", action="store_true", help="without real control groups")
    options = parser.parse_args()
    seeds = range(options.seed, options.seed + options.runs)
    with ProcessPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        sound = made_up(pool, guard_traces.healthy, HEALTHY, seeds)
        table("healthy, made up", sound, false_line)
        undecidable = made_up(pool, guard_traces.healthy, UNDECIDABLE, seeds)
        table("healthy in the end, not to be told from a leak while they grow; not counted", undecidable, false_line)
        leaks = made_up(pool, guard_traces.leaking, LEAKING, seeds)
        table("leaks, made up, full within 30 s to 2 h", leaks, told_line)
        fastest = partial(guard_traces.leaking, fastest=10.0, slowest=30.0)
        fast = made_up(pool, fastest, LEAKING, seeds[: options.runs // 5])
        table("leaks that fill it within 10 to 30 s; not counted", fast, told_line)
    real_sound, real_leaks = real_traces()
    table(f"real runs, given {LIMIT_FACTORS} times what they need", real_sound, false_line)
    table(f"real leaks, cut off at {REAL_LIMITS} of what they reached", real_leaks, told_line)
    print("\nreal control groups, until the kernel kills")
    kills = [] if options.no_kills else real_kills()
    goals = [
        Goal("leaks told 10 s ahead", LEAST_TOLD, len(told(leaks)) / len(leaks), "at least"),
        Goal("healthy runs warned of", MOST_FALSE, len(false(sound)) / len(sound), "at most"),
        Goal("healthy real runs warned of", 0.0, len(false(real_sound)) / len(real_sound), "at most"),
        Goal("real leaks told 10 s ahead", None, len(told(real_leaks)) / len(real_leaks), "at least"),
    ]
    if kills:
        ahead = [row["seconds_ahead"] or 0.0 for row in kills]
        goals.append(Goal("kernel kills told ahead, the least", AHEAD_SECONDS, min(ahead), "at least", unit="s"))
    print()
    for goal in goals:
        print(goal.line)
    rows = {"healthy": sound, "undecidable": undecidable, "leaks": leaks, "fast": fast, "real": real_sound,
            "real_leaks": real_leaks, "kills": kills}  # fmt: skip
    options.raw.parent.mkdir(exist_ok=True)
    options.raw.write_text(_raw(rows), encoding="utf-8")
    return 0 if all(goal.is_met for goal in goals) else 1


def _raw(rows: dict[str, list[Row]]) -> str:
    """One line a run, without what is not known, so that later ones can be compared with it."""
    short = {
        name: [{key: round(value, 1) if isinstance(value, float) and key.endswith(("_at", "_left")) else value
                for key, value in row.items() if value is not None} for row in of]
        for name, of in rows.items()
    }  # fmt: skip
    parts = (f" {json.dumps(name)}: [\n" + ",\n".join(map(json.dumps, of)) + "\n ]" for name, of in short.items())
    return "{\n" + ",\n".join(parts) + "\n}\n"


if __name__ == "__main__":
    sys.exit(main())
