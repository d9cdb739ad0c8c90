"""Something to read: the evidence of a finding, or where a forecast comes from. Escape closes it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen

from ...planner.again import command_again
from ...planner.edits.fixes import is_sure
from ...runtime import demo_gpu
from ...store.records import Acceptance, Experiment, Finding
from ..actions import Scope
from ..bindings import bindings
from ..text import clean
from ..widgets.section import Facts

Fact = tuple[str, str, str]


class DetailScreen(ModalScreen[None]):
    """A box with facts over the screen that asked for it."""

    CSS_PATH = "detail.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(Scope.READING)]

    def __init__(self, title: str, facts: Sequence[Fact], *, command: str = "") -> None:
        super().__init__()
        self._title, self._facts, self._command = title, facts, command

    def compose(self) -> ComposeResult:
        with Vertical(id="detail-box"):
            yield Facts(id="detail-facts", is_focusable=True)

    def on_mount(self) -> None:
        box = self.query_one("#detail-box")
        box.border_title = self._title
        keys = "^y copy the command · esc close" if self._command else "esc close"
        box.border_subtitle = f"{keys} · {demo_gpu.LABEL}" if demo_gpu.is_on() else keys
        facts = self.query_one("#detail-facts", Facts)
        facts.show(self._facts)
        facts.focus()

    def action_close(self) -> None:
        self.dismiss()

    def text_to_copy(self) -> str:
        """The command, exactly as a shell needs it."""
        return self._command


def finding_detail(finding: Finding, experiment: Experiment, accepted: Acceptance | None = None) -> DetailScreen:
    """The box with a finding's evidence, and what shows it again."""
    command = command_again(finding, experiment)
    return DetailScreen(clean(finding.code), finding_facts(finding, command, accepted), command=command)


def finding_facts(finding: Finding, command: str, accepted: Acceptance | None = None) -> list[Fact]:
    """A finding with all it rests on, what shows it again, and why a person takes it as it is."""
    facts: list[Fact] = [("", "strong", finding.message), ("", "", "")]
    if accepted is not None:
        facts += [("accepted", "good", accepted.reason), ("", "", "")]
    facts.append(("severity", "muted", str(finding.severity)))
    facts.append(("rung    ", "muted", str(finding.rung)))
    if finding.file is not None:
        line = "" if finding.line is None else f", line {finding.line}"
        facts.append(("where   ", "muted", f"{finding.file}{line}"))
    if finding.run_id is not None:
        facts.append(("run     ", "muted", str(finding.run_id)))
    facts += [("", "", ""), ("", "strong", "evidence" if finding.evidence else "no evidence was recorded")]
    for item in finding.evidence:
        pairs = [(str(key), value) for key, value in item.items()]
        width = max((len(key) for key, _ in pairs), default=0)
        facts += [(f"  {key:<{width}}", "muted", _value(value)) for key, value in pairs]
        facts.append(("", "", ""))
    if finding.fix:
        facts += [("", "strong", "what would fix it"), ("", "", finding.fix)]
        if is_sure(finding):
            words = f"where it is sure, f on the Ladder proposes the edit, and so does mlintern edit fix {finding.id}"
            facts.append(("", "muted", words))
        facts.append(("", "", ""))
    return [*facts, ("", "strong", "what shows it again"), ("", "", command)]


def named_facts(pairs: Sequence[tuple[str, str]]) -> list[Fact]:
    """Names and values, aligned."""
    width = max((len(name) for name, _ in pairs), default=0)
    return [(f"{name:<{width}}", "muted", value) for name, value in pairs]


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
