"""Every story of the honesty suite gets a verdict that what can be known allows; no untrue one is supported."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.benchmarks.honesty.confirmed import CONFIRMED
from mlintern.benchmarks.honesty.score import score
from mlintern.benchmarks.honesty.stories import STORIES, Story
from mlintern.planner.claims.verdict import Answer

ALL = (*STORIES, *CONFIRMED)


@pytest.mark.parametrize("story", ALL, ids=lambda story: story.name)
def test_story(story: Story, tmp_path: Path) -> None:
    result = score(story, tmp_path)
    assert result.is_right, (result.answer, result.why, result.differs)
    assert not result.is_false_support


def test_there_are_enough_of_them_and_no_answer_is_always_right() -> None:
    assert len(ALL) >= 20
    assert any(story.right == {Answer.SUPPORTED} for story in ALL)
    assert all(Answer.SUPPORTED not in story.right for story in ALL if not story.true)
