"""What the checks say of the reports of several ranks: each where it must fire and where it must not."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.checks.check import Answer, Check, Evidence
from mlintern.planner.checks.rank_collectives import RANK_COLLECTIVES
from mlintern.planner.checks.rank_data import RANK_DATA
from mlintern.planner.checks.rank_gradients import RANK_GRADIENTS
from mlintern.planner.checks.rank_metrics import RANK_METRICS
from mlintern.planner.checks.rank_parameters import RANK_PARAMETERS
from mlintern.planner.checks.rank_saves import RANK_SAVES
from mlintern.planner.checks.rank_slow import RANK_SLOW
from mlintern.planner.checks.registry import ask_all
from mlintern.planner.rank_work import of_all
from mlintern.store.records import RungName

CHECKS = (RANK_COLLECTIVES, RANK_DATA, RANK_GRADIENTS, RANK_METRICS, RANK_PARAMETERS, RANK_SAVES, RANK_SLOW)
STEPS, STEP_NS = 12, 300_000_000


def loader(**changes: Any) -> dict[str, Any]:
    sound = {
        "file": "/p/train.py", "line": 30, "sampler": "DistributedSampler", "replicas": 2, "shuffle": True,
        "drop_last": False, "items": 512, "drawn": 256, "batches": 16, "epochs": [0, 5], "steps": STEPS, "grad": True,
    }  # fmt: skip
    return {**sound, **changes}


def call(number: int, line: int, *, by_user: bool = True) -> dict[str, Any]:
    frames = [{"file": "/p/train.py", "line": line, "function": "main"}]
    return {"group": "0", "sequence": number, "kind": "all_reduce", "shape": "[1]", "frames": frames, "done": True,
            "by_user": by_user, "at": number * STEP_NS}  # fmt: skip


def rank(number: int) -> dict[str, Any]:
    """One rank of a sound program of two."""
    collectives = [call(step, 40, by_user=False) for step in range(1, STEPS + 1)]
    return {
        "rank": number, "exit_code": 0, "steps": STEPS, "losses": [], "crash": None,
        "loops": [{"file": "/p/train.py", "line": 30, "planned": 16.0, "wall": 4.0, "wait": 0.1}],
        "rows": {"train": list(range(number, 400, 2)), "eval": list(range(1000 + number, 1100, 2))},
        "loaders": [loader(), loader(line=44, shuffle=False, items=128, drawn=64, steps=0, epochs=[0, 0])],
        "parameters": {"1": 7, "2": 8, "end": 9}, "sharded": False,
        "saves": ["/p/model.pt"] if number == 0 else [],
        "gradients": [[2, 1.0 + number, 1.5], [3, 2.0 - number, 1.5]],
        "collectives": [*collectives, call(STEPS + 1, 50), call(STEPS + 2, 51)],
    }  # fmt: skip


def judged(check: Check, ranks: list[dict[str, Any]]) -> Any:
    report = {"world": len(ranks), "first_failed": None, "hang": None, "ranks": ranks}
    return check.judge(Evidence({"ranks": report}, Path("/p")))


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_sound_program_is_fine(check: Check) -> None:
    assert judged(check, [rank(0), rank(1)]).answer is Answer.FINE


@pytest.mark.parametrize("check", CHECKS, ids=lambda check: check.name)
def test_a_rank_that_told_nothing_is_could_not_tell(check: Check) -> None:
    told = ("rank", "exit_code", "steps", "crash", "loops")
    killed = {name: value for name, value in rank(1).items() if name in told}

    assert judged(check, [rank(0), killed]).answer is Answer.COULD_NOT_TELL


def _same_rows(ranks: list[dict[str, Any]]) -> None:
    ranks[1]["rows"]["train"] = ranks[0]["rows"]["train"]


def _drawn_from_all(ranks: list[dict[str, Any]]) -> None:
    """Each rank shuffles all of the data for itself: what they have in common is what chance gives."""
    for one in ranks:
        one["loaders"][0].update(sampler="RandomSampler", replicas=None, shuffle=None, drawn=512)
    ranks[1]["rows"]["train"] = list(range(0, 400, 5))


def _one_order(ranks: list[dict[str, Any]]) -> None:
    for one in ranks:
        one["loaders"][0]["epochs"] = [0, 0]


def _other_splits(ranks: list[dict[str, Any]]) -> None:
    ranks[1]["rows"]["eval"] = ranks[0]["rows"]["train"][:50]


def _apart(ranks: list[dict[str, Any]]) -> None:
    ranks[1]["parameters"]["2"] = 1


def _summed(ranks: list[dict[str, Any]]) -> None:
    for one in ranks:
        one["gradients"] = [[step, own, 3.0] for step, own, _ in one["gradients"]]


def _padded(ranks: list[dict[str, Any]]) -> None:
    for one in ranks:
        one["loaders"][1].update(items=127)


def _one_share(ranks: list[dict[str, Any]]) -> None:
    for one in ranks:
        one["collectives"] = one["collectives"][:STEPS]


def _all_save(ranks: list[dict[str, Any]]) -> None:
    ranks[1]["saves"] = ["/p/model.pt"]


def _fewer_batches(ranks: list[dict[str, Any]]) -> None:
    ranks[1]["loops"][0]["planned"] = 14.0


def _late(ranks: list[dict[str, Any]]) -> None:
    for one in ranks[1]["collectives"]:
        one["at"] += 280_000_000


def _late_by_its_loader(ranks: list[dict[str, Any]]) -> None:
    _late(ranks)
    ranks[1]["loops"][0]["wait"] = 3.6


def _unused(ranks: list[dict[str, Any]]) -> None:
    words = "Expected to have finished reduction in the prior iteration … did not receive grad for rank 1: head.weight"
    ranks[1]["crash"] = {"type": "RuntimeError", "message": words, "file": "/p/train.py", "line": 33}


@pytest.mark.parametrize(
    ("check", "change", "code", "words"),
    [
        (RANK_DATA, _same_rows, "dist.sampler", "the same rows"),
        (RANK_DATA, _drawn_from_all, "dist.sampler", "the same rows"),
        (RANK_DATA, _one_order, "dist.sampler", "epoch stays 0"),
        (RANK_DATA, _other_splits, "data.leak.overlap", "rank 0 trains on rows that rank 1 evaluates on"),
        (RANK_PARAMETERS, _apart, "dist.parameters", "after step 2, though they were equal before"),
        (RANK_GRADIENTS, _summed, "dist.scale", "2 times that of one process"),
        (RANK_METRICS, _padded, "dist.metric", "1 rows are counted twice"),
        (RANK_METRICS, _one_share, "dist.metric", "of one share"),
        (RANK_SAVES, _all_save, "dist.checkpoint", "2 ranks write the same checkpoint model.pt"),
        (RANK_SLOW, _late, "dist.slow", "rank 1 comes 0.28 s after the others"),
        (RANK_SLOW, _late_by_its_loader, "dist.slow", "its data loader"),
        (RANK_COLLECTIVES, _fewer_batches, "dist.hang", "wait for rank 1"),
        (RANK_COLLECTIVES, _unused, "dist.unused", "head.weight"),
    ],
    ids=lambda one: getattr(one, "__name__", None),
)
def test_a_fault_is_found(check: Check, change: Callable[[Any], None], code: str, words: str) -> None:
    ranks = copy.deepcopy([rank(0), rank(1)])
    change(ranks)
    found = judged(check, ranks)

    assert found.answer is Answer.FAULT
    assert any(one.code == code and words in one.message for one in found.findings), found.findings


def test_parts_of_parameters_are_not_compared() -> None:
    ranks = [rank(0), {**rank(1), "sharded": True}]

    assert judged(RANK_PARAMETERS, ranks).answer is Answer.COULD_NOT_TELL


def test_nobody_asks_about_ranks_where_there_is_one_process() -> None:
    told = ask_all(RungName.REHEARSAL, Evidence({}, Path("/p")), CHECKS)

    assert (told.findings, told.verified, told.not_verified) == ((), (), ())


def test_the_work_of_all_ranks_is_counted_and_their_time_once() -> None:
    clock = {"count": 3, "cpu": 1.0, "wall": 2.0, "cpu_squares": 0.5}
    loops = {"tree": {"self_cpu": 1.0, "self_wall": 4.0, "warm": clock, "children": [{"self_cpu": 2.0, "warm": clock}]}}
    told = of_all(loops, 4)["tree"]

    assert (told["self_cpu"], told["self_wall"]) == (4.0, 4.0)
    assert told["children"][0]["warm"] == {"count": 3, "cpu": 4.0, "wall": 2.0, "cpu_squares": 8.0}
    assert loops["tree"]["self_cpu"] == 1.0


def test_rows_that_are_alike_by_nature_say_nothing_of_shares() -> None:
    ranks = [rank(0), rank(1)]
    for one in ranks:
        one["rows"]["train"] = list(range(20)) * 10

    assert judged(RANK_DATA, ranks).answer is Answer.COULD_NOT_TELL


def test_ranks_that_are_late_in_turns_or_by_little_are_fine() -> None:
    in_turns, by_little = [rank(0), rank(1)], [rank(0), rank(1)]
    for at, one in enumerate(in_turns[1]["collectives"]):
        one["at"] += 280_000_000 * (-1) ** at
    for one in by_little[1]["collectives"]:
        one["at"] += 150_000_000

    assert judged(RANK_SLOW, in_turns).answer is Answer.FINE
    assert judged(RANK_SLOW, by_little).answer is Answer.FINE, "two ranks may share one core"
