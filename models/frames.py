"""Messages between the face and its model worker: a length in four bytes, then so much JSON.

Invariant: a message is whole or it is not there. An end of the stream in the middle, a length beyond the most, or bytes
that are no JSON object end the conversation as :class:`EOFError`: whoever wrote them is gone or out of its mind.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any, BinaryIO

MOST_BYTES = 64 << 20
_LENGTH = struct.Struct(">I")


def write(stream: BinaryIO, message: Mapping[str, Any]) -> None:
    """Send one message. Raises :class:`OSError` where nobody reads any more."""
    data = json.dumps(message, separators=(",", ":")).encode("ascii")
    if len(data) > MOST_BYTES:
        raise ValueError(f"a message of {len(data)} bytes is longer than the {MOST_BYTES} that fit")
    stream.write(_LENGTH.pack(len(data)) + data)
    stream.flush()


def read(stream: BinaryIO) -> dict[str, Any]:
    """The next message; waits for it. Raises :class:`EOFError`."""
    head = _exactly(stream, _LENGTH.size)
    (length,) = _LENGTH.unpack(head)
    if length > MOST_BYTES:
        raise EOFError(f"a message claims {length} bytes")
    try:
        message = json.loads(_exactly(stream, length))
    except (ValueError, RecursionError) as error:
        raise EOFError("a message is no JSON") from error
    if not isinstance(message, dict):
        raise EOFError("a message is no object")  # noqa: TRY004 - the conversation is over, whatever the reason
    return message


def _exactly(stream: BinaryIO, count: int) -> bytes:
    data = b""
    while len(data) < count:
        more = stream.read(count - len(data))
        if not more:
            raise EOFError("the other side is gone")
        data += more
    return data
