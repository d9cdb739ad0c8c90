"""Facts of the inspection about patterns in the code, as findings.

Invariant: a finding shows every line that makes the pattern; a part of the program that was not followed is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Answer, Check, Evidence, Judgement, could_not_tell, fine

Words = Callable[[Json], tuple[str, Severity, str, str]]
"""The code, severity, message and fix of a fact."""


def pattern_check(
    *, name: str, codes: tuple[str, ...], question: str, kinds: Sequence[str], looked: str, words: Words, verified: str,
    evidence: str, fix: str, uses: tuple[str, ...] = (),
) -> Check:  # fmt: skip
    """A check that judges facts of these kinds; ``looked`` is the part of the inspection that finds them.

    Its name says that it only reads: the same question may be asked of what really happened.
    """

    def judge(asked: Evidence) -> Judgement:
        patterns = asked.reports["static"].get("patterns")
        if patterns is None or looked not in patterns["looked"]:
            why = "; ".join((patterns or {}).get("blind", ())) or "the inspection did not look for it"
            return could_not_tell(f"{question} {why}")
        facts = [fact for fact in patterns["facts"] if fact["kind"] in kinds]
        blind = tuple(f"{question} {why}" for why in patterns["blind"])
        if not facts:
            return could_not_tell(blind[0]) if blind else fine(verified)
        return Judgement(_answer(drafts := tuple(_drafts(facts, words, asked))), drafts, also_open=blind)

    return Check(f"{name}.in_code", codes, RungName.STATIC, question, ("static",), uses, evidence, fix, judge)


def _answer(drafts: Iterable[FindingDraft]) -> Answer:
    return Answer.ASK if all(one.severity is Severity.INFO for one in drafts) else Answer.FAULT


def _drafts(facts: Iterable[Json], words: Words, asked: Evidence) -> Iterable[FindingDraft]:
    for fact in facts:
        code, severity, message, fix = words(fact)
        rows = tuple({**row, "file": asked.shown(row["file"])} for row in fact["rows"])
        yield FindingDraft(code, severity, message, rows, asked.shown(fact["file"]), fact["line"], fix)
