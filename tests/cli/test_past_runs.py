"""`history`, `show`, `compare` and `logs` on a store that was filled by hand."""

from __future__ import annotations

import hashlib
import math
import subprocess
from pathlib import Path

import pytest
from mlintern.store import Store
from mlintern.store.records import Decision, Interval, Metric, RungName, RunStatus, Severity

from .conftest import COMMAND, Mlintern, environment

EVIL = b"epoch 1\n\xff\xfe \x1b[2J\x07 not text\nlast line without an end"

ENDS = {
    1: (RunStatus.DONE, None, 0.5),
    2: (RunStatus.FAILED, "ValueError: \x1b[31mred\x1b[0m", math.nan),
}


@pytest.fixture
def filled(home: Path, folder: Path) -> None:
    """Three runs of two experiments: a rehearsal and two full runs, one with a loss that is not a number."""
    with Store.open(home) as store:
        for number, rate in enumerate(("0.1", "0.2"), start=1):
            experiment = store.experiments.add(
                name="train.py", script=folder / "train.py", module=None, args=("--lr", rate), working_dir=folder,
                python=Path("/env/bin/python"), fingerprint="f" * 64,
            )  # fmt: skip
            if number == 1:
                rehearsal = store.runs.add(
                    experiment_id=1, rung=RungName.REHEARSAL, ceiling_seconds=60.0, folder_root=home
                )
                store.runs.update(rehearsal.id, status=RunStatus.DONE, last_loss=7.77, wall_seconds=3.0)
                store.metrics.add(rehearsal.id, [Metric("loss", 1, 7.77)])
            forecast = store.forecasts.add(
                experiment_id=experiment.id, rung=RungName.FULL, seconds=Interval(80.0, 100.0, 120.0), steps=500,
                peak_host_bytes=Interval(1e9, 1.1e9, 1.2e9), unknown=("usd: no price set",),
            )  # fmt: skip
            token = hashlib.sha256(b"token").hexdigest()
            store.approvals.add(
                experiment_id=experiment.id, rung=RungName.FULL, forecast_id=forecast.id, decision=Decision.APPROVED,
                ceiling_seconds=300.0, reason=None, decided_by="flag", token_hash=token,
            )  # fmt: skip
            run = store.runs.add(
                experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=300.0, folder_root=home
            )
            store.approvals.use(run.id, "token")
            status, reason, loss = ENDS[number]
            store.runs.update(run.id, status=status, reason=reason, last_loss=loss, wall_seconds=90.0 + number)
            store.metrics.add(run.id, [Metric("test accuracy", 10, 0.9), Metric("loss", 10, run.id / 2)])
            run.log_path.write_bytes(EVIL)
        store.metrics.add(run.id, [Metric("val_loss", 10, math.nan)])
        store.findings.add(
            experiment_id=2, run_id=run.id, code="run.crash", severity=Severity.ERROR, rung=RungName.FULL,
            message="it broke", evidence=({"text": "x"},), file="train.py", line=3, fix="mend it",
        )  # fmt: skip


@pytest.mark.usefixtures("filled")
def test_history_lists_and_filters(mlintern: Mlintern) -> None:
    everything = mlintern("history", "--json").json("history")
    assert [one["run"] for one in everything["runs"]] == [3, 2, 1]
    assert everything["total"] == 3
    failed = mlintern("history", "status:failed", "rung:full", "--json").json("history")
    assert [(one["run"], one["args"]) for one in failed["runs"]] == [(3, ["--lr", "0.2"])]
    assert failed["runs"][0]["last_loss"] is None
    assert failed["runs"][0]["forecast_seconds"] == {"low": 80.0, "mid": 100.0, "high": 120.0}
    others = mlintern("history", "--json", "--", "-status:failed").json("history")
    assert [one["run"] for one in others["runs"]] == [2, 1]
    limited = mlintern("history", "--limit", "1", "--json").json("history")
    assert (len(limited["runs"]), limited["total"]) == (1, 3)
    lines = mlintern("history").out.splitlines()
    assert len(lines) == 4
    assert "train.py" in lines[1] and "failed" in lines[1] and "--lr 0.2" in lines[1]


@pytest.mark.usefixtures("filled")
def test_the_metrics_of_a_rehearsal_are_never_results(mlintern: Mlintern) -> None:
    for words in (("history",), ("show", "1"), ("compare", "1", "2")):
        assert "7.77" not in mlintern(*words).out
        assert "7.77" not in mlintern(*words, "--json").out


@pytest.mark.usefixtures("filled")
def test_show_tells_everything_about_a_run(mlintern: Mlintern) -> None:
    content = mlintern("show", "3", "--json").json("show")
    assert content["run"]["status"] == "failed"
    assert content["approvals"][0]["used_by_run"] == 3
    assert content["forecast"]["peak_host_bytes"]["mid"] == 1_100_000_000
    assert "usd: no price set" in content["forecast"]["unknown"]
    assert any(one.startswith("energy_joules: ") for one in content["forecast"]["unknown"])
    assert [one["code"] for one in content["findings"]] == ["run.crash"]
    values = {one["name"]: (one["value"], one.get("text")) for one in content["metrics"]}
    assert values["test accuracy"] == (0.9, None)
    assert values["val_loss"] == (None, "nan")
    text = mlintern("show", "3").out
    assert "run 3: " in text and "ValueError: red" in text and "\x1b" not in text
    assert "forecast 1m40s" in text and "error: run.crash: it broke (train.py:3)" in text
    assert content["findings"][0]["command"].endswith(" --to full --fresh --python /env/bin/python -- --lr 0.2")
    assert "finding 1 again: mlintern run train.py --to full --fresh" in text
    assert "hyperparameters: the code was not inspected yet" in text and content["hyperparameters"] == []


@pytest.mark.usefixtures("filled")
def test_compare_tells_what_differs(mlintern: Mlintern) -> None:
    content = mlintern("compare", "2", "3", "--json").json("compare")
    rows = {one["name"]: one for one in content["differences"]}
    assert rows["--lr"] == {"name": "--lr", "values": ["0.1", "0.2"], "differs": True}
    assert rows["python"]["differs"] is False
    text = mlintern("compare", "2", "3", "2").out
    assert "--lr" in text and "/env/bin/python" not in text
    assert mlintern("compare", "2", "2").code == 2


@pytest.mark.usefixtures("filled")
def test_logs_are_passed_on_byte_for_byte(mlintern: Mlintern, home: Path, folder: Path) -> None:
    done = subprocess.run([*COMMAND, "logs", "2"], capture_output=True, check=True, cwd=folder, env=environment(home))
    assert done.stdout == EVIL
    (home / "runs" / "2" / "output.log").unlink()
    assert "nothing" in mlintern("logs", "2").err


@pytest.mark.usefixtures("filled")
def test_a_reader_that_goes_away_is_no_error(home: Path, folder: Path) -> None:
    (home / "runs" / "2" / "output.log").write_bytes(b"line\n" * 1_000_000)
    process = subprocess.Popen(
        [*COMMAND, "logs", "2"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=folder, env=environment(home)
    )
    assert process.stdout is not None and process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    told = process.stderr.read()
    process.stderr.close()
    assert process.wait(timeout=30) == 0
    assert told == b""


@pytest.mark.usefixtures("filled")
def test_what_the_guard_said_is_in_show_and_beside_the_log(mlintern: Mlintern, home: Path) -> None:
    with Store.open(home) as store:
        words = "host memory is full in about 34 s: \x1b[31mit grows"
        store.events.append("run.memory", run_id=2, level="warning", resource="host", words=words)
    assert "memory: host memory is full in about 34 s: it grows\n" in mlintern("show", "2").out
    (said,) = mlintern("show", "2", "--json").json("show")["memory"]
    assert (said["level"], said["resource"]) == ("warning", "host")
    assert mlintern("show", "3", "--json").json("show")["memory"] == []
    log = subprocess.run([*COMMAND, "logs", "2"], capture_output=True, check=True, env=environment(home))
    assert log.stdout == EVIL and b"memory: host memory is full in about 34 s" in log.stderr
