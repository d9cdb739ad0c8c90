"""The metrics that a script printed, read again from its log."""

from __future__ import annotations

import math
from collections import Counter

from ...runtime.printed import PREFIX, parse_line
from ...store import Store
from ...store.records import Run
from .checked import Checked, could_not, differs, matches

_MOST_BYTES = 256 * 1024 * 1024
_SHOWN = 3
_END_CHARACTERS = 400


def check_printed(store: Store, run: Run) -> Checked:
    """Whether every stored value that was printed stands in the log."""
    stored = _stored(store, run)
    compared = "stored metrics that the script printed with its log, read again"
    if not stored:
        return could_not("printed metrics", "no metric was read from what the script printed")
    try:
        if run.log_path.stat().st_size > _MOST_BYTES:
            return could_not("printed metrics", f"{run.log_path} is larger than is read again")
        printed = _read_again(run)
    except OSError as error:
        return could_not("printed metrics", f"{run.log_path} cannot be read: {error.strerror}")
    alien = stored - printed
    if not alien:
        # A burst of lines is not looked at whole while a run is under way, so the log may hold more.
        more = (printed - stored).total()
        said = f"{stored.total()} values" + (f", {more} more in the log" if more else "")
        return matches("printed metrics", compared, said)
    said = ", ".join(f"{name} {value}" for name, value in list(alien)[:_SHOWN])
    return differs("printed metrics", compared, f"{alien.total()} stored values are not in the log: {said}")


def _stored(store: Store, run: Run) -> Counter[tuple[str, str]]:
    names = [name for name in store.metrics.names(run.id) if name.startswith(PREFIX)]
    return Counter((name, _text(one.value)) for name in names for one in store.metrics.series(run.id, name))


def _read_again(run: Run) -> Counter[tuple[str, str]]:
    found: Counter[tuple[str, str]] = Counter()
    with run.log_path.open("rb") as file:
        for line in file:
            # The last line counts only when it was ended, as while the run was under way.
            if line.endswith(b"\n"):
                text = line.decode("utf-8", "replace")
                # Of a line that came in pieces its end was looked at, such as what a progress bar leaves behind.
                read = parse_line(text) or parse_line(text[-_END_CHARACTERS:])
                found.update((PREFIX + one.name, _text(one.value)) for one in read)
    return found


def _text(value: float) -> str:
    return "nan" if math.isnan(value) else repr(value)
