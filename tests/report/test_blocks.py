"""Fixed words hold no number, in whatever script it is written; everything else is looked up."""

from __future__ import annotations

import pytest
from mlintern.planner.report.blocks import Reference, Table, UnreferencedNumberError, Words, line


@pytest.mark.parametrize("text", ["accuracy 0.97", "run 1", "x²", "٣ seeds", "Ⅳ", "½"])
def test_a_number_that_is_no_reference_is_refused(text: str) -> None:
    with pytest.raises(UnreferencedNumberError, match="no reference"):
        Words(text)
    with pytest.raises(UnreferencedNumberError):
        line("the accuracy was ", text)


def test_words_and_references_are_taken() -> None:
    run = Reference("run", (1, "wall_seconds"), "seconds")
    assert line("it took ", run, ".") == (Words("it took "), run, Words("."))


def test_a_reference_names_something_and_rows_fit_their_head() -> None:
    with pytest.raises(ValueError, match="names"):
        Reference("run", ())
    with pytest.raises(ValueError, match="cell"):
        Table((Words("a"), Words("b")), ((line("only one"),),))
