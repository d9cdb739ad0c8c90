"""The caches of Hugging Face, torch hub and Ollama, where they are unless the environment says otherwise."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from .files import beginning, card_licence, licence_in, licence_of, size, subfolders
from .item import Item, Kind, Place

_MOST_MANIFESTS = 2_000


def look(environment: Mapping[str, str], user: Path) -> tuple[Place, ...]:
    """All of them; ``user`` is the person's home folder."""
    cache = Path(environment.get("XDG_CACHE_HOME") or user / ".cache")
    hugging = Path(environment.get("HF_HOME") or cache / "huggingface")
    hub = Path(environment.get("HF_HUB_CACHE") or hugging / "hub")
    prepared = Path(environment.get("HF_DATASETS_CACHE") or hugging / "datasets")
    torch = Path(environment.get("TORCH_HOME") or cache / "torch") / "hub"
    ollama = Path(environment.get("OLLAMA_MODELS") or user / ".ollama" / "models")
    return (
        _place("Hugging Face hub cache", hub, _hub(hub)),
        _place("Hugging Face datasets cache", prepared, _prepared(prepared)),
        _place("torch hub cache", torch, _torch_hub(torch)),
        _place("Ollama models", ollama, _ollama(ollama)),
    )


def _place(name: str, path: Path, items: Iterator[Item]) -> Place:
    if not path.is_dir():
        return Place(name, path, (), "it is not there")
    return Place(name, path, tuple(items))


def _hub(hub: Path) -> Iterator[Item]:
    for folder in subfolders(hub):
        kind, _, name = folder.name.partition("--")
        if kind not in ("models", "datasets"):
            continue
        snapshot = max(subfolders(folder / "snapshots"), key=lambda path: path.stat().st_mtime, default=folder)
        card = beginning(snapshot / "README.md")
        yield Item(
            Kind.CHECKPOINT if kind == "models" else Kind.DATASET,
            name.replace("--", "/"),
            snapshot,
            size(folder / "blobs"),
            card_licence(card),
            f"Hugging Face {kind.removesuffix('s')}",
            card,
        )


def _prepared(cache: Path) -> Iterator[Item]:
    for path in sorted(cache.glob("*/*/*/*/dataset_info.json"))[:_MOST_MANIFESTS]:
        info = _json(path)
        name = path.relative_to(cache).parts[0].replace("___", "/")
        features = info.get("features")
        splits = info.get("splits")
        rows = [f"{split} {one.get('num_examples')}" for split, one in splits.items() if isinstance(one, dict)] if (
            isinstance(splits, dict)) else []  # fmt: skip
        licence = info.get("license")
        words = [str(info.get("description", "")), *(features if isinstance(features, dict) else ())]
        yield Item(
            Kind.DATASET,
            name,
            path.parent,
            size(path.parent),
            licence if isinstance(licence, str) and licence else None,
            f"Hugging Face data set, {', '.join(rows) or 'rows unknown'}",
            " ".join(map(str, words))[:4000],
        )


def _torch_hub(hub: Path) -> Iterator[Item]:
    checkpoints = hub / "checkpoints"
    if checkpoints.is_dir():
        for path in sorted(checkpoints.iterdir()):
            if path.is_file():
                yield Item(Kind.CHECKPOINT, path.name, path, size(path), None, "torch hub weights", "")
    for folder in subfolders(hub):
        if (folder / "hubconf.py").is_file():
            words = beginning(folder / "README.md")
            yield Item(Kind.REFERENCE, folder.name, folder, size(folder), licence_in(folder), "torch hub code", words)


def _ollama(models: Path) -> Iterator[Item]:
    manifests = models / "manifests"
    paths = (path for path in sorted(manifests.glob("*/*/*/*"))[:_MOST_MANIFESTS] if path.is_file())
    for path in paths:
        layers = _json(path).get("layers")
        layers = [one for one in layers if isinstance(one, dict)] if isinstance(layers, list) else []
        sizes = [one["size"] for one in layers if isinstance(one.get("size"), int)]
        host, _, model, tag = path.relative_to(manifests).parts
        yield Item(
            Kind.CHECKPOINT,
            f"{model}:{tag}",
            path,
            sum(sizes) if sizes else None,
            _ollama_licence(models, layers),
            "Ollama model",
            host,
        )


def _ollama_licence(models: Path, layers: list[dict[str, Any]]) -> str | None:
    for layer in layers:
        digest = str(layer.get("digest", ""))
        if str(layer.get("mediaType", "")).endswith("image.license") and digest.replace(":", "").isalnum():
            return licence_of(beginning(models / "blobs" / digest.replace(":", "-")))
    return None


def _json(path: Path) -> dict[str, Any]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}
