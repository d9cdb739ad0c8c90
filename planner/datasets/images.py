"""The size of a picture from its header; nothing of it is decoded."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import BinaryIO

_MOST_SEGMENTS = 200
_WITHOUT_SIZE = {0xC4, 0xC8, 0xCC}


def size_of(path: Path) -> tuple[int, int] | None:
    """Width and height in pixels; ``None`` where the file is no PNG, GIF, BMP, JPEG or WebP."""
    try:
        with path.open("rb") as stream:
            return _size(stream)
    except (OSError, struct.error):
        return None


def _size(stream: BinaryIO) -> tuple[int, int] | None:
    head = stream.read(32)
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return struct.unpack(">II", head[16:24])
    if head.startswith((b"GIF87a", b"GIF89a")):
        return struct.unpack("<HH", head[6:10])
    if head.startswith(b"BM"):
        width, height = struct.unpack("<ii", head[18:26])
        return width, abs(height)
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return _webp(head)
    if head.startswith(b"\xff\xd8"):
        stream.seek(2)
        return _jpeg(stream)
    return None


def _webp(head: bytes) -> tuple[int, int] | None:
    if head[12:16] == b"VP8X":
        return 1 + int.from_bytes(head[24:27], "little"), 1 + int.from_bytes(head[27:30], "little")
    if head[12:16] == b"VP8L":
        bits = int.from_bytes(head[21:25], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    width, height = struct.unpack("<HH", head[26:30])
    return width & 0x3FFF, height & 0x3FFF


def _jpeg(stream: BinaryIO) -> tuple[int, int] | None:
    for _ in range(_MOST_SEGMENTS):
        mark, kind, length = struct.unpack(">BBH", stream.read(4))
        if mark != 0xFF:
            return None
        if 0xC0 <= kind <= 0xCF and kind not in _WITHOUT_SIZE:
            height, width = struct.unpack(">xHH", stream.read(5))
            return width, height
        stream.seek(length - 2, 1)
    return None
