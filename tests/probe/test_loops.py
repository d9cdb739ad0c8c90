"""Which loops a rehearsal cuts, and what it knows of the full run afterwards."""

from __future__ import annotations

from typing import Any

import pytest

HEADER = """
import itertools
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(0)
X, y = torch.randn(1003, 8), torch.randint(0, 2, (1003,))
loader = DataLoader(TensorDataset(X, y), batch_size=10, shuffle=True)
model = nn.Linear(8, 2)
opt = torch.optim.SGD(model.parameters(), lr=0.1)
loss_of = nn.CrossEntropyLoss()
def step(xb, yb):
    opt.zero_grad(); loss = loss_of(model(xb), yb); loss.backward(); opt.step()
    return loss.item()
"""

LOOPS = {
    "loader": ("for epoch in range(50):\n    for xb, yb in loader:\n        step(xb, yb)", 50 * 101),
    "enumerate": ("for epoch in range(50):\n    for i, (xb, yb) in enumerate(loader):\n        step(xb, yb)", 50 * 101),
    "slices": (
        "for epoch in range(30):\n    for i in range(0, 1003, 10):\n        step(X[i:i+10], y[i:i+10])",
        30 * 101,
    ),
    "zip": ("for _ in range(20):\n    for (a, b), (c, d) in zip(loader, loader):\n        step(a, b)", 20 * 101),
    "tqdm": (
        "from tqdm import tqdm\nfor e in tqdm(range(20)):\n    for xb, yb in tqdm(loader):\n        step(xb, yb)",
        2020,
    ),
    "list of batches": (
        "data = list(zip(X.split(10), y.split(10)))\nfor e in range(9):\n    for a, b in data:\n        step(a, b)",
        909,
    ),
    "while true": ("i = 0\nwhile True:\n    step(X[:10], y[:10])\n    i += 1\n    if i > 700:\n        break", 701),
    "while counter": ("i = 0\nwhile i < 700:\n    step(X[:10], y[:10])\n    i += 1", 700),
    "while over epochs": (
        "done = 0\nwhile done < 777:\n    for xb, yb in loader:\n        step(xb, yb)\n        done += 1\n"
        "        if done >= 777:\n            break",
        777,
    ),
    "count with break": (
        "for i in itertools.count():\n    if i >= 450:\n        break\n    step(X[:10], y[:10])",
        450,
    ),
    "generator": (
        "def batches():\n    for i in range(0, 1003, 10):\n        yield X[i:i+10], y[i:i+10]\n"
        "for e in range(12):\n    for xb, yb in batches():\n        step(xb, yb)",
        12 * 101,
    ),
    "accumulation, inner loop": (
        "for i in range(300):\n    opt.zero_grad()\n    for j in range(4):\n"
        "        (loss_of(model(X[:10]), y[:10]) / 4).backward()\n    opt.step()",
        300,
    ),
    "accumulation, remainder at the end": (
        "for e in range(10):\n    for i, (xb, yb) in enumerate(loader):\n"
        "        (loss_of(model(xb), yb) / 4).backward()\n"
        "        if (i + 1) % 4 == 0 or i + 1 == len(loader):\n            opt.step(); opt.zero_grad()",
        10 * 26,
    ),
    "accumulation, remainder lost": (
        "for e in range(10):\n    for i, (xb, yb) in enumerate(loader):\n"
        "        (loss_of(model(xb), yb) / 4).backward()\n"
        "        if (i + 1) % 4 == 0:\n            opt.step(); opt.zero_grad()",
        10 * 25,
    ),
    "no optimizer": (
        "for e in range(40):\n    for xb, yb in loader:\n        model.zero_grad()\n"
        "        loss_of(model(xb), yb).backward()\n        with torch.no_grad():\n"
        "            for p in model.parameters():\n                p -= 0.1 * p.grad",
        40 * 101,
    ),
    "patience is no bound": (
        "bad, best = 0, 1e9\nfor e in range(60):\n    loss = sum(step(xb, yb) for xb, yb in [(X[:10], y[:10])] * 20)\n"
        "    if loss < best:\n        best, bad = loss, 0\n    else:\n        bad += 1\n"
        "    if bad >= 5:\n        break",
        60 * 20,
    ),
    "acts before it learns": (
        "for i in range(3000):\n    with torch.no_grad():\n        model(X[:1])\n"
        "    if i > 100 and i % 5 == 0:\n        step(X[:10], y[:10])",
        580 - 1,
    ),
    "one function trains and evaluates": (
        "def run_epoch(data, train):\n    for xb, yb in data:\n        with torch.set_grad_enabled(train):\n"
        "            loss = loss_of(model(xb), yb)\n        if train:\n            loss.backward(); opt.step()\n"
        "val = DataLoader(TensorDataset(X[:300], y[:300]), batch_size=10)\n"
        "for e in range(20):\n    run_epoch(loader, True)\n    run_epoch(val, False)",
        20 * 101,
    ),
    "phases": (
        "data = {'train': loader, 'val': DataLoader(TensorDataset(X[:300], y[:300]), batch_size=10)}\n"
        "for e in range(20):\n    for phase in ('train', 'val'):\n        for xb, yb in data[phase]:\n"
        "            if phase == 'train':\n                step(xb, yb)\n"
        "            else:\n                with torch.no_grad():\n                    model(xb)",
        20 * 101,
    ),
    "folds from a generator": (
        "def folds():\n    a = 0\n    while a < 5:\n        yield a\n        a += 1\n"
        "for f in folds():\n    for e in range(30):\n        step(X[:10], y[:10])",
        150,
    ),
}


@pytest.mark.parametrize("name", LOOPS)
def test_steps_of_the_full_run_are_known_exactly_from_a_few(probe: Any, name: str) -> None:
    body, steps = LOOPS[name]
    header = HEADER if name != "no optimizer" else HEADER.replace("opt = torch.optim", "# opt = torch.optim")
    probed = probe(header + body, time_budget_seconds=0.6)
    assert probed.exit_code == 0, probed.output
    assert probed.full.steps == steps
    assert probed.full.exact == (name != "patience is no bound"), "it is the most there can be"


def test_a_rehearsal_makes_few_of_the_steps(probe: Any) -> None:
    probed = probe(HEADER + LOOPS["loader"][0], time_budget_seconds=0.1)
    assert probed.last("end")["steps"] < 1000 < 50 * 101


def test_epochs_too_short_to_tell_what_a_step_takes_are_repeated(probe: Any) -> None:
    body = "for e in range(5000):\n    for xb, yb in [(X[:10], y[:10])] * 8:\n        step(xb, yb)"
    probed = probe(HEADER + body, time_budget_seconds=0.4)
    training = next(node for node in probed.tree.walk() if node.role == "train")
    assert training.warm.wall >= 0.2 or training.entries > 50, "sampled for half of the time, or often enough"
    assert training.entries < 200
    assert probed.full.steps == 40_000


def test_a_length_that_nobody_can_know_is_named_and_not_guessed(probe: Any) -> None:
    body = "import random\nwhile random.random() > 1e-9:\n    step(X[:10], y[:10])"
    full = probe(HEADER + body, time_budget_seconds=0.4).full
    assert full.steps is None
    assert any("train.py" in reason and "while random.random()" in reason for reason in full.unknown)


def test_a_limit_behind_a_condition_that_does_not_change_is_a_limit(probe: Any) -> None:
    ending = "if limit is not None and done >= limit:\n        break"
    body = f"done, limit = 0, 3000\nwhile True:\n    step(X[:10], y[:10])\n    done += 1\n    {ending}"
    probed = probe(HEADER + body, time_budget_seconds=0.2)
    assert probed.last("end")["steps"] < 3000
    assert probed.full.steps == 3000 and probed.full.exact


EARLY_ENDS = {
    "patience": ("waited = 0", "waited += 1\n    if waited >= 3000:\n        break"),
    "patience that is on": ("waited, patience = 0, 3000", "waited += 1\n    if patience and waited >= patience: break"),
    "a loss that is low enough": ("", "loss = step(X[:10], y[:10])\n    if loss is not None and loss < 1e-12: break"),
}


@pytest.mark.parametrize("name", EARLY_ENDS)
def test_a_condition_that_may_end_the_training_makes_the_steps_the_most_there_can_be(probe: Any, name: str) -> None:
    before, inside = EARLY_ENDS[name]
    body = f"{before}\nfor e in range(4000):\n    step(X[:10], y[:10])\n    if e > 5000: waited = 0\n    {inside}"
    full = probe(HEADER + body, time_budget_seconds=0.1).full
    assert full.steps is not None and full.steps >= 4000
    assert not full.exact
    assert "may end the loop" in full.early[0] and "train.py" in full.early[0]


def test_patience_that_ends_the_rehearsal_itself_says_no_more_of_the_full_run(probe: Any) -> None:
    """Its batches come in an order of their own, so the full run may go on for longer."""
    patience = "waited = 0 if e > 5000 else waited + 1\n    if waited >= 7: break"
    body = f"waited = 0\nfor e in range(40):\n    step(X[:10], y[:10])\n    {patience}"
    full = probe(HEADER + body, time_budget_seconds=60.0).full
    assert (full.steps, full.exact) == (40, False)
    assert "may end the loop" in full.early[0]


@pytest.mark.parametrize(
    ("before", "condition"),
    [("dry_run = False", "dry_run"), ("patience, waited = 0, 0", "patience and waited > patience")],
)
def test_a_condition_that_is_off_ends_nothing(probe: Any, before: str, condition: str) -> None:
    body = f"{before}\nfor e in range(4000):\n    step(X[:10], y[:10])\n    if {condition}: break"
    full = probe(HEADER + body, time_budget_seconds=0.1).full
    assert (full.steps, full.exact, full.early) == (4000, True, ())


def test_a_loop_that_the_script_leaves_by_itself_is_as_long_as_it_was(probe: Any) -> None:
    body = "quick = True\nfor e in range(30):\n    for xb, yb in loader:\n        step(xb, yb)\n        if quick: break"
    full = probe(HEADER + body, time_budget_seconds=0.1).full
    assert (full.steps, full.exact) == (30, True)


def test_the_person_can_state_what_nobody_can_know(probe: Any) -> None:
    from mlintern.planner.extrapolate import extrapolate

    body = "import random\nwhile random.random() > 1e-9:\n    step(X[:10], y[:10])"
    tree = probe(HEADER + body, time_budget_seconds=0.4).tree
    assert extrapolate(tree, declared_steps=5000).steps == 5000


def test_an_evaluation_is_left_whole_when_it_is_cheap_so_that_what_it_collects_fits(probe: Any) -> None:
    body = """
for epoch in range(40):
    for xb, yb in loader:
        step(xb, yb)
    predicted = []
    with torch.no_grad():
        for xb, yb in DataLoader(TensorDataset(X, y), batch_size=10):
            predicted.append(model(xb).argmax(1))
    accuracy = (torch.cat(predicted) == y).float().mean()
"""
    probed = probe(HEADER + body, time_budget_seconds=1.0)
    assert probed.exit_code == 0, probed.output


def test_a_long_evaluation_is_cut_and_its_length_known(probe: Any) -> None:
    body = """
import time
for epoch in range(3):
    step(X[:10], y[:10])
with torch.no_grad():
    for i in range(2000):
        model(X[:10]); time.sleep(0.002)
"""
    probed = probe(HEADER + body, time_budget_seconds=0.6)
    evaluation = next(node for node in probed.tree.walk() if node.role == "eval")
    assert evaluation.planned_sum == 2000
    assert evaluation.iterations < 200


def test_layers_in_a_plain_function_are_never_taken_for_an_evaluation(probe: Any) -> None:
    body = """
layers = [nn.Linear(8, 8) for _ in range(40)]
def run(x):
    for layer in layers:
        x = layer(x)
    return x
opt = torch.optim.SGD([p for l in layers for p in l.parameters()], lr=0.1)
with torch.no_grad():
    whole = run(X[:5])
for i in range(300):
    opt.zero_grad(); (run(X[:10]).mean() * 1e-3).backward(); opt.step()
model2 = nn.Sequential(*layers)
with torch.no_grad():
    assert torch.equal(model2(X[:5]), run(X[:5])), "layers were skipped"
"""
    probed = probe(HEADER + body, time_budget_seconds=0.6)
    assert probed.exit_code == 0, probed.output
    assert probed.full.steps == 300


def test_the_last_batch_is_met(probe: Any) -> None:
    body = "for e in range(9):\n    for xb, yb in loader:\n        step(xb, yb)\n        print('rows', len(xb))"
    assert "rows 3\n" in probe(HEADER + body, time_budget_seconds=0.4).output


def test_a_branch_that_comes_round_late_is_taken_once(probe: Any) -> None:
    body = (
        "n = 0\nfor e in range(90):\n    for xb, yb in loader:\n        step(xb, yb)\n        n += 1\n"
        "        if n % 5000 == 0:\n            print('checkpoint')"
    )
    probed = probe(HEADER + body, time_budget_seconds=0.2)
    assert probed.output.count("checkpoint") == 1
    branch = next(node for node in probed.tree.walk() if node.branch is not None)
    assert branch.branch is not None and branch.branch.forced == 1


def test_a_branch_that_was_only_taken_at_the_very_first_iteration_is_taken_once_more(probe: Any) -> None:
    """As nanoGPT does: evaluate every so often, and save unless nothing was trained yet."""
    body = (
        "n = 0\nwhile n < 9000:\n    if n % 5000 == 0:\n        if n > 0: print('checkpoint')\n"
        "    step(X[:10], y[:10])\n    n += 1"
    )
    probed = probe(HEADER + body, time_budget_seconds=0.2)
    assert probed.output.count("checkpoint") == 1
    assert probed.full.steps == 9000


def test_an_accumulation_branch_is_not_forced(probe: Any) -> None:
    body = (
        "for i, (xb, yb) in enumerate(loader):\n    loss_of(model(xb), yb).backward()\n"
        "    if (i + 1) % 3 == 0:\n        opt.step(); opt.zero_grad()"
    )
    probed = probe(HEADER + body, time_budget_seconds=0.4)
    assert all(node.branch is None or node.branch.forced == 0 for node in probed.tree.walk())


def test_a_pilot_stops_the_training_after_its_steps_and_goes_on_to_the_end(probe: Any) -> None:
    body = LOOPS["loader"][0] + "\nprint('saved')"
    probed = probe(HEADER + body, mode="pilot", stop_steps=150)
    assert probed.last("end")["steps"] == 150
    assert "saved" in probed.output


def test_watching_cuts_nothing(probe: Any) -> None:
    body = "for epoch in range(3):\n    for xb, yb in loader:\n        step(xb, yb)"
    assert probe(HEADER + body, mode="watch").last("end")["steps"] == 303


def test_a_forked_child_runs_as_if_nobody_watched(probe: Any) -> None:
    body = (
        "import os, sys\nchild = os.fork()\nif child == 0:\n    source = [1, 2, 3]\n"
        "    print('untouched', __mlintern_probe__.loop(0, source) is source, flush=True)\n    os._exit(0)\n"
        "os.waitpid(child, 0)\nfor e in range(50):\n    step(X[:10], y[:10])"
    )
    probed = probe(HEADER + body, time_budget_seconds=0.1)
    assert "untouched True" in probed.output
    assert probed.full.steps == 50


def test_short_loops_that_only_compute_are_soon_left_alone(probe: Any) -> None:
    body = (
        "import math\ndef pixel(i):\n    total = 0.0\n"
        "    for j in range(9):\n        total += math.sqrt(j)\n    return total\n"
        "for e in range(400):\n    for i in range(20):\n        pixel(i)\n    step(X[:10], y[:10])"
    )
    probed = probe(HEADER + body, mode="watch")
    inner = [node for node in probed.tree.walk() if node.text == "for j in range(9):"]
    assert 32 <= sum(node.entries for node in inner) < 8000
    assert probed.full.steps == 400
