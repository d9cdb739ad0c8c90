"""A run that ends is sealed by its supervisor: what it printed, what it wrote, and what ran."""

from __future__ import annotations

import os
from hashlib import sha256

from mlintern.runtime import seal
from mlintern.store.records import RungName

from .conftest import Lab


def test_a_full_run_is_sealed_with_its_log_code_and_predictions(lab: Lab) -> None:
    (lab.project / "predictions_old.csv").write_text("id,label,prediction\n1,a,a\n")
    os.utime(lab.project / "predictions_old.csv", (1, 1))
    run = lab.run(
        """
        print("test accuracy: 0.5")
        open("predictions.csv", "w").write("id,label,prediction\\n1,a,a\\n2,a,b\\n")
        """
    )
    held = seal.sealed(lab.store, run.id)
    assert run.rung is RungName.FULL and held is not None
    assert held["log"] == {"sha256": sha256(b"test accuracy: 0.5\n").hexdigest(), "bytes": 19}
    assert held["record"] == seal.record({name: getattr(run, name) for name in seal.FIELDS})
    assert (held["metrics"]["sha256"], held["metrics"]["count"]) == lab.store.metrics.digest(run.id)
    (kept,) = held["predictions"]
    copy = run.folder / seal.PREDICTIONS / kept["copy"]
    assert copy.read_bytes() == (lab.project / "predictions.csv").read_bytes()
    assert kept["sha256"] == seal.file_hash(copy)
    assert [one["sha256"] for one in held["code"]] == [seal.file_hash(lab.project / "train.py")]


def test_any_change_to_a_metric_changes_its_digest(lab: Lab) -> None:
    run = lab.run("print('loss 0.25 at step 7')")
    before = lab.store.metrics.digest(run.id)
    assert before[1] == 1
    lab.store._connection.write("UPDATE metrics SET value = 0.2500000001")
    assert lab.store.metrics.digest(run.id)[0] != before[0]
