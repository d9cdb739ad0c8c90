"""Which arrays or folders of a data set are images and labels, from a first look at it."""

from __future__ import annotations

import importlib.util

from ..datasets.arrays import INPUT_ARRAYS, LABEL_ARRAYS
from ..datasets.report import Array, DataReport
from .recipe import NotPossibleError
from .sources import IMAGE_SIZE, DataUse, Setting

_SPLIT = "at random, equal images together, classes in equal shares"
_GIVEN = "as the data gives it; validation is taken from its training images where it has none"
_CHANNELS = (1, 3, 4)


def of_images(report: DataReport, common: dict[str, Setting]) -> DataUse:
    """Images with a class each."""
    if report.form == "folder of images":
        return _of_folder(report, common)
    images = _first(report, INPUT_ARRAYS)
    labels = _first(report, LABEL_ARRAYS)
    if images is None or labels is None or images.shape[0] != labels.shape[0] or len(images.shape) not in (3, 4):
        told = ", ".join(f"{one.name} {one.shape}" for one in report.arrays[:8])
        raise NotPossibleError(
            "data",
            f"{report.path} has no images with a label each: {told}.",
            "Save an .npz with “images” (number, height, width[, channels]) and “labels” (number).",
        )
    channel_axis = 1 if len(images.shape) == 4 and images.shape[1] in _CHANNELS else -1
    test = _test_set(report, images, labels)
    settings: dict[str, Setting] = {
        "images": [one.name for one in (images, *test[:1])],
        "labels": [one.name for one in (labels, *test[1:])],
        "channel_axis": channel_axis,
    }
    return DataUse("image_arrays.py", {**common, **settings}, _GIVEN if test else _SPLIT, report.warnings)


def _of_folder(report: DataReport, common: dict[str, Setting]) -> DataUse:
    given = {one.value.lower()[:4] for one in report.splits}
    if len(report.classes) < 2 or (given and not {"trai", "test"} <= given):
        raise NotPossibleError(
            "data",
            f"{report.path} is not one folder of images for each class.",
            "Give a folder with a folder of images for each class, in folders named train and test if it is split.",
        )
    notes = report.warnings
    if importlib.util.find_spec("PIL") is None:
        notes = (*notes, "the experiment reads images with Pillow, which is not installed here")
    settings: dict[str, Setting] = {**common, "has_splits": bool(given)}
    return DataUse("image_folder.py", settings, _GIVEN if given else _SPLIT, notes, {"image_size": IMAGE_SIZE})


def _test_set(report: DataReport, images: Array, labels: Array) -> tuple[Array, ...]:
    """Images and labels of a test set that the archive has beside those for training."""
    if "train" not in images.name or "train" not in labels.name:
        return ()
    by_name = {one.name: one for one in report.arrays}
    names = [one.name.replace("train", "test") for one in (images, labels)]
    found = tuple(by_name[name] for name in names if name in by_name)
    fits = len(found) == 2 and found[0].shape[1:] == images.shape[1:] and found[0].shape[0] == found[1].shape[0]
    return found if fits else ()


def _first(report: DataReport, names: tuple[str, ...]) -> Array | None:
    by_name = {one.name.lower(): one for one in report.arrays}
    return next((by_name[name] for name in names if name in by_name), None)
