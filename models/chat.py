"""Messages as the text of a prompt, in the form that the model was trained on: its own chat template.

Invariant: what a message says cannot end its turn. The template is rendered with marks in the place of the contents,
and comes back in pieces: the template's own, in which control tokens mean what they do, and contents, in which they are
plain letters. A template is foreign code: it runs in jinja2's sandbox, in the worker, and may fail; then a plain form
stands in for it.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

_CHATML = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}<|im_start|>assistant\n\n"
)
_PLAIN = "{% for m in messages %}### {{ m.role }}:\n{{ m.content }}\n\n{% endfor %}### assistant:\n\n"
"""jinja2 takes the last line break of a template away."""
_MOST_RENDERED = 1 << 20
"""Characters of a rendered template without its contents; a template that makes more runs wild."""
_THINKING = re.compile(r"<think>\s*\Z")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a prompt: of the template, or of what someone said."""

    text: str
    is_template: bool


@dataclass(frozen=True, slots=True)
class Template:
    """A model's template, and the tokens that it may name."""

    source: str | None
    knows_chatml: bool
    begin: str = ""
    end: str = ""

    def pieces(self, messages: Sequence[Mapping[str, str]]) -> tuple[Piece, ...]:
        """The prompt for the assistant's next turn."""
        contents: dict[str, str] = {}
        marked = [_marked(message, contents) for message in messages]
        rendered = self._rendered(marked, len(contents))
        return tuple(_split(_without_thinking(rendered), contents))

    def _rendered(self, messages: list[dict[str, str]], count: int) -> str:
        """By the model's template, as it is or with the messages in the simpler order that some insist on."""
        for source in (self.source, _CHATML if self.knows_chatml else _PLAIN):
            if source is None:
                continue
            for arranged in (messages, _folded(messages), _alternating(_folded(messages))):
                text = _rendered(source, arranged, self.begin, self.end)
                # A template that drops what was said, or says it twice, would ask something else.
                if text is not None and _marks(text) == count == len(set(_MARK.findall(text))):
                    return text
        return "".join(f"{message['role']}: {message['content']}\n" for message in messages)


_MARK = re.compile(r"\[\[said-[0-9a-f]{32}-\d+\]\]")


def _marked(message: Mapping[str, str], contents: dict[str, str]) -> dict[str, str]:
    """The message with a mark that nobody can guess in the place of its content."""
    mark = f"[[said-{secrets.token_hex(16)}-{len(contents)}]]"
    contents[mark] = message["content"]
    return {"role": message["role"], "content": mark}


def _marks(text: str) -> int:
    return len(_MARK.findall(text))


def _split(rendered: str, contents: Mapping[str, str]) -> Iterator[Piece]:
    at = 0
    for match in _MARK.finditer(rendered):
        if match.start() > at:
            yield Piece(rendered[at : match.start()], is_template=True)
        if contents[match[0]]:
            yield Piece(contents[match[0]], is_template=False)
        at = match.end()
    if at < len(rendered):
        yield Piece(rendered[at:], is_template=True)


def _without_thinking(rendered: str) -> str:
    """A turn that the template opens with thinking is taken to have thought already: the answer comes at once."""
    if _THINKING.search(rendered):
        return f"{rendered.rstrip()}\n\n</think>\n\n"
    if rendered.endswith("<|start|>assistant"):
        return f"{rendered}<|channel|>final<|message|>"
    return rendered


def _folded(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """What the system says, said at the beginning of the first user's turn: some templates refuse such a role."""
    systems = [message["content"] for message in messages if message["role"] == "system"]
    others = [dict(message) for message in messages if message["role"] != "system"]
    if systems and others and others[0]["role"] == "user":
        others[0]["content"] = "\n\n".join((*systems, others[0]["content"]))
        return others
    return [{"role": "user", "content": "\n\n".join(systems)}, *others] if systems else others


def _alternating(messages: Sequence[Mapping[str, str]]) -> list[dict[str, str]]:
    """Neighbouring turns of one role joined."""
    joined: list[dict[str, str]] = []
    for message in messages:
        if joined and joined[-1]["role"] == message["role"]:
            joined[-1]["content"] += f"\n\n{message['content']}"
        else:
            joined.append(dict(message))
    return joined


def _rendered(source: str, messages: list[dict[str, str]], begin: str, end: str) -> str | None:
    """The rendered text, without tools or with none of them, since some templates count them; ``None`` where the
    template does not work."""
    choices: tuple[list[Any] | None, ...] = (None, [])
    for tools in choices:
        text = _render(source, messages, begin, end, tools)
        if text is not None:
            return text
    return None


def _render(source: str, messages: list[dict[str, str]], begin: str, end: str, tools: list[Any] | None) -> str | None:
    settings: dict[str, Any] = {"enable_thinking": False, "add_generation_prompt": True, "tools": tools}
    try:
        template = _environment().from_string(source)
        parts, length = list[str](), 0
        for part in template.generate(messages=messages, bos_token=begin, eos_token=end, **settings):
            parts.append(part)
            length += len(part)
            if length > _MOST_RENDERED:
                return None
    except Exception:  # noqa: BLE001 - foreign code: whatever it raises, the next form is tried
        return None
    return "".join(parts)


def _environment() -> Any:
    """jinja2 with what templates of chats expect, and without what could leave the sandbox."""
    from jinja2.ext import Extension
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    class Generation(Extension):  # type: ignore[misc]  # jinja2 is optional, and its types are not looked at
        """``{% generation %}`` marks for training what the assistant says; here it stands for its contents."""

        tags = frozenset({"generation"})

        def parse(self, parser: Any) -> Any:
            next(parser.stream)
            return parser.parse_statements(("name:endgeneration",), drop_needle=True)

    extensions = ["jinja2.ext.loopcontrols", Generation]
    environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=extensions)
    environment.globals.update(raise_exception=_refuse, strftime_now=_now)
    return environment


def _refuse(why: str = "") -> None:
    raise ValueError(why)


def _now(form: str) -> str:
    return datetime.now().strftime(form)
