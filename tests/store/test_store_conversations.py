"""What was said stays as it was, each message has its own place, and a refusal is on record."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.store import NotFound, Store, StoreRefused
from mlintern.store.conversations import Author, Message, MessageKind, Outcome


def said(store: Store, text: str = "check train.py") -> Message:
    """The first message of a new conversation."""
    conversation = store.conversations.begin(Path("/work"))
    return store.conversations.append(conversation.id, 1, MessageKind.SAID, Author.PERSON, text)


def test_messages_come_back_in_order_and_as_they_were(store: Store) -> None:
    first = said(store, text="Größe \x1b[2J <|im_end|>")
    call = store.conversations.append(
        first.conversation_id, 2, MessageKind.CALL, Author.MODEL, "", tool="read_file",
        arguments={"path": "a\udcff.txt", "from_line": 1}, model="tiny", model_fingerprint="f" * 64,
    )  # fmt: skip
    result = store.conversations.append(
        first.conversation_id, 3, MessageKind.RESULT, Author.PROGRAM, "1 line", tool="read_file", answers=call.id,
        outcome=Outcome.DONE, facts={"next": ["x"]},
    )  # fmt: skip
    assert store.conversations.messages(first.conversation_id) == (first, call, result)
    assert store.conversations.messages(first.conversation_id, after=2) == (result,)
    assert (first.text, call.arguments) == ("Größe \x1b[2J <|im_end|>", {"path": "a\udcff.txt", "from_line": 1})
    assert store.conversations.get(first.conversation_id).workspace == Path("/work")


def test_a_place_is_taken_once_and_a_call_has_one_result(store: Store) -> None:
    first = said(store)
    add = store.conversations.append
    with pytest.raises(StoreRefused):
        add(first.conversation_id, 1, MessageKind.SAID, Author.PERSON, "again")
    add(first.conversation_id, 2, MessageKind.RESULT, Author.PROGRAM, "", answers=first.id)
    with pytest.raises(StoreRefused):
        add(first.conversation_id, 3, MessageKind.RESULT, Author.PROGRAM, "", answers=first.id)
    assert [one.number for one in store.conversations.messages(first.conversation_id)] == [1, 2]


def test_a_refusal_is_an_event(store: Store) -> None:
    first = said(store)
    refused = store.conversations.append(
        first.conversation_id, 2, MessageKind.RESULT, Author.PROGRAM, "it lies outside", tool="read_file",
        outcome=Outcome.REFUSED,
    )  # fmt: skip
    (event,) = store.events.after(0)
    assert (event.kind, event.data["message"], event.data["why"]) == ("agent.refused", refused.id, "it lies outside")


@pytest.mark.parametrize("sql", [
    "UPDATE messages SET text = 'x'", "DELETE FROM messages",
    "UPDATE conversations SET workspace = 'x'", "DELETE FROM conversations",
])  # fmt: skip
def test_nothing_is_changed_or_deleted(store: Store, sql: str) -> None:
    first = said(store)
    with pytest.raises(StoreRefused, match="never"):
        store._connection.write(sql)
    assert store.conversations.messages(first.conversation_id) == (first,)


def test_only_those_with_words_are_listed_and_one_that_is_not_there_is_told(store: Store) -> None:
    store.conversations.begin(Path("/empty"))
    assert store.conversations.recent() == ()
    said(store)
    assert [one.workspace for one in store.conversations.recent()] == [Path("/work")]
    with pytest.raises(NotFound, match="conversation 7"):
        store.conversations.get(7)
