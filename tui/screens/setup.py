"""Setup: the experiment that the rules make of a confirmed checklist, before any of it is written.

Invariant: nothing is written before the person says so; what is missing is asked for and never made up.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import ClassVar

from textual import on
from textual.binding import BindingType
from textual.widget import Widget

from ...planner.reading.checklist import Checklist
from ...planner.recipes.experiment import Experiment
from ...planner.recipes.recipe import NotPossibleError
from ...runtime.project import TargetError, script_target
from ..actions import Scope
from ..bindings import bindings
from ..engine import Paper, Target
from ..setup import Draft, first_draft, planned, written
from ..text import clean
from ..widgets.prompt import Field, Prompt
from ..widgets.section import Facts, Line, SectionTitle
from ..widgets.value_table import ValueTable, head
from .place import Place

_OPTION = re.compile(r"(?:with )?--(?P<option>data|recipe|target|split|set)(?: PATH)?")
_LINES = {
    "data": "“data” (e)",
    "recipe": "“recipe” (e)",
    "target": "“predict” (e)",
    "split": "“split” (e)",
    "set": "“change…” on the checklist (esc):",
}
"""Where a person writes here what is an option on the command line."""


class SetupScreen(Place):
    """Lies over the checklist; Escape goes back there."""

    NAME = "home"
    CSS_PATH = "setup.tcss"
    BINDINGS: ClassVar[list[BindingType]] = bindings(Scope.SETUP)
    AUTO_FOCUS = "#values"

    def __init__(self, paper: Paper, checklist: Checklist) -> None:
        super().__init__()
        self.paper = paper
        self.draft: Draft = first_draft(paper.path, checklist, beside=Path.cwd())
        self.experiment: Experiment | None = None
        self._missing: NotPossibleError | None = None

    def compose_body(self) -> Iterable[Widget]:
        yield Line(id="setup-title")
        yield Facts(id="plan")
        yield SectionTitle("values", id="values-title")
        yield Line(id="values-head")
        yield ValueTable(id="values")
        yield Facts(id="setup-state")
        yield Prompt(id="prompt")

    def begin(self) -> None:
        self._say([("»", "accent", "choosing the recipe and looking at the data…")])
        self.query_one("#setup-title", Line).show([(clean(self.paper.path.name), "strong"), ("  experiment", "muted")])
        self.work(self._plan, "plan")

    async def _plan(self) -> None:
        self.experiment = self._missing = None
        try:
            self.experiment = await asyncio.to_thread(planned, self.draft)
        except NotPossibleError as error:
            self._missing = error
        self.draw()
        if self._missing is not None:
            self.action_change()

    # ---- drawing

    def draw(self) -> None:
        """Draw everything anew."""
        experiment = self.experiment
        self.query_one("#plan", Facts).show([] if experiment is None else _plan_facts(experiment))
        self.query_one("#values", ValueTable).show(() if experiment is None else experiment.chosen.values)
        count = 0 if experiment is None else len(experiment.chosen.values)
        self.query_one("#values-title", SectionTitle).show(f"values {count}", "each with where it comes from")
        self._draw_head()
        self._draw_state()
        self.refresh_bindings()

    def _draw_head(self) -> None:
        words = head(max(0, self.size.width - 4)) if self.experiment is not None else ""
        self.query_one("#values-head", Line).show([("  ", ""), (words, "muted")])

    def _draw_state(self) -> None:
        if self._missing is not None:
            self._say([("✗", "bad", f"{self._missing} {_without_options(self._missing.hint)}")])
        elif self.draft.is_written:
            self._say([("✓", "good", f"{self._folder} is there, from this very checklist: w climbs it")])
        else:
            self._say([("?", "accent", f"w writes it into {self._folder} and climbs what needs no approval")])

    @property
    def _folder(self) -> str:
        into = self.draft.into
        return f"{into.relative_to(Path.cwd())}/" if into.is_relative_to(Path.cwd()) else str(into)

    def _say(self, state: list[tuple[str, str, str]]) -> None:
        self.query_one("#setup-state", Facts).show(state)

    def on_resize(self) -> None:
        if self.is_ready:
            self._draw_head()

    # ---- actions

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """What is missing is given first."""
        return action != "write" or self.experiment is not None

    def action_change(self) -> None:
        draft = self.draft
        self.query_one("#prompt", Prompt).open(
            "setup",
            "Where, and from what · an empty line leaves it to the rules",
            [
                Field("folder", str(draft.into), "where to write; new, or empty"),
                Field("data", "" if draft.data is None else str(draft.data), "a table, arrays, a text, or a folder"),
                Field("predict", draft.target or "", "the column to predict, of a table"),
                Field("recipe", draft.recipe or "", "such as image-cnn or tabular-mlp"),
                Field("split", draft.split or "", "rows, groups or time, in place of what the columns suggest"),
            ],
            read=_read,
        )

    @on(Prompt.Submitted)
    def _submitted(self, event: Prompt.Submitted) -> None:
        into, data, target, recipe, split = (str(value).strip() for value in event.values)
        self.draft = self.draft.changed(into=into, data=data, target=target, recipe=recipe, split=split)
        self.query_one("#values").focus()
        self.begin()

    @on(Prompt.Cancelled)
    def _cancelled(self) -> None:
        self.query_one("#values").focus()

    def action_write(self) -> None:
        if self.experiment is not None:
            self.our_app.do(self._write)

    async def _write(self) -> None:
        experiment, draft = self.experiment, self.draft
        if experiment is None:
            return
        try:
            folder = await asyncio.to_thread(written, draft, experiment)
            script = script_target(folder, self.paper.args, working_dir=Path.cwd()).script
        except (NotPossibleError, TargetError) as error:
            hint = error.hint if isinstance(error, NotPossibleError) else ""
            self._say([("✗", "bad", f"{error} {_without_options(hint)} e changes the folder")])
            return
        self.our_app.go("home")
        self.our_app.climb(Target(script=script, args=self.paper.args, limits=self.paper.limits))

    def text_to_copy(self) -> str:
        return str(self.draft.into)


def _read(texts: Sequence[str]) -> tuple[str, ...]:
    split = texts[-1].strip()
    if split not in ("", "rows", "groups", "time"):
        raise ValueError(f"“{split}” is no way to split: write rows, groups or time")
    return tuple(texts)


def _plan_facts(experiment: Experiment) -> list[tuple[str, str, str]]:
    recipe, data = experiment.recipe, experiment.data
    facts = [
        ("recipe", "muted", f"{recipe.name}: {recipe.task}, {recipe.architecture}; {experiment.why}"),
        ("data  ", "muted", f"{experiment.source.words}, split {data.split}"),
    ]
    if experiment.chosen.whom is not None:
        facts.append(("values", "muted", f"those of “{experiment.chosen.whom}”, of several in the source"))
    unused = ", ".join(f"{one.name} = {one.value}" for one in experiment.chosen.unused)
    if unused:
        facts.append(("!", "warn", f"said, and not taken over by this recipe: {unused}"))
    facts += [("·", "muted", note) for note in data.notes]
    return facts


def _without_options(hint: str) -> str:
    """The hint of the command line, for a person who has lines to write into."""
    return _OPTION.sub(lambda found: f"under {_LINES[found['option']]}", hint)
