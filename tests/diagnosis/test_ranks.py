"""Who is to blame among several ranks: collectives compared by number and call site, stacks, and logs of a folder."""

from __future__ import annotations

import json
import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest
from mlintern.planner.diagnosis.diagnose import diagnose
from mlintern.planner.diagnosis.fault_class import FaultClass
from mlintern.planner.diagnosis.hypothesis import Hypothesis
from mlintern.planner.diagnosis.ranks.facts import Collective, Frame, RankFacts
from mlintern.planner.diagnosis.ranks.folder import rank_of, read_folder
from mlintern.planner.diagnosis.ranks.pairing import first_difference, missing
from mlintern.planner.diagnosis.ranks.verdict import of_ranks

LINES = {"bucket": 30, "loss": 8, "accuracy": 12, "evaluate": 44}
SHAPES = {"bucket": "[10] Float", "loss": "[] Float", "accuracy": "[] Float", "evaluate": "[2] Float"}


def calls(*names: str, group: str = "0", unfinished: bool = False) -> tuple[Collective, ...]:
    """The record of one rank that made these calls."""
    return tuple(
        Collective(
            group, number, "all_reduce", SHAPES[name], (Frame("train.py", LINES[name], name),),
            is_done=not (unfinished and number == len(names)),
        )
        for number, name in enumerate(names, start=1)
    )  # fmt: skip


STEP = ("bucket", "loss", "accuracy")


def test_records_that_agree_are_no_difference() -> None:
    assert first_difference({rank: calls(*STEP * 4) for rank in range(4)}) is None


@pytest.mark.parametrize("culprit", [0, 1])
def test_a_call_of_the_same_shape_that_is_left_out_names_the_rank_and_the_call(culprit: int) -> None:
    whole = ("loss", "accuracy") * 6
    short = ("loss", "accuracy") * 2 + ("accuracy",) + ("loss", "accuracy") * 3
    found = first_difference({culprit: calls(*short), 1 - culprit: calls(*whole)})

    assert found is not None
    assert (found.sequence, found.odd, found.skipped, found.is_silent) == (5, (culprit,), 1, True)


def test_another_shape_is_not_silent_and_the_majority_is_right() -> None:
    whole, short = STEP * 3, (*STEP, "bucket", "accuracy", *STEP)
    found = first_difference({0: calls(*whole), 1: calls(*whole), 2: calls(*whole), 3: calls(*short)})

    assert found is not None and found.odd == (3,) and found.sequence == 5


def test_two_lines_that_make_the_same_call_are_no_difference() -> None:
    here = [calls(*STEP * 3), calls(*STEP * 3)]
    here[1] = tuple(
        Collective(one.group, one.sequence, one.kind, one.shape, (Frame("train.py", 9, "other"),))
        if one.sequence == 2
        else one
        for one in here[1]
    )

    assert first_difference(dict(enumerate(here))) is None


def test_who_never_comes_to_the_call_that_others_wait_in_is_behind() -> None:
    waits = calls(*STEP, "bucket", unfinished=True)
    found = missing({0: waits, 1: calls(*STEP), 2: waits})

    assert found is not None and found.behind == (1,)
    assert missing({0: calls(*STEP), 1: calls("bucket")}) is None, "nobody waits"


COLLECTIVE = (
    Frame("/x/site-packages/torch/distributed/distributed_c10d.py", 2, "all_reduce"),
    Frame("train.py", 19, "log"),
)
LOADER = (
    Frame("data.py", 7, "__getitem__", "lock.acquire()"),
    Frame("/x/site-packages/torch/utils/data/_utils/fetch.py", 52, "fetch"),
    Frame("train.py", 30, "main"),
)
FILE = (Frame("train.py", 22, "keep", 'with open(path, "wb") as file:'),)
OWN = (Frame("train.py", 25, "think", "time.sleep(9)"),)
JOINS = (
    Frame("/x/site-packages/torch/distributed/rendezvous.py", 2, "_create_c10d_store"),
    Frame("/x/site-packages/torch/distributed/distributed_c10d.py", 2, "init_process_group"),
    Frame("train.py", 3, "main"),
)


def stood(*stacks: Sequence[Frame]) -> Hypothesis:
    """The one hypothesis about ranks that stand so."""
    (found,) = of_ranks({rank: RankFacts(rank, stack=tuple(stack)) for rank, stack in enumerate(stacks)})[:1]
    return found


@pytest.mark.parametrize(
    ("apart", "code", "part"),
    [
        (LOADER, "loader.deadlock", FaultClass.LOADER),
        (FILE, "dist.hang", FaultClass.STORAGE),
        (OWN, "dist.hang", FaultClass.CODE),
    ],
)
def test_the_rank_that_is_not_in_a_collective_is_to_blame(
    apart: Sequence[Frame], code: str, part: FaultClass
) -> None:
    found = stood(COLLECTIVE, apart, COLLECTIVE)

    assert (found.code, found.ranks, found.lies_in) == (code, (1,), part)
    assert any("train.py" in quote.text or "data.py" in quote.text for quote in found.quotes)


def test_a_short_name_of_the_standard_library_is_nobodys_own_line() -> None:
    waits = (Frame("threading.py", 320, "Condition.wait"), Frame("train.py", 22, "think"))
    found = stood(COLLECTIVE, waits)

    assert (found.code, found.ranks) == ("dist.hang", (1,)) and "train.py:22" in found.quotes[0].text


def test_all_in_one_collective_is_what_carries_it_and_all_joining_is_a_wrong_number() -> None:
    assert (stood(COLLECTIVE, COLLECTIVE).lies_in, stood(COLLECTIVE, COLLECTIVE).ranks) == (FaultClass.NETWORK, ())
    assert (stood(JOINS, JOINS).code, stood(JOINS, JOINS).lies_in) == ("dist.rendezvous", FaultClass.CODE)


def test_a_rank_that_has_ended_well_while_others_wait_left_early() -> None:
    (found,) = of_ranks({0: RankFacts(0, stack=COLLECTIVE), 1: RankFacts(1, exit_code=0, ended=True)})

    assert (found.code, found.ranks) == ("dist.hang", (1,)) and "came to an end" in found.what


def test_ranks_that_only_compute_are_no_hang() -> None:
    assert of_ranks({0: RankFacts(0, stack=OWN), 1: RankFacts(1, stack=OWN)}) == []


@pytest.mark.parametrize(
    ("name", "rank"),
    [
        ("x_abc/attempt_0/3/stderr.log", 3), ("nccl_trace_rank_12", 12), ("rank1.log", 1), ("log.2", 2),
        ("job-7.err", 7), ("1/stderr.log", 1), ("slurm-4711.out", None), ("train.log", None), ("rank_4/out.log", 4),
    ],
)  # fmt: skip
def test_the_rank_is_read_from_names(name: str, rank: int | None) -> None:
    assert rank_of(name) == rank


def dump(names: Sequence[str], kind: str = "all_reduce") -> bytes:
    """A flight-recorder dump as torch writes it."""
    entries = [
        {
            "collective_seq_id": number, "profiling_name": f"nccl:{kind}", "process_group": ("0", "default_pg"),
            "input_sizes": [[]], "input_dtypes": ["Float"], "is_p2p": False, "state": "completed", "retired": True,
            "frames": [{"filename": "train.py", "line": LINES[name], "name": name}],
        }
        for number, name in enumerate(names, start=1)
    ]  # fmt: skip
    return pickle.dumps({"version": "2.10", "entries": entries}, protocol=2)


def test_a_folder_of_dumps_and_logs_gives_one_verdict(tmp_path: Path) -> None:
    (tmp_path / "nccl_trace_rank_0").write_bytes(dump(("loss", "accuracy") * 6))
    (tmp_path / "nccl_trace_rank_1").write_bytes(dump(("loss", "accuracy", "accuracy") + ("loss", "accuracy") * 4))
    (tmp_path / "nccl_trace_rank_2").write_bytes(b"\x80\x04cos\nsystem\n.")
    (tmp_path / "rank0.log").write_text("epoch 1 loss 0.5\n")
    job = read_folder(tmp_path)

    (found,) = of_ranks(job.ranks)
    assert (found.code, found.ranks, found.quotes[0].source) == ("dist.mispaired", (1,), "nccl_trace_rank_0")
    assert job.skipped == ["nccl_trace_rank_2: no flight-recorder dump that can be read safely"]


def test_stacks_of_processes_go_to_the_ranks_that_the_launcher_names(tmp_path: Path) -> None:
    spy = 'Process {pid}: python train.py\nPython v3.11\n\nThread {pid} (idle): "MainThread"\n{frames}\n'
    collective = "    all_reduce (torch/distributed/distributed_c10d.py:2501)\n    log (train.py:19)"
    (tmp_path / "py-spy.txt").write_text(
        spy.format(pid=11, frames="    think (train.py:25)\n    <module> (train.py:3)") + "\n"
        + spy.format(pid=12, frames=collective)
    )  # fmt: skip
    (tmp_path / "launcher.log").write_text(
        "failed (exitcode: 1) local_rank: 1 (pid: 11) of binary: python\n"
        "failed (exitcode: 1) local_rank: 0 (pid: 12) of binary: python\n"
    )
    (found,) = of_ranks(read_folder(tmp_path).ranks)

    assert (found.code, found.ranks) == ("dist.hang", (1,))


SUMMARY = """Root Cause (first observed failure):
[0]:
  time      : 2026-11-25_16:21:13
  rank      : 2 (local_rank: 2)
  exitcode  : -9 (pid: 2756)
"""


@pytest.mark.parametrize(
    ("logs", "code", "ranks", "part"),
    [
        (
            ("RuntimeError: Connection closed by peer [127.0.0.1]:1", "KeyError: 'weights'"),
            "run.crash", (1,), FaultClass.CODE,
        ),
        (("ValueError: bad", "ValueError: bad"), "run.crash", (), FaultClass.CODE),
        (
            ("RuntimeError: Timed out waiting 8000ms for recv operation to complete", "step 7 loss 0.5"),
            "dist.hang", (1,), FaultClass.CODE,
        ),
        (
            ("OSError: [Errno 28] No space left on device", "RuntimeError: Connection reset by peer"),
            "run.crash.disk_full", (0,), FaultClass.STORAGE,
        ),
        (
            ("RuntimeError: EADDRINUSE, Address already in use", "step 1"),
            "dist.rendezvous", (0,), FaultClass.NETWORK,
        ),
    ],
)  # fmt: skip
def test_the_log_that_holds_the_cause_names_the_rank(
    tmp_path: Path, logs: Sequence[str], code: str, ranks: tuple[int, ...], part: FaultClass
) -> None:
    for rank, last in enumerate(logs):
        folder = tmp_path / "job_x" / "attempt_0" / str(rank)
        folder.mkdir(parents=True)
        raised = 'Traceback (most recent call last):\n  File "train.py", line 3, in main\n' if "Error" in last else ""
        (folder / "stderr.log").write_text(f"step 1 loss 0.7\n{raised}{last}\n")
    cause = diagnose(read_folder(tmp_path).log).cause

    assert cause is not None
    assert (cause.code, cause.ranks, cause.lies_in) == (code, ranks, part)


def test_a_rank_that_was_killed_is_named_by_the_launcher(tmp_path: Path) -> None:
    (tmp_path / "slurm-17.out").write_text(SUMMARY)
    (tmp_path / "rank0.log").write_text("RuntimeError: Connection closed by peer\n")
    cause = diagnose(read_folder(tmp_path).log).cause

    assert cause is not None
    assert (cause.code, cause.ranks, cause.lies_in) == ("run.crash.killed", (2,), FaultClass.SCHEDULER)


def test_a_rank_that_ends_without_a_word_is_named_before_those_that_lost_it(tmp_path: Path) -> None:
    (tmp_path / "launcher.log").write_text(
        "[rank0]: RuntimeError: Connection closed by peer [127.0.0.1]:41\n"
        "mlintern: rank 1 ended with exit code 3\nmlintern: rank 0 ended with exit code 1\n"
    )
    cause = diagnose(read_folder(tmp_path).log).cause

    assert cause is not None and (cause.code, cause.ranks) == ("run.crash", (1,)) and "said nothing" in cause.what


def test_an_error_file_of_torchrun_is_read(tmp_path: Path) -> None:
    (tmp_path / "attempt_0" / "1").mkdir(parents=True)
    trace = 'Traceback (most recent call last):\n  File "train.py", line 3, in main\nKeyError: 1\n'
    told = {"message": {"message": "KeyError: 1", "extraInfo": {"py_callstack": trace}}}
    (tmp_path / "attempt_0" / "1" / "error.json").write_text(json.dumps(told))
    (tmp_path / "attempt_0" / "0").mkdir()
    (tmp_path / "attempt_0" / "0" / "stdout.log").write_text("step 3\n")
    cause = diagnose(read_folder(tmp_path).log).cause

    assert cause is not None and (cause.code, cause.ranks) == ("run.crash", (1,))
