"""Every program of the fault suite through `mlintern check`: what was caught, where, how early, and every false alarm.

Usage: python -m mlintern.benchmarks.faults [--part development|held-out] [--only GLOB] [--base B] [--again] [--report]

A program is built into a temporary folder and checked with a home of its own. One whose fault cannot be seen before a
pilot climbs to an approved pilot instead. The raw data is written after every program, a later call goes on where it
stopped, and `--again` checks anew. The names of held-out programs are not printed: only their totals are.
"""

from __future__ import annotations

import argparse
import fnmatch
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from mlintern.benchmarks.faults import effects, report
from mlintern.benchmarks.faults.build import DEVELOPMENT, HELD_OUT, SCRIPT, Program, build, programs
from mlintern.benchmarks.faults.judge import judge
from mlintern.benchmarks.measure import run_measured

RESULTS = Path(__file__).parent.parent / "results"
RAW = {DEVELOPMENT: RESULTS / "faults.json", HELD_OUT: RESULTS / "faults_held_out.json"}
PILOT = "60s"


def check(program: Program) -> dict[str, Any]:
    """Take one program through the product."""
    with tempfile.TemporaryDirectory(prefix="program-") as scratch:
        folder = build(program, Path(scratch) / "project").parent
        climb = ["check", SCRIPT]
        if program.rung == "pilot":
            climb = ["run", SCRIPT, "--to", "pilot", "--approve", f"pilot={PILOT}"]
        command = [str(Path(sys.executable).with_name("mlintern")), *climb]
        command += ["--json", "--home", str(Path(scratch) / "home"), "--python", sys.executable]
        used = run_measured(
            [*command, "--", *program.args],
            folder=folder,
            environment={"OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"},
        )
        answer, problem = _answer(used.output, used.errors)
        return {
            **asdict(judge(program, folder, answer.get("findings", ()))),
            "exit": used.exit_code,
            "check_seconds": used.wall_seconds,
            "check_cpu_seconds": used.cpu_seconds,
            "rungs": {one["rung"]: [one["status"], one["seconds"]] for one in answer.get("rungs", ())},
            "problem": problem,
        }


def _answer(output: str, errors: str) -> tuple[dict[str, Any], str | None]:
    try:
        answer: dict[str, Any] = json.loads(output)
    except ValueError:
        return {}, f"no answer: {next(iter(errors.strip().splitlines()[-1:]), '')[:200]}"
    return answer, answer["error"]["message"] if "error" in answer else None


def shares(program: Program, result: dict[str, Any], raw: dict[str, Any]) -> dict[str, float | None]:
    """What the check took of what the program takes by itself, which is measured once."""
    full = raw["full"].get(program.id) or effects.plain_run(program, None)
    raw["full"][program.id] = full
    if full["exit"] is None:
        return {"share_of_full": None, "share_of_full_cpu": None}
    return {
        "share_of_full": result["check_seconds"] / full["seconds"],
        "share_of_full_cpu": result["check_cpu_seconds"] / full["cpu_seconds"],
    }


def main() -> int:
    """Check what was named, keep the raw data, print the figures; exit code 1 where a check gave no answer."""
    parser = argparse.ArgumentParser(
        prog="mlintern.benchmarks.faults", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--part", choices=(DEVELOPMENT, HELD_OUT), help="both unless told")
    parser.add_argument("--only", default="*", help="ids, with wildcards")
    parser.add_argument("--base", help="the programs of one base")
    parser.add_argument("--again", action="store_true", help="check again what was checked before")
    parser.add_argument("--report", action="store_true", help="only print the figures of the raw data")
    arguments = parser.parse_args()
    wanted = [
        one
        for one in programs(arguments.part)
        if fnmatch.fnmatch(one.id, arguments.only) and arguments.base in (None, one.base)
    ]
    if not wanted:
        parser.error("no such program")
    failed = False
    for part, path in RAW.items():
        chosen, raw = [one for one in wanted if one.part == part], _load(path)
        if not chosen:
            continue
        if not arguments.report:
            _check_all(raw, path, chosen, again=arguments.again)
        _print(part, raw["checks"], chosen)
        failed |= any(raw["checks"][one.id]["problem"] for one in chosen if one.id in raw["checks"])
    return 1 if failed else 0


def _check_all(raw: dict[str, Any], path: Path, wanted: Sequence[Program], *, again: bool) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    for number, one in enumerate(wanted, 1):
        if one.id in raw["checks"] and not again:
            continue
        began = time.monotonic()
        result = check(one)
        raw["checks"][one.id] = {**result, **shares(one, result, raw)}
        path.write_text(json.dumps(raw, indent=1) + "\n", encoding="utf-8")
        name = one.id if one.part == DEVELOPMENT else HELD_OUT
        print(f"{number} of {len(wanted)}, {name}: {time.monotonic() - began:.0f} s", file=sys.stderr, flush=True)


def _print(part: str, checks: dict[str, Any], chosen: Sequence[Program]) -> None:
    done = sum(one.id in checks for one in chosen)
    if not done:
        print(f"== {part}: none of {len(chosen)} programs was checked yet")
        return
    faults = sum(not one.is_sound for one in chosen)
    print(f"== {part}: {faults} faults, {len(chosen) - faults} sound programs; {done} of {len(chosen)} checked")
    if part == DEVELOPMENT:
        print("\n".join(report.lines(chosen, checks)))
    print("\n".join(goal.line for goal in report.goals(chosen, checks)))


def _load(path: Path) -> dict[str, Any]:
    empty: dict[str, Any] = {"checks": {}, "full": {}}
    return json.loads(path.read_text(encoding="utf-8")) if path.exists() else empty


if __name__ == "__main__":
    raise SystemExit(main())
