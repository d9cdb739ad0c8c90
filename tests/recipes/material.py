"""Data of the tests' own making, one set for each form that a recipe reads, and briefs that ask for it."""

from __future__ import annotations

import csv
import json
import math
import random
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

TOPICS = {
    "cooking": ["oven", "flour", "butter", "sugar", "bake", "dough", "salt", "onion", "pepper", "soup"],
    "sailing": ["wind", "sail", "mast", "harbour", "rope", "anchor", "wave", "deck", "storm", "tide"],
}
FILLERS = ["the", "a", "of", "and", "with", "then", "again", "slowly", "under", "over", "near", "old", "new", "small"]


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(header)
        table.writerows(rows)
    return path


def customers(path: Path, count: int = 400) -> Path:
    """Rows with an id, numbers with gaps, a category, and a class that follows from both."""
    draw = random.Random(1)
    rows = []
    for number in range(count):
        age, spent, plan = draw.gauss(40, 12), draw.expovariate(0.02), draw.choice(["basic", "plus", "gold"])
        score = (age - 40) / 12 + (1.5 if plan == "gold" else -0.5) + draw.gauss(0, 0.5)
        rows.append((f"c{number:04}", f"{age:.1f}" if draw.random() > 0.05 else "", f"{spent:.2f}", plan,
                     "stays" if score > 0 else "leaves"))  # fmt: skip
    return write_csv(path, ("customer_id", "age", "spent", "plan", "label"), rows)


def houses(path: Path, count: int = 300) -> Path:
    """Rows with a number to be told."""
    draw = random.Random(2)
    rows = []
    for _ in range(count):
        area, rooms, town = draw.uniform(30, 200), draw.randint(1, 6), draw.choice(["north", "south"])
        price = 1000 * area + 5000 * rooms + (20000 if town == "south" else 0) + draw.gauss(0, 4000)
        rows.append((f"{area:.2f}", rooms, town, f"{price:.0f}"))
    return write_csv(path, ("area", "rooms", "town", "target"), rows)


def reviews(path: Path, count: int = 240) -> Path:
    """Short texts about one of two topics."""
    draw = random.Random(3)
    rows = []
    for _ in range(count):
        topic = draw.choice(sorted(TOPICS))
        words = [draw.choice(TOPICS[topic] if draw.random() < 0.4 else FILLERS) for _ in range(draw.randint(8, 30))]
        rows.append({"text": " ".join(words), "label": topic})
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def story(path: Path, sentences: int = 900) -> Path:
    """A text for a character model."""
    draw = random.Random(4)
    words = [*TOPICS["cooking"], *TOPICS["sailing"], *FILLERS]
    lines = (" ".join(draw.choice(words) for _ in range(draw.randint(5, 12))).capitalize() + ".\n"
             for _ in range(sentences))  # fmt: skip
    path.write_text("".join(lines), encoding="utf-8")
    return path


def load(path: Path, hours: int = 600) -> Path:
    """Hourly values with a daily wave."""
    draw = random.Random(5)
    rows = []
    for hour in range(hours):
        heat = 15 + 8 * math.sin(hour / 24 * 2 * math.pi) + draw.gauss(0, 1)
        rows.append((f"2024-01-{1 + hour // 24:02}T{hour % 24:02}:00", f"{heat:.3f}", f"{100 + 3 * heat:.3f}"))
    return write_csv(path, ("time", "heat", "target"), rows)


def shapes(path: Path, count: int = 300) -> Path:
    """Small grey images with a bar across or a bar down."""
    draw = np.random.default_rng(6)
    images = draw.integers(0, 60, (count, 12, 12), dtype=np.uint8)
    labels = draw.integers(0, 2, count)
    places = draw.integers(2, 10, count)
    for image, label, place in zip(images, labels, places, strict=True):
        if label:
            image[place] = 255
        else:
            image[:, place] = 255
    np.savez(path, images=images, labels=labels)
    return path


def pictures(folder: Path, count: int = 60) -> Path:
    """The same as a folder of PNG files for each class."""
    from PIL import Image

    folder.mkdir(parents=True)
    archive = folder.with_suffix(".npz")
    with np.load(shapes(archive, count)) as made:
        for number, (image, label) in enumerate(zip(made["images"], made["labels"], strict=True)):
            place = folder / ("down", "across")[label]
            place.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(place / f"{number:03}.png")
    archive.unlink()
    return folder


def brief(
    *requirements: tuple[str, str], targets: Sequence[dict[str, Any]] = (), **hyperparameters: object
) -> dict[str, Any]:
    """A brief as JSON, whose quotes are the words themselves."""
    return {
        "schema": 1,
        "source": "task.md",
        "requirements": [{"kind": kind, "text": words, "quote": words, "place": {}} for kind, words in requirements],
        "hyperparameters": [
            {"name": name, "value": value, "unit": None, "applies_to": None, "quote": f"{name} of {value}", "place": {}}
            for name, value in hyperparameters.items()
        ],
        "targets": list(targets),
        "unsaid": [],
        "conflicts": [],
    }
