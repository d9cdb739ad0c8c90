"""What runs cost, on the command line: the price that holds, budgets in four units, and a file that is broken."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.store import Store
from mlintern.store.records import Interval, RungName, RunStatus

from .conftest import Mlintern

TRAIN = """
import torch
model = torch.nn.Linear(4, 2)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
for step in range(300):
    opt.zero_grad(); model(torch.randn(8, 4)).sum().backward(); opt.step()
"""


def write_price(home: Path, text: str) -> None:
    home.mkdir(exist_ok=True)
    (home / "config.toml").write_text(text)


def test_money_is_forecast_held_to_its_budget_and_told(mlintern: Mlintern, folder: Path, home: Path) -> None:
    (folder / "train.py").write_text(TRAIN)
    write_price(home, "[price]\nusd_per_hour = 36.0\n")
    checked = mlintern("check", "train.py", "--json").json("check")
    forecast = checked["forecast"]
    assert forecast["usd"]["mid"] == pytest.approx(forecast["seconds"]["mid"] * 0.01)
    assert forecast["gpu_seconds"] == {"low": 0.0, "mid": 0.0, "high": 0.0}
    assert forecast["energy_joules"] is None

    words = ("run", "train.py", "--to", "pilot", "--json", "--approve", "pilot=1m")
    refused = mlintern(*words, "--budget", "1h,$0.50")
    assert refused.code == 3
    assert "costs $0.60" in refused.json("run")["asks"]["why"]

    done = mlintern(*words, "--budget", "$5", "--budget", "3gpuh")
    assert done.code == 0, done.err
    content = done.json("run")
    budgets = {one["unit"]: one for one in content["budgets"]}
    assert (budgets["usd"]["budget"], budgets["gpu_seconds"]["budget"]) == (5.0, 10_800.0)
    assert 0 < budgets["usd"]["spent"] < 0.6 and budgets["energy_joules"]["budget"] is None
    run = str(content["runs"][-1])
    shown = mlintern("show", run, "--json").json("show")
    assert shown["run"]["usd"] == pytest.approx(shown["run"]["wall_seconds"] * 0.01)
    assert (shown["run"]["usd_per_hour"], shown["energy_source"]) == (36.0, None)
    assert shown["experiment"]["budget_usd"] == 5.0
    text = mlintern("show", run).out
    assert "price $36 an hour" in text and "energy unknown" in text

    ahead = mlintern("run", "train.py", "--json", "--approve", "full=1m", "--budget", "2kWh")
    assert ahead.code == 3
    assert "budget in energy" in ahead.json("run")["asks"]["why"]


@pytest.mark.parametrize("command", ["check", "run"])
def test_a_broken_configuration_starts_nothing(mlintern: Mlintern, folder: Path, home: Path, command: str) -> None:
    (folder / "train.py").write_text(TRAIN)
    write_price(home, "[price]\nusd_per_hour = -3\n")
    done = mlintern(command, "train.py")
    assert (done.code, done.out) == (2, "")
    assert f"{home}/config.toml, line 2: usd_per_hour is from 0" in done.err and "for example" in done.err
    assert mlintern(command, "train.py", "--json").error["code"] == "config"
    assert [path.name for path in home.iterdir()] == ["config.toml"]


def test_a_broken_configuration_is_told_and_stops_no_looking(mlintern: Mlintern, folder: Path, home: Path) -> None:
    with Store.open(home) as store:
        experiment = store.experiments.add(
            name="train.py", script=folder / "train.py", module=None, args=(), working_dir=folder,
            python=Path("/env/bin/python"), fingerprint="f" * 64,
        )  # fmt: skip
        store.forecasts.add(
            experiment_id=experiment.id, rung=RungName.FULL, usd=Interval(0.2, 0.24, 0.3),
            energy_joules=Interval(8000.0, 8800.0, 9900.0),
        )  # fmt: skip
        run = store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=9.0, folder_root=home)
        store.runs.update(
            run.id, status=RunStatus.DONE, started_at=1.0, wall_seconds=9.0, energy_joules=9000.0, gpu_seconds=18.0,
            usd=0.25, usd_per_hour=100.0,
        )  # fmt: skip
        store.reports.put(run.id, "gpu_use", {"seconds": 9.0, "energy_source": "counter"})
        other = store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=9.0, folder_root=home)
        store.runs.update(other.id, status=RunStatus.DONE, wall_seconds=9.0, usd_per_hour=1.0)
    write_price(home, "price = 3\n")
    for words in (("history",), ("show", "1"), ("history", "--json"), ("show", "1", "--json")):
        done = mlintern(*words)
        assert done.code == 0
        assert "config.toml, line 1: price is a table" in done.err
    assert "$0.25" in mlintern("history").out
    text = mlintern("show", "1").out
    assert "GPUs 18 GPU-s, energy 9.0 kJ (the GPU's counter), forecast 8.8 kJ [8.0–9.9]" in text
    assert "money $0.25, forecast $0.24 [$0.20–$0.30], price $100 an hour" in text
    compared = mlintern("compare", "1", "2", "--json").json("compare")
    rows = {row["name"]: row["values"] for row in compared["differences"]}
    assert (rows["energy meter"], rows["price an hour"]) == (["counter", "—"], ["$100", "$1"])
    doctor = mlintern("doctor")
    assert doctor.code == 0
    assert "warning: price: " in doctor.out and "price is a table" in doctor.out


def test_doctor_tells_the_price_and_where_it_comes_from(mlintern: Mlintern, home: Path) -> None:
    write_price(home, '[price]\nkind = "h100-80gb"\nusd_per_kwh = 0.3\n')
    content = mlintern("doctor", "--json").json("doctor")
    assert content["price"]["usd_per_kwh"] == 0.3
    assert "example rate for h100-80gb" in content["price"]["source"] and "no offer" in content["price"]["source"]
    assert "price" not in [one["topic"] for one in content["missing"]]
