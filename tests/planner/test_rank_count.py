"""How many ranks a script has: said, said before, or two where it cannot do without."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from mlintern.planner import rank_count
from mlintern.runtime.project import ScriptTarget, script_target
from mlintern.store import Store
from mlintern.store.records import Experiment, RungName

ALWAYS = 'import torch.distributed as dist\ndef main():\n    dist.init_process_group("gloo")\n'
GUARDED = f'{ALWAYS}if __name__ == "__main__":\n    main()\n'
SOMETIMES = (
    "import os\nfrom torch.distributed import init_process_group\n"
    'if "RANK" in os.environ:\n    init_process_group()\n'
)


def target(folder: Path, source: str) -> ScriptTarget:
    (folder / "train.py").write_text(source)
    return script_target(Path("train.py"), (), working_dir=folder)


@pytest.mark.parametrize(
    ("source", "needs"),
    [(ALWAYS, True), (GUARDED, True), (SOMETIMES, False), ("print('init_process_group()')\n", False)],
)
def test_a_script_needs_ranks_where_it_starts_a_group_under_no_condition(
    tmp_path: Path, source: str, needs: bool
) -> None:
    assert rank_count.needs_ranks(target(tmp_path, source)) is needs


def test_what_was_said_holds_for_the_next_climb_of_the_script(tmp_path: Path) -> None:
    script = target(tmp_path, ALWAYS)
    with Store.open(tmp_path / "home") as store:

        def begin(given: int | None, before: Experiment | None) -> Experiment:
            made = store.experiments.add(
                name="train.py", script=script.script, module=None, args=(), working_dir=tmp_path,
                python=Path(sys.executable), fingerprint="f" * 64,
            )  # fmt: skip
            rank_count.settle(store, made, script, given=given, before=before)
            return made

        first = begin(None, None)
        second = begin(4, first)
        third = begin(None, second)
        assert [rank_count.said(store, one) for one in (first, second, third)] == [2, 4, 4]
        assert rank_count.for_rung(store, third, RungName.REHEARSAL) == 4
        assert rank_count.for_rung(store, third, RungName.OVERFIT) == 1, "a look at one process"


def test_a_script_of_one_process_is_told_nothing(tmp_path: Path) -> None:
    script = target(tmp_path, "print()\n")
    with Store.open(tmp_path / "home") as store:
        made = store.experiments.add(
            name="train.py", script=script.script, module=None, args=(), working_dir=tmp_path,
            python=Path(sys.executable), fingerprint="f" * 64,
        )  # fmt: skip
        rank_count.settle(store, made, script, given=None, before=None)
        assert rank_count.said(store, made) is None
        assert rank_count.for_rung(store, made, RungName.OVERFIT) is None
