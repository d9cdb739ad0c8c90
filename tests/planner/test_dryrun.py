"""What a dry run's report means: read in full or refused, passed or skipped with a reason, never failed."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from mlintern.planner.judge_dryrun import judge_dryrun, what_dryrun_showed
from mlintern.planner.memory_report import CATEGORIES, MemoryReportError, parse
from mlintern.planner.rungs import as_built
from mlintern.store.records import Rung, RungName, RungStatus, RunStatus

ROOM = {"cpu": 8 << 30}


def peak(**parts: int) -> dict[str, int]:
    return {"total": sum(parts.values()), **{name: parts.get(name, 0) for name in CATEGORIES}}


def report(**look: Any) -> dict[str, Any]:
    trained = peak(parameters=400, gradients=400, optimizer=800, activations=2048)
    first = {
        "name": "base",
        "could_not": None,
        "ended": "script",
        "crash": None,
        "batch": {"training": 32, "evaluation": None},
        "share": 1.0,
        "counts": {"forwards": 3, "backwards": 3, "steps": 3, "evaluations": 2, "asked": 0},
        "assumed": [],
        "devices": {"cpu": {"whole": trained, "training": trained, "evaluation": peak(parameters=400)}},
        "process": {"growth": None, "allocated": None, "reserved": None},
        "seconds": 1.0,
    }
    return {"looks": [{**first, **look}], "could_not": look.get("could_not"), "seconds": 2.0}


def test_a_report_is_read() -> None:
    read = parse(report())
    assert read.base is not None
    told = read.base.devices["cpu"].training
    assert told is not None and (told.total, told.fixed) == (3648, 1600)
    assert (read.base.training_batch, read.base.evaluation_batch, read.base.steps) == (32, None, 3)


BROKEN = {
    "no looks": lambda data: data.pop("looks"),
    "a category missing": lambda data: data["looks"][0]["devices"]["cpu"]["whole"].pop("inputs"),
    "a sum that is wrong": lambda data: data["looks"][0]["devices"]["cpu"]["whole"].update(total=1),
    "a size below zero": lambda data: data["looks"][0]["devices"]["cpu"]["whole"].update(inputs=-5),
    "a size beyond all": lambda data: data["looks"][0]["batch"].update(training=2**70),
    "words for a size": lambda data: data["looks"][0]["batch"].update(training="many"),
    "steps that are infinite": lambda data: data["looks"][0]["counts"].update(steps=float("inf")),
    "looks that are no list": lambda data: data.update(looks=7),
    "devices that are no object": lambda data: data["looks"][0].update(devices=[]),
}


@pytest.mark.parametrize("name", BROKEN)
def test_another_shape_is_refused_and_the_rung_skipped(make_run: Any, name: str) -> None:
    data = copy.deepcopy(report())
    BROKEN[name](data)
    with pytest.raises(MemoryReportError):
        parse(data)
    verdict = judge_dryrun(make_run(rung=RungName.DRYRUN), {"memory": data}, ROOM)
    assert verdict.status is RungStatus.SKIPPED and verdict.why is not None and "cannot be read" in verdict.why


def test_one_that_worked_passes_and_says_what_it_saw(make_run: Any) -> None:
    reports = {"memory": report()}
    assert judge_dryrun(make_run(rung=RungName.DRYRUN), reports, ROOM).status is RungStatus.PASSED
    verified, open_ = what_dryrun_showed(reports)
    assert verified[0] == "shapes fit in 3 steps of training and 2 forward passes of evaluation"
    assert all(part in verified[1] for part in ("3.56 KiB on cpu", "activations 2 KiB", "400 B in evaluation"))
    assert any("scratch memory" in one for one in open_)


def test_what_it_did_not_see_is_not_verified(make_run: Any) -> None:
    counts = {"forwards": 1, "backwards": 1, "steps": 1, "evaluations": 0, "asked": 0}
    verified, open_ = what_dryrun_showed({"memory": report(counts=counts, assumed=["nonzero"])})
    assert verified[0] == "shapes fit in 1 step of training"
    assert not any("later steps" in one for one in open_)
    assert any("time was over after 3" in one for one in what_dryrun_showed({"memory": report(ended="time")})[1])
    assert any("saw none" in one for one in open_) and any("nonzero" in one for one in open_)


@pytest.mark.parametrize(
    ("status", "reason", "reports", "why"),
    [
        (RunStatus.DONE, None, {"memory": report(could_not="its process was ended by SIGABRT")}, "SIGABRT"),
        (RunStatus.FAILED, "ended by SIGSEGV: invalid memory access", {}, "SIGSEGV"),
        (RunStatus.STOPPED, "ceiling of 20 s reached", {}, "ceiling"),
        (RunStatus.DONE, None, {}, "before there was a report"),
    ],
)
def test_one_that_could_not_is_skipped_with_the_reason(
    make_run: Any, status: RunStatus, reason: str | None, reports: Any, why: str
) -> None:
    verdict = judge_dryrun(make_run(rung=RungName.DRYRUN, status=status, reason=reason), reports, ROOM)
    assert verdict.status is RungStatus.SKIPPED and not verdict.findings
    assert verdict.why is not None and verdict.why.startswith("could not, because ") and why in verdict.why


def test_a_person_who_stops_it_stops_the_ladder(make_run: Any) -> None:
    run = make_run(rung=RungName.DRYRUN, status=RunStatus.STOPPED, reason="stopped on request")
    assert judge_dryrun(run, {}, ROOM).status is RungStatus.STOPPED


def rungs(**statuses: RungStatus) -> dict[RungName, Rung]:
    return {
        name: Rung(1, name, statuses.get(name.value, RungStatus.PLANNED), None, None, None, 0.0) for name in RungName
    }


def test_a_rung_that_was_not_built_is_climbed_now_or_stays_behind() -> None:
    begun = rungs(static=RungStatus.PASSED, dryrun=RungStatus.NOT_BUILT, confirm=RungStatus.NOT_BUILT)
    assert as_built(begun)[RungName.DRYRUN].status is RungStatus.PLANNED
    assert as_built(begun)[RungName.CONFIRM].status is RungStatus.PLANNED
    climbed = {**begun, RungName.REHEARSAL: rungs(rehearsal=RungStatus.PASSED)[RungName.REHEARSAL]}
    behind = as_built(climbed)[RungName.DRYRUN]
    assert behind.status is RungStatus.SKIPPED and behind.why == "it was not built yet when this was climbed"


def test_names_from_the_scripts_side_are_bounded() -> None:
    read = parse(report(assumed=["x" * 10_000] * 500))
    assert read.base is not None
    assert (len(read.base.assumed), len(read.base.assumed[0])) == (20, 60)
