"""What the probe costs while it watches: paired, interleaved CPU time per step with and without it.

Usage: python benchmarks/probe_overhead.py [--pairs N] [--rounds N] [--json FILE] [--skip-equality]

Two processes, one with the probe and one without, take turns at blocks of about a fifth of a second, in alternating
order, so that whatever else the machine does meets both. The figure is the median of the ratios of neighbouring blocks.
Exit code 1 when it is over the budget or when a loss differs.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median

from mlintern.benchmarks.bit_equality import compare, report
from mlintern.benchmarks.probe_launch import start
from mlintern.tests.scripts.corpus import scripts

BUDGET = 0.03
WARM_UP_BLOCKS = 3
STEPS = Path(__file__).resolve().parent / "probe_overhead_steps.py"


@dataclass(frozen=True, slots=True)
class Workload:
    """A model whose step takes about as long as its name says on one current core."""

    name: str
    kind: str
    size: int
    steps: int
    """Per block."""

    @property
    def args(self) -> tuple[str, ...]:
        """The script's arguments."""
        return ("--kind", self.kind, "--size", str(self.size), "--steps", str(self.steps))


WORKLOADS = (
    Workload("about 5 ms", "mlp", 680, 40),
    Workload("about 10 ms", "cnn", 64, 20),
    Workload("about 50 ms", "transformer", 120, 5),
)


@dataclass(frozen=True, slots=True)
class Overhead:
    """The comparison of one workload."""

    name: str
    plain_step_ms: float
    ratio: float
    low: float
    high: float
    """A 95 % interval of the median, by order statistics."""
    wall_ratio: float
    pairs: int
    losses_equal: bool

    @property
    def within(self) -> bool:
        """Whether the budget is kept."""
        return self.ratio - 1 <= BUDGET and self.losses_equal


@dataclass(frozen=True, slots=True)
class Block:
    """One turn of one process."""

    cpu: float
    wall: float
    loss: str


def measure(workload: Workload, *, pairs: int, rounds: int) -> Overhead:
    """Compare one workload over several pairs of processes: where memory lies differs from one to the next."""
    blocks = [pair for _ in range(rounds) for pair in _round(workload, pairs)]
    ratios = sorted(watched.cpu / plain.cpu for plain, watched in blocks)
    low, high = _median_interval(ratios)
    return Overhead(
        name=workload.name,
        plain_step_ms=1000 * median(plain.cpu for plain, _ in blocks),
        ratio=median(ratios),
        low=low,
        high=high,
        wall_ratio=median(watched.wall / plain.wall for plain, watched in blocks),
        pairs=len(blocks),
        losses_equal=all(plain.loss == watched.loss for plain, watched in blocks),
    )


def _round(workload: Workload, pairs: int) -> list[tuple[Block, Block]]:
    plain = start(STEPS, workload.args, folder=STEPS.parent, probed=False)
    watched = start(STEPS, workload.args, folder=STEPS.parent, probed=True)
    try:
        blocks = []
        for number in range(WARM_UP_BLOCKS + pairs):
            if number % 2:
                second, first = _turn(watched), _turn(plain)
            else:
                first, second = _turn(plain), _turn(watched)
            blocks.append((first, second))
        return blocks[WARM_UP_BLOCKS:]
    finally:
        for process in (plain, watched):
            process.communicate()


def _turn(process: subprocess.Popen[str]) -> Block:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    line = process.stdout.readline().split()
    if len(line) != 3:
        errors = process.stderr.read() if process.stderr else ""
        raise SystemExit(f"the script ended early: {errors.strip()[-500:]}")
    return Block(float(line[0]), float(line[1]), line[2])


def _median_interval(ordered: Sequence[float]) -> tuple[float, float]:
    spread = 0.98 * len(ordered) ** 0.5
    middle = (len(ordered) - 1) / 2
    return ordered[max(0, round(middle - spread))], ordered[min(len(ordered) - 1, round(middle + spread))]


def _line(overhead: Overhead) -> str:
    return (
        f"step {overhead.name:12} ({overhead.plain_step_ms:.1f} ms here)  probe {overhead.ratio - 1:+.2%} CPU "
        f"[{overhead.low - 1:+.2%} to {overhead.high - 1:+.2%}], {overhead.wall_ratio - 1:+.2%} wall, "
        f"{overhead.pairs} pairs; budget {BUDGET:.0%} {'kept' if overhead.within else 'PASSED OVER'}; "
        f"losses {'bit-equal' if overhead.losses_equal else 'DIFFER'}"
    )


def main() -> int:
    """Measure every workload, then compare the examples' losses."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pairs", type=int, default=40)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--json", type=Path)
    parser.add_argument("--skip-equality", action="store_true")
    arguments = parser.parse_args()
    results = []
    for workload in WORKLOADS:
        results.append(measure(workload, pairs=arguments.pairs, rounds=arguments.rounds))
        print(_line(results[-1]), flush=True)
    equalities = []
    if not arguments.skip_equality:
        for script in scripts():
            if script.name.startswith("example_") and not script.missing:
                equalities.append(compare(script))
                print(report(equalities[-1]), flush=True)
    if arguments.json:
        told = {"overhead": [asdict(r) for r in results], "equality": [asdict(e) for e in equalities]}
        arguments.json.write_text(json.dumps(told, indent=1), encoding="utf-8")
    return 0 if all(result.within for result in results) and all(e.equal for e in equalities) else 1


if __name__ == "__main__":
    raise SystemExit(main())
