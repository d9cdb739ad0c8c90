"""What a training of this kind needs and the text does not give, with candidates and where each comes from.

Invariant: a candidate is a convention or a library's default, named as such, and never a value of the brief.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ..conventions import note_on
from .brief import Brief, Hyperparameter


@dataclass(frozen=True, slots=True)
class Candidate:
    """A value that could be meant, and where it comes from."""

    name: str
    value: float | int | str
    origin: str


_ALWAYS = ("optimizer", "learning_rate", "batch_size", "epochs", "weight_decay", "schedule", "seeds")
_TRANSFORMER = ("warmup_steps", "dropout", "gradient_clip", "layers", "hidden_size", "heads")
_KINDS: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(
        r"\b(?:transformers?|\w*GPT\w*|\w*BERT\w*|ViT|conformers?|self-attention)\b",
        re.IGNORECASE), _TRANSFORMER),
    (
        re.compile(r"\blanguage\smodel|\bperplexity\b|\bnext[- ]token\b", re.IGNORECASE),
        ("sequence_length", "vocabulary_size", "gradient_clip"),
    ),
    (
        re.compile(r"\b(?:LSTM|GRU|recurrent)\b"),
        ("gradient_clip", "dropout", "layers", "hidden_size", "sequence_length"),
    ),
    (re.compile(
        r"\btokeni[sz]|\btranslation\b|\btext\sclassif|\bfine-tun\w+\s(?:a\s)?BERT",
        re.IGNORECASE), ("sequence_length",)),
    (re.compile(r"\b(?:forecast\w*|time\sseries)\b", re.IGNORECASE), ("sequence_length",)),
    (re.compile(r"\b(?:images?|pixels|ImageNet|CIFAR)\b", re.IGNORECASE), ("image_size",)),
    (re.compile(
        r"\b(?:MLPs?|multi-?layer\sperceptron|fully[- ]connected)\b",
        re.IGNORECASE), ("layers", "hidden_size", "dropout")),
)  # fmt: skip
_FIXED_MODEL = re.compile(
    r"\b(?:ResNet|VGG|EfficientNet|ConvNeXt|MobileNet|DenseNet|BERT-base|BERT-large|GPT-2|ViT-[BLST])\b",
    re.IGNORECASE)
_OF_ADAM = ("beta1", "beta2", "epsilon")
_ANY_OF = {
    "epochs": ("epochs", "steps"), "warmup_steps": (
        "warmup_steps", "warmup_epochs", "warmup_ratio"
    ), "seeds": ("seeds", "seed"),
    "hidden_size": ("hidden_size", "embedding_size"),
}  # fmt: skip
_PLACES = {
    "Adam": "torch.optim.Adam",
    "AdamW": "torch.optim.AdamW",
    "SGD": "torch.optim.SGD",
    "RMSprop": "torch.optim.RMSprop",
}
_ARGUMENTS = {"learning_rate": "lr", "weight_decay": "weight_decay", "epsilon": "eps", "momentum": "momentum"}
_DEFAULTS: dict[str, dict[str, float]] = {
    "Adam": {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0},
    "AdamW": {"learning_rate": 1e-3, "beta1": 0.9, "beta2": 0.999, "epsilon": 1e-8, "weight_decay": 0.01},
    "SGD": {"learning_rate": 1e-3, "momentum": 0, "weight_decay": 0},
    "RMSprop": {"learning_rate": 1e-2, "momentum": 0, "epsilon": 1e-8, "weight_decay": 0},
}
"""What torch takes unless told; a test compares them with the torch that is installed."""
_CONVENTIONS: dict[str, tuple[tuple[float | int | str, str], ...]] = {
    "optimizer": (("AdamW", "usual for transformers"), ("SGD", "usual for convolutional networks, with momentum 0.9")),
    "momentum": ((0.9, "usual with SGD"),),
    "schedule": (
        ("cosine", "usual for trainings of a fixed length"), ("constant", "what happens where nothing is set")
    ),
    "gradient_clip": ((1.0, "usual for transformers"), (0, "what happens where nothing is set")),
    "label_smoothing": ((0, "what torch.nn.CrossEntropyLoss takes unless told"),),
    "dropout": ((0.1, "usual for transformers"), (0, "what most of torch's layers take unless told")),
    "seeds": ((3, "the fewest that show a spread"),),
    "precision": (("fp32", "what torch computes in unless told"),),
    "warmup_steps": ((0, "what happens where nothing is set"),),
}


def unsaid(text: str, found: Sequence[Hyperparameter]) -> tuple[str, ...]:
    """Names that such a training takes and that nothing gives, the usual ones first."""
    wanted = list(_ALWAYS)
    optimizers = {one.value for one in found if one.name == "optimizer"}
    if "SGD" in optimizers:
        wanted.append("momentum")
    if any(str(value).startswith(("Adam", "LAMB")) for value in optimizers):
        wanted += _OF_ADAM
    is_fixed = _FIXED_MODEL.search(text) is not None
    for pattern, names in _KINDS:
        if len(pattern.findall(text)) >= 2 or (pattern.search(text) and len(text) < 3_000):
            wanted += [
                name for name in names if not (is_fixed and name in ("layers", "hidden_size", "heads", "dropout"))
            ]
    given = {one.name for one in found}
    return tuple(name for name in dict.fromkeys(wanted) if not given.intersection(_ANY_OF.get(name, (name,))))


def candidates(brief: Brief, names: Iterable[str] | None = None) -> tuple[Candidate, ...]:
    """What could stand for each name that is not given."""
    optimizer = next((str(one.value) for one in brief.hyperparameters if one.name == "optimizer"), None)
    found: list[Candidate] = []
    for name in brief.unsaid if names is None else names:
        default = _DEFAULTS.get(optimizer or "", {}).get(name)
        if default is not None and optimizer is not None:
            place = _PLACES[optimizer]
            note = note_on(place, _ARGUMENTS.get(name, name))
            found.append(Candidate(name, default, f"default of {place}{f'; {note}' if note else ''}"))
        found += [Candidate(name, value, f"convention: {why}") for value, why in _CONVENTIONS.get(name, ())]
    return tuple(found)
