"""Searching logs and filtering the history, with what people type and with what breaks parsers."""

from __future__ import annotations

from pathlib import Path

import pytest
from mlintern.store import BadFilter, Store
from mlintern.store.records import Experiment, LogHit, Run, RungName, RunStatus


@pytest.fixture
def runs(store: Store, home: Path) -> dict[str, Run]:
    """Four runs of two experiments, by a name for the test."""

    def add(script: str, name: str, rung: RungName, status: RunStatus, reason: str | None) -> Run:
        found = [each for each in store.experiments.recent() if each.name == name]
        experiment = found[0] if found else _experiment(store, name, Path("/home/ada") / script)
        run = store.runs.add(experiment_id=experiment.id, rung=rung, ceiling_seconds=None, folder_root=home)
        return store.runs.update(run.id, status=status, reason=reason)

    return {
        "oom": add("train.py", "Digits CNN", RungName.FULL, RunStatus.FAILED, "CUDA out of memory"),
        "done": add("train.py", "Digits CNN", RungName.FULL, RunStatus.DONE, None),
        "pilot": add("gpt_café.py", "nano GPT", RungName.PILOT, RunStatus.DONE, None),
        "lost": add("gpt_café.py", "nano GPT", RungName.PILOT, RunStatus.LOST, "its supervisor vanished"),
    }


@pytest.mark.parametrize(
    ("filter", "expected"),
    [
        ("", "oom done pilot lost"),
        ("   ", "oom done pilot lost"),
        ("digits", "oom done"),
        ("DIG", "oom done"),
        ("digits memory", "oom"),
        ('"out of memory"', "oom"),
        ('"memory out"', ""),
        ("train.py", "oom done"),
        ("cafe", "pilot lost"),
        ("status:failed", "oom"),
        ("status:fail", "oom"),
        ("STATUS:Failed", "oom"),
        ("status:done status:lost", "done pilot lost"),
        ("status:done rung:full", "done"),
        ("script:train.py", "oom done"),
        ("script:TRAIN", "oom done"),
        ("script:ada/gpt", "pilot lost"),
        ('script:"ada/gpt"', "pilot lost"),
        ("name:gpt status:done", "pilot"),
        ("experiment:1", "oom done"),
        ("run:3", "pilot"),
        ("-status:done", "oom lost"),
        ("-digits", "pilot lost"),
        ("-supervisor -memory", "done pilot"),
        ("script:%", ""),
        ("name:_", ""),
        ("no-such-word", ""),
        ("experiment:999999999999999999", ""),
    ],
)
def test_filters_choose(store: Store, runs: dict[str, Run], filter: str, expected: str) -> None:
    chosen = {name for name, run in runs.items() if run.id in store.runs.ids(filter)}
    assert chosen == set(expected.split())
    assert store.runs.count(filter) == len(chosen)
    assert {row.run.id for row in store.runs.page(filter)} == {runs[name].id for name in chosen}


@pytest.mark.parametrize(
    ("filter", "complaint"),
    [
        ("status:", "says nothing"),
        ("rung:", "says nothing"),
        ("status:brilliant", "it is one of starting, running, done, failed, stopped, lost"),
        ("rung:top", "static, dryrun, rehearsal"),
        ("colour:red", "There is no filter colour"),
        ("http://x", '"http://x"'),
        ("run:x", "needs a number"),
        ("run:-1", "needs a number"),
        ("run:²", "needs a number"),
        ("run:" + "9" * 30, "needs a number"),
    ],
)
def test_a_filter_that_cannot_be_understood_is_refused_in_words(store: Store, filter: str, complaint: str) -> None:
    for question in (store.runs.count, store.runs.page, store.runs.ids):
        with pytest.raises(BadFilter, match=complaint.replace("²", ".")):
            question(filter)


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '""',
        '"unclosed',
        "'",
        "*",
        "-",
        "--",
        "AND",
        "NOT",
        "NEAR(a b)",
        "a^b",
        "{x}",
        "\0",
        "\ud800",
        "%",
        "\\",
        "( ) :",
    ],
)
def test_strange_searches_are_only_text(store: Store, runs: dict[str, Run], text: str) -> None:
    store.search(text)
    store.logs.search(text)
    store.runs.page(text)


def test_logs_are_found_by_their_words_newest_first(store: Store, runs: dict[str, Run]) -> None:
    store.logs.index(runs["oom"].id, 0, "epoch 1 loss 0.31\nepoch 2 loss 0.22")
    store.logs.index(runs["oom"].id, 65536, "Traceback (most recent call last)\n  val_loss = \ud800")
    store.logs.index(runs["done"].id, 0, "epoch 1 loss 0.30")
    assert store.logs.search("epoch loss") == (LogHit(runs["done"].id, 0), LogHit(runs["oom"].id, 0))
    assert store.logs.search("epoch loss", limit=1) == (LogHit(runs["done"].id, 0),)
    assert store.logs.search("trace") == (LogHit(runs["oom"].id, 65536),)
    assert store.logs.search("val_loss") == (LogHit(runs["oom"].id, 65536),)
    assert store.logs.search('"loss 0.22"') == (LogHit(runs["oom"].id, 0),)
    assert store.logs.search("absent") == ()


def test_indexing_the_same_piece_twice_finds_it_once(store: Store, run: Run) -> None:
    store.logs.index(run.id, 0, "epoch")
    store.logs.index(run.id, 0, "epoch")
    assert store.logs.search("epoch") == (LogHit(run.id, 0),)


def test_search_joins_records_and_logs(store: Store, runs: dict[str, Run]) -> None:
    store.logs.index(runs["done"].id, 128, "warning: memory is nearly full")
    hits = store.search("memory")
    assert [(hit.row.run.id, hit.log_offset) for hit in hits] == [(runs["oom"].id, None), (runs["done"].id, 128)]
    assert store.search("memory", limit=1) == hits[:1]
    assert store.search("status:failed") == ()
    assert store.search("…") == ()


def test_the_index_follows_a_reason_that_changes(store: Store, runs: dict[str, Run]) -> None:
    store.runs.update(runs["oom"].id, reason="ceiling reached")
    assert store.runs.count("memory") == 0
    assert store.runs.count("ceiling") == 1
    store.runs.update(runs["oom"].id, reason=None)
    assert store.runs.count("ceiling") == 0


def _experiment(store: Store, name: str, script: Path) -> Experiment:
    return store.experiments.add(
        name=name,
        script=script,
        module=None,
        args=(),
        working_dir=script.parent,
        python=Path("/usr/bin/python3"),
        fingerprint="f",
    )
