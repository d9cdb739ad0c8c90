"""The suite of distributed faults as a command: ``python -m mlintern.benchmarks.distributed``."""

from __future__ import annotations

from mlintern.benchmarks.distributed.score import main

if __name__ == "__main__":
    raise SystemExit(main())
