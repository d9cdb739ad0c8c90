"""What is proposed to the person: an experiment, an edit, a rung. Each ends as words and facts on record.

Invariant: no file is written and nothing is started from here, and no amount of anything can be named: a ceiling or a
budget is not among the arguments, so there is none to raise.
"""

from __future__ import annotations

import re
import shlex

from ....runtime.project import SETTINGS, TargetError, script_target
from ....store.records import RungName
from ...edits import proposing as edits
from ...reading.brief import Brief
from ...recipes.experiment import Wishes, plan
from ...recipes.recipe import NotPossibleError
from ...rungs import BUILT, FACTS, OPTIONAL
from ..tool import PATH, Arguments, Found, Surroundings, Tool, Touches
from ..workspace import FailedError, RefusedError
from .reading import brief_in, target_fact

RUNGS = tuple(str(name) for name in BUILT if name not in OPTIONAL)
_EDIT = re.compile(r"^<{3,} ?OLD\s*\n(.*?)^={3,}\s*\n(.*?)^>{3,} ?NEW\s*$", re.DOTALL | re.MULTILINE)
_EDIT_FORM = (
    "Write the change, and nothing else, in this form: a line <<<< OLD, the lines to replace exactly as they stand in"
    " the file, a line ====, the new lines, a line >>>> NEW."
)


def propose_experiment(surroundings: Surroundings, arguments: Arguments) -> Found:
    """What `mlintern new` would write from a task or a paper, and data."""
    task, data, into = arguments["task"], arguments["data"], arguments["into"]
    surroundings.workspace.parts(into)
    path = surroundings.workspace.real(task)
    brief = brief_in(surroundings, task)
    _refuse_closed_data(surroundings, brief, task)
    wishes = Wishes(data=None if data is None else surroundings.workspace.real(data))
    try:
        experiment = plan(brief, wishes, beside=path.parent)
    except NotPossibleError as error:
        raise FailedError(f"{error} {error.hint}".strip()) from error
    values = [f"{one.name} = {one.value} ({one.origin}: {one.pointer[:100]})" for one in experiment.chosen.values]
    words = ["mlintern", "new", task, "--into", into, *([] if data is None else ["--data", data])]
    recipe = experiment.recipe
    head = f"{recipe.task}, {recipe.architecture} (recipe {recipe.name}): {experiment.why}"
    lines = (head, f"data: {experiment.source.words}, split {experiment.data.split}", *values)
    proposal = {"task": task, "data": data, "into": into}
    facts = {"experiment": proposal, "paper": task, "targets": [target_fact(one) for one in brief.targets]}
    return Found("\n".join(lines), (f"{shlex.join(words)} writes it",), facts)


def _refuse_closed_data(surroundings: Surroundings, brief: Brief, task: str) -> None:
    """A source may name a file beside it as its data; one that stays closed is not looked at for that."""
    said = " ".join([f"{one.text} {one.quote}" for one in brief.requirements] + [one.quote for one in brief.targets])
    for entry in surroundings.workspace.entries(task.rpartition("/")[0]):
        if entry.closed is not None and entry.name in said:
            raise RefusedError(f"{task} names {entry.name} as data: {entry.closed}")


def propose_edit(surroundings: Surroundings, arguments: Arguments) -> Found:
    """A change of one place in a file of the workspace, for the person to decide."""
    path = arguments["path"]
    match = _EDIT.search(arguments["text"])
    if match is None:
        raise FailedError(f"The change has not the form that was asked for. {_EDIT_FORM}")
    old, new = match[1], match[2]
    with surroundings.workspace.opened(path):
        parts = surroundings.workspace.parts(path)  # what stays closed is refused before anything looks at it
    project = edits.Workspace.of(surroundings.store, surroundings.workspace.folder, by="model")
    reason = f"proposed in conversation {surroundings.conversation_id}"
    proposal = edits.propose(project, "/".join(parts), old, new, reason)
    if isinstance(proposal, edits.Refusal):
        raise FailedError(f"{proposal.reason}.")
    facts = {"edit": {"id": proposal.id, "path": path, "old": old, "new": new}}
    shown = [*(f"- {line}" for line in old.splitlines()), *(f"+ {line}" for line in new.splitlines())]
    head = f"edit {proposal.id} of {path} is proposed; nothing was written"
    decide = (f"mlintern edit show {proposal.id}", f"mlintern edit apply {proposal.id} writes it, after you looked")
    return Found("\n".join((head, *shown)), decide, facts)


def ask_for_rung(surroundings: Surroundings, arguments: Arguments) -> Found:
    """Put a rung before the person; the ladder's own question is the only place where it is approved."""
    rung, script, words = RungName(arguments["rung"]), arguments["script"], tuple(arguments["arguments"])
    if any("\0" in word or "\n" in word for word in words):
        raise RefusedError("an argument holds what no argument may hold")
    workspace = surroundings.workspace
    parts = workspace.parts(script)
    folder = workspace.folder.joinpath(*parts)
    workspace.real(f"{script}/{SETTINGS}" if folder.is_dir() else script)
    try:
        target = script_target(folder, words, working_dir=workspace.folder)
    except TargetError as error:
        raise FailedError(f"{error}.") from error
    inside = "/".join(target.script.relative_to(workspace.folder).parts)
    workspace.real(inside)
    command = "run" if FACTS[rung].costs else "check"
    line = shlex.join(["mlintern", command, inside, "--to", str(rung), *(["--", *words] if words else [])])
    costs = "it costs, and the ladder asks you before it starts" if FACTS[rung].costs else "it needs no approval"
    shows = FACTS[rung].shows
    facts = {"ladder": {"script": inside, "arguments": list(words), "rung": str(rung)}}
    return Found(f"{rung} of {inside} is asked for: {shows}; {costs}. Nothing was started.", (line,), facts)


_TEXTS = {"type": "array", "items": {"type": "string", "maxLength": 200}, "maxItems": 16}
_MAYBE_PATH = {"anyOf": [PATH, {"type": "null"}]}
TOOLS = (
    Tool("propose_experiment", "proposes to write an experiment from a task or paper and data into a new folder",
         {"task": PATH, "data": _MAYBE_PATH, "into": PATH}, Touches.WORKSPACE, propose_experiment),
    Tool("propose_edit", "proposes a change of one place in a file, which a person decides on",
         {"path": PATH}, Touches.WORKSPACE, propose_edit, prose=_EDIT_FORM),
    Tool("ask_for_rung", "asks the person to climb a rung of the cost ladder with a script",
         {"script": PATH, "rung": {"enum": list(RUNGS)}, "arguments": _TEXTS}, Touches.PERSON, ask_for_rung,
         ends_turn=True),
)  # fmt: skip
