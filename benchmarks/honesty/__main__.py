"""`python -m mlintern.benchmarks.honesty`: tells every story and compares the verdicts. Exit code 1 on a wrong one."""

from __future__ import annotations

import sys

from .score import score_all

if __name__ == "__main__":
    results = score_all()
    for one in results:
        sys.stdout.write(f"{'right' if one.is_right else 'WRONG'}  {one.answer:<14} {one.story.name}: {one.why}\n")
    false = sum(one.is_false_support for one in results)
    right = sum(one.is_right for one in results)
    sys.stdout.write(f"{right} of {len(results)} right, {false} falsely supported\n")
    sys.exit(0 if right == len(results) and not false else 1)
