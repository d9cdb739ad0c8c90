"""Files that are not what they should be: each is told apart, left as it is, and read as far as it can be."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from mlintern.store import (
    DATABASE_NAME,
    Store,
    StoreCorrupt,
    StoreError,
    StoreMissing,
    StoreNewer,
    StoreReadOnly,
)
from mlintern.store.records import Experiment, Metric, Run


@pytest.fixture
def path(home: Path) -> Path:
    """Where the database is; the folder is there."""
    home.mkdir(exist_ok=True)
    return home / DATABASE_NAME


def test_a_missing_database_is_made_only_when_wanted(home: Path) -> None:
    with pytest.raises(StoreMissing, match=DATABASE_NAME):
        Store.open(home, create=False)
    assert not home.exists()
    Store.open(home).close()
    Store.open(home, create=False).close()


@pytest.mark.parametrize("name", ["a b", "100%", "what?", "#1", "caf\udce9", "日本語", "file:x?mode=ro", "&"])
def test_a_home_may_have_any_name(tmp_path: Path, name: str) -> None:
    home = tmp_path / name
    with Store.open(home) as store:
        store.events.append("here")
        assert store.path == home / DATABASE_NAME
    assert (home / DATABASE_NAME).stat().st_size > 0
    assert [each.name for each in tmp_path.iterdir()] == [name]


def test_an_empty_file_becomes_a_database(path: Path) -> None:
    path.touch()
    with Store.open(path.parent) as store:
        assert store.events.last_id() == 0


@pytest.mark.parametrize(
    "content", [b"not a database at all\n" * 100, b"\0" * 8192, b"SQLite format 3\0" + b"x" * 4096]
)
def test_a_file_that_is_no_database_is_left_as_it_is(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(StoreCorrupt, match=r"not a database|damaged") as caught:
        Store.open(path.parent)
    assert "left as it is" in caught.value.hint
    assert path.read_bytes() == content


def test_a_folder_in_its_place_is_said_to_be_one(path: Path) -> None:
    path.mkdir()
    with pytest.raises(StoreCorrupt, match="is not a file"):
        Store.open(path.parent)


@pytest.mark.parametrize("create", [True, False])
def test_a_home_that_is_a_file_is_told(home: Path, create: bool) -> None:
    home.write_text("x")
    with pytest.raises(StoreError, match="cannot be used"):
        Store.open(home, create=create)


def test_the_database_of_another_program_is_left_as_it_is(path: Path) -> None:
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("CREATE TABLE bookmarks (url)")
    content = path.read_bytes()
    with pytest.raises(StoreCorrupt, match="another program"):
        Store.open(path.parent)
    assert path.read_bytes() == content
    assert [each.name for each in path.parent.iterdir()] == [DATABASE_NAME]


def test_a_database_from_a_newer_version_is_left_as_it_is(store: Store, path: Path) -> None:
    store.close()
    with closing(sqlite3.connect(path)) as raw:
        raw.execute("PRAGMA user_version = 999")
    content = path.read_bytes()
    with pytest.raises(StoreNewer, match="schema 999") as caught:
        Store.open(path.parent)
    assert "Update mlintern" in caught.value.hint
    assert path.read_bytes() == content


@pytest.mark.parametrize("kept", [0.9, 0.5, 0.1])
def test_a_truncated_database_is_said_to_be(store: Store, run: Run, path: Path, kept: float) -> None:
    _fill(store, run)
    content = path.read_bytes()
    cut = content[: int(len(content) * kept)]
    path.write_bytes(cut)
    with pytest.raises(StoreCorrupt, match="damaged or cut short"):
        Store.open(path.parent)
    assert path.read_bytes() == cut


def test_an_emptied_database_does_not_cost_its_journal(store: Store, run: Run, path: Path) -> None:
    journal = path.with_name(f"{path.name}-wal")
    saved = journal.read_bytes()
    store.close()
    journal.write_bytes(saved)
    path.write_bytes(b"")
    with pytest.raises(StoreCorrupt, match="empty although its journal is not"):
        Store.open(path.parent)
    assert journal.read_bytes() == saved


def test_a_damaged_part_does_not_hide_the_rest(store: Store, run: Run, experiment: Experiment, path: Path) -> None:
    root, page_size = _fill(store, run)
    with path.open("r+b") as file:
        file.seek((root - 1) * page_size)
        file.write(b"\xff" * page_size)
    with Store.open(path.parent) as damaged:
        with pytest.raises(StoreCorrupt, match="damaged") as caught:
            damaged.metrics.series(run.id, "loss")
        assert "backup" in caught.value.hint
        assert damaged.runs.get(run.id) == run
        assert damaged.experiments.recent() == (experiment,)


def test_a_lost_table_is_told_as_damage(store: Store, run: Run) -> None:
    store._connection.write("DROP TABLE samples")
    with pytest.raises(StoreCorrupt, match="no such table"):
        store.samples.latest(run.id)


def test_a_text_that_is_not_unicode_is_told_as_damage(store: Store, run: Run) -> None:
    store._connection.write("UPDATE runs SET isolation = CAST(x'ff' AS TEXT)")
    with pytest.raises(StoreCorrupt, match="UTF-8"):
        store.runs.get(run.id)


def test_a_journal_that_was_cut_loses_only_its_end(store: Store, run: Run, path: Path) -> None:
    store.events.append("early")
    journal = path.with_name(f"{path.name}-wal")
    early = journal.stat().st_size
    store.events.append("late")
    database, log = path.read_bytes(), journal.read_bytes()
    store.close()
    path.write_bytes(database)
    journal.write_bytes(log[: early + 100])
    with Store.open(path.parent) as again:
        assert [event.kind for event in again.events.after(0)] == ["early"]


def test_every_error_says_what_to_do_next(path: Path) -> None:
    path.write_text("x" * 5000)
    with pytest.raises(StoreError) as caught:
        Store.open(path.parent)
    error = caught.value
    assert error.code == "store.corrupt"
    assert str(path) in error.message
    assert str(error) == f"{error.message} {error.hint}"


def test_a_store_that_can_be_written_is_not_read_only(store: Store) -> None:
    assert store.read_only is None
    assert not isinstance(store.read_only, StoreReadOnly)


def _fill(store: Store, run: Run) -> tuple[int, int]:
    """Put enough into the main file to have pages to lose; returns the root page of the metrics and the page size."""
    store.metrics.add(run.id, [Metric("loss", step, 1.0) for step in range(5000)])
    root = store._connection.number("SELECT rootpage FROM sqlite_master WHERE name = 'metrics'")
    page_size = store._connection.number("PRAGMA page_size")
    store.close()
    return root, page_size
