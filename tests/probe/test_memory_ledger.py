"""The ledger of storages: what lives is counted once, what dies is not, and categories add up."""

from __future__ import annotations

import importlib
import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
import torch

PROBE = Path(__file__).parents[2] / "runtime" / "probe"
MIB = 1 << 20
aten = torch.ops.aten


@pytest.fixture(scope="module")
def parts() -> Any:
    """The probe's modules, under a name of their own as in a user's process."""
    spec = importlib.util.spec_from_file_location(
        "_probe_in_test", PROBE / "__init__.py", submodule_search_locations=[str(PROBE)]
    )
    assert spec is not None and spec.loader is not None
    package = importlib.util.module_from_spec(spec)
    sys.modules["_probe_in_test"] = package
    spec.loader.exec_module(package)
    return lambda name: importlib.import_module(f"_probe_in_test.{name}")


@pytest.fixture
def ledger(parts: Any) -> Any:
    return parts("memory").Ledger()


def whole(ledger: Any) -> Any:
    return ledger.peaks()[("cpu", "whole")]


def tensor(mebibytes: int) -> torch.Tensor:
    return torch.empty(mebibytes * MIB, dtype=torch.uint8)


def test_a_storage_is_counted_once_until_it_dies(ledger: Any) -> None:
    first = tensor(3)
    ledger.see(first)
    ledger.see(first[1:])
    ledger.see(first.view(3, -1))
    assert ledger.held("cpu") == 3 * MIB
    view = first[:10]
    del first
    assert ledger.held("cpu") == 3 * MIB  # a view holds all of it
    del view
    assert ledger.held("cpu") == 0
    second = tensor(2)
    ledger.see(second)
    assert whole(ledger).total == 3 * MIB


def test_what_a_storage_turns_out_to_be_it_was_from_its_birth(ledger: Any) -> None:
    ledger.enter("backward", "training")
    gradient, scratch = tensor(4), tensor(1)
    ledger.see(gradient)
    ledger.see(scratch)
    del scratch
    ledger.mark((gradient,), "gradients")
    peak = whole(ledger)
    assert peak.parts == {"gradients": 4 * MIB, "temporaries": 1 * MIB}
    assert sum(peak.parts.values()) == peak.total == 5 * MIB


def test_what_outlives_a_forward_pass_is_an_activation(ledger: Any) -> None:
    ledger.see(batch := tensor(1))
    ledger.enter("forward", "training")
    ledger.see(kept := tensor(5))
    ledger.see(passing := tensor(2))
    del passing
    ledger.enter("backward")
    assert whole(ledger).parts == {"inputs": 1 * MIB, "activations": 5 * MIB, "temporaries": 2 * MIB}
    assert kept is not None and batch is not None


def test_training_and_evaluation_have_peaks_of_their_own(ledger: Any) -> None:
    ledger.enter("forward", "training")
    ledger.see(one := tensor(6))
    del one
    ledger.enter("forward", "evaluation")
    ledger.see(two := tensor(2))
    peaks = ledger.peaks()
    assert peaks[("cpu", "training")].total == 6 * MIB
    assert peaks[("cpu", "evaluation")].total == 2 * MIB
    assert two is not None


def test_a_storage_that_grows_counts_as_large_as_it_is(ledger: Any) -> None:
    grown = tensor(1)
    ledger.see(grown)
    grown.resize_(4 * MIB)
    ledger.see(grown)
    assert ledger.held("cpu") == 4 * MIB == whole(ledger).total


def test_forgotten_events_leave_the_peak(parts: Any, ledger: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(parts("memory"), "MOST_EVENTS", 20)
    ledger.see(large := tensor(8))
    del large
    stays = tensor(3)
    ledger.see(stays)
    for _ in range(50):
        ledger.see(tensor(1))
        ledger.enter("outside")
    assert whole(ledger).total == 8 * MIB
    assert ledger.held("cpu") == 3 * MIB
    ledger.see(more := tensor(6))
    assert whole(ledger).total == 9 * MIB and more is not None and stays is not None


def test_sparse_tensors_are_seen_by_their_parts(ledger: Any) -> None:
    indices, values = torch.zeros(1, MIB, dtype=torch.int64), torch.ones(MIB)
    sparse = torch.sparse_coo_tensor(indices, values, (10,), check_invariants=True)
    ledger.see(sparse)
    assert ledger.held("cpu") == 12 * MIB


ABLE = [
    ("add", lambda x, y: aten.add.Tensor(x, y)),
    ("add number", lambda x, y: aten.add.Tensor(x, 2.0)),
    ("mul_", lambda x, y: aten.mul_.Tensor(x, y)),
    ("addcdiv_", lambda x, y: aten.addcdiv_.default(x, y, y, value=-0.1)),
    ("lerp_", lambda x, y: aten.lerp_.Scalar(x, y, 0.1)),
    ("sqrt", lambda x, y: aten.sqrt.default(x)),
    ("gelu", lambda x, y: aten.gelu.default(x, approximate="tanh")),
    ("zero_", lambda x, y: aten.zero_.default(x)),
    ("sigmoid_", lambda x, y: aten.sigmoid_.default(x)),
    ("mm", lambda x, y: aten.mm.default(x, aten.t.default(y))),
    ("view", lambda x, y: aten.view.default(x, [5, 3])),
    ("cat", lambda x, y: aten.cat.default([x, y], 1)),
    ("slice", lambda x, y: aten.slice.Tensor(x, 1, 1, 4)),
    ("sum", lambda x, y: aten.sum.dim_IntList(x, [0], keepdim=True)),
    ("clone", lambda x, y: aten.clone.default(aten.t.default(x))),
    ("another order", lambda x, y: aten.add.Tensor(aten.t.default(x), aten.t.default(y))),
    ("slice_backward", lambda x, y: aten.slice_backward.default(x, [3, 9], 1, 2, 7, 1)),
]


@pytest.mark.parametrize("name", [name for name, _ in ABLE])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_shortcut_gives_what_torch_gives(
    parts: Any, name: str, dtype: torch.dtype, monkeypatch: pytest.MonkeyPatch
) -> None:
    mode = parts("fake").DryMode(parts("memory").Ledger())
    run = dict(ABLE)[name]
    real = [torch.rand(3, 5).to(dtype) + 1 for _ in range(2)]
    fakes = [mode.fake_of(one) for one in real]
    monkeypatch.setattr(type(mode.fakes), "__torch_dispatch__", None)  # the long way is closed

    with mode:
        made = run(*fakes)
    wanted = run(*real)
    assert (made.shape, made.dtype, made.stride(), made.device) == (
        wanted.shape, wanted.dtype, wanted.stride(), wanted.device)  # fmt: skip
    assert (made is fakes[0]) == (wanted is real[0])


UNABLE = {
    "shapes that differ": lambda x, y: aten.add.Tensor(x, y[0]),
    "types that differ": lambda x, y: aten.add.Tensor(x, y.double()),
    "another order": lambda x, y: aten.add.Tensor(x.t(), y.t()),
    "shapes that do not fit": lambda x, y: aten.add_.Tensor(x, y[:, :2]),
}


@pytest.mark.parametrize("name", UNABLE)
def test_where_a_shortcut_is_not_certain_torch_decides(parts: Any, name: str) -> None:
    mode = parts("fake").DryMode(parts("memory").Ledger())
    real = [torch.rand(3, 5) for _ in range(2)]
    try:
        wanted: Any = UNABLE[name](*real)
    except RuntimeError as error:
        wanted = type(error)
    with mode:
        fakes = [mode.fake_of(one) for one in real]
        if wanted is RuntimeError:
            with pytest.raises(RuntimeError):
                UNABLE[name](*fakes)
            return
        made = UNABLE[name](*fakes)
    assert (made.shape, made.dtype, made.stride()) == (wanted.shape, wanted.dtype, wanted.stride())


def test_a_name_inside_of_torch_that_a_shortcut_relies_on_exists(parts: Any) -> None:
    short = parts("shortcuts")
    assert {name for name in short.POINTWISE | short.IN_PLACE if not hasattr(torch.ops.aten, name)} == set()
