"""What happens on a disk without room, played by a process whose only argument besides the scenario is a small disk.

Not a test by itself: ``test_store_full_disk.py`` runs each scenario in a mount namespace of its own.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
from mlintern.store import DATABASE_NAME, Store, StoreError, StoreFull, StoreReadOnly
from mlintern.store.records import Metric, Run, RungName

V1 = Path(__file__).parent / "data" / "v1.db"


def writing_fails_and_goes_on_when_there_is_room_again(disk: Path) -> None:
    with Store.open(disk) as store:
        run = _run(store, disk)
        store.events.append("before")
        _fill_up(disk)
        with pytest.raises(StoreFull, match="full") as caught:
            _write_much(store, run)
        assert "Free some space" in caught.value.hint
        assert [event.kind for event in store.events.after(0)] == ["before"]
        assert store.metrics.series(run.id, "loss") == ()
        assert store.runs.get(run.id) == run

        _make_room(disk)
        _write_much(store, run)
        store.events.append("after")
    with Store.open(disk) as store:
        assert [event.kind for event in store.events.after(0)] == ["before", "after"]
        assert store._connection.rows("PRAGMA integrity_check") == [("ok",)]


def a_caller_that_goes_on_after_the_failure_stores_all_or_nothing(disk: Path) -> None:
    with Store.open(disk) as store:
        run = _run(store, disk)
        _fill_up(disk)
        # Whether SQLite undoes the statement or the whole transaction is its choice; a half must never be stored.
        with suppress(StoreError), store.transaction():
            store.events.append("first")
            with pytest.raises(StoreFull):
                _write_much(store, run, values=300_000)
            _make_room(disk)
            store.events.append("second")
        assert [event.kind for event in store.events.after(0)] in ([], ["first", "second"])
        assert store.metrics.names(run.id) == ()


def a_closed_database_can_be_read(disk: Path) -> None:
    with Store.open(disk) as store:
        run = _run(store, disk)
        store.events.append("before")
    _fill_up(disk)
    _read_only_but_whole(disk, run)
    _make_room(disk)
    _writable_again(disk)


def a_database_whose_writer_was_killed_can_be_read(disk: Path) -> None:
    with Store.open(disk) as store:
        run = _run(store, disk)
    child = f"""
import os
from pathlib import Path
from mlintern.store import Store
store = Store.open(Path({str(disk)!r}))
store.events.append("before")
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", child], check=False).returncode == 9
    assert (disk / f"{DATABASE_NAME}-wal").stat().st_size > 0
    (disk / f"{DATABASE_NAME}-shm").unlink()
    _fill_up(disk)
    _read_only_but_whole(disk, run)
    _make_room(disk)
    _writable_again(disk)


def a_new_database_is_made_once_there_is_room(disk: Path) -> None:
    _fill_up(disk)
    with pytest.raises(StoreFull):
        Store.open(disk)
    _make_room(disk)
    with Store.open(disk) as store:
        assert store.events.append("first").id == 1


def a_folder_for_a_run_needs_room(disk: Path) -> None:
    with Store.open(disk) as store:
        run = _run(store, disk)
        _fill_up(disk)
        with pytest.raises(StoreFull):
            for _ in range(1000):
                store.runs.add(
                    experiment_id=run.experiment_id, rung=RungName.FULL, ceiling_seconds=None, folder_root=disk
                )
        assert store.runs.get(run.id) == run


def an_old_database_is_migrated_once_there_is_room(disk: Path) -> None:
    shutil.copy(V1, disk / DATABASE_NAME)
    _fill_up(disk)
    with pytest.raises(StoreFull):
        Store.open(disk)
    assert (disk / DATABASE_NAME).read_bytes() == V1.read_bytes()
    _make_room(disk)
    with Store.open(disk) as store:
        assert store.runs.count("memory") == 1


def a_disk_that_is_read_only_can_be_read(disk: Path) -> None:
    with Store.open(disk) as store:
        run = _run(store, disk)
        store.events.append("before")
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with Store.open(disk) as store:
        assert isinstance(store.read_only, StoreReadOnly)
        assert store.runs.get(run.id) == run
        with pytest.raises(StoreReadOnly, match="read-only"):
            store.events.append("after")
    subprocess.run(["mount", "-o", "remount,rw", disk], check=True)
    _writable_again(disk)


def a_new_database_cannot_be_made_on_a_disk_that_is_read_only(disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
    with pytest.raises(StoreError, match="cannot be reached") as caught:
        Store.open(disk)
    assert not isinstance(caught.value, StoreReadOnly)  # which would say that there is something to read


def _run(store: Store, disk: Path) -> Run:
    experiment = store.experiments.add(
        name="digits", script=disk, module=None, args=(), working_dir=disk, python=disk, fingerprint="f"
    )
    return store.runs.add(experiment_id=experiment.id, rung=RungName.FULL, ceiling_seconds=None, folder_root=disk)


def _write_much(store: Store, run: Run, *, values: int = 20_000) -> None:
    store.metrics.add(run.id, [Metric("loss", step, 1.0) for step in range(values)])


def _read_only_but_whole(disk: Path, run: Run) -> None:
    with Store.open(disk) as store:
        assert isinstance(store.read_only, StoreFull)
        assert store.runs.page()[0].run == run
        assert [event.kind for event in store.events.after(0)] == ["before"]
        with pytest.raises(StoreFull):
            store.events.append("after")
        with pytest.raises(StoreFull), store.transaction():
            pytest.fail("nothing can be written")


def _writable_again(disk: Path) -> None:
    with Store.open(disk) as store:
        assert store.read_only is None
        store.events.append("after")
        assert [event.kind for event in store.events.after(0)] == ["before", "after"]


def _fill_up(disk: Path) -> None:
    with (disk / "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(b"x" * 4096)
        except OSError:
            return


def _make_room(disk: Path) -> None:
    os.truncate(disk / "filler", 0)


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        writing_fails_and_goes_on_when_there_is_room_again,
        a_caller_that_goes_on_after_the_failure_stores_all_or_nothing,
        a_closed_database_can_be_read,
        a_database_whose_writer_was_killed_can_be_read,
        a_new_database_is_made_once_there_is_room,
        a_folder_for_a_run_needs_room,
        an_old_database_is_migrated_once_there_is_room,
        a_disk_that_is_read_only_can_be_read,
        a_new_database_cannot_be_made_on_a_disk_that_is_read_only,
    )
}

if __name__ == "__main__":
    SCENARIOS[sys.argv[1]](Path(sys.argv[2]))
