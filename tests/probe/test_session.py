"""The probe changes nothing that the script can see, and tells how it ended."""

from __future__ import annotations

import os
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SEES = """
import inspect, multiprocessing, os, sys
print(sys.argv, __name__, os.path.basename(__file__), __spec__, __package__, sys.path[0] == os.path.dirname(__file__))
print("MLINTERN_PROBE" in os.environ, [k for k in globals() if not k.startswith("__")])
def work(n):
    return n * n
if __name__ == "__main__":
    print(inspect.getsource(work))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        print(pool.map(work, [3]))
    for i in range(3):
        print(i, end=" ")
    else:
        print("else")
    sys.exit(7)
"""


def _plain(path: Path, *args: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.run(
        [sys.executable, str(path), *args],
        cwd=path.parent,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_a_script_sees_what_it_would_see_without_the_probe(probe: Any, tmp_path: Path) -> None:
    script = tmp_path / "sees.py"
    script.write_text(SEES)
    probed = probe(script, "--lr", "3", mode="watch", argv0=str(script))
    plain = _plain(script, "--lr", "3")
    assert probed.exit_code == plain.returncode == 7
    assert probed.output == plain.stdout


TRAINS = """
import torch
from torch import nn
from torch.utils.data import DataLoader, TensorDataset
torch.manual_seed(1)
X, y = torch.randn(257, 6), torch.randn(257)
model = nn.Sequential(nn.Linear(6, 16), nn.Dropout(0.2), nn.Linear(16, 1))
opt = torch.optim.AdamW(model.parameters())
for epoch in range(4):
    for xb, yb in DataLoader(TensorDataset(X, y), 16, shuffle=True, num_workers=%d):
        opt.zero_grad(); loss = ((model(xb).squeeze(1) - yb) ** 2).mean(); loss.backward(); opt.step()
        print(loss.item().hex())
    if epoch %% 2 == 0:
        print(sum(p.double().sum().item() for p in model.parameters()).hex())
"""


@pytest.mark.parametrize("workers", [0, 2])
def test_losses_are_bit_equal_with_the_probe_watching(probe: Any, tmp_path: Path, workers: int) -> None:
    script = tmp_path / "train.py"
    script.write_text(TRAINS % workers)
    probed = probe(script, mode="watch")
    assert probed.output == _plain(script).stdout


def test_the_losses_it_tells_are_the_ones_the_script_computed(probe: Any, tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text((TRAINS % 0).replace("if epoch % 2 == 0", "if False"))
    probed = probe(script, mode="watch")
    assert [value.hex() for value in probed.rows("loss")] == probed.output.split()


def test_a_crash_is_told_with_the_users_own_line(probe: Any) -> None:
    probed = probe("import torch\ndef save():\n    torch.save({}, 'nowhere/x.pt')\nsave()\n")
    crash = probed.last("crash")
    assert probed.exit_code == 1
    assert (crash["type"], crash["line"], crash["phase"]) == ("RuntimeError", 3, "before training")
    assert "Traceback" in probed.output and "session.py" not in probed.output


def test_an_exception_that_the_script_handles_is_no_crash(probe: Any) -> None:
    probed = probe("for i in range(5):\n    try:\n        int('x')\n    except ValueError:\n        print('handled')\n")
    assert probed.exit_code == 0
    assert not probed.has("crash")


def test_a_module_of_a_package_runs_as_python_m_would_run_it(probe: Any, tmp_path: Path) -> None:
    package = tmp_path / "models"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "parts.py").write_text("SIZE = 3\n")
    (package / "train.py").write_text("from .parts import SIZE\nprint(__name__, __package__, SIZE)\n")
    probed = probe(package / "train.py", module="models.train", cwd=tmp_path, mode="watch")
    assert probed.output == "__main__ models 3\n"


def test_what_the_script_sets_before_torch_is_imported_holds(probe: Any) -> None:
    script = "import os\nos.environ['OMP_NUM_THREADS'] = '1'\nimport sys\nassert 'torch' not in sys.modules\n"
    assert probe(script).exit_code == 0


def test_nothing_listens_any_more_and_the_training_goes_on(tmp_path: Path) -> None:
    script = tmp_path / "train.py"
    script.write_text(TRAINS % 0)
    reader, writer = os.pipe()
    settings = f'{{"mode": "watch", "events_fd": {writer}, "roots": ["{tmp_path}"], "args": [], "script": "{script}"}}'
    child = subprocess.Popen(
        [sys.executable, str(ROOT / "runtime/probe/launch.py")],
        env={**os.environ, "MLINTERN_PROBE": settings},
        pass_fds=[writer],
        stdout=subprocess.DEVNULL,
    )
    os.close(writer)
    os.close(reader)
    assert child.wait(timeout=120) == 0


def _corpus() -> list[str]:
    manifest = tomllib.loads((ROOT / "tests/scripts/manifest.toml").read_text())
    return [name for name, entry in manifest["scripts"].items() if "g++" not in entry.get("needs", ())]


@pytest.mark.parametrize("name", _corpus())
def test_scripts_that_nobody_wrote_for_us_rehearse_to_their_end(probe: Any, copied_corpus: Path, name: str) -> None:
    entry = tomllib.loads((ROOT / "tests/scripts/manifest.toml").read_text())["scripts"][name]
    folder = (copied_corpus / "tests" / "scripts" / entry.get("folder", ".")).resolve()
    script = folder / (entry["script"] if "script" in entry else entry["module"].replace(".", "/") + ".py")
    probed = probe(script, *entry["tiny"]["args"], module=entry.get("module"), cwd=folder, time_budget_seconds=0.6)
    assert probed.exit_code == 0, probed.output[-3000:]
    _agrees(probed.full, probed.tree, entry)


def _agrees(full: Any, tree: Any, entry: dict[str, Any]) -> None:
    true = entry["tiny"]
    match entry.get("knowable", "exact"):
        case "exact":
            assert full.steps == _by_optimizer(tree, true)
        case "bound":
            assert full.steps is None or full.steps >= _by_optimizer(tree, true)
            assert not full.exact and full.early


def _by_optimizer(tree: Any, true: dict[str, int]) -> int:
    """The table counts all optimizers together; a step of ours is a step of the one that makes the most."""
    optimizers = {optimizer for node in tree.walk() for optimizer in node.steps}
    return (
        (true["steps"] or true["backwards"]) // max(1, len(optimizers))
        if len(optimizers) > 1
        else (true["steps"] or true["backwards"])
    )


def test_a_library_that_only_asks_whether_torch_is_there_does_not_make_the_probe_blind(probe: Any) -> None:
    probed = probe("""
        import importlib.util
        assert importlib.util.find_spec("torch") is not None
        import torch
        model = torch.nn.Linear(2, 1)
        opt = torch.optim.SGD(model.parameters(), lr=0.1)
        for step in range(40):
            opt.zero_grad(); model(torch.ones(1, 2)).sum().backward(); opt.step()
    """)
    assert probed.full.steps == 40
