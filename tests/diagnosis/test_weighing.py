"""First causes before consequences, and what only looked like a failure aside."""

from __future__ import annotations

import io

import pytest
from mlintern.planner.diagnosis import log as reading
from mlintern.planner.diagnosis.ledger import advise
from mlintern.store.records import Outcome, Remedy

from .conftest import LOGS, of_file, of_text

OOM = "torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.00 GiB.\n"


def test_a_failed_assertion_followed_from_the_loss_that_was_not_finite_before() -> None:
    diagnosis = of_file(LOGS / "failed" / "nan_then_assert.log")
    assert diagnosis.cause is not None and diagnosis.cause.code == "numeric.nan"
    assert [one.code for one in diagnosis.followed] == ["run.crash"]


def test_one_rank_without_memory_is_why_the_others_waited() -> None:
    diagnosis = of_text(
        f"[rank3]: Traceback (most recent call last):\n[rank3]:   File \"t.py\", line 3, in f\n[rank3]: {OOM}"
        "[rank0]:[E1 ProcessGroupNCCL.cpp:616] [Rank 0] Watchdog caught collective operation timeout: x\n"
        "[rank1]: RuntimeError: Connection closed by peer [127.0.0.1]:2399\n"
    )
    assert diagnosis.cause is not None and diagnosis.cause.code == "memory.oom"
    assert "dist.hang" in {one.code for one in diagnosis.followed}


def test_what_was_caught_is_told_as_no_failure() -> None:
    diagnosis = of_file(LOGS / "sound" / "oom_traceback_logged.log")
    assert diagnosis.cause is None
    assert any("the training went on" in words for words in diagnosis.ruled_out)


def test_a_progress_bar_left_behind_is_no_progress() -> None:
    bar = "\r 10%|█ | 10/100 [00:01<00:09, 9.9it/s]"
    text = f'{bar}Traceback (most recent call last):\n  File "t.py", line 1, in f\n{OOM}'
    diagnosis = of_text(text + " 10%|█ | 10/100 [00:02<00:18, 5.0it/s]\n")
    assert diagnosis.cause is not None and diagnosis.cause.code == "memory.oom"


def test_the_same_evidence_is_known_again_and_other_evidence_is_not() -> None:
    one, other = of_text(f"step 1 loss 2\n{OOM}").cause, of_text(f"step 900 loss 1\n\n{OOM}").cause
    different = of_file(LOGS / "failed" / "slurm_oom_kill.log").cause
    assert one is not None and other is not None and different is not None
    assert one.fingerprint == other.fingerprint != different.fingerprint


def test_nothing_is_proposed_twice_and_then_only_the_test_is_left() -> None:
    cause = of_file(LOGS / "failed" / "plain_nan_after_growth.log").cause
    assert cause is not None
    tried: list[Remedy] = []
    proposed = []
    while (measure := advise(cause, tried).next) is not None:
        proposed.append(measure.remedy)
        tried.append(
            Remedy(len(tried), None, None, "log", cause.fingerprint, measure.remedy.upper(), measure.tests,
                   Outcome.DID_NOT_HELP, 0.0)
        )  # fmt: skip
    assert len(proposed) == len(set(proposed)) == len(cause.measures) >= 3
    assert proposed[0] == "lower the learning rate to a third"
    assert advise(cause, tried).is_used_up and cause.test


def test_a_long_log_keeps_its_beginning_its_end_and_what_may_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reading, "HEAD_LINES", 10)
    monkeypatch.setattr(reading, "TAIL_LINES", 10)
    lines = [f"step {number} ok" for number in range(1, 5001)]
    lines[2499] = OOM.strip()
    log = reading.read(io.BytesIO("\n".join(lines).encode()))
    numbers = [line.number for line in log.lines]
    assert log.total == 5000 and len(numbers) < 100 and numbers == sorted(numbers)
    assert {1, 2500, 5000} <= set(numbers)


def test_a_line_without_end_does_not_fill_memory() -> None:
    log = reading.read(io.BytesIO(b"\rx loss=1.0" * 500_000 + b"\rloss=nan"))
    assert log.total == 1 and max(len(line.text) for line in log.lines) <= 4000


HEADER = "Traceback (most recent call last):\n"


@pytest.mark.parametrize("text", ["", "\n\n", "\x00\x1b[", HEADER, HEADER * 50])
def test_what_is_no_log_is_no_failure_of_ours(text: str) -> None:
    assert of_text(text).cause is None


def test_the_source_code_of_a_traceback_is_no_message() -> None:
    diagnosis = of_text(
        HEADER + '  File "a.py", line 2, in f\n    raise MemoryError("Unable to allocate 3 GiB, No space left")\n'
        "ValueError: something else\n"
    )
    assert diagnosis.cause is not None and diagnosis.cause.code == "run.crash"
