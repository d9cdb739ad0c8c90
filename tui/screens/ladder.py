"""Ladder: the rungs with forecast against actual, what was found, what is verified and what is not, and the question.

Invariant: the question stands inside the screen with its cost; it is put to the engine only as it was shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.binding import BindingType
from textual.containers import Container, Vertical
from textual.widget import Widget

from ...planner.edits.fixes import is_sure, project_of, propose_fix
from ...planner.edits.proposal import Proposal
from ...planner.edits.proposing import Refusal, Workspace
from ...planner.moves import Ask, RunRung, Wait
from ...planner.view import LadderView
from ...store import Store, StoreError
from ...store.records import Experiment, Finding, RungName, RungStatus
from .. import confirm_words
from ..actions import Scope
from ..bindings import bindings
from ..budgets import short_budget_words
from ..text import clean, fit
from ..widgets import question
from ..widgets.choice import Approval, Stopping
from ..widgets.finding_list import FindingList, place
from ..widgets.ladder_table import LadderTable, table_head
from ..widgets.prompt import Prompt
from ..widgets.rows import Rows
from ..widgets.section import Facts, Line, SectionTitle
from . import ladder_prompts as prompts
from .detail import DetailScreen, finding_detail, named_facts
from .hyperparameters import HyperparametersScreen
from .ladder_answers import LadderAnswers
from .ladder_state import has_result, ladder_state

AGAIN_SECONDS = 3.0


class LadderScreen(LadderAnswers):
    """The second place."""

    NAME = "ladder"
    CSS_PATH = "ladder.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.LADDER)
    AUTO_FOCUS = "#rungs"
    _again_at = float("-inf")

    def compose_body(self) -> Iterable[Widget]:
        with Vertical(id="climb"):
            yield Line(id="ladder-title")
            yield Line(id="rungs-head")
            yield LadderTable(id="rungs")
            yield Facts(id="state")
            with Container(id="news"):
                with Vertical(id="findings-part"):
                    yield SectionTitle("findings", id="findings-title")
                    yield FindingList(id="findings")
                with Vertical(id="facts-part"):
                    yield SectionTitle("not verified yet", id="facts-title")
                    yield Facts(id="facts", is_focusable=True)
        with Vertical(id="asks"):
            yield Approval(id="approval")
            yield Stopping(id="stopping")
            yield Prompt(id="prompt")

    def begin(self) -> None:
        self.draw()

    def come_back(self) -> None:
        self.draw()
        # Coming back, the question appears anew: whatever is being typed was meant for somewhere else.
        if self.approval.display:
            self.approval.rearm()

    def on_resize(self) -> None:
        if self.is_ready:
            self._draw_head()

    def climber_changed(self) -> None:
        self.draw()

    def beat(self, *, changed: bool) -> None:
        if self.our_app.live or self.our_app.climber.busy:
            self.draw()

    # ---- drawing

    def draw(self) -> None:
        self._draw_title()
        view = self.view
        if view is not None:
            self._draw_head()
            self.query_one("#rungs", LadderTable).show(view, self.our_app.clock())
            self._draw_news(view)
            self.put_question(view)
        self._draw_state()

    def _draw_title(self) -> None:
        climber = self.our_app.climber
        line = self.query_one("#ladder-title", Line)
        if self.view is None:
            name = climber.target.script.name if climber.target else "no experiment in hand"
            line.show([(name, "strong")])
            return
        experiment = self.view.experiment
        budgets = short_budget_words(self.view.budgets)
        # The arguments give way to the budgets: what may still be spent is news, and they are not.
        room = line.content_size.width - cell_len(experiment.name) - cell_len(budgets) - 4
        args = fit(clean(" ".join(experiment.args)), room).rstrip()
        line.show([(experiment.name, "strong"), (f"  {args}", "muted")], [(budgets, "muted")])

    def _draw_head(self) -> None:
        head = self.query_one("#rungs-head", Line)
        head.show([("  ", ""), (table_head(max(0, self.size.width - 4)), "muted")])

    def _draw_state(self) -> None:
        state = ladder_state(
            self.our_app.climber, self.our_app.clock(), is_asked=self.approval.display or self.prompt.display
        )
        line = self.query_one("#state", Facts)
        line.show(state)
        line.display = bool(state)
        self.refresh_bindings()

    def _draw_news(self, view: LadderView) -> None:
        count = len(view.findings)
        self.query_one("#findings-title", SectionTitle).show(
            f"findings {count}" if count else "no findings", "⏎ evidence · A accept" if count else ""
        )
        self.query_one("#findings", FindingList).show(view.findings, view.accepted)
        self.query_one("#findings-part").set_class(count == 0, "none")
        self.query_one("#facts-title", SectionTitle).show(
            f"not verified yet {len(view.not_verified)}", f"verified {len(view.verified)}"
        )
        self.query_one("#facts", Facts).show(
            [
                *[("·", "warn", fact) for fact in view.not_verified],
                ("", "muted", f"verified {len(view.verified)}"),
                *[("✓", "good", fact) for fact in view.verified],
            ]
        )

    # ---- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What makes no sense now is neither on the key bar nor in the palette."""
        view = self.view
        match action:
            case "ask":
                return view is not None and isinstance(view.move, Ask) and not self.approval.has_focus
            case "climb":
                return view is not None and isinstance(view.move, RunRung)
            case "stop":
                return self._run_under_way() is not None
            case "watch":
                return view is not None and any(rung.run is not None for rung in view.rungs)
            case "accept":
                return self._finding_in_hand() is not None
            case "fix":
                finding = self._finding_in_hand()
                return finding is not None and is_sure(finding)
            case "result":
                return view is not None and has_result(view)
            case "again" | "limits" | "evidence" | "origins" | "edits" | "confirm":
                return view is not None
        return True

    def action_climb(self) -> None:
        climber = self.our_app.climber
        if climber.target is not None and climber.busy is None:
            self.our_app.do(partial(climber.open, replace(climber.target, climbs=True)))

    def action_again(self) -> None:
        climber = self.our_app.climber
        if climber.target is None or climber.busy is not None:
            return
        now = self.our_app.clock()
        if self._would_leave_a_climb() and now - self._again_at > AGAIN_SECONDS:
            self._again_at = now
            self.notify("r again climbs from the first rung; this climb stays in the history", markup=False)
            return
        self._again_at = float("-inf")
        self.our_app.do(climber.again)

    def _would_leave_a_climb(self) -> bool:
        """Whether this climb can still go on as it is: a key that was meant for something else must not end it."""
        return (
            self.view is not None
            and isinstance(self.view.move, (Ask, Wait))
            and not self.our_app.climber.is_stale
            and self.our_app.climber.trouble is None
        )

    def action_watch(self) -> None:
        rung = self.query_one("#rungs", LadderTable).rung_in_hand
        move = self.view.move if self.view else None
        if rung is not None and rung.run is not None:
            self.our_app.open_run(rung.run.id)
        elif isinstance(move, Wait):
            self.our_app.open_run(move.run_id)
        else:
            self.notify("No run of this rung yet", markup=False)

    def action_sweep(self) -> None:
        from .sweep import SweepScreen

        if self.view is None:
            self.notify("No experiment in hand", markup=False)
        elif not isinstance(self.app.screen, SweepScreen):
            self.app.push_screen(SweepScreen(self.view.experiment.id))

    def action_confirm(self) -> None:
        if self.view is not None and self.our_app.climber.busy is None:
            self.open_prompt(lambda: prompts.ask_what_to_confirm(self.prompt))

    def action_edits(self, first: int | None = None) -> None:
        from .edits import EditsScreen

        if self.view is not None:
            self.app.push_screen(EditsScreen(self.view.experiment, first=first))

    def action_fix(self) -> None:
        finding, view = self._finding_in_hand(), self.view
        if finding is not None and view is not None:
            self.our_app.do(partial(self._propose_fix, finding, view.experiment))

    async def _propose_fix(self, finding: Finding, experiment: Experiment) -> None:
        def propose(store: Store) -> Proposal | Refusal:
            return propose_fix(Workspace.of(store, project_of(experiment), "rules"), finding, experiment)

        try:
            found = await self.our_app.archive.ask(propose)
        except StoreError as error:
            self.our_app.say_trouble(error)
            return
        if isinstance(found, Refusal):
            self.notify(found.reason, severity="warning", markup=False)
        else:
            self.action_edits(found.id)

    def action_result(self) -> None:
        from .result import ResultScreen

        if self.view is not None:
            self.app.push_screen(ResultScreen(self.view.experiment))

    @on(Rows.Chosen, "#rungs")
    def _open_rung(self) -> None:
        rung = self.query_one("#rungs", LadderTable).rung_in_hand
        if rung is not None and rung.name is RungName.SWEEP:
            self.action_sweep()
        elif rung is not None and rung.name is RungName.CONFIRM and rung.run is not None:
            self.work(self._show_confirmation, "confirm")
        elif rung is not None and rung.run is not None:
            self.our_app.open_run(rung.run.id)
        elif rung is not None:
            self._show_rung()

    def _show_rung(self) -> None:
        rung = self.query_one("#rungs", LadderTable).rung_in_hand
        if rung is None:
            return
        pairs = [("rung", str(rung.name)), ("status", str(rung.status)), ("shows", rung.shows)]
        if rung.why:
            pairs.append(("why", rung.why))
        if rung.forecast is not None:
            pairs += question.forecast_facts(rung.forecast)[1:]
        self.app.push_screen(DetailScreen(str(rung.name), named_facts(pairs)))

    async def _show_confirmation(self) -> None:
        """Its runs so far, and what they allow to say."""
        if self.view is None:
            return
        experiment_id = self.view.experiment.id
        try:
            lines = await self.our_app.reader.ask(lambda store: confirm_words.latest(store, experiment_id))
        except StoreError as error:
            self.our_app.say_trouble(error)
            return
        self.app.push_screen(DetailScreen("confirm", [("", "", line) for line in lines]))

    def action_evidence(self) -> None:
        findings = self.query_one("#findings", FindingList)
        if findings.has_focus and findings.in_hand is not None:
            self._show_finding()
        elif self.view is not None and isinstance(self.view.move, Ask):
            self.show_forecast(self.view.move)
        else:
            self._show_rung()

    def action_origins(self) -> None:
        if self.view is not None:
            self.app.push_screen(HyperparametersScreen(self.view.experiment, under=self.NAME))

    @on(Rows.Chosen, "#findings")
    def _show_finding(self) -> None:
        finding = self.query_one("#findings", FindingList).in_hand
        if finding is not None and self.view is not None:
            accepted = self.view.accepted.get(finding.id)
            self.app.push_screen(finding_detail(finding, self.view.experiment, accepted))

    def _finding_in_hand(self) -> Finding | None:
        findings = self.query_one("#findings", FindingList)
        return findings.in_hand if findings.has_focus else None

    def action_accept(self) -> None:
        finding = self._finding_in_hand()
        if finding is None or self.view is None or self.our_app.climber.busy is not None:
            return
        if finding.id in self.view.accepted:
            self.our_app.do(partial(self.our_app.climber.withdraw, finding.id))
        else:
            self.open_prompt(lambda: prompts.ask_why_accepted(self.prompt, finding))

    def action_stop(self) -> None:
        run_id = self._run_under_way()
        if run_id is None:
            self.notify("Nothing of this experiment is running", markup=False)
            return
        self.approval.close()
        self.ask_to_stop(run_id)

    def _run_under_way(self) -> int | None:
        if self.view is None:
            return None
        if isinstance(self.view.move, Wait):
            return self.view.move.run_id
        running = (rung.run for rung in self.view.rungs if rung.status is RungStatus.RUNNING)
        return next((run.id for run in running if run is not None), None)

    def text_to_copy(self) -> str:
        findings = self.query_one("#findings", FindingList)
        if findings.has_focus and findings.in_hand is not None:
            finding = findings.in_hand
            return f"{finding.severity} {finding.code} {finding.message} {place(finding)}".strip()
        return str(self.view.experiment.script) if self.view else ""
