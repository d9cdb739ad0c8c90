"""A first look tells types, roles, copies and oddities, reads no more than it may, and never fails with a traceback."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pytest
from mlintern.planner.datasets import arrays, folders, table, text
from mlintern.planner.datasets.images import size_of
from mlintern.planner.datasets.look import look
from mlintern.planner.datasets.report import ColumnType, DataReport, Role, UnreadableDataError


def csv(path: Path, header: str, *rows: str) -> Path:
    path.write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    return path


def warned(report: DataReport, words: str) -> bool:
    return any(words in warning for warning in report.warnings)


@pytest.fixture
def visits(tmp_path: Path) -> Path:
    """A table with one of each oddity."""
    rows = [
        f"r{n:03},p{n % 10},2024-01-{1 + n % 28:02},{n * 1.5},{'' if n % 4 else 7},same,{'oops' if n == 5 else n},"
        f"{'ab'[n % 2]},{'sick' if n % 2 else 'well'},{'test' if n % 5 == 0 else 'train'}"
        for n in range(100)
    ]
    header = "row_id,patient,date,dose,rare,constant,mixed,letter,label,split"
    return csv(tmp_path / "visits.csv", header, *rows)


def test_columns_have_types_roles_and_counts(visits: Path) -> None:
    report = look(visits)

    told = {one.name: (one.type, one.role) for one in report.columns}
    assert told == {
        "row_id": (ColumnType.TEXT, Role.ID),
        "patient": (ColumnType.CATEGORY, Role.GROUP),
        "date": (ColumnType.TIME, Role.TIME),
        "dose": (ColumnType.NUMBER, None),
        "rare": (ColumnType.INTEGER, None),
        "constant": (ColumnType.CATEGORY, None),
        "mixed": (ColumnType.TEXT, None),
        "letter": (ColumnType.CATEGORY, None),
        "label": (ColumnType.CATEGORY, Role.LABEL),
        "split": (ColumnType.CATEGORY, Role.SPLIT),
    }
    dose = report.column("dose")
    assert dose is not None and (dose.low, dose.mean, dose.high) == (0, 74.25, 148.5)
    assert [(one.value, one.count) for one in report.classes] == [("well", 50), ("sick", 50)]
    assert [(one.value, one.count) for one in report.splits] == [("train", 80), ("test", 20)]
    assert (report.rows, report.duplicates, report.sampled) == (100, 0, None)


@pytest.mark.parametrize("words", [
    "column “rare” is missing in 75 of 100 rows",
    "column “constant” has one value only",
    "column “mixed” holds numbers, but for 1 values such as “oops”",
    "column “row_id” looks like an id",
    "column “patient” looks like a group",
    "column “date” looks like a time",
    "column “letter” tells the label by itself",
])  # fmt: skip
def test_what_is_odd_is_told(visits: Path, words: str) -> None:
    assert warned(look(visits), words)


def test_a_plain_table_has_no_warnings(tmp_path: Path) -> None:
    rows = [f"{(n * 37) % 101 + 0.5},{(n * 53) % 97 + 0.25},{'yes' if n % 3 else 'no'}" for n in range(100)]

    assert look(csv(tmp_path / "rows.csv", "a,b,label", *rows)).warnings == ()


def test_copies_ragged_rows_and_rare_classes(tmp_path: Path) -> None:
    rows = ["1,a", "1,a", "2", *(f"{n},b" for n in range(3, 100))]
    report = look(csv(tmp_path / "rows.csv", "x,label", *rows))

    assert report.duplicates == 1 and warned(report, "1 rows repeat")
    assert warned(report, "1 rows have more or fewer cells") and warned(report, "1 rows have no label")
    assert warned(report, "class “a” has 2 of 100 rows")


def test_a_long_table_is_read_from_its_beginning_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table, "MOST_ROWS", 20)
    report = look(csv(tmp_path / "rows.csv", "x,label", *(f"{n},{n % 2}" for n in range(1000))))

    assert (report.rows, report.rows_read) == (None, 20)
    assert report.sampled == "the first 20 rows; the file goes on"


@pytest.mark.parametrize(("name", "content"), [
    ("rows.tsv", "x\ty\n1\t2\n"),
    ("rows.csv", "x;y\n1;2\n"),
    ("rows.csv", "\ufeffx,y\n1,2\n"),
    ("rows.jsonl", '{"x": 1, "y": "a b"}\n{"x": null}\n'),
    ("rows.csv", 'x,y\n"a ""b"", c",2\n'),
])  # fmt: skip
def test_forms_of_tables(name: str, content: str, tmp_path: Path) -> None:
    path = tmp_path / name
    path.write_text(content, encoding="utf-8")

    assert [one.name for one in look(path).columns] == ["x", "y"]


@pytest.mark.parametrize(("name", "content", "message"), [
    ("empty.csv", b"", "is empty"),
    ("binary.csv", b"a,b\n\x00\x01", "binary"),
    ("latin.csv", b"a,b\n\xff\xfe,1\n", "not UTF-8"),
    ("lines.jsonl", b"{]\n", "not JSON"),
    ("lines.jsonl", b"[1]\n", "no object"),
    ("deep.jsonl", b"[" * 100_000, "not JSON"),
    ("array.npy", b"nothing of the kind", "cannot be read as NumPy"),
    ("array.npz", b"PK\x03\x04", "cannot be read as NumPy"),
    ("table.parquet", b"PAR1", "parquet"),
    ("program.exe", b"MZ", "not known here"),
    ("empty.txt", b" \n", "is empty"),
    ("binary.txt", b"\x00", "binary"),
])  # fmt: skip
def test_bad_data_is_refused_with_what_to_do(name: str, content: bytes, message: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)

    with pytest.raises(UnreadableDataError, match=message) as caught:
        look(tmp_path / name)
    assert caught.value.hint


def test_a_field_without_end_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "quote.csv"
    path.write_text('a,b\n"' + "x" * 200_000, encoding="utf-8")

    with pytest.raises(UnreadableDataError, match="not a table"):
        look(path)


def test_arrays(tmp_path: Path) -> None:
    images = np.arange(4 * 2 * 2, dtype=np.float32).reshape(4, 2, 2)
    images[1] = images[0]
    images[2, 0, 0] = np.nan
    np.savez(tmp_path / "set.npz", images=images, labels=np.array([0, 0, 0, 1]), extra=np.zeros(3))
    report = look(tmp_path / "set.npz")

    told = {one.name: one for one in report.arrays}
    assert (told["images"].shape, told["images"].dtype, told["images"].not_finite) == ((4, 2, 2), "float32", 1)
    assert [(one.value, one.count) for one in report.classes] == [("0", 3), ("1", 1)]
    assert report.duplicates == 1
    assert warned(report, "different lengths: 3, 4") and warned(report, "1 values that are not finite")


def test_pickled_objects_are_never_loaded(tmp_path: Path) -> None:
    np.save(tmp_path / "objects.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)

    with pytest.raises(UnreadableDataError, match="pickle"):
        look(tmp_path / "objects.npy")


def test_a_large_array_is_sampled_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "MOST_VALUES", 100)
    np.save(tmp_path / "many.npy", np.arange(10_000.0).reshape(1000, 10))
    report = look(tmp_path / "many.npy")

    assert report.sampled == "values of many at evenly spread rows"
    assert report.arrays[0].high is not None and report.arrays[0].high > 8_000 and report.duplicates is None


def test_an_archive_that_unpacks_without_end_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrays, "MOST_ARCHIVE_BYTES", 1000)
    np.savez_compressed(tmp_path / "bomb.npz", x=np.zeros(10_000))

    with pytest.raises(UnreadableDataError, match="unpacks to"):
        look(tmp_path / "bomb.npz")


def png(path: Path, width: int, height: int, more: bytes = b"") -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + struct.pack(">II", width, height) + more)


def test_a_folder_of_images(tmp_path: Path) -> None:
    for number in range(30):
        png(tmp_path / "cat" / f"{number}.png", 8, 6, bytes([number]))
    png(tmp_path / "dog" / "1.png", 8, 6, b"\0")
    png(tmp_path / "dog" / "2.png", 9, 6)
    (tmp_path / "dog" / "3.png").write_bytes(b"text")
    report = look(tmp_path)

    assert (report.form, report.rows) == ("folder of images", 33)
    assert [(one.value, one.count) for one in report.classes] == [("cat", 30), ("dog", 3)]
    assert report.arrays[0].shape == (6, 8) and report.duplicates == 1
    for words in ("2 different sizes", "1 files are not the images", "1 files repeat"):
        assert warned(report, words)


def test_folders_for_each_split(tmp_path: Path) -> None:
    for split in ("train", "test"):
        for name in ("a", "b"):
            png(tmp_path / split / name / "1.png", 8, 8, (split + name).encode())
    report = look(tmp_path)

    assert [(one.value, one.count) for one in report.splits] == [("test", 2), ("train", 2)]
    assert {one.value for one in report.classes} == {"a", "b"}


def test_tables_for_each_split_that_share_rows(tmp_path: Path) -> None:
    csv(tmp_path / "train.csv", "x,label", "1,a", "2,b", "3,a")
    csv(tmp_path / "test.csv", "x,label", "3,a", "4,b")
    report = look(tmp_path)

    assert {(one.value, one.count) for one in report.splits} == {("train", 3), ("test", 2)}
    assert warned(report, "1 rows of test are in train too") and "other tables" in str(report.sampled)


def test_folders_and_texts_that_are_too_large_say_what_was_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(folders, "MOST_OPENED", 2)
    monkeypatch.setattr(text, "MOST_BYTES", 50)
    for number in range(10):
        png(tmp_path / "pictures" / "ab"[number % 2] / f"{number}.png", 4, 4)
    (tmp_path / "long.txt").write_text("word " * 100)

    assert look(tmp_path / "pictures").sampled == "2 of 10 files were opened"
    assert look(tmp_path / "long.txt").sampled == "the first 50 of 500 bytes"


def test_an_empty_folder_holds_no_data(tmp_path: Path) -> None:
    with pytest.raises(UnreadableDataError, match="holds no images"):
        look(tmp_path)


@pytest.mark.parametrize(("head", "size"), [
    (b"GIF89a" + struct.pack("<HH", 3, 4), (3, 4)),
    (b"BM" + bytes(16) + struct.pack("<ii", 5, -6), (5, 6)),
    (b"\xff\xd8\xff\xe0\0\x04ab\xff\xc0\0\x11\x08" + struct.pack(">HH", 7, 9) + bytes(9), (9, 7)),
    (b"RIFF\0\0\0\0WEBPVP8X" + bytes(8) + b"\x09\0\0\x07\0\0" + bytes(2), (10, 8)),
    (b"\xff\xd8\xff", None),
    (b"", None),
])  # fmt: skip
def test_the_size_of_a_picture_is_read_from_its_head(head: bytes, size: tuple[int, int] | None, tmp_path: Path) -> None:
    (tmp_path / "picture").write_bytes(head)

    assert size_of(tmp_path / "picture") == size
