"""The command that shows a finding again: what it says is understood as what was climbed."""

from __future__ import annotations

import shlex
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.again import command_again
from mlintern.store.records import Experiment, Finding, RungName, Severity
from mlintern.tui.arguments import parser

EXPERIMENT = Experiment(
    id=1, name="train.py", script=Path("/home/ada/my digits/train.py"), module=None, args=(),
    working_dir=Path("/home/ada/my digits"), python=Path("/env/bin/python"), fingerprint="f", declared_steps=None,
    budget_seconds=None, created_at=0.0,
)  # fmt: skip
HERE = EXPERIMENT.working_dir


def found(rung: RungName) -> Finding:
    return Finding(1, 1, None, "optim.lr", Severity.ERROR, rung, "m", (), None, None, None)


def test_a_free_rung_is_checked_again_and_one_that_costs_is_run_afresh() -> None:
    assert command_again(found(RungName.REHEARSAL), EXPERIMENT, here=HERE) == (
        "mlintern check train.py --to rehearsal --python /env/bin/python"
    )
    assert command_again(found(RungName.PILOT), EXPERIMENT, here=HERE) == (
        "mlintern run train.py --to pilot --fresh --python /env/bin/python"
    )


def test_anywhere_else_it_goes_to_the_folder_first() -> None:
    told = command_again(found(RungName.STATIC), EXPERIMENT)

    assert told.startswith("cd '/home/ada/my digits' && mlintern check train.py ")
    assert command_again(found(RungName.STATIC), EXPERIMENT, here=Path("/tmp")) == told


def understood(experiment: Experiment, rung: RungName) -> tuple[Any, list[str]]:
    """What our own command line makes of it."""
    program, *words = shlex.split(command_again(found(rung), experiment, here=HERE))
    assert program == "mlintern"
    at = words.index("--") if "--" in words else len(words)
    return parser().parse_args(words[:at]), words[at + 1 :]


@pytest.mark.parametrize("rung", [RungName.STATIC, RungName.OVERFIT, RungName.FULL])
def test_limits_and_arguments_are_understood_as_they_were_given(rung: RungName) -> None:
    args = ("--name", "it's; rm -rf $HOME", "--", "")
    limited = replace(
        EXPERIMENT, args=args, declared_steps=500, host_limit_bytes=8 * 10**9, disk_limit_bytes=3 << 20,
        device_limit_bytes=1_000_000_007,
    )  # fmt: skip
    options, given = understood(limited, rung)

    assert tuple(given) == args
    assert (options.script, options.to, options.python) == ("train.py", str(rung), "/env/bin/python")
    assert options.steps == 500
    assert (options.memory, options.disk, options.gpu_memory) == (8 * 10**9, 3 << 20, 1_000_000_007)
    assert (options.command, getattr(options, "fresh", False)) == (
        ("run", True) if rung is RungName.FULL else ("check", False)
    )


def test_a_module_and_a_script_elsewhere_are_named_so_that_they_are_found() -> None:
    module, _ = understood(replace(EXPERIMENT, module="digits.train"), RungName.STATIC)
    elsewhere, _ = understood(replace(EXPERIMENT, script=Path("/opt/train.py")), RungName.STATIC)
    dashed, _ = understood(replace(EXPERIMENT, script=HERE / "-x.py"), RungName.STATIC)

    assert (module.module, module.script) == ("digits.train", None)
    assert elsewhere.script == "/opt/train.py"
    assert dashed.script == "./-x.py"
