"""Dry runs against their goals: how many scripts, how exact, and a 7B transformer before anything is allocated.

Usage: python benchmarks/dryrun.py [NAME…] [--json FILE] [--no-real] [--through-product]

For every script of tests/scripts with its full arguments: whether it can be dry-run, the peak that is predicted, and
the peak of the same cut-down run with real tensors, counted by the same ledger. ``--through-product`` goes through
``mlintern check --to dryrun`` in place of the probe alone. Raw results go into the file, to compare later runs with.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from mlintern.benchmarks.measure import checksums, differences, run_measured
from mlintern.tests.scripts.corpus import HERE, Script, scripts

ROOT = HERE.parents[1]
LAUNCH = ROOT / "runtime" / "probe" / "launch.py"
LLAMA = HERE / "large" / "llama_7b.py"
BUDGET_SECONDS = 60.0

GOAL_SHARE, GOAL_SCRIPTS = 0.9, 20
GOAL_SECONDS, GOAL_BYTES = 10.0, 1 << 30
PURPOSES = ("training", "evaluation")


@dataclass(slots=True)
class Result:
    """One script: what the dry run told, and what was true. Sizes are bytes."""

    name: str
    kind: str
    could_not: str | None
    seconds: float
    cpu_seconds: float
    host_bytes: int
    """Of the largest process of the dry run."""
    steps: int = 0
    predicted: dict[str, int] = field(default_factory=dict)
    real: dict[str, int] = field(default_factory=dict)
    files_changed: tuple[str, ...] = ()
    report: dict[str, Any] = field(default_factory=dict)

    @property
    def errors(self) -> list[float]:
        """Predicted against real, as a share of the real, for training and evaluation."""
        both = [name for name in PURPOSES if name in self.predicted and self.real.get(name)]
        return [self.predicted[name] / self.real[name] - 1 for name in both]


def dry_run(script: Path, args: Sequence[str], folder: Path, *, module: str | None, real: bool) -> tuple[Any, Any]:
    """Run the probe alone on one script; returns ``(what it used, its report)``; ``real`` computes what is cut down."""
    target = folder / ".report"
    descriptor = os.open(target, os.O_RDWR | os.O_CREAT | os.O_TRUNC)
    settings = {
        "mode": "dryrun",
        "events_fd": None if real else descriptor,
        "report_fd": descriptor,
        "roots": [str(folder)],
        "args": list(args),
        "time_budget_seconds": BUDGET_SECONDS,
        **({"module": module} if module else {"script": str(script)}),
        **({"real_share": 1.0} if real else {}),
    }
    os.set_inheritable(descriptor, True)
    environment = {"MLINTERN_PROBE": json.dumps(settings), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        used = run_measured(
            [sys.executable, "-u", str(LAUNCH)], folder=folder, environment=environment, pass_fds=(descriptor,)
        )
    finally:
        os.close(descriptor)
    lines = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    target.unlink()
    if real:
        return used, lines[-1] if lines else {"could_not": used.errors[-200:]}
    memory = [line for line in lines if line.get("e") == "memory"]
    return used, memory[-1] if memory else {"looks": [], "could_not": f"no report: {used.errors[-200:]}"}


def check(script: Script, folder: Path) -> tuple[Any, str | None]:
    """Go through the product; returns ``(what it used, why it could not)``."""
    program = ["-m", script.module] if script.module else [script.script]
    used = run_measured(
        [
            *(str(Path(sys.executable).with_name("mlintern")), "check", *program, "--to", "dryrun", "--json"),
            *("--python", sys.executable, "--", *script.full.args),
        ],
        folder=folder,
        environment={"MLINTERN_HOME": str(folder.parent / "home"), "OMP_NUM_THREADS": "1"},
    )
    rungs = json.loads(used.output).get("rungs", ())
    rung = next((one for one in rungs if one["rung"] == "dryrun"), {"status": "missing", "why": used.errors[-200:]})
    return used, None if rung["status"] == "passed" else str(rung["why"])


def measure(script: Script, *, with_real: bool, through_product: bool) -> Result:
    """Dry-run one script in a copy of its folder."""
    with tempfile.TemporaryDirectory(prefix="mlintern-benchmark-") as scratch:
        folder = Path(scratch) / "copy"
        shutil.copytree(script.folder, folder, ignore=shutil.ignore_patterns("__pycache__", "runs"))
        if through_product:
            before = checksums(folder)
            used, why = check(script, folder)
            changed = differences(before, checksums(folder))
            return Result(
                script.name, script.kind, why, used.wall_seconds, used.cpu_seconds, used.peak_host_bytes,
                files_changed=changed,
            )  # fmt: skip
        path = folder / script.script
        used, report = dry_run(path, script.full.args, folder, module=script.module, real=False)
        result = _result(script.name, script.kind, used, report)
        if with_real and result.could_not is None:
            _, told = dry_run(path, script.full.args, folder, module=script.module, real=True)
            result.real = _peaks(told)
        return result


def llama() -> Result:
    """The dry run of a transformer with 7 billion parameters."""
    with tempfile.TemporaryDirectory(prefix="mlintern-benchmark-") as scratch:
        shutil.copy(LLAMA, scratch)
        used, report = dry_run(Path(scratch) / LLAMA.name, (), Path(scratch), module=None, real=False)
        return _result("llama_7b", "transformer with 7B parameters, AdamW, 2048 tokens", used, report)


def _result(name: str, kind: str, used: Any, report: dict[str, Any]) -> Result:
    result = Result(
        name, kind, report["could_not"], used.wall_seconds, used.cpu_seconds, used.peak_host_bytes, report=report
    )
    base = next((look for look in report["looks"] if look["name"] == "base"), None)
    if base is not None and result.could_not is None:
        result.steps = base["counts"]["steps"]
        result.predicted = _peaks(base)
    return result


def _peaks(look: dict[str, Any]) -> dict[str, int]:
    """Over all devices together; on this kind of machine there is one."""
    found: dict[str, int] = {}
    for peaks in (look.get("devices") or {}).values():
        for name in PURPOSES:
            if peaks.get(name):
                found[name] = found.get(name, 0) + peaks[name]["total"]
    return found


def line(result: Result) -> str:
    """One result for the terminal."""
    if result.could_not is not None:
        return f"{result.name:26} could not, because {result.could_not}"
    peaks = ", ".join(f"{name} {size / (1 << 20):.1f} MiB" for name, size in result.predicted.items())
    errors = ", ".join(f"{error:+.2%}" for error in result.errors)
    took = f"{result.seconds:.1f} s, {result.cpu_seconds:.1f} s CPU, {result.host_bytes / (1 << 20):.0f} MiB"
    return f"{result.name:26} {result.steps} steps  {peaks}{f'  against real {errors}' if errors else ''}  ({took})"


def summary(results: Sequence[Result], large: Result | None) -> str:
    """Goals against what was measured."""
    worked = [result for result in results if result.could_not is None]
    errors = [abs(error) for result in worked for error in result.errors]
    goal = f"goal {GOAL_SHARE:.0%} of {GOAL_SCRIPTS} scripts or more"
    lines = [f"dry-run: {goal}, measured {len(worked)} of {len(results)}"]
    if errors:
        exact = sum(error < 0.001 for error in errors)
        lines.append(
            f"peak of tensors against the real one, {len(errors)} peaks: median error {median(errors):.2%},"
            f" worst {max(errors):.2%}, within 0.1% {exact}"
        )
    if large is not None:
        lines.append(
            f"7B: goal {GOAL_SECONDS:.0f} s and {GOAL_BYTES >> 20} MiB, measured {large.seconds:.1f} s"
            f" ({large.cpu_seconds:.1f} s CPU) and {large.host_bytes >> 20} MiB"
            + (
                f": peak {large.predicted['training'] / (1 << 30):.1f} GiB"
                if large.could_not is None
                else f": {large.could_not}"
            )
        )
    return "\n".join(lines)


def main() -> int:
    """Dry-run what was named, or all; exit code 1 when a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--json", type=Path, help="write the raw results here")
    parser.add_argument("--no-real", action="store_true", help="leave out the runs with real tensors")
    parser.add_argument("--through-product", action="store_true", help="through mlintern check, isolated")
    arguments = parser.parse_args()
    results: list[Result] = []
    for script in scripts():
        if (arguments.names and script.name not in arguments.names) or script.missing:
            continue
        results.append(
            measure(script, with_real=not arguments.no_real, through_product=arguments.through_product)
        )
        print(line(results[-1]), flush=True)
    large = None
    if not arguments.through_product and (not arguments.names or "llama_7b" in arguments.names):
        large = llama()
        print(line(large), flush=True)
    print(summary(results, large))
    if arguments.json:
        all_of_it = [asdict(result) for result in (*results, *([large] if large else []))]
        arguments.json.write_text(json.dumps(all_of_it, indent=1), encoding="utf-8")
    share = sum(result.could_not is None for result in results) / max(1, len(results))
    fits = large is None or (large.seconds <= GOAL_SECONDS and large.host_bytes <= GOAL_BYTES)
    return 0 if share >= GOAL_SHARE and fits else 1


if __name__ == "__main__":
    raise SystemExit(main())
