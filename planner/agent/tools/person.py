"""Speaking to the person: a reply, a question, and the word that the work is done, which needs its evidence."""

from __future__ import annotations

from ..evidence import missing
from ..tool import RUN, Arguments, Found, Surroundings, Tool, Touches
from ..workspace import RefusedError
from .runs import has_run, run_of

REPLY = "reply"
_MOST_MISSING = 8


def reply(surroundings: Surroundings, arguments: Arguments) -> Found:
    """The text is the answer itself."""
    return Found("")


def finish(surroundings: Surroundings, arguments: Arguments) -> Found:
    """Only what the store shows to be done is done."""
    if not has_run(surroundings, arguments["run"]):
        raise RefusedError(f"there is no run {arguments['run']}, so nothing is done")
    run = run_of(surroundings, arguments["run"])
    left = missing(surroundings.store, run, surroundings.targets())
    if left:
        more = f"; and {len(left) - _MOST_MISSING} more" if len(left) > _MOST_MISSING else ""
        raise RefusedError(f"the work is not done: {'; '.join(left[:_MOST_MISSING])}{more}")
    return Found(f"run {run.id} has all the evidence", (f"mlintern report {run.id} tells it",), {"finished": run.id})


TOOLS = (
    Tool(REPLY, "answers the person in words, from what was found", {}, Touches.PERSON, reply, ends_turn=True,
         prose="Write the answer in a few plain sentences. Use no number that was not found."),
    Tool("ask_person", "asks the person what only they can tell", {}, Touches.PERSON, reply, ends_turn=True,
         prose="Write the one question."),
    Tool("finish", "says that the work is done with a run; refused unless the record shows it", {"run": RUN},
         Touches.RECORD, finish, ends_turn=True, is_useful=lambda surroundings: has_run(surroundings, 1)),
)  # fmt: skip
