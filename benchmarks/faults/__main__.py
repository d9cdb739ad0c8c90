"""The fault suite as a command: ``python -m mlintern.benchmarks.faults``."""

from __future__ import annotations

from mlintern.benchmarks.faults.score import main

if __name__ == "__main__":
    raise SystemExit(main())
