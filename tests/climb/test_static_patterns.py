"""What the static rung finds silently wrong is a finding, and does not stop the climb; its census is kept."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mlintern.planner.inspections import hyperparameters
from mlintern.planner.provenance import Origin
from mlintern.store import Store
from mlintern.store.records import RungName, RungStatus, Severity


def test_a_silent_fault_is_an_error_and_the_climb_goes_on(store: Store, climber: Any, project: Path) -> None:
    script = project / "train.py"
    script.write_text(script.read_text().replace("opt.zero_grad(); ", ""))
    climb = climber.open(store)

    climb.start(RungName.STATIC)

    (found,) = (one for one in store.findings.for_experiment(climb.experiment.id) if one.severity is Severity.ERROR)
    assert (found.code, found.rung, found.file, found.line) == ("optim.zero_grad", RungName.STATIC, "train.py", 12)
    assert store.rungs.all(climb.experiment.id)[RungName.STATIC].status is RungStatus.PASSED


def test_the_hyperparameters_of_an_experiment_are_found_again(store: Store, climber: Any) -> None:
    climb = climber.open(store)
    climb.start(RungName.STATIC)

    rows = {(one.callee, one.name): one for one in hyperparameters(store, climb.experiment)}

    assert rows["torch.optim.SGD", "lr"].value == 0.1
    assert rows["torch.optim.SGD", "lr"].origin is Origin.UNKNOWN
    assert rows["torch.optim.SGD", "lr"].file == "train.py"
    assert rows["torch.optim.SGD", "momentum"].origin is Origin.LIBRARY
