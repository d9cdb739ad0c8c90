"""What installed packages bring: scikit-learn's data sets, and models of torchvision, timm and transformers.

Invariant: packages are looked at as files, never imported.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import metadata
from pathlib import Path

from .files import beginning, size, subfolders
from .item import Item, Kind, Place

_SKLEARN = {
    "digits": ("digits.csv.gz", "1797 images of 8x8 pixels, 10 classes", "handwritten image classification"),
    "iris": ("iris.csv", "150 rows, 4 numbers, 3 classes", "flower tabular classification"),
    "wine": ("wine_data.csv", "178 rows, 13 numbers, 3 classes", "tabular classification chemistry"),
    "breast cancer": ("breast_cancer.csv", "569 rows, 30 numbers, 2 classes", "tabular classification medicine tumour"),
    "diabetes": ("diabetes_data_raw.csv.gz", "442 rows, 10 numbers, a number to tell", "regression medicine"),
    "linnerud": ("linnerud_exercise.csv", "20 rows, 3 numbers, 3 numbers to tell", "regression exercise"),
}
_IN_WORDS = {
    "vit": "vision transformer", "gpt2": "language model", "resnet": "residual network", "bert": "text encoder",
    "clip": "images and text", "detr": "object detection", "whisper": "speech recognition",
    "swin": "vision transformer", "swin_transformer": "vision transformer",
    "vision_transformer": "vit", "deit": "vision transformer", "unet": "segmentation", "segformer": "segmentation",
    "t5": "text to text", "llama": "language model", "wav2vec2": "speech",
}  # fmt: skip
_MODELS = {"torchvision": "models", "timm": "models", "transformers": "models"}


def look(folders: tuple[Path, ...]) -> tuple[Place, ...]:
    """The packages in these folders of installed packages, such as ``site-packages``."""
    return (_sklearn(folders), *(_models(name, part, folders) for name, part in _MODELS.items()))


def _installed(name: str, folders: tuple[Path, ...]) -> Path | None:
    return next((folder / name for folder in folders if (folder / name).is_dir()), None)


def _sklearn(folders: tuple[Path, ...]) -> Place:
    package = _installed("sklearn", folders)
    if package is None:
        return Place("scikit-learn's data sets", None, (), "scikit-learn is not installed")
    items = []
    for name, (file, about, words) in _SKLEARN.items():
        path = package / "datasets" / "data" / file
        if path.is_file():
            found_by = f"{words} scikit-learn sklearn"
            items.append(Item(Kind.DATASET, f"scikit-learn {name}", path, size(path), None, about, found_by))
    return Place("scikit-learn's data sets", package, tuple(items))


def _models(name: str, part: str, folders: tuple[Path, ...]) -> Place:
    package = _installed(name, folders)
    if package is None:
        return Place(f"models of {name}", None, (), f"{name} is not installed")
    return Place(f"models of {name}", package, tuple(_code(name, package / part, _licence(name, package.parent))))


def _code(name: str, folder: Path, licence: str | None) -> Iterator[Item]:
    modules = sorted(path for path in folder.glob("*.py") if not path.name.startswith("_"))
    for path in (*modules, *subfolders(folder)):
        if path.name.startswith("_"):
            continue
        main = path / f"modeling_{path.name}.py" if path.is_dir() else path
        text = beginning(main, 2_000) if main.is_file() else ""
        docstring = text.partition('"""')[2].partition('"""')[0]
        known = _IN_WORDS.get(path.stem)
        title = f"{path.stem} ({known})" if known else path.stem
        yield Item(Kind.REFERENCE, title, path, None, licence, f"model code in {name}", docstring)


def _licence(name: str, folder: Path) -> str | None:
    found = next(iter(metadata.distributions(name=name, path=[str(folder)])), None)
    if found is None:
        return None
    fields = found.metadata.json
    said = str(fields.get("license_expression") or fields.get("license") or "")
    return said.strip().splitlines()[0][:60] if said.strip() else None
