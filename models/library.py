"""The GGUF files that lie on this machine: in our own folder, and where other programs keep theirs.

Invariant: looking changes nothing, follows no link in circles, and downloads nothing. A file that cannot be read as a
model is listed with the reason, never hidden.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from .gguf import GgufError, Header, part_paths, read_header

_MOST_FILES = 2_000
_MOST_DEPTH = 8
_MOST_MANIFEST_BYTES = 1 << 20
_OLLAMA_MODEL = "application/vnd.ollama.image.model"


@dataclass(frozen=True, slots=True)
class Listed:
    """One file: where it was found, and its header or why it has none."""

    path: Path
    source: str
    label: str
    """What a person calls it: the file's name, or the tag that Ollama has it under."""
    header: Header | None
    problem: str | None


def own_folder(home: Path) -> Path:
    """Where a person puts models for us."""
    return home / "models"


def list_models(home: Path, *, environ: Mapping[str, str] | None = None) -> tuple[Listed, ...]:
    """Every model that is here, each file once, our own folder first."""
    seen: set[Path] = set()
    found: list[Listed] = []
    for source, label, path in _files(home, os.environ if environ is None else environ):
        real = Path(os.path.realpath(path))
        if real not in seen and len(found) < _MOST_FILES:
            seen.add(real)
            found.append(look_at(path, source, label))
    return tuple(found)


def look_at(path: Path, source: str = "path", label: str | None = None) -> Listed:
    """One file, read."""
    try:
        header = read_header(path)
    except GgufError as error:
        return Listed(path, source, label or path.name, None, str(error))
    problem = None if header.is_language_model else f"it is no language model ({header.architecture})"
    return Listed(path, source, label or path.name, header, problem)


def _files(home: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, str, Path]]:
    user = Path(environ.get("HOME") or Path.home())
    for source, folder in _folders(home, user, environ):
        for path in _ggufs(folder):
            yield source, path.name, path
    ollama = Path(environ.get("OLLAMA_MODELS") or user / ".ollama" / "models")
    yield from (("ollama", tag, blob) for tag, blob in _ollama(ollama))


def _folders(home: Path, user: Path, environ: Mapping[str, str]) -> Iterator[tuple[str, Path]]:
    yield "mlintern", own_folder(home)
    cache = Path(environ.get("XDG_CACHE_HOME") or user / ".cache")
    hub = Path(environ.get("HF_HOME") or cache / "huggingface") / "hub"
    yield "hugging face", Path(environ.get("HF_HUB_CACHE") or hub)
    for folder in (user / ".lmstudio" / "models", user / ".cache" / "lm-studio" / "models"):
        yield "lm studio", folder
    yield "llama.cpp", Path(environ.get("LLAMA_CACHE") or cache / "llama.cpp")


def _ggufs(folder: Path, depth: int = 0) -> Iterator[Path]:
    """Files by their name, first parts only. Folders are not followed through links; files are, as caches link them."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return
    for entry in entries:
        path = Path(entry.path)
        if entry.is_dir(follow_symlinks=False):
            if depth < _MOST_DEPTH and entry.name != "blobs":
                yield from _ggufs(path, depth + 1)
        elif entry.name.lower().endswith(".gguf") and part_paths(path)[0] == path:
            yield path


def _ollama(folder: Path) -> Iterator[tuple[str, Path]]:
    """Ollama's models by their tags; the files themselves are named by their digest."""
    manifests = folder / "manifests"
    for manifest in sorted(path for path in manifests.rglob("*") if path.is_file()):
        digest = _model_digest(manifest)
        blob = folder / "blobs" / (digest or "").replace(":", "-")
        if digest is not None and blob.parent == folder / "blobs":
            yield ":".join(manifest.parts[-2:]), blob


def _model_digest(manifest: Path) -> str | None:
    try:
        if manifest.stat().st_size > _MOST_MANIFEST_BYTES:
            return None
        layers = json.loads(manifest.read_bytes())["layers"]
        digests = [layer["digest"] for layer in layers if layer["mediaType"] == _OLLAMA_MODEL]
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return digests[0] if digests and isinstance(digests[0], str) and digests[0].startswith("sha256:") else None
