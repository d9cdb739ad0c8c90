"""Precision and recall of reading, per kind, for the rules and for scripted answers: ``python -m
mlintern.benchmarks.reading``.

The documents of the first part were there while the rules were written; those of each further part were written
afterwards.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from mlintern.benchmarks.reading import scripted
from mlintern.benchmarks.reading.score import HALVES, Count, cases, hyperparameters, score, targets
from mlintern.planner.reading.proposals import admit
from mlintern.planner.reading.reading import brief_of
from mlintern.planner.reading.source import read_document

GOAL_PRECISION, GOAL_RECALL = 0.9, 0.85


def main() -> int:
    """Print a table for each half; exit code 1 where the goal on hyperparameters or targets is missed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--half", choices=HALVES)
    parser.add_argument("--document", help="this one alone, with what was missed and made up")
    options = parser.parse_args()
    missed = False
    for half in HALVES if options.half is None else (options.half,):
        total: dict[str, Count] = {}
        answers: dict[str, Count] = {}
        refused = proposed = number = 0
        began = time.monotonic()
        with tempfile.TemporaryDirectory() as folder:
            for case in cases(half):
                if options.document and case.name != options.document:
                    continue
                number += 1
                document = read_document(case.written(Path(folder)))
                counts = score(case, brief_of(document))
                for kind, count in counts.items():
                    total.setdefault(kind, Count()).add(count)
                    for word, items in (("missed", count.missed), ("made up", count.made_up)):
                        for item in items:
                            print(f"   {case.name:20} {kind:16} {word:8} {item}")
                admitted = admit(document, scripted.answer(document, case.truth))
                refused += len(admitted.refused)
                proposed += len(scripted.mistakes([""]))
                answers.setdefault("hyperparameters", Count()).add(
                    hyperparameters(case.truth["hyperparameters"], admitted.hyperparameters)
                )
                answers.setdefault("targets", Count()).add(targets(case.truth["targets"], admitted.targets))
        print(f"\n{half} half, {number} documents, {time.monotonic() - began:.1f} s")
        for who, kinds in (("rules", total), ("scripted answers", answers)):
            for kind, count in kinds.items():
                told = "  –  " if kind == "requirements" else f"{count.precision:5.2f}"
                true = count.found + len(count.missed)
                print(f"  {who:17} {kind:16} precision {told}  recall {count.recall:5.2f}  of {true}")
        print(f"  scripted answers: {proposed} mistakes among them, {refused} items refused\n")
        for kind in ("hyperparameters", "targets"):
            one = total.get(kind, Count())
            missed |= one.precision < GOAL_PRECISION or one.recall < GOAL_RECALL
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
