"""A workspace with a paper, data and a script; a store; and conversations about them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from mlintern.models.engine import Engine
from mlintern.models.fit import Plan
from mlintern.models.gguf import read_header
from mlintern.models.local import LocalEngine, Surroundings, is_installed
from mlintern.planner.agent import tool as tools
from mlintern.planner.agent.by_model import ModelDecider
from mlintern.planner.agent.loop import Loop
from mlintern.planner.agent.rules import RulesDecider
from mlintern.planner.agent.workspace import Workspace
from mlintern.store import Store
from mlintern.tests.agent.brains import scripted

TASK = "Train an MLP on data.csv with a learning rate of 0.01 for 5 epochs. The target is 95% test accuracy.\n"
Converse = Callable[..., Loop]
Brain = Callable[..., LocalEngine]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The user's project."""
    path = tmp_path / "project"
    path.mkdir()
    (path / "task.md").write_text(TASK)
    rows = "".join(f"{n},{n % 7},{'ab'[n % 2]}\n" for n in range(40))
    (path / "data.csv").write_text(f"x,y,label\n{rows}")
    (path / "train.py").write_text("import torch\n\nprint('epoch 1 loss 0.5')\n")
    (path / "train.log").write_text("epoch 1 loss 0.5\nTraceback (most recent call last):\nMemoryError\n")
    (path / "test_labels.csv").write_text("1,secret-label\n")
    return path


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def store(home: Path) -> Iterator[Store]:
    with Store.open(home) as opened:
        yield opened


@pytest.fixture
def surroundings(store: Store, folder: Path) -> tools.Surroundings:
    return tools.Surroundings(store, Workspace(folder), store.conversations.begin(folder).id)


@pytest.fixture
def converse(surroundings: tools.Surroundings) -> Converse:
    """``converse()`` is a conversation that the rules answer, ``converse(engine)`` one that a model answers."""

    def begin(engine: Engine | None = None) -> Loop:
        return Loop(surroundings, [*([] if engine is None else [ModelDecider(engine)]), RulesDecider()])

    return begin


@pytest.fixture
def brain(tmp_path: Path) -> Iterator[Brain]:
    """``brain(answer, answer, …)`` is a real llama.cpp with a model that gives these answers; or with a file."""
    if not is_installed():
        pytest.skip("llama.cpp is not installed: pip install 'mlintern[llama]'")
    engines: list[LocalEngine] = []

    def make(*answers: str, path: Path | None = None, context: int = 16384) -> LocalEngine:
        file = path or scripted(tmp_path / f"brain-{len(engines)}.gguf", answers, context=context)
        plan = Plan(context, "f16", 0, 0, 0)
        # llguidance puts in what a form forces, and a model that only knows its last token would lose its place.
        around = Surroundings(plan=lambda: plan)
        engines.append(LocalEngine(read_header(file), tmp_path / "worker", around, own_grammar=path is None))
        return engines[-1]

    yield make
    for engine in engines:
        engine.close()


def tools_called(loop: Loop) -> Sequence[str | None]:
    return [one.tool for one in loop.messages if one.kind == "call"]
