"""What a planted fault does to the metric: clean and faulty programs run to their end over several seeds.

Usage: python -m mlintern.benchmarks.faults.effects [--seeds N] [--only GLOB] [--until HH:MM]

Every program gets its first seed before any gets its second. What is measured is kept in effects.json after every run,
the held-out part apart, and a later call goes on from there.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import math
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlintern.benchmarks.faults.build import DEVELOPMENT, HELD_OUT, ROOT, SCRIPT, Program, build, programs

EFFECTS = {DEVELOPMENT: ROOT / "effects.json", HELD_OUT: ROOT / "held_out" / "effects.json"}
LIMIT = 180.0
NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:e[-+]?\d+)?|nan|inf)\b", re.IGNORECASE)


def plain_run(program: Program, seed: int | None) -> dict[str, Any]:
    """Run a program by itself, without the product, and read the metric in its last line."""
    with tempfile.TemporaryDirectory(prefix="program-") as scratch:
        folder = build(program, Path(scratch) / "project").parent
        arguments = [*program.args, *(() if seed is None else ("--seed", str(seed)))]
        began, cpu = time.monotonic(), _cpu_of_children()
        try:
            done = subprocess.run(
                [sys.executable, SCRIPT, *arguments],
                cwd=folder,
                capture_output=True,
                text=True,
                check=False,
                timeout=LIMIT,
            )
        except subprocess.TimeoutExpired:
            told = {"exit": None, "metric": None, "last": "stopped: too long"}
            return {"seconds": LIMIT, "cpu_seconds": None, **told}
        return {
            "seconds": round(time.monotonic() - began, 2),
            "cpu_seconds": round(_cpu_of_children() - cpu, 2),
            "exit": done.returncode,
            "metric": metric(done.stdout) if done.returncode == 0 else None,
            "last": next(iter((done.stdout if done.returncode == 0 else done.stderr).strip().splitlines()[-1:]), ""),
        }


def _cpu_of_children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def metric(output: str) -> float | None:
    """The last number of the last line; ``None`` where it is not finite."""
    lines = output.strip().splitlines()
    found = NUMBER.findall(lines[-1]) if lines else []
    value = float(found[-1]) if found else math.nan
    return value if math.isfinite(value) else None


def effect(
    clean: Sequence[float | None], faulty: Sequence[float | None], *, higher_is_better: bool
) -> dict[str, Any] | None:
    """Faulty minus clean over the seeds that both have; ``None`` where nothing can be compared."""
    pairs = [(one, other) for one, other in zip(clean, faulty, strict=False) if one is not None and other is not None]
    if not pairs:
        return None
    differences = [other - one for one, other in pairs]
    mean = statistics.fmean(differences)
    return {
        "clean": statistics.fmean(one for one, _ in pairs),
        "faulty": statistics.fmean(other for _, other in pairs),
        "difference": mean,
        "spread": statistics.stdev(differences) if len(differences) > 1 else None,
        "seeds": len(differences),
        "looks": "better" if (mean > 0) == higher_is_better and mean != 0 else "same" if mean == 0 else "worse",
    }


def load() -> dict[str, Any]:
    """The runs so far, of both parts."""
    runs: dict[str, Any] = {}
    for path in EFFECTS.values():
        if path.exists():
            runs |= json.loads(path.read_text(encoding="utf-8"))["runs"]
    return runs


def save(runs: dict[str, Any]) -> None:
    """Keep each part's runs and effects in its own file, so that nobody reads of the held-out part by accident."""
    for part, path in EFFECTS.items():
        chosen = programs(part)
        content = {
            "effects": _effects(chosen, runs),
            "runs": {one.id: runs[one.id] for one in chosen if runs.get(one.id)},
        }
        path.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


def _effects(chosen: Sequence[Program], runs: dict[str, Any]) -> dict[str, Any]:
    """The effect of every program beside its base; ``null`` is not measured, or has no metric."""

    def metrics(name: str) -> list[float | None]:
        return [run["metric"] for run in runs.get(name, ())]

    return {
        program.id: effect(
            metrics(f"{program.base}/clean"), metrics(program.id), higher_is_better=program.higher_is_better
        )
        for program in chosen
        if program.replacements
    }


def main() -> int:
    """Measure, seed by seed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default="*", help="ids, with wildcards")
    parser.add_argument("--until", help="start nothing after this time of the day, HH:MM")
    arguments = parser.parse_args()
    wanted = [program for program in programs() if fnmatch.fnmatch(program.id, arguments.only)]
    wanted.sort(key=lambda program: bool(program.replacements))  # the clean ones first
    for seed in range(arguments.seeds):
        for program in wanted:
            if arguments.until and time.strftime("%H:%M") >= arguments.until:
                return 0
            runs = load()
            if len(runs.get(program.id, ())) > seed:
                continue
            runs[program.id] = [*runs.get(program.id, ()), plain_run(program, seed)]
            save(runs)
            name = program.id if program.part == DEVELOPMENT else HELD_OUT
            print(f"{name} seed {seed}: {runs[program.id][-1]['seconds']} s", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
