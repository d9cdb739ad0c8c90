"""What counts as written in an overlay's layer, told from the times of files."""

from __future__ import annotations

import os
from pathlib import Path

from mlintern.runtime.layers import Written, written


def test_a_copy_whose_original_others_changed_meanwhile_was_not_written(tmp_path: Path) -> None:
    """A folder with a mount inside is copied as a whole, also the files that the script never touches."""
    real, upper = tmp_path / "real", tmp_path / "layers" / "0" / "upper"
    real.mkdir()
    upper.mkdir(parents=True)
    (upper.parent / "path").write_text(str(real))
    began = (upper.parent / "path").stat().st_mtime
    times = {
        "untouched": (began - 9, began - 9),
        "changed by others": (began + 5, began - 9),
        "written": (began - 9, began + 5),
        "written by both": (began + 5, began + 5),
    }
    for name, (outside, inside) in times.items():
        for folder, text, time in ((real, "as it is", outside), (upper, "as it was" * ("w" in name), inside)):
            (folder / name).write_text(text if name != "untouched" else "same")
            os.utime(folder / name, (time, time))
    (upper / "new").write_text("new")

    descriptor = os.open(tmp_path / "layers", os.O_RDONLY)
    try:
        found = written(descriptor)
    finally:
        os.close(descriptor)

    assert {Path(one.path).name for one in found} == {"written", "written by both", "new"}
    assert Written(str(real / "new"), 3) in found
