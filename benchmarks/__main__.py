"""Goals of forecasts, guard, sweep and checks beside what was measured: ``python -m mlintern.benchmarks``.

It needs the machine for itself and about an hour. The raw data of each part is kept in ``benchmarks/results``. The
suite of planted faults takes hours more, so only the goals of what was measured before are printed of it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

RESULTS = Path(__file__).parent / "results"
PARTS = (
    ("dryrun", "--json", str(RESULTS / "dryrun.json")),
    ("corpus", "--raw", str(RESULTS / "corpus.json")),
    ("guard", "--raw", str(RESULTS / "guard.json")),
    ("sweep", "--write"),
    ("faults", "--report"),
)


def main() -> int:
    """Run the parts one after the other; exit code 1 where one of them failed."""
    failed = 0
    for name, *arguments in PARTS:
        print(f"== {name}", flush=True)
        command = [sys.executable, "-m", f"mlintern.benchmarks.{name}", *arguments]
        failed |= subprocess.run(command, check=False).returncode
    return 1 if failed else 0


if __name__ == "__main__":
    raise SystemExit(main())
