"""What would make a training fit, from looks that varied it."""

from __future__ import annotations

import pytest
from mlintern.planner.alternatives import alternatives, curve, need, will_not_fit
from mlintern.planner.memory_report import CATEGORIES, DevicePeaks, Look, MemoryReport, Peak
from mlintern.store.records import Severity

GIB = 1 << 30


def look(name: str, total: float, *, batch: int | None = 64, share: float = 1.0, **changes: object) -> Look:
    size = int(total * GIB)
    peak = Peak(size, dict.fromkeys(CATEGORIES, 0) | {"activations": size})
    fields: dict[str, object] = dict(  # noqa: C408
        name=name, share=share, could_not=None, ended="enough", training_batch=batch, evaluation_batch=None, steps=2,
        evaluations=0, assumed=(), devices={"cpu": DevicePeaks(peak, peak, None)}, grown_bytes=None,
        allocated_bytes=None, reserved_bytes=None, seconds=1.0,
    )  # fmt: skip
    return Look(**{**fields, **changes})  # type: ignore[arg-type]


def report(*looks: Look) -> MemoryReport:
    return MemoryReport(looks, None)


# 8 GiB that do not grow, and a quarter of a GiB for each item.
LINE = (look("base", 24.0), look("half", 16.0, batch=32, share=0.5))


def test_two_sizes_make_a_line() -> None:
    line = curve(report(*LINE), "cpu")
    assert line is not None
    assert (line.fixed, line.per_item) == (8 * GIB, GIB / 4)
    assert not line.is_measured
    assert line.at(16).low == pytest.approx(12 * GIB, rel=0.03)


def test_one_size_or_hidden_batches_make_none() -> None:
    assert curve(report(look("base", 24.0)), "cpu") is None
    assert curve(report(look("base", 24.0, batch=None), look("half", 16.0, batch=None)), "cpu") is None
    assert curve(report(look("base", 24.0), look("half", 16.0, batch=64)), "cpu") is None


def test_a_batch_that_fits_is_proposed_with_its_accumulation() -> None:
    (found,) = alternatives(report(*LINE), 18 * GIB)
    assert found.change == "batch 16 with 4 accumulation steps"
    assert found.peak.low <= 12 * GIB <= found.peak.mid * 1.001
    assert found.peak.high <= 18 * GIB


def test_nothing_is_proposed_where_no_batch_fits() -> None:
    assert alternatives(report(*LINE), 7 * GIB) == ()


def test_other_changes_come_from_their_own_looks_and_only_where_they_help() -> None:
    looks = (*LINE, look("autocast", 15.0), look("checkpoint", 23.9), look("eval_no_grad", 20.0))
    changes = {one.change: one.peak.mid for one in alternatives(report(*looks), 7 * GIB)}
    assert changes == {
        "bf16 autocast around the forward pass": 15 * GIB,
        "evaluation under torch.no_grad()": 20 * GIB,
    }


def test_real_looks_tell_what_the_fake_ones_cannot_see() -> None:
    """Really 10 GiB and 0.3 GiB an item: at the full batch 29.2 GiB, where the fake line says 24."""
    real = [look("real", 1.0, batch=batch, grown_bytes=int((10 + 0.3 * batch) * GIB)) for batch in (8, 16)]
    needed = need(report(*LINE, *real))
    assert needed is not None
    assert needed.mid == pytest.approx(29.2 * GIB, rel=1e-6)
    assert needed.low == pytest.approx(24 * GIB, rel=0.03)
    line = curve(report(*LINE, *real), "cpu")
    assert line is not None and line.is_measured


def test_a_script_that_could_not_be_looked_at_has_no_need() -> None:
    assert need(MemoryReport((), "could not")) is None
    assert alternatives(MemoryReport((), "could not"), 1e12) == ()


def test_what_cannot_fit_is_an_error_with_what_would() -> None:
    found = will_not_fit(report(*LINE, look("autocast", 15.0)), {"cpu": 22 * GIB})
    assert found is not None and (found.code, found.severity) == ("memory.oom", Severity.ERROR)
    assert "23.5 GiB of memory, and 22 GiB are free" in found.message
    assert found.fix is not None and "batch 32 with 2 accumulation steps: about 16 GiB" in found.fix
    assert "bf16 autocast" in found.fix


@pytest.mark.parametrize("room", [{"cpu": 24 * GIB}, {"cpu": 100 * GIB}, {"cuda": GIB}, {}])
def test_what_fits_or_nobody_knows_is_no_error(room: dict[str, int]) -> None:
    assert will_not_fit(report(*LINE), room) is None


def test_only_what_surely_fits_is_called_a_fix() -> None:
    found = will_not_fit(report(look("base", 24.0), look("autocast", 15.0)), {"cpu": 15 * GIB})
    assert found is not None and found.fix is not None and "autocast" not in found.fix
    assert any("bf16 autocast" in str(one.get("change")) for one in found.evidence)
