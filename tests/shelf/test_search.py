"""Things in folders, caches and packages are found by words; what they do not say stays unknown."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlintern.planner.shelf import caches, files, folders, packages
from mlintern.planner.shelf.item import Kind, Place
from mlintern.planner.shelf.search import search


def write(path: Path, text: str = "") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def user(tmp_path: Path) -> Path:
    """A home folder with something in every cache."""
    hub = tmp_path / ".cache" / "huggingface" / "hub"
    write(hub / "models--acme--tiny-bert" / "snapshots" / "1" / "README.md", "---\nlicense: mit\n---\n# A tiny encoder")
    write(hub / "models--acme--tiny-bert" / "blobs" / "a", "12345")
    write(hub / "datasets--acme--birds" / "snapshots" / "1" / "README.md", "Songs of birds")
    info = {"license": "cc-by-4.0", "features": {"chirp": {}}, "splits": {"train": {"num_examples": 7}}}
    prepared = tmp_path / ".cache" / "huggingface" / "datasets"
    write(prepared / "acme___frogs" / "default" / "0.0.0" / "hash" / "dataset_info.json", json.dumps(info))
    write(prepared / "broken" / "default" / "0.0.0" / "hash" / "dataset_info.json", "[1, {")
    torch = tmp_path / ".cache" / "torch" / "hub"
    write(torch / "checkpoints" / "resnet18-abc.pth", "xx")
    write(torch / "acme_detector_main" / "hubconf.py")
    ollama = tmp_path / ".ollama" / "models"
    layers = [
        {"size": 100, "mediaType": "application/vnd.ollama.image.model"},
        {"size": 5, "mediaType": "application/vnd.ollama.image.license", "digest": "sha256:beef"},
    ]
    write(ollama / "manifests" / "registry" / "library" / "qwen" / "3b", json.dumps({"layers": layers}))
    write(ollama / "blobs" / "sha256-beef", "Apache License\n  Version 2.0")
    return tmp_path


def test_every_cache_is_read(user: Path) -> None:
    places = caches.look({}, user)

    found = {item.name: item for place in places for item in place.items}
    assert [place.note for place in places] == [None] * 4
    assert (found["acme/tiny-bert"].licence, found["acme/tiny-bert"].size_bytes) == ("mit", 5)
    assert (found["acme/birds"].kind, found["acme/birds"].licence) == (Kind.DATASET, None)
    assert (found["acme/frogs"].licence, found["acme/frogs"].about) == ("cc-by-4.0", "Hugging Face data set, train 7")
    assert found["resnet18-abc.pth"].kind is Kind.CHECKPOINT
    assert found["acme_detector_main"].kind is Kind.REFERENCE
    assert (found["qwen:3b"].size_bytes, found["qwen:3b"].licence) == (105, "Apache-2.0")
    assert found["broken"].licence is None, "what cannot be read is unknown, and ends nothing"


def test_the_environment_says_where_the_caches_are(user: Path, tmp_path: Path) -> None:
    nowhere = tmp_path / "nowhere"
    environment = {"HF_HOME": str(nowhere), "TORCH_HOME": str(nowhere), "OLLAMA_MODELS": str(nowhere)}

    assert [(place.items, place.note) for place in caches.look(environment, user)] == [((), "it is not there")] * 4


def test_words_find_names_columns_classes_and_readmes(user: Path, tmp_path: Path) -> None:
    project = tmp_path / "project"
    write(project / "rain.csv", "station,millimetres\n1,2\n")
    for name in ("cat", "dog"):
        write(project / "animals" / name / "1.png")
    write(project / "solver" / ".git" / "HEAD")
    write(project / "solver" / "README.md", "Solves puzzles by convolution")
    write(project / "solver" / "LICENSE", "MIT License\n\nPermission is hereby granted, free of charge")
    places = (folders.look(project), *caches.look({}, user))

    def names(*words: str) -> list[str]:
        return [hit.item.name for hit in search(places, words, 10)]

    assert names("millimetre") == ["rain.csv"]
    assert names("dogs") == ["animals"]
    assert names("puzzle") == ["solver"] and search(places, ["puzzle"], 1)[0].item.licence == "MIT"
    assert names("chirp") == ["acme/frogs"]
    assert names("rain", "station") == ["rain.csv"], "all words, where something fits them all"
    assert set(names("rain", "frogs")) == {"rain.csv", "acme/frogs"}, "or any of them"
    assert search(places, ["millimetres"], 1)[0].why == "“millimetres” in its words"
    assert names('"') == names("NEAR(") == names("") == [], "words are words, whatever SQLite reads in them"


def test_packages_are_looked_at_as_files(tmp_path: Path) -> None:
    write(tmp_path / "timm" / "models" / "swin_transformer.py", "raise SystemExit('imported')\n")
    write(tmp_path / "timm" / "models" / "_hidden.py")
    write(tmp_path / "timm-1.0.dist-info" / "METADATA", "Metadata-Version: 2.1\nName: timm\nVersion: 1\nLicense: MIT\n")

    places = {place.name: place for place in packages.look((tmp_path,))}

    (item,) = places["models of timm"].items
    assert (item.name, item.licence) == ("swin_transformer (vision transformer)", "MIT")
    assert places["scikit-learn's data sets"].note == "scikit-learn is not installed"


def test_a_walk_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_ENTRIES", 45)
    for number in range(30):
        write(tmp_path / f"{number}" / "rows.csv", "a\n")
    (tmp_path / "0" / "loop").symlink_to(tmp_path)

    place = folders.look(tmp_path)
    assert 0 < len(place.items) < 30 and place.note == f"{len(place.items)} items, and not all of it"
    gone = tmp_path / "gone"
    assert folders.look(gone) == Place(f"folder {gone}", gone, (), "it is not there")


@pytest.mark.parametrize(("text", "licence"), [
    ("Apache License\n   Version 2.0, January 2004", "Apache-2.0"),
    ("MIT License", "MIT"),
    ("GNU GENERAL PUBLIC LICENSE", "GPL"),
    ("all rights reserved", None),
    ("", None),
])  # fmt: skip
def test_a_licence_is_what_the_text_says(text: str, licence: str | None) -> None:
    assert files.licence_of(text) == licence
