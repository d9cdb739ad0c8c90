"""Losses with the probe watching against losses without it, bit for bit.

Usage: python benchmarks/bit_equality.py [NAME…] [--all]. Without names: the bundled examples; names as in
tests/scripts/manifest.toml. Exit code 1 when a loss differs.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path

from mlintern.benchmarks.probe_launch import start
from mlintern.tests.scripts.corpus import Script, scripts

RECORDER = Path(__file__).resolve().parent / "loss_recorder"


@dataclass(frozen=True, slots=True)
class Equality:
    """What two runs of a script differentiated."""

    name: str
    losses: int
    equal: bool
    problem: str | None = None


def compare(script: Script) -> Equality:
    """Run a script with its tiny arguments without and with the probe."""
    records = []
    for probed in (False, True):
        record, problem = _losses(script, probed=probed)
        if problem:
            return Equality(script.name, 0, equal=False, problem=f"{'with' if probed else 'without'} probe: {problem}")
        records.append(record)
    plain, watched = records
    return Equality(script.name, len(plain) // 8, equal=plain == watched and bool(plain))


def _losses(script: Script, *, probed: bool) -> tuple[bytes, str | None]:
    with tempfile.TemporaryDirectory(prefix="mlintern-benchmark-") as scratch:
        copy, record = Path(scratch) / "copy", Path(scratch) / "losses"
        shutil.copytree(script.folder, copy, ignore=shutil.ignore_patterns("__pycache__", "runs"))
        process = start(
            copy / script.script,
            script.tiny.args,
            folder=copy,
            probed=probed,
            module=script.module,
            environment={"PYTHONPATH": str(RECORDER), "LOSS_RECORD": str(record), "TMPDIR": scratch},
        )
        _, errors = process.communicate()
        if process.returncode != 0:
            return b"", (errors.strip().splitlines() or [f"exit code {process.returncode}"])[-1]
        return (record.read_bytes(), None) if record.exists() else (b"", "no losses were recorded")


def report(equality: Equality) -> str:
    """One line for the terminal."""
    if equality.problem:
        return f"{equality.name:26} FAILED {equality.problem}"
    return f"{equality.name:26} {equality.losses:6} losses {'bit-equal' if equality.equal else 'DIFFER'}"


def main() -> int:
    """Compare what was named."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--all", action="store_true", help="every script of the corpus")
    arguments = parser.parse_args()
    wrong = 0
    for script in scripts():
        wanted = script.name in arguments.names or arguments.all
        if not wanted and not (not arguments.names and script.name.startswith("example_")):
            continue
        if script.missing:
            print(f"{script.name:26} skipped, needs {', '.join(script.missing)}")
            continue
        equality = compare(script)
        wrong += not equality.equal
        print(report(equality), flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
