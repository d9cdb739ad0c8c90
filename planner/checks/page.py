"""The page docs/checks.md: every check in a table. Made by ``python -m mlintern.planner.checks.page``."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from .check import Check
from .registry import CHECKS


def checks_page(checks: Sequence[Check] = CHECKS) -> str:
    """The page, as Markdown."""
    lines = [
        "# Checks",
        "",
        "Every check, in the order in which it is asked. Made from `planner/checks/registry.py` by",
        "`python -m mlintern.planner.checks.page`; a test compares the two. What the codes mean is in",
        "[findings.md](findings.md).",
        "",
        "Each answers one of four: a **fault**; **ask**, it may be meant so; **fine**, and what was looked at; or that",
        "it **could not tell**, and why, which is listed as not verified.",
        "",
        "| check | it asks | codes | rung | needs | evidence | fix |",
        "|---|---|---|---|---|---|---|",
    ]
    for check in checks:
        codes = " ".join(f"`{code}`" for code in check.codes)
        needs = ", ".join(check.uses) or "nothing"
        lines.append(
            f"| {check.name} | {check.question} | {codes} | {check.rung} | {needs} | {check.evidence} | {check.fix} |"
        )
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(checks_page())
