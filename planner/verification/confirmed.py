"""A run of a confirmation: whether it ran what was said, from the copy that was said.

Invariant: reads only. The values of its metrics are the seal's and the log's affair; here it is its place in the claim.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from ...runtime import hiding, seal
from ...runtime.fresh_copy import REPORT
from ...runtime.options import with_values
from ...store import Store
from ...store.confirmations import Confirmation, Purpose, Repeat
from ...store.records import Run
from . import opened
from .checked import Checked, could_not, differs, matches


def check_repeat(store: Store, run: Run) -> Iterator[Checked]:
    """Seed and command line, the copied code, and the value that the confirmation took."""
    repeat = store.confirmations.repeat_of_run(run.id)
    if repeat is None:
        return
    confirmation = store.confirmations.get(repeat.confirmation_id)
    yield from _sealed(store, run, confirmation)
    yield _command(run, repeat, confirmation)
    yield _copy(store, run, repeat)
    if confirmation.summary is not None and repeat.purpose in (Purpose.SEED, Purpose.BASELINE):
        yield _value(store, run, repeat, confirmation)


def _sealed(store: Store, run: Run, confirmation: Confirmation) -> Iterator[Checked]:
    """Whether the labels were kept from the run, and are still what was sealed."""
    labels = store.labels.for_script(store.experiments.get(run.experiment_id).script)
    if labels is None or not opened.is_sealed(confirmation.metric):
        return
    probed: Any = store.reports.get(run.id, hiding.REPORT)
    if probed is None:
        yield could_not("sealed labels", "nobody tried to read them from inside the run")
    elif probed["holds"]:
        yield matches("sealed labels", "what the run could read with what was to be hidden from it", probed["by"])
    else:
        why = probed["refused"] or "it could read them"
        yield could_not("sealed labels", f"only their mode kept them from the run: {why}")
    counted = opened.values([run], store, labels, confirmation.metric)[run.id]
    told = opened.told(store, run, confirmation.metric)
    again = "the kept predictions with the sealed labels, counted again"
    if counted.value is None or told is None:
        yield could_not("sealed metric", counted.why or "the labels were not opened yet")
    elif counted.value == told:
        yield matches("sealed metric", again, repr(told))
    else:
        yield differs("sealed metric", again, f"{told!r} was told, and {counted.value!r} follows")
    digest, compared = seal.file_hash(labels.path), "the sealed file with its hash when it was sealed"
    if digest is None:
        yield could_not("labels file", f"{labels.path} cannot be read")
    elif digest == labels.sha256:
        yield matches("labels file", compared)
    else:
        yield differs("labels file", compared, f"{labels.path} was changed")


def _command(run: Run, repeat: Repeat, confirmation: Confirmation) -> Checked:
    compared = "the arguments in the run's launch file with its seed"
    try:
        launched = json.loads((run.folder / "launch.json").read_text(encoding="utf-8"))
        args = tuple(launched["command"]["args"])
    except (OSError, ValueError, KeyError, TypeError):
        return could_not("seed", f"{run.folder / 'launch.json'} cannot be read")
    if args != repeat.args:
        return differs("seed", compared, f"it was started with {' '.join(map(str, args))}")
    flag, seed = confirmation.seed_flag, str(repeat.seed)
    if not set(with_values((), {flag: seed})) <= set(args):
        return differs("seed", compared, f"{flag}={seed} is not among its arguments")
    return matches("seed", compared, f"{flag}={seed}")


def _copy(store: Store, run: Run, repeat: Repeat) -> Checked:
    compared = "the code that was copied with the code that the seal holds"
    report: Any = store.reports.get(run.id, REPORT)
    if report is None:
        why = "it went on in the copy of the run that was interrupted" if repeat.purpose is Purpose.RESUMED else (
            "what was copied was not kept"
        )  # fmt: skip
        return could_not("fresh copy", why)
    held = seal.sealed(store, run.id)
    copied = {str(one["path"]): one["sha256"] for one in report["code"]}
    then = store.runs.get(store.confirmations.get(repeat.confirmation_id).chosen_run_id)
    chosen = seal.sealed(store, then.id)
    if held is None or chosen is None or not chosen["code"]:
        return could_not("fresh copy", "no seal holds the hashes of the code that was to be copied")
    changed = [str(one["path"]) for one in chosen["code"] if copied.get(str(one["path"])) != one["sha256"]]
    if changed:
        return differs("fresh copy", compared, f"not what run {then.id} ran: {', '.join(changed[:5])}")
    return matches("fresh copy", compared, f"{len(copied)} files")


def _value(store: Store, run: Run, repeat: Repeat, confirmation: Confirmation) -> Checked:
    compared = "the value that the confirmation took of this seed with the run's own"
    kept = (confirmation.summary or {}).get("values" if repeat.purpose is Purpose.SEED else "baseline", {})
    found = store.metrics.last(run.id).get(confirmation.metric)
    own = opened.told(store, run, confirmation.metric) if found is None else found.value
    taken = kept.get(str(repeat.seed))
    if own is None or taken is None:
        return could_not("value in the claim", "it told no value, and is in no mean")
    if own == taken:
        return matches("value in the claim", compared, repr(own))
    return differs("value in the claim", compared, f"the run told {own!r}, and {taken!r} was taken")
