"""The whole ladder on the corpus: every forecast beside what the run then really took.

Usage: python -m mlintern.benchmarks.corpus [NAME…] [--list] [--threads N] [--raw FILE] [--write-prior]

Each script of tests/scripts climbs to `full` in a fresh copy of its folder, all in one history, so that the raw data is
what the product itself recorded. One thread per process unless told: on a busy machine idle OpenMP threads spin, and
spinning would be counted as work. The raw data is written after every script; a later run of the same command goes on
where it stopped, and `--report` prints the figures of a file without running anything.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from mlintern.benchmarks.corpus_report import Outcome, Raw, goals, lines, prior_module
from mlintern.benchmarks.measure import run_measured
from mlintern.planner.rungs import FACTS
from mlintern.store import Store
from mlintern.store.records import ForecastOutcome, Interval
from mlintern.tests.scripts.corpus import Script, scripts

RAW = Path(__file__).parent / "results" / "corpus.json"
PRIOR = Path(__file__).parent.parent / "planner" / "prior.py"
CEILING = "2h"


@dataclass(frozen=True, slots=True)
class Climbed:
    """One script that went up the ladder."""

    outcomes: tuple[Outcome, ...]
    check_seconds: float
    """What the rungs took that need no approval."""
    problem: str | None


def climb(script: Script, *, threads: int) -> Climbed:
    """Take one script up to `full` and read what was recorded."""
    with tempfile.TemporaryDirectory(prefix="mlintern-corpus-") as scratch:
        project, home = Path(scratch) / "project", Path(scratch) / "home"
        shutil.copytree(script.folder, project / "copy", ignore=shutil.ignore_patterns("__pycache__", "runs"))
        (project / "tmp").mkdir()
        program = ["-m", script.module] if script.module else [script.script]
        known = ["--steps", str(script.full.steps)] if script.knowable == "asked" else []
        command = [str(Path(sys.executable).with_name("mlintern")), "run", *program, "--to", "full", "--json"]
        command += ["--python", sys.executable, "--approve", f"pilot={CEILING}", "--approve", f"full={CEILING}", *known]
        used = run_measured(
            [*command, "--", *script.full.args],
            folder=project / "copy",
            environment={
                "OMP_NUM_THREADS": str(threads),
                "TMPDIR": str(project / "tmp"),  # scripts that write by an absolute path write here
                "MLINTERN_HOME": str(home),
                "PYTHONDONTWRITEBYTECODE": "1",
            },
        )
        problem = None if used.exit_code == 0 else f"exit {used.exit_code}: {_last_line(used.errors or used.output)}"
        with Store.open(home, create=False) as store:
            found = store.forecasts.outcomes()
            rungs = [rung for one in store.experiments.recent(1) for rung in store.rungs.all(one.id).values()]
        free = sum(rung.seconds or 0.0 for rung in rungs if not FACTS[rung.name].costs)
        return Climbed(tuple(_outcome(script, one) for one in found), free, problem)


def _outcome(script: Script, one: ForecastOutcome) -> Outcome:
    forecast, run = one.forecast, one.run
    return Outcome(
        script=script.name,
        source=str(one.source_rung),
        rung=str(run.rung),
        steps_told=forecast.steps,
        steps_actual=run.steps,
        may_end_early=forecast.may_end_early,
        told={name: _bounds(getattr(forecast, name)) for name in ("seconds", "cpu_seconds", "peak_host_bytes")},
        actual={
            "seconds": run.wall_seconds,
            "cpu_seconds": run.cpu_seconds,
            "peak_host_bytes": run.peak_host_bytes,
        },
    )


def _bounds(value: Interval | None) -> tuple[float, float, float] | None:
    return None if value is None else (value.low, value.mid, value.high)


def _last_line(text: str) -> str:
    return next(iter(text.strip().splitlines()[-1:]), "nothing was said")[:300]


def main() -> int:
    """Climb what was named, keep the raw data, print the figures; exit code 1 where a script could not climb."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--list", action="store_true", help="name the scripts and stop")
    parser.add_argument("--report", action="store_true", help="only print the figures of the raw data")
    parser.add_argument("--threads", type=int, default=1, help="OMP_NUM_THREADS of every run")
    parser.add_argument("--raw", type=Path, default=RAW, help="where the raw data is kept")
    parser.add_argument("--write-prior", action="store_true", help="write the errors into planner/prior.py")
    arguments = parser.parse_args()
    known = {script.name: script for script in scripts()}
    if arguments.list:
        print("\n".join(f"{script.name:26} {script.kind}" for script in known.values()))
        return 0
    if unknown := [name for name in arguments.names if name not in known]:
        parser.error(f"no such script: {', '.join(unknown)} (see --list)")
    raw = _load(arguments.raw, threads=arguments.threads)
    if not arguments.report:
        raw = _climb_all(raw, arguments.raw, [known[name] for name in arguments.names or known], arguments.threads)
    print("\n".join([*lines(raw), *(goal.line for goal in goals(raw))]))
    if arguments.write_prior:
        PRIOR.write_text(prior_module(raw), encoding="utf-8")
    return 1 if raw.problems else 0


def _climb_all(raw: Raw, path: Path, wanted: list[Script], threads: int) -> Raw:
    for script in wanted:
        if script.missing or script.name in raw.check_seconds:
            continue
        began = time.monotonic()
        climbed = climb(script, threads=threads)
        raw = raw.with_script(script.name, climbed.outcomes, climbed.check_seconds, climbed.problem)
        path.write_text(json.dumps(asdict(raw), indent=1) + "\n", encoding="utf-8")
        print(f"{script.name}: {time.monotonic() - began:.0f} s  {climbed.problem or ''}", file=sys.stderr, flush=True)
    return raw


def _load(path: Path, *, threads: int) -> Raw:
    if path.exists():
        return Raw.read(json.loads(path.read_text(encoding="utf-8")))
    machine = f"{os.cpu_count()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    per_process = f"{threads} thread{'' if threads == 1 else 's'} per process"
    return Raw(machine=f"{machine}, {per_process}", outcomes=(), check_seconds={}, problems={})


if __name__ == "__main__":
    raise SystemExit(main())
