"""Whatever is done to a file, a first look gives a report or says why it cannot; nothing else is raised."""

from __future__ import annotations

import io
import json
import random
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from mlintern.planner.datasets.look import look
from mlintern.planner.datasets.report import UnreadableDataError

INSERTED = (b'"', b",", b"\n", b"\r", b"nan", b"1e999", b"\xff", b"\xef\xbb\xbf", b"{", b"]", b"1_0", b"\0")


def wholes() -> dict[str, bytes]:
    archive, array = io.BytesIO(), io.BytesIO()
    np.savez(archive, x=np.zeros((4, 3, 3)), y=np.arange(4))
    np.save(array, np.arange(12.0).reshape(3, 4))
    table = b"a,b,label\n1,2,x\n3,4,y\n"
    lines = b'{"a": 1, "label": "x"}\n{"a": 2}\n'
    return {".csv": table, ".tsv": table.replace(b",", b"\t"), ".jsonl": lines, ".txt": b"some text\n" * 5,
            ".npz": archive.getvalue(), ".npy": array.getvalue()}  # fmt: skip


def broken(whole: bytes, draw: random.Random) -> bytes:
    data = bytearray(whole)
    for _ in range(draw.randint(1, 5)):
        at = draw.randrange(len(data))
        match draw.randrange(3):
            case 0:
                data[at] = draw.randrange(256)
            case 1:
                data[at:at] = draw.choice(INSERTED)
            case _ if len(data) > 30:
                del data[at : at + draw.randint(1, 20)]
    return bytes(data)


@pytest.mark.parametrize("suffix", wholes())
def test_a_broken_file_is_looked_at_or_refused(suffix: str, tmp_path: Path) -> None:
    draw, path, looked = random.Random(suffix), tmp_path / f"data{suffix}", 0
    for _ in range(250):
        path.write_bytes(broken(wholes()[suffix], draw))
        try:
            report = look(path)
        except UnreadableDataError as error:
            assert error.hint
        else:
            looked += 1
            json.dumps(asdict(report), allow_nan=False)

    assert 0 < looked < 250
