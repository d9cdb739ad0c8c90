"""The approval's guard, without a screen."""

from __future__ import annotations

from mlintern.tui.widgets.guard import GRACE_SECONDS, PAUSE_SECONDS, ApprovalGuard


def test_nothing_counts_before_the_question_is_there() -> None:
    guard = ApprovalGuard()
    assert not guard.typed(0) and not guard.clicked(1e9)


def test_a_key_within_the_grace_period_is_swallowed_and_one_after_it_counts() -> None:
    guard = ApprovalGuard()
    guard.appeared(10.0)
    assert not guard.typed(10.0) and not guard.typed(10.09)
    assert guard.typed(10.0 + GRACE_SECONDS)


def test_typing_on_keeps_the_guard_up_until_a_pause() -> None:
    guard = ApprovalGuard()
    guard.appeared(0.0)
    at = 0.2
    while at < 5:
        assert not guard.typed(at), "a steady typist never approves"
        at += PAUSE_SECONDS - 0.05
    assert guard.typed(at + PAUSE_SECONDS)


def test_a_question_that_changes_is_guarded_anew() -> None:
    guard = ApprovalGuard()
    guard.appeared(0.0)
    assert guard.typed(2.0)
    guard.appeared(2.0)
    assert not guard.typed(2.1)
    guard.hidden()
    assert not guard.typed(100.0)


def test_a_click_needs_the_grace_period_too() -> None:
    guard = ApprovalGuard()
    guard.appeared(0.0)
    assert not guard.clicked(0.3)
    assert guard.clicked(0.6)


def test_a_key_stamped_before_the_question_appeared_is_swallowed_whenever_it_is_handled() -> None:
    guard = ApprovalGuard()
    guard.appeared(50.0)
    assert not guard.typed(49.0)
