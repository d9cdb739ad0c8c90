"""The inspector, asked as it is in earnest: a child process in an interpreter, on real files."""

from __future__ import annotations

import ast
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from mlintern.planner.checks import static
from mlintern.planner.checks.found import Checked
from mlintern.runtime import interpreters, isolation
from mlintern.runtime.inspector.library import RefuseLocal
from mlintern.runtime.inspector.places import Places
from mlintern.store.records import Severity

PYTHON = Path(sys.executable)
RUNTIME = Path(interpreters.__file__).parent


def check(folder: Path, source: str, files: Mapping[str, str] | None = None, *, module: str | None = None) -> Checked:
    """What the static check says of ``train.py`` with these files beside it."""
    for name, text in {"train.py": source, **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    script = None if module else folder / "train.py"
    report = interpreters.inspect(PYTHON, script=script, module=module, working_dir=folder)
    assert "error" not in report
    return static.judge(report, working_dir=folder)


def codes(checked: Checked) -> list[tuple[str, str, int | None]]:
    """Severity, code and line of each finding, in the order of the lines."""
    found = [(one.severity.value, one.code, one.line) for one in checked.findings]
    return sorted(found, key=lambda one: one[2] or 0)


def only(checked: Checked) -> Any:
    """The one finding that there is."""
    assert len(checked.findings) == 1, checked.findings
    return checked.findings[0]


SOUND = """\
from __future__ import annotations
import argparse, json, os
from pathlib import Path
from typing import TYPE_CHECKING

import torch
import torch.nn as nn
import torch.nn.functional as F
from torch import optim
from torch.utils.data import DataLoader, TensorDataset

import helper
from helper import VALUE, compute
from package import part
from package.deep.inner import thing

if TYPE_CHECKING:
    from _typeshed import SupportsRead
    import only_for_types
try:
    import apex
except ImportError:
    apex = None
try:
    from torch.cuda.amp import nothing_like_this
except Exception:
    nothing_like_this = None

if hasattr(torch, "compiled_differently"):
    torch.compiled_differently(1)
if torch.__version__ < "1":
    nn.Linear(4, 2, old_name=True)


class Net(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Sequential(nn.Linear(4, 8), nn.ReLU(inplace=True), nn.Linear(8, 2, bias=False))

    def forward(self, x):
        return F.log_softmax(self.body(x), dim=-1)


def Linear(a, b, c, d, e, f, g, h):
    return a


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lr", type=float, default=1e-3, help="rate")
    parser.add_argument("--wandb", action="store_true")
    args = parser.parse_args()
    if args.wandb:
        import wandb_that_is_not_here
    torch.manual_seed(0)
    extra = dict(fused=True)
    net = Net()
    Linear(1, 2, 3, 4, 5, 6, 7, 8)
    opt = optim.AdamW(net.parameters(), lr=args.lr, weight_decay=0.01, **({} if args.lr else extra))
    sched = optim.lr_scheduler.CosineAnnealingLR(opt, T_max=10)
    loader = DataLoader(TensorDataset(torch.zeros(8, 4), torch.zeros(8).long()), batch_size=4, shuffle=True)
    for x, y in loader:
        opt.zero_grad(set_to_none=True)
        F.nll_loss(net(x), y, reduction="mean").backward()
        torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
        opt.step()
    sched.step()
    os.makedirs("out", exist_ok=True)
    torch.save(net.state_dict(), Path("out") / "model.pt")
    json.dump({"value": VALUE + compute(1) + thing}, open("out/a.json", "w"), indent=2)
    helper.late = 3
    print(helper.late, part)


if __name__ == "__main__":
    main()
"""


def test_a_sound_program_gets_no_finding_and_says_what_it_verified(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        SOUND,
        {
            "helper.py": "from mathematics import *\nVALUE = 1\ndef compute(x): return x\n",
            "mathematics.py": "PI = 3\n",
            "package/__init__.py": "",
            "package/part.py": "",
            "package/deep/inner.py": "from .. import part\nthing = 2\n",
        },
    )
    assert [one for one in checked.findings if one.severity is not Severity.INFO] == []
    assert "the script and 5 more of its files parse" in checked.verified
    assert any(line.startswith("imports resolve") for line in checked.verified)
    assert any("calls fit the installed libraries" in line for line in checked.verified)
    assert any("torch.zeros" in line and "signatures tell too little" in line for line in checked.not_verified)


def test_wrong_arguments_of_library_calls_are_found_with_place_and_fix(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        "import torch.nn as nn\n"
        "from torch import optim as o\n"
        "from torch.utils.data import DataLoader as Loader\n"
        "import os\n"
        "net = nn.Linear(4, 2, bais=True)\n"
        "opt = o.AdamW(net.parameters(), lr=1e-3, weigth_decay=0.1)\n"
        "nn.Conv2d(3, 4)\n"
        "Loader([1], 4, batch_size=3)\n"
        "nn.Linear(1, 2, True, None, None, 6)\n"
        "os.makedirs('x', exists_ok=True)\n"
        "opt.zero_grad(set_to_nonne=True)\n"
        "o.lr_scheduler.StepLR(opt)\n",
    )
    assert codes(checked) == [("error", "run.arguments.call", line) for line in range(5, 13)]
    by_line = {one.line: one for one in checked.findings}
    assert by_line[6].message == "torch.optim.AdamW takes no argument weigth_decay"
    assert by_line[6].fix is not None
    assert by_line[6].fix.startswith("did you mean weight_decay?")
    assert by_line[6].file == "train.py"
    assert "without kernel_size" in by_line[7].message
    assert "batch_size twice" in by_line[8].message
    assert "at most 5 positional arguments" in by_line[9].message


def test_calls_that_cannot_be_judged_are_not_faults(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        "import torch, sys\n"
        "import torch.nn as nn\n"
        "from torch import optim\n"
        "torch.zeros(3, no_such=1)\n"  # no signature
        "nn.Linear(*sys.argv)\n"
        "nn.Linear(**{'a': 1})\n"
        "optim = sys.modules['torch.optim']\n"  # bound twice
        "optim.SGD(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, nonsense=1)\n"
        "nn.Conv2d = lambda *a, **k: None\n"  # replaced
        "nn.Conv2d(nonsense=1)\n"
        "def f(nn):\n    nn.Linear(nonsense=1)\n"
        "f(None)\n"
        "[nn.Linear(nonsense=1) for nn in ()]\n"
        "try:\n    nn.Linear(nonsense=1)\nexcept TypeError:\n    pass\n"
        "model = nn.Linear(2, 2)\n"
        "model = object()\n"
        "model.forward(1, 2, 3, 4)\n",
    )
    assert checked.findings == ()


def test_a_decorator_that_renames_arguments_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site-packages"
    site.mkdir()
    (site / "renaming_library.py").write_text(
        "import functools\n"
        "def renames(f):\n"
        "    @functools.wraps(f)\n"
        "    def wrapper(*args, **kwargs):\n"
        "        if 'old' in kwargs: kwargs['new'] = kwargs.pop('old')\n"
        "        return f(*args, **kwargs)\n"
        "    return wrapper\n"
        "def passes(f):\n"
        "    @functools.wraps(f)\n"
        "    def wrapper(*args, **kwargs):\n"
        "        return f(*args, **kwargs)\n"
        "    return wrapper\n"
        "@renames\ndef renamed(new=1): pass\n"
        "@passes\ndef passed(new=1): pass\n"
        "class Strict(type):\n"
        "    def __call__(cls, **anything): return None\n"
        "class Odd(metaclass=Strict):\n"
        "    def __init__(self): pass\n"
    )
    monkeypatch.setenv("PYTHONPATH", str(site))
    checked = check(tmp_path, "import renaming_library as r\nr.renamed(old=1)\nr.Odd(a=1)\nr.passed(old=1)\n")
    assert codes(checked) == [("error", "run.arguments.call", 4)]


@pytest.mark.parametrize(
    ("source", "line", "words"),
    [
        ("x = (1,\n", 1, "never closed"),
        ("def f():\n    pass\n return 1\n", 3, "indent"),
        ("import torch\nreturn 3\n", 2, "outside function"),
        ("print 'python two'\n", 1, "print"),
        ("# -*- coding: no-such-encoding -*-\n", None, "encoding"),
    ],
)
def test_a_file_that_does_not_parse_is_an_error_with_its_line(
    tmp_path: Path, source: str, line: int | None, words: str
) -> None:
    finding = only(check(tmp_path, source))
    assert (finding.severity, finding.code, finding.file) == (Severity.ERROR, "run.crash.syntax", "train.py")
    assert line is None or finding.line == line
    assert words in finding.message


def test_a_helper_that_does_not_parse_is_found_through_imports(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        "import torch\nfrom lib import one\n",
        {"lib/__init__.py": "from . import two\n", "lib/two.py": "x ==\n", "lib/one.py": ""},
    )
    finding = only(checked)
    assert (finding.code, finding.file, finding.line) == ("run.crash.syntax", str(Path("lib") / "two.py"), 1)
    assert not any("parse" in line for line in checked.verified)


def test_missing_modules_and_names_are_errors_only_where_the_run_surely_meets_them(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        "import torch\n"
        "import no_such_module\n"
        "from torch.optim import AdamWW\n"
        "from helper import missing\n"
        "from torch.nn.modulez import Linear\n"
        "from .helper import value\n"
        "def optional():\n"
        "    import no_such_plotting\n"
        "def surely():\n"
        "    import no_such_at_all\n"
        "def returns(flag):\n"
        "    if flag:\n"
        "        return 1\n"
        "    import not_reached_for_sure\n"
        "surely()\n"
        "returns(True)\n"
        "if len('x') == 1:\n"
        "    import perhaps\n"
        "print(optional)\n",
        {"helper.py": "value = 1\n"},
    )
    assert codes(checked) == [
        ("error", "run.arguments.import", 2),
        ("error", "run.arguments.import", 3),
        ("error", "run.arguments.import", 4),
        ("error", "run.arguments.import", 5),
        ("error", "run.arguments.import", 6),
        ("info", "run.arguments.import", 8),
        ("error", "run.arguments.import", 10),
        ("info", "run.arguments.import", 14),
        ("info", "run.arguments.import", 18),
    ]
    fixes = {one.line: one.fix for one in checked.findings}
    assert fixes[2] == f"install it: {PYTHON} -m pip install no_such_module"
    assert str(fixes[3]).startswith("did you mean AdamW")
    assert fixes[5] == "did you mean modules?"
    assert "-m package.module" in str(fixes[6])


def test_an_attribute_that_the_library_lacks_is_found_once_for_all_its_lines(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        "import numpy as np\nimport torch.nn as nn\nx = np.float(3)\ny = np.float\nnn.Liner(3, 4)\n"
        "if hasattr(nn, 'Brandnew'):\n    nn.Brandnew()\nz = nn.Brandnew if z else None\n",
    )
    assert codes(checked) == [("error", "run.arguments.name", 3), ("error", "run.arguments.name", 5)]
    floats = next(one for one in checked.findings if one.line == 3)
    assert [one["line"] for one in floats.evidence] == [3, 4]


def test_what_depends_on_a_condition_is_a_warning_at_most(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        "import sys, torch\nimport torch.nn as nn\n"
        "if len(sys.argv) > 7:\n    torch.save(1)\n"
        "def unused():\n    nn.Linear()\n"
        "def used():\n    nn.Linear(1)\n"
        "used()\n",
    )
    assert codes(checked) == [
        ("warning", "run.arguments.call", 4),
        ("info", "run.arguments.call", 6),
        ("error", "run.arguments.call", 8),
    ]


def test_code_that_changes_the_search_path_leaves_imports_open(tmp_path: Path) -> None:
    checked = check(tmp_path, "import sys\nsys.path.append('elsewhere')\nimport no_such_module\n")
    assert checked.findings == ()
    assert any("no_such_module" in line and "search path" in line for line in checked.not_verified)


def test_a_module_is_inspected_as_python_dash_m_would_run_it(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        "",
        {
            "pkg/__init__.py": "from . import settings\n",
            "pkg/settings.py": "VALUE = 1\n",
            "pkg/train.py": "from .settings import VALUE, NOTHING\nfrom ..above import x\n"
            "if __name__ == '__main__':\n    import absent\n",
        },
        module="pkg.train",
    )
    assert codes(checked) == [
        ("error", "run.arguments.import", 1),
        ("error", "run.arguments.import", 2),
        ("error", "run.arguments.import", 4),
    ]


def test_folders_without_init_files_are_packages_too(tmp_path: Path) -> None:
    checked = check(
        tmp_path,
        "from lib.sub.deep import value\nimport lib.sub.deep as d\nfrom lib import nothing\n",
        {"lib/sub/deep.py": "value = 1\n"},
    )
    assert codes(checked) == [("error", "run.arguments.import", 3)]


def test_nothing_of_the_users_is_executed_also_where_a_library_would_import_it(tmp_path: Path) -> None:
    trap = "from pathlib import Path\nPath(__file__).with_suffix('.ran').touch()\n"
    check(
        tmp_path,
        trap + "import torch, helper, package.inner, random\nfrom torch import nn\nnn.Linear(1, 2)\n",
        {
            "helper.py": trap,
            "random.py": trap + "def choice(x): return x[0]\n",
            "package/__init__.py": trap,
            "package/inner.py": trap,
        },
    )
    assert list(tmp_path.rglob("*.ran")) == []
    assert list(tmp_path.rglob("__pycache__")) == []


def test_a_library_that_crashes_hangs_or_prints_is_could_not_tell(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = tmp_path / "elsewhere" / "site-packages"
    site.mkdir(parents=True)
    (site / "crashing_library.py").write_text("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)\n")
    (site / "printing_library.py").write_text(
        "print('{\"schema\": 0}')\nimport os\nos.write(1, b'noise')\ndef f(a): pass\n"
    )
    (site / "raising_library.py").write_text("raise SystemExit(3)\n")
    (site / "hanging_library.py").write_text("import threading\nthreading.Event().wait()\n")
    monkeypatch.setenv("PYTHONPATH", str(site))
    (tmp_path / "train.py").write_text(
        "import crashing_library, printing_library, raising_library\nprinting_library.f(1, 2)\nimport hanging_library\n"
    )
    report = interpreters.inspect(
        PYTHON, script=tmp_path / "train.py", module=None, working_dir=tmp_path, library_seconds=3.0
    )
    checked = static.judge(report, working_dir=tmp_path)
    assert codes(checked) == [("error", "run.arguments.call", 2)]
    left = " · ".join(checked.not_verified)
    assert "signal SIGSEGV" in left
    assert "SystemExit" in left
    assert "hanging_library takes too long" in left


def test_modules_on_pythonpath_are_the_users_and_are_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = tmp_path / "shared"
    shared.mkdir()
    (shared / "common_code.py").write_text("value = 1\nraise RuntimeError('executed')\n")
    monkeypatch.setenv("PYTHONPATH", str(shared))
    project = tmp_path / "project"
    project.mkdir()
    checked = check(project, "from common_code import value, nothing\n")
    assert only(checked).message == "common_code has no nothing"


def test_the_child_keeps_to_python_3_9() -> None:
    sources = [RUNTIME / "inspect_script.py", *(RUNTIME / "inspector").glob("*.py")]
    assert len(sources) > 8
    for source in sources:
        tree = ast.parse(source.read_text(encoding="utf-8"), feature_version=(3, 9))
        imported = {name.partition(".")[0] for node in ast.walk(tree) for name in _imported(node)}
        assert imported <= sys.stdlib_module_names, source


def _imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []


LEAVES_THINGS_BEHIND = """\
import os, pathlib, tempfile
pathlib.Path(tempfile.gettempdir(), "left-behind").mkdir()
for place in (os.environ["HOME"], os.path.dirname(__file__)):
    try:
        pathlib.Path(place, "settings.json").write_text("{}")
    except OSError:
        pass
present = 1
"""


def test_a_library_that_writes_when_it_is_imported_writes_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    libraries, home, temporary, project = (tmp_path / name for name in ("libraries", "home", "tmp", "project"))
    for folder in (libraries / "site-packages" / "writer", home, temporary, project):
        folder.mkdir(parents=True)
    (libraries / "site-packages" / "writer" / "__init__.py").write_text(LEAVES_THINGS_BEHIND)
    monkeypatch.setenv("PYTHONPATH", str(libraries / "site-packages"))
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("TMPDIR", str(temporary))
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    before = sorted(path for path in tmp_path.rglob("*"))
    checked = check(project, "import writer\nwriter.present\nwriter.absent\n")
    assert [code for _, code, _ in codes(checked)] == ["run.arguments.name"], "it was really imported"
    (project / "train.py").unlink()
    assert list(temporary.iterdir()) == []
    if "landlock" in isolation.available():
        assert sorted(path for path in tmp_path.rglob("*")) == before


def test_a_module_is_looked_up_once_although_the_finder_that_refuses_asks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    class Counting:
        def find_spec(self, name: str, path: object = None, target: object = None) -> None:
            asked.append(name)

    monkeypatch.setattr(sys, "meta_path", [Counting(), *sys.meta_path])
    places = Places(frozenset())
    refusing = RefuseLocal(places)
    sys.meta_path.insert(0, refusing)
    for _ in range(2):
        refusing.find_spec("colorsys")
    assert asked.count("colorsys") == 1
