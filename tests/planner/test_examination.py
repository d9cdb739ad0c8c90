"""What an ended examination means for its rung: seen to its end, broken off, or not possible."""

from __future__ import annotations

from typing import Any

import pytest
from mlintern.planner.examination import judge_examination
from mlintern.planner.judge_dryrun import ON_REQUEST
from mlintern.store.records import RungName, RungStatus, RunStatus


@pytest.mark.parametrize(
    ("changes", "reports", "status", "why"),
    [
        ({}, {"end": {"ok": True}}, RungStatus.PASSED, ""),
        ({}, {"end": {"ok": True, "broke_off": True}}, RungStatus.SKIPPED, "only what it did first was seen"),
        ({"status": RunStatus.STOPPED, "reason": "ceiling: 9 s of time"}, {}, RungStatus.SKIPPED, "ceiling: 9 s"),
        ({"status": RunStatus.STOPPED, "reason": ON_REQUEST}, {}, RungStatus.STOPPED, ON_REQUEST),
        ({"status": RunStatus.LOST}, {}, RungStatus.STOPPED, "vanished"),
        ({"status": RunStatus.FAILED}, {"crash": {"type": "E", "message": "m"}}, RungStatus.SKIPPED, "broke off in it"),
    ],
)
def test_an_ended_examination(
    make_run: Any, changes: dict[str, Any], reports: dict[str, Any], status: RungStatus, why: str
) -> None:
    verdict = judge_examination(make_run(rung=RungName.OVERFIT, **changes), reports)

    assert verdict.status is status
    assert why in (verdict.why or "")
