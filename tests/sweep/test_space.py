"""What may be varied: as a person writes it, and as it is proposed."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.planner.provenance import table
from mlintern.planner.sweep.space import Parameter, SpaceError, from_json, length_of, parse, propose, seed_flag_of
from mlintern.planner.sweep.stated import StatedSweep, stated_sweep
from mlintern.runtime.options import ScriptOption, given, script_options, with_values
from mlintern.runtime.printing import printed_names
from mlintern.runtime.project import script_target

SCRIPT = """
import argparse
p = argparse.ArgumentParser()
p.add_argument("--lr", type=float, default=1e-3)
p.add_argument("-b", "--batch-size", type=int, default=32)
p.add_argument("--epochs", type=int, default=20)
p.add_argument("--optimizer", choices=["sgd", "adam"], default="sgd")
p.add_argument("--fast", action="store_true")
p.add_argument("--seed", type=int, default=0)
a = p.parse_args()
acc = 0.0
print(f"epoch {a.epochs} val_acc={acc:.3f}")
print("test accuracy: %.2f" % acc)
print("val loss", acc)
"""


@pytest.fixture
def options(tmp_path: Path) -> tuple[ScriptOption, ...]:
    (tmp_path / "train.py").write_text(SCRIPT)
    return script_options(script_target(Path("train.py"), (), working_dir=tmp_path))


def test_options_are_read_from_the_source(options: tuple[ScriptOption, ...]) -> None:
    assert [(one.name, one.flag, one.kind, one.default) for one in options] == [
        ("lr", "--lr", "float", 1e-3),
        ("batch_size", "--batch-size", "int", 32),
        ("epochs", "--epochs", "int", 20),
        ("optimizer", "--optimizer", "str", "sgd"),
        ("seed", "--seed", "int", 0),
    ]
    assert options[3].choices == ("sgd", "adam")


def test_metrics_that_would_be_printed_are_read_from_the_source(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(SCRIPT)
    names = printed_names(script_target(Path("train.py"), (), working_dir=tmp_path))
    assert names == ("val acc", "test accuracy", "val loss")


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("lr=1e-5..1e-2:log", Parameter("lr", "--lr", "float", 1e-5, 1e-2, True, default=1e-3)),
        ("lr=0..1", Parameter("lr", "--lr", "float", 0.0, 1.0, default=1e-3)),
        ("batch-size=64,16", Parameter("batch_size", "--batch-size", "choice", choices=(16, 64), default=32)),
        ("batch_size=8..256:log", Parameter("batch_size", "--batch-size", "int", 8, 256, True, default=32)),
        ("optimizer=sgd,adam", Parameter("optimizer", "--optimizer", "choice", choices=("sgd", "adam"), default="sgd")),
        ("--hidden=2..4", Parameter("hidden", "--hidden", "int", 2, 4)),
    ],
)
def test_bounds_as_they_are_written(options: tuple[ScriptOption, ...], written: str, expected: Parameter) -> None:
    found = parse(written, options, ())
    assert found == expected
    assert from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("written", "told"),
    [
        ("lr", "no parameter with its bounds"),
        ("lr=", "no parameter with its bounds"),
        ("lr=3", "leaves nothing to choose"),
        ("lr=1..", "no two numbers"),
        ("lr=2..1", "lower bound comes first"),
        ("lr=0..1:log", "begins above 0"),
        ("lr=1..2:cubic", "linear or :log"),
        ("lr=nan..1", "lower bound comes first"),
        ("rate=1..2", "no option “rate”: there are lr, batch_size"),
    ],
)
def test_bounds_that_are_none_are_refused_with_an_example(
    options: tuple[ScriptOption, ...], written: str, told: str
) -> None:
    with pytest.raises(SpaceError, match=told):
        parse(written, options, ())


def test_the_value_that_a_person_gave_is_the_default(options: tuple[ScriptOption, ...]) -> None:
    assert parse("lr=0.1,0.2", options, ("--lr", "0.2")).default == 0.2
    assert given(options[0], ("--lr=0.3",)) == "0.3"


def test_what_nobody_can_account_for_is_proposed_first_and_length_and_seed_never(
    options: tuple[ScriptOption, ...],
) -> None:
    entry = {"origin": "argparse default", "role": "optimizer", "callee": "torch.optim.SGD", "file": "t.py", "line": 4,
             "expression": None, "count": 1, "library": "torch", "version": "2"}  # fmt: skip
    report = {
        "hyperparameters": [
            {**entry, "name": "lr", "value": 1e-3, "option": "lr", "text": "lr  # https://arxiv.org/abs/1"},
            {**entry, "name": "batch_size", "value": 32, "option": "batch_size", "text": "x", "role": "loader"},
        ]
    }
    found = propose(options, (), table(report))
    assert [one.name for one in found] == ["batch_size", "lr"]
    assert found[0].choices == (16, 32, 64) and found[1].log and found[1].holds(1e-3)
    assert "quoted source" in found[1].why and "nobody can tell" in found[0].why


def test_the_argument_for_the_length(options: tuple[ScriptOption, ...]) -> None:
    found = length_of(options, ("--epochs", "60"))
    assert found is not None and (found.flag, found.full) == ("--epochs", 60)
    assert length_of(options[:2], ()) is None
    assert seed_flag_of(options) == "--seed" and seed_flag_of(options[:2]) is None


def test_a_command_line_with_other_values() -> None:
    args = ("--lr", "0.1", "--fast", "--batch-size=32", "data")
    assert with_values(args, {"--lr": "-1", "--batch-size": "64"}) == ("--fast", "data", "--lr=-1", "--batch-size=64")


def test_an_experiment_says_itself_what_to_sweep_over(tmp_path: Path) -> None:
    settings = tmp_path / "experiment.toml"
    assert stated_sweep(settings) == StatedSweep()
    settings.write_text('[experiment]\nname = "x"\n')
    assert stated_sweep(settings) == StatedSweep()
    settings.write_text('[sweep]\nparameters = ["lr=1e-4..1e-1:log"]\nmetric = "val accuracy"\n')
    assert stated_sweep(settings) == StatedSweep(("lr=1e-4..1e-1:log",), "val accuracy")


@pytest.mark.parametrize(
    "text", ['[sweep]\nparameters = "lr"\n', "[sweep]\nparameters = [1]\n", "sweep = 3\n", "[sweep"]
)
def test_a_table_that_says_nothing_usable_is_refused(tmp_path: Path, text: str) -> None:
    settings = tmp_path / "experiment.toml"
    settings.write_text(text)
    with pytest.raises(SpaceError, match="experiment"):
        stated_sweep(settings)
