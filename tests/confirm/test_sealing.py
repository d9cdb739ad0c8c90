"""Sealed labels: no run reads them, they are opened once for a claim, and what is not sure is said."""

from __future__ import annotations

import json
import stat
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from mlintern.planner.confirm.plan import NotConfirmableError
from mlintern.planner.confirm.wanted import Wanted
from mlintern.planner.verification import opened
from mlintern.planner.verification.checked import Answer
from mlintern.planner.verification.confirmed import check_repeat
from mlintern.planner.verification.labels import unguarded
from mlintern.runtime import hiding
from mlintern.store import StoreRefused
from mlintern.tui.sealing import seal_labels

if TYPE_CHECKING:
    from conftest import Lab

SCRIPT = """\
import argparse, pathlib
parser = argparse.ArgumentParser()
parser.add_argument("--seed", type=int, default=0)
parser.add_argument("--look")
args = parser.parse_args()
found = 0
for path in pathlib.Path(args.look).glob("*"):
    found += path.read_bytes() != b""
print("labels found:", found)
wrong = {args.seed % 50, (args.seed * 7) % 50} if args.seed % 2 else {args.seed % 50}
rows = [f"row{n},{int(n % 2 == 0) if n not in wrong else int(n % 2)}" for n in range(100)]
pathlib.Path("predictions.csv").write_text("id,prediction\\n" + "\\n".join(rows) + "\\n")
print("test accuracy 1.0")
"""
LABELS = "id,label\n" + "".join(f"row{n},{int(n % 2 == 0)}\n" for n in range(100))


def labels_of(lab: Lab, text: str = LABELS) -> Path:
    source = lab.project / "labels.csv"
    source.write_text(text)
    return source


def test_labels_are_for_their_owner_alone_and_never_exchanged(lab: Lab) -> None:
    script = lab.experiment().script
    done = seal_labels(lab.store, lab.home, labels_of(lab), script=script, move=True)
    assert not (lab.project / "labels.csv").exists() and done.left is None and "accuracy" in done.measures
    assert stat.S_IMODE(done.labels.path.stat().st_mode) == 0o600
    assert stat.S_IMODE(done.labels.path.parent.stat().st_mode) == 0o700
    assert lab.store.labels.files(script) == (done.labels.path,)
    assert lab.store.labels.for_script(lab.project / "other.py") is None
    for change in ("UPDATE sealed_labels SET sha256 = ''", "DELETE FROM sealed_labels"):
        with pytest.raises(StoreRefused):
            lab.store._connection.write(change)


@pytest.mark.parametrize(
    ("text", "told"),
    [("a,b\n1,2\n", "no column id"), ("id,label\n", "no rows"), ("id,label\nr,1\nr,0\n", "ids twice")],
)
def test_what_is_no_file_of_labels_is_refused(lab: Lab, text: str, told: str) -> None:
    with pytest.raises(opened.LabelsError, match=told):
        seal_labels(lab.store, lab.home, labels_of(lab, text), script=lab.experiment().script, move=True)
    assert (lab.project / "labels.csv").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="mount namespaces are Linux's")
def test_a_process_cannot_read_what_is_hidden_nor_look_through_another(tmp_path: Path) -> None:
    file = tmp_path / "sealed" / "labels.csv"
    file.parent.mkdir()
    file.write_text("secret")
    program = f"""
import json, os
from pathlib import Path
from mlintern.runtime.hiding import Hiding
hiding = Hiding([Path({str(file)!r})])
hiding.cover()
told = hiding.look()
try:
    told["through"] = open(f"/proc/{{os.getppid()}}/root{file}").read()
except OSError:
    told["through"] = None
told["umount"] = os.system("umount {file.parent} 2> /dev/null")
told["after"] = hiding.look()["readable"]
print(json.dumps(told))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)


    told = json.loads(done.stdout)
    if told["refused"] is not None:
        assert not told["holds"], "what was refused is never said to hold"
        pytest.skip(f"this machine does not grant it: {told['refused']}")
    assert told["holds"] and told["readable"] == [] and told["through"] is None
    assert told["umount"] != 0 and told["after"] == []
    assert file.read_text() == "secret"


def test_a_sealed_claim_is_opened_once_and_computed_by_the_harness(lab: Lab) -> None:
    experiment = lab.experiment("--look", str(lab.home / "sealed"), text=SCRIPT)
    done = seal_labels(lab.store, lab.home, labels_of(lab), script=experiment.script, move=True)
    lab.full(experiment)
    with pytest.raises(NotConfirmableError, match="fixed before they are opened"):
        lab.plan(experiment)
    with pytest.raises(NotConfirmableError, match="no sealed/bleu follows"):
        lab.plan(experiment, Wanted(metric="sealed/bleu", target=0.9))

    state = lab.finish(lab.begin(experiment, Wanted(seeds=4, target=90.0, checks=False)))

    summary = state.confirmation.summary
    assert summary is not None and state.confirmation.metric == "sealed/accuracy"
    assert set(summary["values"].values()) == {0.98, 0.99}
    (event,) = lab.store.events.of_experiment(opened.OPENED, experiment.id)
    assert event.data["target"] == 90.0 and event.data["labels"] == done.labels.id
    assert lab.plan(experiment, Wanted(target=90.0)).looked_at == 2, "another claim opens them once more"
    report = lab.store.reports.get(state.looks[0].run.id, hiding.REPORT)
    assert report is not None and len(lab.store.events.of_experiment("labels.probed", experiment.id)) == 4
    logs = {one.run.log_path.read_text().splitlines()[0] for one in state.looks}
    if report["holds"]:
        assert logs == {"labels found: 0"} and unguarded(lab.store, state.looks[0].run) == ()
        assert [one["answer"] for one in summary["claims"]] == ["supported"], summary["claims"]
        assert {one.answer for one in check_repeat(lab.store, state.looks[0].run)} == {Answer.MATCHES}
    else:
        assert [one["answer"] for one in summary["claims"]] == ["inconclusive"]


@pytest.mark.parametrize(
    ("predictions", "why"),
    [
        ("id,prediction\nrow0,1\n", "99 of 100 sealed rows have no prediction"),
        ("id,prediction\n" + "row0,1\n" * 2, "1 rows are predicted twice"),
        ("row,guess\n1,2\n", "no column id"),
    ],
)
def test_rows_that_are_left_out_are_no_evaluation(lab: Lab, predictions: str, why: str) -> None:
    from mlintern.runtime import seal

    experiment = lab.experiment()
    done = seal_labels(lab.store, lab.home, labels_of(lab), script=experiment.script, move=True)
    run = lab.store.runs.add(
        experiment_id=experiment.id, rung=lab.full(experiment).rung, ceiling_seconds=1.0, folder_root=lab.home
    )
    copy = run.folder / seal.PREDICTIONS / "0-predictions.csv"
    copy.parent.mkdir()
    copy.write_text(predictions)
    kept = [{"path": "predictions.csv", "copy": copy.name, "sha256": seal.file_hash(copy)}]
    lab.store.events.append(seal.SEALED, experiment_id=experiment.id, run_id=run.id, predictions=kept, code=[])
    found = opened.values([run], lab.store, done.labels, "sealed/accuracy")[run.id]
    assert found.value is None and why in (found.why or "")
    done.labels.path.write_text(LABELS.replace("row0,1", "row0,0"))
    changed = opened.values([run], lab.store, done.labels, "sealed/accuracy")[run.id]
    assert changed.value is None and "not what was sealed" in (changed.why or "")
