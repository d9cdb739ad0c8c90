"""Every log of known truth is read rightly, and no sound one is called a failure."""

from __future__ import annotations

import pytest
from mlintern.planner.diagnosis.log import may_tell

from .conftest import LOGS, Known, known, of_file

MOST_MISSED_HELD_BACK = 1
"""The logs that were written before any rule, and never tuned on."""


def is_right(log: Known) -> bool:
    """The code, the line that shows it, and no remedy that cannot help."""
    cause = of_file(log.path).cause
    if cause is None:
        return not log.code
    shown = any(log.shows in quote.text for quote in cause.quotes)
    harmful = log.never is not None and any(log.never in measure.remedy for measure in cause.measures)
    return cause.code == log.code and shown and not harmful


@pytest.mark.parametrize("log", known("failed"), ids=str)
def test_what_went_wrong_is_named_with_the_line_that_shows_it(log: Known) -> None:
    assert is_right(log), of_file(log.path)


@pytest.mark.parametrize("log", known("sound"), ids=str)
def test_nothing_wrong_is_seen_in_a_sound_log(log: Known) -> None:
    assert of_file(log.path).cause is None


def test_the_logs_that_were_held_back() -> None:
    missed = [str(log) for log in known("held_back") if not is_right(log)]

    assert len(missed) <= MOST_MISSED_HELD_BACK, missed


@pytest.mark.parametrize("log", known("later"), ids=str)
def test_the_logs_that_were_written_after_the_rules(log: Known) -> None:
    assert is_right(log), of_file(log.path)


def test_every_log_is_in_its_manifest() -> None:
    for folder in ("failed", "sound", "held_back", "later"):
        there = {path for path in (LOGS / folder).iterdir() if path.suffix == ".log"}
        assert there == {log.path for log in known(folder)}


def test_every_quoted_line_is_the_line_of_that_number() -> None:
    for log in known("failed"):
        raw = log.path.read_bytes().decode("utf-8", "replace").split("\n")
        cause = of_file(log.path).cause
        assert cause is not None
        for quote in cause.quotes:
            assert quote.line is not None and "\x1b" not in quote.text
            assert quote.text[-20:] in raw[quote.line - 1].replace("\x1b[0m", "").replace("\t", "    ")


def test_non_finite_values_never_lead_to_a_smaller_batch() -> None:
    for log in (*known("failed"), *known("held_back")):
        cause = of_file(log.path).cause
        if cause is not None and cause.code.startswith("numeric"):
            assert not any("smaller batch" in measure.remedy for measure in cause.measures)


def test_a_line_that_shows_a_cause_would_be_kept_of_a_long_log() -> None:
    for log in (*known("failed"), *known("held_back")):
        cause = of_file(log.path).cause
        if cause is not None and cause.code not in ("numeric.exploding", "run.crash.silent"):
            assert may_tell(cause.quotes[0].text), cause.quotes[0].text
