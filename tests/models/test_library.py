"""Models are found where programs keep them, each once, and what is broken is listed with the reason."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from mlintern.models.library import list_models
from mlintern.tests.models import tiny

OLLAMA = "application/vnd.ollama.image.model"


def test_every_place_is_looked_at(tmp_path: Path, home: Path) -> None:
    user = tmp_path / "user"
    source = tiny.write_random(tmp_path / "source.gguf", 1)

    def put(path: Path) -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, path)
        return path

    own = put(home / "models" / "own.gguf")
    blob = put(user / ".cache/huggingface/hub/models--a--b/blobs/abc")
    linked = user / ".cache/huggingface/hub/models--a--b/snapshots/1/hub.gguf"
    linked.parent.mkdir(parents=True)
    linked.symlink_to(blob)
    studio = put(user / ".lmstudio/models/maker/model/studio.gguf")
    put(user / ".ollama/models/blobs/sha256-77")
    manifest = user / ".ollama/models/manifests/host/library/qwen/7b"
    manifest.parent.mkdir(parents=True)
    layers = [{"mediaType": OLLAMA, "digest": "sha256:77"}]
    manifest.write_text(json.dumps({"layers": layers}))
    (home / "models" / "broken.gguf").write_bytes(b"GGUF")
    (home / "models" / "again.gguf").symlink_to(own)

    found = {one.label: one for one in list_models(home, environ={"HOME": str(user)})}

    assert {label: one.source for label, one in found.items()} == {
        "again.gguf": "mlintern", "broken.gguf": "mlintern", "hub.gguf": "hugging face", "studio.gguf": "lm studio",
        "qwen:7b": "ollama",
    }  # fmt: skip
    assert found["studio.gguf"].path == studio
    assert found["broken.gguf"].header is None and "does not begin" in str(found["broken.gguf"].problem)
    assert all(one.problem is None and one.header for label, one in found.items() if label != "broken.gguf")


def test_a_hostile_manifest_leads_nowhere(tmp_path: Path, home: Path) -> None:
    manifests = tmp_path / ".ollama/models/manifests/host/library/x"
    manifests.mkdir(parents=True)
    secret = tmp_path / "secret"
    secret.write_text("s")
    for name, text in {
        "a": "not json", "b": "[]", "c": '{"layers": 7}', "d": '{"layers": [{"mediaType": 1}]}',
        "e": json.dumps({"layers": [{"mediaType": OLLAMA, "digest": "sha256:/../../../../secret"}]}),
    }.items():  # fmt: skip
        (manifests / name).write_text(text)

    assert list_models(home, environ={"HOME": str(tmp_path)}) == ()


def test_without_any_folder_there_are_none(tmp_path: Path, home: Path) -> None:
    assert list_models(home, environ={"HOME": str(tmp_path)}) == ()
