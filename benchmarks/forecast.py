"""Forecast against truth: ``mlintern check`` on unmodified scripts, then the same scripts in full, without us.

Usage: python benchmarks/forecast.py [NAME…] [--list] [--threads N] [--json FILE] [--write-docs] [--check-only]

Names are those of tests/scripts/manifest.toml. Every script runs in a fresh copy of its folder, of which all files are
compared before and after the check. Both runs use the same number of threads, one unless told: on a busy machine idle
OpenMP threads spin, and spinning would be counted as work.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlintern.benchmarks.forecast_report import Bounds, Result, line, summary, write_docs
from mlintern.benchmarks.measure import checksums, differences, run_measured
from mlintern.tests.scripts.corpus import Script, scripts

DEFAULT = (
    "example_digits_cnn",
    "example_char_gpt",
    "example_hf_trainer",
    "plain_slices",
    "accumulate_inner",
    "compiled",
    "data_bound",
    "eval_heavy",
    "lengths_random",
    "lengths_sorted",
    "helpers_beside",
    "lightning_digits",
)
DOCS = Path(__file__).resolve().parent.parent / "docs" / "benchmarks.md"


def measure(script: Script, *, threads: int, check_only: bool) -> Result:
    """Check one script, then run it in full."""
    with tempfile.TemporaryDirectory(prefix="mlintern-benchmark-") as scratch:
        project, home = Path(scratch) / "project", Path(scratch) / "home"
        shutil.copytree(script.folder, project / "copy", ignore=shutil.ignore_patterns("__pycache__", "runs"))
        (project / "tmp").mkdir()
        environment = {
            "OMP_NUM_THREADS": str(threads),
            "TMPDIR": str(project / "tmp"),  # scripts that write by an absolute path write here, where we look
            "MLINTERN_HOME": str(home),
            "PYTHONDONTWRITEBYTECODE": "1",
        }
        before = checksums(project)
        program = ["-m", script.module] if script.module else [script.script]
        command = [str(Path(sys.executable).with_name("mlintern")), "check", *program, "--json"]
        check = run_measured(
            [*command, "--python", sys.executable, "--", *script.full.args],
            folder=project / "copy",
            environment=environment,
        )
        changed = differences(before, checksums(project))
        told = _told(check.output)
        forecast = told.get("forecast") or {}
        full = None
        if not check_only:
            full = run_measured(
                [sys.executable, *script.command(script.full)], folder=project / "copy", environment=environment
            )
        return Result(
            name=script.name,
            kind=script.kind,
            true_steps=script.full.steps or script.full.backwards,
            told_steps=forecast.get("steps"),
            cpu=_bounds(forecast.get("cpu_seconds")),
            wall=_bounds(forecast.get("seconds")),
            host_bytes=_bounds(forecast.get("peak_host_bytes")),
            actual_cpu=full.cpu_seconds if full else None,
            actual_wall=full.wall_seconds if full else None,
            actual_host_bytes=full.peak_host_bytes if full else None,
            full_exit_code=full.exit_code if full else None,
            check_exit_code=check.exit_code,
            check_seconds=check.wall_seconds,
            check_cpu_seconds=(told.get("cost") or {}).get("cpu_seconds"),
            files_changed=changed,
            findings=tuple(f"{finding['severity']} {finding['code']}" for finding in told.get("findings", ())),
            problem=_problem(told, check.errors),
        )


def _told(output: str) -> dict[str, Any]:
    """What the check printed; a text that is not JSON is a failure that the result shows."""
    try:
        told = json.loads(output)
    except ValueError:
        return {"error": {"message": f"no JSON on stdout: {output[:200]!r}"}}
    return told if isinstance(told, dict) else {}


def _bounds(value: dict[str, float] | None) -> Bounds | None:
    return Bounds(value["low"], value["mid"], value["high"]) if value else None


def _problem(told: dict[str, Any], errors: str) -> str | None:
    error = told.get("error")
    if error is None:
        return None
    last = errors.strip().splitlines()[-1:]
    return " ".join([str(error.get("message")), *last])


def main() -> int:
    """Measure what was named and print one line each; exit code 1 when a check changed a file or told wrong steps."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--list", action="store_true", help="name the scripts and stop")
    parser.add_argument("--threads", type=int, default=1, help="OMP_NUM_THREADS of both runs")
    parser.add_argument("--json", type=Path, help="write the results here")
    parser.add_argument("--write-docs", action="store_true", help="put the table into docs/benchmarks.md")
    parser.add_argument("--check-only", action="store_true", help="leave out the full runs")
    arguments = parser.parse_args()
    known = {script.name: script for script in scripts()}
    if arguments.list:
        print("\n".join(f"{script.name:26} {script.kind}" for script in known.values()))
        return 0
    if unknown := [name for name in arguments.names if name not in known]:
        parser.error(f"no such script: {', '.join(unknown)} (see --list)")
    results = []
    for name in arguments.names or DEFAULT:
        if missing := known[name].missing:
            print(f"{name}: skipped, needs {', '.join(missing)}")
            continue
        results.append(measure(known[name], threads=arguments.threads, check_only=arguments.check_only))
        print(line(results[-1]), flush=True)
        if arguments.json:
            arguments.json.write_text(json.dumps([asdict(result) for result in results], indent=1), encoding="utf-8")
    print(summary(results))
    if arguments.write_docs:
        write_docs(DOCS, results, threads=arguments.threads, cores=os.cpu_count() or 1)
    return 0 if all(result.steps_right and not result.files_changed for result in results) else 1


if __name__ == "__main__":
    raise SystemExit(main())
