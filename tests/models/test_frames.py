"""A message is whole, or the conversation is over."""

from __future__ import annotations

import io
import struct

import pytest
from mlintern.models import frames


def test_messages_come_back_in_order() -> None:
    stream = io.BytesIO()
    sent = [{"text": "über \ud800 ☃"}, {}, {"n": [1, None]}]
    for message in sent:
        frames.write(stream, message)
    stream.seek(0)
    assert [frames.read(stream) for _ in sent] == sent
    with pytest.raises(EOFError, match="gone"):
        frames.read(stream)


@pytest.mark.parametrize("data", [
    b"\0\0", struct.pack(">I", 9) + b"{}", struct.pack(">I", 1 << 31) + b"{}", struct.pack(">I", 2) + b"[]",
    struct.pack(">I", 3) + b"{a}", struct.pack(">I", 2) + b"\xff\xfe", struct.pack(">I", 50_000) + b"[" * 50_000,
])  # fmt: skip
def test_anything_else_ends_it(data: bytes) -> None:
    with pytest.raises(EOFError):
        frames.read(io.BytesIO(data))
