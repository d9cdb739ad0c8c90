"""Every program of the suite under the launcher of ranks: is it named, with the right rank and part, and how soon.

Usage: python -m mlintern.benchmarks.distributed [--only GLOB] [--again] [--seconds N]

A program runs as in a rehearsal with `--processes N`, without the store around it; the same checks judge it, and where
they find nothing, the diagnosis of its log. The raw data is written after every program, and a later call goes on where
it stopped.
"""

from __future__ import annotations

import argparse
import contextlib
import fnmatch
import io
import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mlintern.benchmarks.distributed.programs import FAULTS, LATER, SOUND, Program
from mlintern.planner.checks.check import Evidence
from mlintern.planner.checks.rank_reports import RANKS
from mlintern.planner.checks.registry import CHECKS, ask_all
from mlintern.planner.diagnosis.diagnose import diagnose
from mlintern.planner.diagnosis.log import read
from mlintern.planner.diagnosis.ranks.of_report import rank_facts
from mlintern.planner.diagnosis.ranks.verdict import of_ranks
from mlintern.store.records import Json, RungName, Severity

RAW = Path(__file__).parent.parent / "results" / "distributed.json"
LAUNCH = Path(__file__).parents[2] / "runtime" / "probe" / "launch.py"
CEILING_SECONDS = 90.0
PATIENCE_SECONDS: float | None = None
"""After so long without a step the ranks are looked at; ``None`` is what a rehearsal takes."""
RANK_CHECKS = tuple(check for check in CHECKS if RANKS in check.needs)


@dataclass(frozen=True)
class Verdict:
    """What is said of one program."""

    code: str | None
    ranks: tuple[int, ...]
    lies_in: str | None
    what: str


def run(program: Program) -> dict[str, Any]:
    """Run one program and judge what is said of it."""
    with tempfile.TemporaryDirectory(prefix="ranks-") as scratch, _held(program.takes_port):
        script = Path(scratch) / "train.py"
        script.write_text(program.source(), encoding="utf-8")
        began = time.monotonic()
        reports, log, exit_code = _launch(script, program.processes)
        seconds = time.monotonic() - began
        verdict = _verdict(reports, log if exit_code else b"", Path(scratch))
    hang = (reports.get(RANKS) or {}).get("hang") or {}
    return {
        "right": is_right(program, verdict),
        "code": verdict.code,
        "ranks": list(verdict.ranks),
        "lies_in": verdict.lies_in,
        "what": verdict.what,
        "seconds": round(seconds, 1),
        "hang_seconds": hang.get("seconds"),
    }


def is_right(program: Program, verdict: Verdict) -> bool:
    """The code, the ranks where they can be told, and the part."""
    if not program.codes:
        return verdict.code is None
    rank_fits = program.ranks is None or verdict.ranks == program.ranks
    return verdict.code in program.codes and rank_fits and verdict.lies_in == program.lies_in


def _verdict(reports: dict[str, Json], log: bytes, folder: Path) -> Verdict:
    """What the checks say, else the log; that of a run that came to its end is left out, since its loops were cut."""
    if RANKS in reports:
        found = ask_all(RungName.REHEARSAL, Evidence(reports, folder), RANK_CHECKS).findings
        first = next((one for one in found if one.severity is not Severity.INFO), None)
        if first is not None:
            told = first.evidence[0]
            return Verdict(first.code, tuple(told.get("ranks", ())), told.get("lies_in", "code"), first.message)
    cause = diagnose(read(io.BytesIO(log)), of_ranks(rank_facts(reports.get(RANKS) or {}))).cause
    if cause is None:
        return Verdict(None, (), None, "nothing wrong was seen")
    return Verdict(cause.code, cause.ranks, str(cause.lies_in), cause.what)


def _launch(script: Path, processes: int) -> tuple[dict[str, Json], bytes, int]:
    """The reports by kind, the log, and the exit code."""
    reader, writer = os.pipe()
    reports: dict[str, Json] = {}

    def listen() -> None:
        with os.fdopen(reader, "rb") as events:
            for line in events:
                message = json.loads(line)
                reports[message.pop("e")] = message

    listener = threading.Thread(target=listen)
    settings = {
        "mode": "rehearse", "roots": [str(script.parent)], "events_fd": writer, "script": str(script), "args": [],
        "processes": processes, "time_budget_seconds": 5.0, "patience_seconds": PATIENCE_SECONDS,
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-u", str(LAUNCH)],
        env={**os.environ, "MLINTERN_PROBE": json.dumps(settings), "PYTHONDONTWRITEBYTECODE": "1"},
        pass_fds=(writer,),
        cwd=script.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    os.close(writer)
    listener.start()
    try:
        log, _ = process.communicate(timeout=CEILING_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        log, _ = process.communicate()
    listener.join()
    return reports, log, process.returncode


@contextlib.contextmanager
def _held(port: int | None) -> Iterator[None]:
    if port is None:
        yield
        return
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield


def summary(raw: dict[str, Any]) -> Iterator[str]:
    """The totals in words, and what was missed."""
    faults = {one.name: raw[one.name] for one in FAULTS if one.name in raw}
    sound = {one.name: raw[one.name] for one in SOUND if one.name in raw}
    hangs = [seconds for one in FAULTS if one.hangs and (seconds := raw.get(one.name, {}).get("hang_seconds"))]
    named = sum(one["right"] for one in faults.values())
    yield f"{named} of {len(faults)} faults named with rank and part (of {len(FAULTS)} in the suite)"
    yield f"{sum(not one['right'] for one in sound.values())} alarms on {len(sound)} sound programs (of {len(SOUND)})"
    later = [raw[one.name]["right"] for one in LATER if one.name in raw]
    yield f"{sum(later)} of {len(later)} programs right that were written after the checks (of {len(LATER)})"
    if hangs:
        yield f"hangs: at most {max(hangs):.0f} s from the last sign of life to the verdict"
    for name, one in raw.items():
        if not one["right"]:
            yield f"missed: {name}: {one['code']} {one['ranks']} {one['lies_in']}: {one['what'][:160]}"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what has no result yet, and tell."""
    parser = argparse.ArgumentParser(prog="python -m mlintern.benchmarks.distributed")
    parser.add_argument("--only", default="*", help="programs whose name fits")
    parser.add_argument("--again", action="store_true", help="run also what has a result")
    parser.add_argument("--seconds", type=float, default=float("inf"), help="start no program after so long")
    options = parser.parse_args(arguments)
    raw: dict[str, Any] = json.loads(RAW.read_text(encoding="utf-8")) if RAW.exists() else {}
    until = time.monotonic() + options.seconds
    for program in (*FAULTS, *SOUND, *LATER):
        if not fnmatch.fnmatch(program.name, options.only) or (program.name in raw and not options.again):
            continue
        if time.monotonic() > until:
            break
        raw[program.name] = result = run(program)
        RAW.write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
        mark = "right" if result["right"] else "WRONG"
        said = f"{result['code']} {result['ranks']} {result['lies_in']}"
        print(f"{mark} {program.name}: {said}, {result['seconds']} s", flush=True)
    print("\n".join(summary(raw)))
    return 0
