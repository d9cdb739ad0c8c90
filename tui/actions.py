"""Every action of the application, once: footer, help, command palette and docs/keys.md are made from this list.

Invariant: an id is stable and unique; within one scope no key means two things; a handler is a Textual action name
that the scope's class (or the application, for ``app.…``) has.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class Scope(StrEnum):
    """Where an action's keys work."""

    EVERYWHERE = "everywhere"
    LIST = "lists"
    HOME = "home"
    PATH = "path"
    LADDER = "ladder"
    APPROVAL = "approval"
    STOPPING = "stopping"
    RUN = "run"
    CHART = "chart"
    LOG = "log"
    HISTORY = "history"
    COMPARE = "compare"
    SWEEP = "sweep"
    CHECKLIST = "checklist"
    SETUP = "setup"
    RESULT = "result"
    EDITS = "edits"
    CONVERSATION = "conversation"
    READING = "reading"


SCOPE_TITLES = {
    Scope.EVERYWHERE: "Everywhere",
    Scope.LIST: "In every list",
    Scope.HOME: "Home",
    Scope.PATH: "Writing a path",
    Scope.LADDER: "Ladder",
    Scope.APPROVAL: "When a rung asks for approval",
    Scope.STOPPING: "When asked whether to stop a run",
    Scope.RUN: "Run",
    Scope.CHART: "In a chart",
    Scope.LOG: "In the log",
    Scope.HISTORY: "History",
    Scope.COMPARE: "Compare",
    Scope.SWEEP: "Sweep",
    Scope.CHECKLIST: "Checklist of a paper",
    Scope.SETUP: "The experiment that is to be written",
    Scope.RESULT: "Result against the paper",
    Scope.EDITS: "Proposed edits",
    Scope.CONVERSATION: "Conversation",
    Scope.READING: "Reading evidence or help",
}


@dataclass(frozen=True, slots=True)
class Action:
    """One thing a person can do."""

    id: str
    keys: tuple[str, ...]
    """The default keys, the one to show first."""
    scope: Scope
    label: str
    """One or two words for the footer; empty keeps it out of there."""
    description: str
    """A sentence for help and palette, without its full stop."""
    handler: str
    """The Textual action that does it."""

    @property
    def shown_keys(self) -> tuple[str, ...]:
        """The keys as a person reads them."""
        return tuple(key_name(key) for key in self.keys)


_KEY_NAMES = {
    "question_mark": "?", "escape": "esc", "slash": "/", "space": "space", "enter": "⏎", "up": "↑", "down": "↓",
    "left": "←", "right": "→", "plus": "+", "minus": "-", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home",
    "end": "End", "tab": "tab", "shift+tab": "shift+tab", "f1": "F1",
}  # fmt: skip


def key_name(key: str) -> str:
    """A key as it is printed: ``^p`` for ctrl+p, ``?`` for question_mark."""
    if key.startswith("ctrl+"):
        return f"^{key.removeprefix('ctrl+')}"
    return _KEY_NAMES.get(key, key)


def _scope(scope: Scope, *rows: tuple[str, str, str, str, str]) -> Iterator[Action]:
    for name, keys, label, description, handler in rows:
        yield Action(f"{scope.name.lower()}.{name}", tuple(keys.split()), scope, label, description, handler)


ACTIONS: tuple[Action, ...] = (
    *_scope(
        Scope.EVERYWHERE,
        ("home", "1", "", "Go to Home: start something or go on with something", "app.go('home')"),
        ("ladder", "2", "", "Go to the Ladder of the experiment in hand", "app.go('ladder')"),
        ("run", "3", "", "Go to the Run that was looked at last", "app.go('run')"),
        ("history", "4", "", "Go to the History of all runs", "app.go('history')"),
        ("conversation", "5", "", "Go to the Conversation: ask in words", "app.go('conversation')"),
        ("help", "question_mark f1", "help", "Show what every key does here", "app.help"),
        ("palette", "ctrl+p", "palette", "Find an action by name and do it", "app.command_palette"),
        ("next", "tab", "", "Move to the next part of the screen", "app.focus_next"),
        ("previous", "shift+tab", "", "Move to the part of the screen before", "app.focus_previous"),
        ("back", "escape", "", "Go back one step, close what is open", "app.back"),
        ("copy", "ctrl+y", "", "Copy the line or value in hand to the clipboard", "app.copy"),
        ("theme", "", "", "Choose the colours", "app.change_theme"),
        ("picture", "", "", "Save a picture of the screen as SVG", "app.picture"),
        ("leave", "q", "leave", "Leave; what runs goes on running", "app.leave"),
    ),
    *_scope(
        Scope.LIST,
        ("up", "up k", "", "One line up", "cursor_up"),
        ("down", "down j", "", "One line down", "cursor_down"),
        ("page_up", "pageup ctrl+u", "", "One page up", "page_up"),
        ("page_down", "pagedown ctrl+d", "", "One page down", "page_down"),
        ("first", "home g", "", "To the first line", "first"),
        ("last", "end G", "", "To the last line", "last"),
        ("choose", "enter", "", "Open the line in hand", "choose"),
    ),
    *_scope(
        Scope.HOME,
        ("start", "s", "start", "Write the path of a script or a paper to start with", "start"),
        ("ask", "a", "ask", "Ask in words, of the rules or of your model", "app.go('conversation')"),
    ),
    *_scope(
        Scope.PATH,
        ("complete", "tab", "complete", "Accept what is suggested, or move on where nothing is", "complete"),
    ),
    *_scope(
        Scope.LADDER,
        ("watch", "w", "watch", "Watch the run of the rung in hand", "watch"),
        ("evidence", "v", "evidence", "Show where the forecast and the findings come from", "evidence"),
        ("origins", "o", "origins", "Show every hyperparameter with its value and where that comes from", "origins"),
        ("climb", "c", "", "Climb on with the rungs that need no approval", "climb"),
        ("again", "r", "again", "Climb again from the first rung, with the script as it is now", "again"),
        ("accept", "A", "accept…", "Accept the finding in hand with a reason, or take that back", "accept"),
        ("limits", "e", "limits", "Change the limits: steps, budget, memory, disk, GPU memory", "limits"),
        ("stop", "x", "stop…", "Stop the run under way; asks first", "stop"),
        ("sweep", "s", "sweep", "Look at the latest sweep of this experiment", "sweep"),
        ("confirm", "C", "", "Climb to the last rung: say what to confirm on fresh seeds", "confirm"),
        ("edits", "p", "edits", "Look at the proposed edits of this project", "edits"),
        ("fix", "f", "propose fix", "Propose the edit that mends the finding in hand, where one is sure", "fix"),
        ("result", "t", "result", "Hold the full run's result against the paper's number", "result"),
        ("ask", "d", "decide…", "Go to the question that waits for an answer", "ask"),
    ),
    *_scope(
        Scope.APPROVAL,
        ("no", "n", "No", "No: decline, with a reason if there is one", "answer('no')"),
        ("approve", "a", "Approve", "Approve; the ceiling shown holds", "answer('approve')"),
        ("ceiling", "c", "With ceiling…", "Approve with another ceiling, such as 90s, 30m or 2h", "answer('ceiling')"),
        ("change", "e", "Change…", "Change the limits: steps, budget, memory, disk, GPU memory", "answer('change')"),
        ("evidence", "v", "Evidence", "Show what the forecast was made from", "answer('evidence')"),
        ("left", "left h shift+tab", "", "To the answer before", "move(-1)"),
        ("right", "right l tab", "", "To the next answer", "move(1)"),
        ("choose", "enter", "", "Give the answer that is marked; No is marked at first", "choose"),
        ("later", "escape", "", "Leave the question open and look around", "later"),
    ),
    *_scope(
        Scope.STOPPING,
        ("no", "n", "No, go on", "No: the run goes on", "answer('no')"),
        ("stop", "s", "Stop it", "Stop the run: it is asked to end, then made to", "answer('stop')"),
        ("left", "left h shift+tab", "", "To the answer before", "move(-1)"),
        ("right", "right l tab", "", "To the next answer", "move(1)"),
        ("choose", "enter", "", "Give the answer that is marked; No is marked at first", "choose"),
        ("later", "escape", "", "Close the question; the run goes on", "later"),
    ),
    *_scope(
        Scope.RUN,
        ("log_scale", "y", "log y", "Switch the loss axis between linear and logarithmic", "log_scale"),
        ("smooth", "s", "smooth", "Smooth the curve more; after the most, not at all", "smooth"),
        ("zoom", "z plus", "zoom", "Look at half as many steps", "zoom"),
        ("unzoom", "Z minus", "", "Look at twice as many steps", "unzoom"),
        ("whole", "0", "", "Look at all steps again", "whole"),
        ("metric", "m", "metric", "Show the next metric", "metric(1)"),
        ("metric_before", "M", "", "Show the metric before", "metric(-1)"),
        ("baseline", "b", "baseline", "Lay the run of the same rung before this one underneath", "baseline"),
        ("search", "slash", "search", "Search the log", "search"),
        ("pause", "space", "pause", "Hold the view still while the run goes on, or let it follow again", "pause"),
        ("extend", "e", "extend…", "Allow this run more time than was approved", "extend"),
        ("stop", "x", "stop…", "Stop this run; asks first", "stop"),
        ("origins", "o", "origins", "Show every hyperparameter with its value and where that comes from", "origins"),
        ("ladder", "backspace", "", "Go to the Ladder of this run's experiment", "ladder"),
    ),
    *_scope(
        Scope.CHART,
        ("left", "left h", "", "Look further back", "pan(-1)"),
        ("right", "right l", "", "Look further on", "pan(1)"),
        ("tail", "end G", "", "Follow the newest steps again", "tail"),
        ("start", "home g", "", "Look at the first steps", "start"),
        ("in", "up k", "", "Zoom in", "zoom"),
        ("out", "down j", "", "Zoom out", "unzoom"),
    ),
    *_scope(
        Scope.LOG,
        ("up", "up k", "", "One line up; the view stops following", "line(-1)"),
        ("down", "down j", "", "One line down", "line(1)"),
        ("page_up", "pageup ctrl+u", "", "One page up", "page(-1)"),
        ("page_down", "pagedown ctrl+d", "", "One page down", "page(1)"),
        ("first", "home g", "", "To the first line", "first"),
        ("last", "end G", "", "To the last line; the view follows again", "last"),
        ("left", "left h", "", "Show what stands further left", "sideways(-1)"),
        ("right", "right l", "", "Show what stands further right", "sideways(1)"),
        ("wrap", "w", "wrap", "Wrap long lines, or cut them", "wrap"),
        ("next", "n", "next match", "To the next line that matches the search", "match(1)"),
        ("previous", "N", "", "To the matching line before", "match(-1)"),
    ),
    *_scope(
        Scope.HISTORY,
        ("filter", "slash f", "filter", "Search and filter the runs", "filter"),
        ("sort", "s", "sort", "Sort by the next column", "sort(1)"),
        ("sort_before", "S", "", "Sort by the column before", "sort(-1)"),
        ("reverse", "o", "reverse", "Turn the order round", "reverse"),
        ("mark", "space", "mark", "Mark the run for comparing, at most five", "mark"),
        ("unmark", "u", "", "Take all marks away", "unmark"),
        ("compare", "c", "compare", "Compare the marked runs", "compare"),
        ("climb", "l", "ladder", "Go to the Ladder of this run's experiment", "climb"),
    ),
    *_scope(
        Scope.COMPARE,
        ("log_scale", "y", "log y", "Switch the axis between linear and logarithmic", "log_scale"),
        ("smooth", "s", "smooth", "Smooth the curves more; after the most, not at all", "smooth"),
        ("zoom", "z plus", "zoom", "Look at half as many steps", "zoom"),
        ("unzoom", "Z minus", "", "Look at twice as many steps", "unzoom"),
        ("whole", "0", "", "Look at all steps again", "whole"),
        ("metric", "m", "metric", "Show the next metric", "metric(1)"),
        ("metric_before", "M", "", "Show the metric before", "metric(-1)"),
        ("same", "d", "all rows", "Show also the parameters that are the same", "same"),
    ),
    *_scope(
        Scope.SWEEP,
        ("order", "s", "order", "Show the best trials first, or all as they came", "order"),
    ),
    *_scope(
        Scope.CHECKLIST,
        ("confirm", "space", "take", "Take the item in hand as it was read, or take that back", "confirm"),
        ("change", "e", "change…", "Put a value of your own in the place of the one in hand", "change"),
        ("leave_out", "x", "leave out", "Leave the item in hand out, or take that back", "leave_out"),
        ("next_open", "n", "next open", "To the next item that is said in two ways, or open", "next_open"),
        ("confirm_all", "C", "confirm all", "Confirm the whole, with what is open as it was read", "confirm_all"),
    ),
    *_scope(
        Scope.SETUP,
        ("write", "w", "write and climb", "Write the experiment's folder and climb what needs no approval", "write"),
        ("change", "e", "change…", "Change the folder, the data, the column to predict, or the recipe", "change"),
    ),
    *_scope(
        Scope.RESULT,
        ("read_test", "t", "read test split", "Read the test split, once for this run, with evaluate.py", "read_test"),
    ),
    *_scope(
        Scope.EDITS,
        ("apply", "a", "apply", "Apply the edit in hand, with the hunks that are taken: all files or none", "apply"),
        ("hunk", "space", "take hunk", "Take the hunk at the cursor, or leave it out", "hunk"),
        ("next_hunk", "n", "next hunk", "To the next hunk", "next_hunk"),
        ("undo", "u", "undo", "Put back what stood there before the edit in hand was applied", "undo"),
        ("decline", "D", "decline", "Decline the edit in hand", "decline"),
    ),
    *_scope(
        Scope.CONVERSATION,
        ("write", "i slash", "write", "Write into the line", "write"),
        ("back", "escape", "", "Interrupt what is under way; else leave the line, then the screen", "step_back"),
        ("ladder", "ctrl+l", "ladder", "Go to the Ladder with what is asked for", "ladder"),
        ("new", "ctrl+n", "new", "Begin a new conversation", "new"),
        ("older", "ctrl+o", "older", "Open the conversation before this one", "older"),
    ),
    *_scope(
        Scope.READING,
        ("close", "escape q enter", "close", "Close and go back", "close"),
        ("copy", "ctrl+y", "", "Copy the command that shows the finding again", "app.copy"),
    ),
)  # fmt: skip


def in_scope(scope: Scope) -> tuple[Action, ...]:
    """The actions of one scope, in the order of the list."""
    return tuple(action for action in ACTIONS if action.scope is scope)


BY_ID = {action.id: action for action in ACTIONS}


def keys_page() -> str:
    """The page docs/keys.md, as Markdown."""
    lines = [
        "# Keys of `mlintern-tui`",
        "",
        "Made from the list of actions in `tui/actions.py` by `python -m mlintern.tui.actions`;",
        "a test compares the two.",
        "`^p` is ctrl+p. Every action is also in the command palette (`^p`) and in the help (`?`); what stands on the",
        "screen's edges can be clicked.",
    ]
    for scope in Scope:
        lines += ["", f"## {SCOPE_TITLES[scope]}", "", "| keys | what it does | id |", "|---|---|---|"]
        for action in in_scope(scope):
            keys = " ".join(f"`{key}`" for key in action.shown_keys) or "palette"
            lines.append(f"| {keys} | {action.description} | `{action.id}` |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(keys_page())
