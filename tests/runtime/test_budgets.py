"""What of each budget is spent, held and left; and runs that the supervisor itself stops where one is used up."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from mlintern.runtime import launch
from mlintern.runtime.budgets import Unit, accounts
from mlintern.runtime.gate import admit, within_budget
from mlintern.runtime.money import cost_usd, least_cost_usd
from mlintern.runtime.protocol import Isolation, Limits, ProbeMode, ProbeSettings
from mlintern.store import NotApproved
from mlintern.store.records import Run, RungName, RunStatus

if TYPE_CHECKING:
    from pathlib import Path

    from conftest import Lab

TOKEN = "the secret of the approval"
GIB = 1 << 30


def ended(lab: Lab, run: Run, **used: Any) -> Run:
    """An earlier run of the same experiment that has ended."""
    earlier = lab.store.runs.add(
        experiment_id=run.experiment_id, rung=RungName.PILOT, ceiling_seconds=100.0, folder_root=lab.home
    )
    return lab.store.runs.update(earlier.id, status=RunStatus.DONE, started_at=1.0, wall_seconds=20.0, **used)


def admitted(lab: Lab, run: Run, limits: Limits = Limits()) -> Limits:  # noqa: B008  # frozen
    return admit(lab.store, run, token=TOKEN, limits=limits, isolation=Isolation.NONE)


def test_what_is_left_of_every_budget_becomes_a_limit_whatever_the_launch_file_says(lab: Lab) -> None:
    run = lab.new_run(lab.script(""), ceiling=3600.0)
    ended(lab, run, gpu_seconds=40.0, energy_joules=1000.0, usd=0.25)
    lab.store.experiments.update(
        run.experiment_id, budget_seconds=120.0, budget_gpu_seconds=100.0, budget_joules=5000.0, budget_usd=1.0
    )
    limits = admitted(lab, run, Limits(wall_seconds=9e9, gpu_seconds=9e9, energy_joules=9e9, usd=9e9, host_bytes=5))
    assert limits == Limits(
        wall_seconds=100.0, gpu_seconds=60.0, energy_joules=4000.0, usd=0.75, host_bytes=5, grace_seconds=10.0
    )


def test_without_budgets_the_approval_alone_limits(lab: Lab) -> None:
    run = lab.new_run(lab.script(""), ceiling=30.0)
    assert admitted(lab, run, Limits(usd=1.0)) == Limits(wall_seconds=30.0)


@pytest.mark.parametrize("budget", [{"budget_usd": 0.25}, {"budget_joules": 999.0}, {"budget_seconds": 20.0}])
def test_a_budget_that_is_used_up_admits_nothing_and_spends_no_approval(lab: Lab, budget: dict[str, float]) -> None:
    run = lab.new_run(lab.script(""), ceiling=30.0)
    ended(lab, run, gpu_seconds=40.0, energy_joules=1000.0, usd=0.25)
    lab.store.experiments.update(run.experiment_id, **budget)  # type: ignore[arg-type]
    with pytest.raises(NotApproved, match="nothing is left of the budget"):
        admitted(lab, run)
    (approval,) = lab.store.approvals.for_experiment(run.experiment_id)
    assert approval.used_by_run_id is None


def test_a_raised_ceiling_goes_no_further_than_the_budget_in_time(lab: Lab) -> None:
    run = lab.new_run(lab.script(""), ceiling=30.0)
    assert within_budget(lab.store, run, 500.0) == 500.0
    ended(lab, run)
    lab.store.experiments.update(run.experiment_id, budget_seconds=120.0)
    assert within_budget(lab.store, run, 500.0) == 100.0
    assert within_budget(lab.store, run, 60.0) == 60.0


def test_a_free_rung_counts_against_no_budget(lab: Lab) -> None:
    run = lab.new_run(lab.script(""), rung=RungName.REHEARSAL, ceiling=None)
    lab.store.runs.update(run.id, status=RunStatus.DONE, started_at=1.0, wall_seconds=20.0, usd=3.0)
    standing = accounts(lab.store.experiments.get(run.experiment_id), lab.store.runs.for_experiment(run.experiment_id))
    assert {account.spent for account in standing.values()} == {0.0}


def test_what_an_ended_run_used_nobody_knows_is_named(lab: Lab) -> None:
    run = lab.new_run(lab.script(""), ceiling=30.0)
    earlier = ended(lab, run, gpu_seconds=40.0, usd=0.25)
    never_started = lab.store.runs.add(
        experiment_id=run.experiment_id, rung=RungName.PILOT, ceiling_seconds=100.0, folder_root=lab.home
    )
    lab.store.runs.update(never_started.id, status=RunStatus.FAILED)
    runs = [one for one in lab.store.runs.for_experiment(run.experiment_id) if one.id != run.id]
    standing = accounts(lab.store.experiments.get(run.experiment_id), runs)
    assert standing[Unit.ENERGY].unknown_runs == (earlier.id,)
    assert {unit for unit, account in standing.items() if account.unknown_runs} == {Unit.ENERGY}


def test_a_run_under_way_holds_the_most_that_it_may_use(lab: Lab) -> None:
    run = lab.new_run(lab.script(""), ceiling=30.0)
    experiment = lab.store.experiments.update(run.experiment_id, budget_usd=5.0, budget_joules=100.0)
    under_way = lab.store.runs.update(run.id, status=RunStatus.RUNNING, ceiling_seconds=1800.0, usd_per_hour=2.0)
    standing = accounts(experiment, [under_way])
    assert (standing[Unit.USD].reserved, standing[Unit.USD].left) == (1.0, 4.0)
    assert (standing[Unit.ENERGY].reserved, standing[Unit.ENERGY].left) == (math.inf, 0.0)
    with_electricity = lab.store.runs.update(run.id, usd_per_kwh=0.3)
    assert accounts(experiment, [with_electricity])[Unit.USD].left == 0.0


def test_money_is_hours_and_kilowatt_hours_and_unknown_where_a_priced_part_is() -> None:
    assert cost_usd(1800, 7.2e6, usd_per_hour=1.2, usd_per_kwh=0.3) == pytest.approx(0.6 + 0.6)
    assert cost_usd(1800, None, usd_per_hour=1.2, usd_per_kwh=None) == pytest.approx(0.6)
    assert cost_usd(1800, None, usd_per_hour=1.2, usd_per_kwh=0.3) is None
    assert least_cost_usd(1800, None, usd_per_hour=1.2, usd_per_kwh=0.3) == pytest.approx(0.6)
    assert cost_usd(1800, 1.0, usd_per_hour=None, usd_per_kwh=None) is None
    assert cost_usd(1800, 1.0, usd_per_hour=0.0, usd_per_kwh=None) == 0.0


# -- real runs -------------------------------------------------------------------------------------------------------

SAVES = """
import os, signal, sys, time
def save(*_):
    print("asked to end", flush=True)
    sys.exit(0)
signal.signal(signal.SIGTERM, save)
"""
USES_A_GPU = SAVES + """
joules, began = 0, time.monotonic()
while True:
    joules = 300 * (time.monotonic() - began)
    line = f"A100 {80 << 30} {21 << 30} 95 %s 55 %s {os.getpid()} {20 << 30}\\n"
    with open("state", "w") as file:
        file.write(line.replace("COUNTER", f"energy={joules * 1000:.0f}"))
    os.replace("state", os.environ["FAKE_NVML_STATE"])
    time.sleep(0.02)
"""
BEFORE = f"A100 {80 * GIB} {GIB} 0 60000 30\n"


def spending_run(lab: Lab, script: str, budget: dict[str, float], **prices: float) -> Run:
    """A run of an experiment with budgets, at a price; to its end."""
    run = lab.new_run(lab.script(script), ceiling=60.0)
    lab.store.experiments.update(run.experiment_id, **budget)  # type: ignore[arg-type]
    lab.store.runs.update(run.id, **prices)  # type: ignore[arg-type]
    launch.start(
        lab.home, run.id, lab.command(lab.project / "train.py"), limits=Limits(grace_seconds=5),
        isolation=Isolation.NONE, probe=ProbeSettings(ProbeMode.OFF), token=TOKEN,
    )  # fmt: skip
    return lab.wait(run)


def limits_of(lab: Lab, run: Run) -> list[tuple[str, str]]:
    return [(event.data["limit"], event.data["level"]) for event in lab.events(run) if event.kind == "run.limit"]


def test_a_run_that_has_used_up_the_money_is_stopped_and_may_save(lab: Lab) -> None:
    run = spending_run(lab, SAVES + "signal.pause()", {"budget_usd": 0.01}, usd_per_hour=36.0)
    assert run.status is RunStatus.STOPPED
    assert run.reason is not None and run.reason.startswith("ceiling: $0.01")
    assert run.reason.endswith("were left of the budget in money")
    assert lab.log(run) == b"asked to end\n"
    assert run.usd is not None and run.wall_seconds is not None
    assert run.usd == pytest.approx(run.wall_seconds * 0.01)
    assert 0.01 <= run.usd < 0.05


def test_a_run_within_its_money_is_let_alone(lab: Lab) -> None:
    run = spending_run(lab, "", {"budget_usd": 5.0, "budget_gpu_seconds": 1.0, "budget_joules": 1.0}, usd_per_hour=1.0)
    assert (run.status, limits_of(lab, run)) == (RunStatus.DONE, [])
    assert run.usd is not None and 0 < run.usd < 0.01
    assert (run.gpu_seconds, run.energy_joules) == (0.0, None)


def test_money_without_a_price_is_unknown_and_stops_nothing(lab: Lab) -> None:
    run = spending_run(lab, "", {"budget_usd": 0.000001})
    assert (run.status, run.usd) == (RunStatus.DONE, None)


def test_electricity_that_is_not_measured_leaves_the_money_unknown_but_the_hours_still_count(lab: Lab) -> None:
    run = spending_run(lab, SAVES + "signal.pause()", {"budget_usd": 0.01}, usd_per_hour=36.0, usd_per_kwh=0.3)
    assert (run.status, run.usd) == (RunStatus.STOPPED, None)
    assert limits_of(lab, run)[-1] == ("usd", "over")


def test_energy_of_the_counter_is_measured_and_stops_the_run(lab: Lab, state: Path) -> None:
    state.write_text(BEFORE.replace("\n", " energy=0\n"))
    run = spending_run(lab, USES_A_GPU % ("999000", "COUNTER"), {"budget_joules": 450.0}, usd_per_kwh=0.36)
    assert run.status is RunStatus.STOPPED
    assert run.reason is not None and run.reason.endswith("0.45 kJ were left of the budget in energy")
    assert lab.log(run) == b"asked to end\n"
    assert run.energy_joules is not None and 450 <= run.energy_joules < 2000
    assert run.usd == pytest.approx(run.energy_joules * 1e-7)
    report = lab.store.reports.get(run.id, "gpu_use")
    assert report is not None and report["energy_source"] == "counter"
    # The counter grew by 300 W: the power reading of 999 W was not used.
    assert run.energy_joules / report["seconds"] < 600


def test_energy_of_the_power_reading_where_there_is_no_counter(lab: Lab, state: Path) -> None:
    state.write_text(BEFORE)
    run = spending_run(lab, USES_A_GPU % ("250000", ""), {"budget_joules": 300.0})
    assert run.reason is not None and run.reason.endswith("0.3 kJ were left of the budget in energy")
    report = lab.store.reports.get(run.id, "gpu_use")
    assert report is not None and report["energy_source"] == "power"
    assert run.gpu_seconds is not None and run.gpu_seconds == pytest.approx(report["seconds"])


def test_gpu_hours_stop_the_run_and_the_counts_go_to_the_end(lab: Lab, state: Path) -> None:
    state.write_text(BEFORE)
    run = spending_run(lab, USES_A_GPU % ("-", ""), {"budget_gpu_seconds": 1.5})
    assert run.reason is not None and run.reason.endswith("were left of the budget in GPU-hours")
    assert run.gpu_seconds is not None and run.wall_seconds is not None
    assert 1.5 <= run.gpu_seconds <= run.wall_seconds
    assert run.energy_joules is None
