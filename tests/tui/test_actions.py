"""The one list of actions: unique, complete, and really what the application does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from mlintern.tui.actions import ACTIONS, SCOPE_TITLES, Action, Scope, in_scope, keys_page
from mlintern.tui.app import MlinternApp
from mlintern.tui.bindings import bindings
from mlintern.tui.screens.checklist import ChecklistScreen
from mlintern.tui.screens.compare import CompareScreen
from mlintern.tui.screens.conversation import ConversationScreen
from mlintern.tui.screens.detail import DetailScreen
from mlintern.tui.screens.edits import EditsScreen
from mlintern.tui.screens.history import HistoryScreen
from mlintern.tui.screens.home import HomeScreen
from mlintern.tui.screens.ladder import LadderScreen
from mlintern.tui.screens.result import ResultScreen
from mlintern.tui.screens.run import RunScreen
from mlintern.tui.screens.setup import SetupScreen
from mlintern.tui.screens.sweep import SweepScreen
from mlintern.tui.widgets.choice import Approval, Stopping
from mlintern.tui.widgets.log_view import LogView
from mlintern.tui.widgets.loss_chart import LossChart
from mlintern.tui.widgets.path_input import PathInput
from mlintern.tui.widgets.rows import Rows
from textual.binding import Binding

OWNERS: dict[Scope, type] = {
    Scope.EVERYWHERE: MlinternApp,
    Scope.LIST: Rows,
    Scope.HOME: HomeScreen,
    Scope.PATH: PathInput,
    Scope.LADDER: LadderScreen,
    Scope.APPROVAL: Approval,
    Scope.STOPPING: Stopping,
    Scope.RUN: RunScreen,
    Scope.CHART: LossChart,
    Scope.LOG: LogView,
    Scope.HISTORY: HistoryScreen,
    Scope.COMPARE: CompareScreen,
    Scope.SWEEP: SweepScreen,
    Scope.CHECKLIST: ChecklistScreen,
    Scope.SETUP: SetupScreen,
    Scope.RESULT: ResultScreen,
    Scope.EDITS: EditsScreen,
    Scope.CONVERSATION: ConversationScreen,
    Scope.READING: DetailScreen,
}


def test_ids_are_unique_and_every_scope_has_a_title_and_an_owner() -> None:
    assert [action_id for action_id, number in Counter(action.id for action in ACTIONS).items() if number > 1] == []
    assert set(SCOPE_TITLES) == set(Scope) == set(OWNERS)


@pytest.mark.parametrize("scope", list(Scope))
def test_no_key_means_two_things_in_one_scope(scope: Scope) -> None:
    keys = Counter(key for action in in_scope(scope) for key in action.keys)
    assert {key: number for key, number in keys.items() if number > 1} == {}


@pytest.mark.parametrize("action", ACTIONS, ids=lambda action: action.id)
def test_every_handler_exists_where_its_keys_work(action: Action) -> None:
    name = action.handler.partition("(")[0]
    owner = OWNERS[action.scope]
    if name.startswith("app."):
        owner, name = MlinternApp, name.removeprefix("app.")
    assert callable(getattr(owner, f"action_{name}"))


def test_a_handler_that_is_missing_would_be_seen() -> None:
    assert getattr(Rows, "action_fly", None) is None


def test_the_owners_bind_exactly_these_keys() -> None:
    for scope, owner in OWNERS.items():
        ids = {binding.id for binding in owner.__dict__.get("BINDINGS", []) if isinstance(binding, Binding)}
        assert {action.id for action in in_scope(scope) if action.keys} <= ids, scope


def test_bindings_carry_the_ids_that_a_keymap_needs() -> None:
    made = [binding for binding in bindings(Scope.LADDER) if isinstance(binding, Binding)]
    assert [binding.id for binding in made] == [action.id for action in in_scope(Scope.LADDER)]


def test_vim_keys_stand_beside_the_arrows() -> None:
    for scope in (Scope.LIST, Scope.LOG):
        keys = {key for action in in_scope(scope) for key in action.keys}
        assert {"up", "k", "down", "j", "home", "g", "end", "G"} <= keys
    assert {"left", "h", "right", "l"} <= {key for action in in_scope(Scope.CHART) for key in action.keys}


def test_the_keys_page_is_up_to_date() -> None:
    page = Path(__file__).resolve().parents[2] / "docs" / "keys.md"
    assert page.read_text(encoding="utf-8") == keys_page(), "run: python -m mlintern.tui.actions > docs/keys.md"
