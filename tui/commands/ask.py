"""`mlintern ask`: one turn of a conversation about a folder, and everything that was said before.

Invariant: nothing is started and nothing is written from here; what is asked for is told as the command that does it.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

from ...planner.agent.loop import Loop
from ...planner.agent.tool import Surroundings
from ...planner.agent.workspace import FailedError, Workspace
from ...store import Store
from ...store.conversations import Message
from ..asking import Answering, answering
from ..conversation_words import content, lines, message_lines
from ..output import SCHEMA, CommandError, ExitCode, Output
from ..text import clean
from .opening import home_folder, opened

_DRAWN = 70
"""Characters of what is being generated, on one line."""


def command(options: argparse.Namespace, output: Output) -> ExitCode:
    """Ask, go on, or list what there is."""
    text = " ".join(options.words).strip()
    home = home_folder(options)
    with opened(home) as store:
        if not text and options.resume is None:
            return _list(store, output)
        surroundings = _surroundings(store, options)
        who = answering(store, home, only_rules=options.rules)
        try:
            return _converse(surroundings, who, text, output)
        finally:
            who.close()


def _surroundings(store: Store, options: argparse.Namespace) -> Surroundings:
    try:
        if options.resume is not None:
            conversation = store.conversations.get(options.resume)
            return Surroundings(store, Workspace(conversation.workspace), conversation.id)
        folder = Path(options.folder or ".").expanduser()
        if not folder.is_dir():
            raise CommandError("usage", f"{folder} is no folder.", "Name the folder to speak of with --folder.")
        workspace = Workspace(folder)
    except FailedError as error:
        raise CommandError("usage", str(error)) from error
    return Surroundings(store, workspace, store.conversations.begin(workspace.folder).id)


def _converse(surroundings: Surroundings, who: Answering, text: str, output: Output) -> ExitCode:
    output.say(who.words)
    draft: list[str] = []

    def hear(text: str) -> None:
        draft[:] = [*draft, text] if text else []
        output.draw(lambda: "".join(draft)[-_DRAWN:])

    loop = Loop(surroundings, who.deciders, on_message=lambda message: _tell(message, output), on_text=hear)
    output.lines(lines(loop.messages))
    code = ExitCode.DONE
    try:
        if text:
            loop.say(text)
        else:
            loop.go_on()
    except KeyboardInterrupt:
        loop = _interrupted(surroundings, who, output)
        code = ExitCode.INTERRUPTED
    output.object(_content(surroundings, who, loop.messages))
    output.say(f"conversation {surroundings.conversation_id}: go on with `mlintern ask --resume "
               f"{surroundings.conversation_id} WORDS`")  # fmt: skip
    return code


def _interrupted(surroundings: Surroundings, who: Answering, output: Output) -> Loop:
    """End the turn on record; read anew, because the interruption may have come between storing and knowing it."""
    loop = Loop(surroundings, who.deciders, on_message=lambda message: _tell(message, output))
    loop.interrupt()
    loop.go_on()
    return loop


def _tell(message: Message, output: Output) -> None:
    output.erase()
    output.lines(line for line, _ in message_lines(message))


def _list(store: Store, output: Output) -> ExitCode:
    found = []
    for one in store.conversations.recent():
        messages = store.conversations.messages(one.id)
        found.append((one, messages[0], len(messages)))
    output.object({
        "schema": SCHEMA,
        "conversations": [
            {"conversation": one.id, "workspace": clean(str(one.workspace)), "first": clean(first.text),
             "messages": count}
            for one, first, count in found
        ],
    })  # fmt: skip
    if not found:
        output.lines(["no conversation yet: mlintern ask “check train.py”, or mlintern ask help"])
    output.lines(
        clean(f"{one.id}  {datetime.fromtimestamp(one.created_at):%Y-%m-%d %H:%M}  {one.workspace}  {first.text[:60]}")
        for one, first, _ in found
    )
    return ExitCode.DONE


def _content(surroundings: Surroundings, who: Answering, messages: tuple[Message, ...]) -> dict[str, Any]:
    return {
        "schema": SCHEMA,
        "conversation": surroundings.conversation_id,
        "workspace": clean(str(surroundings.workspace.folder)),
        "answered_by": "rules" if who.model is None else "model",
        "model": None if who.model is None else clean(who.model),
        "why_rules": None if who.why_rules is None else clean(who.why_rules),
        "messages": list(_messages(messages)),
    }


def _messages(messages: tuple[Message, ...]) -> Iterator[dict[str, Any]]:
    return (content(one) for one in messages)
