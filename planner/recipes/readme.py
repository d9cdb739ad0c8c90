"""The README of an experiment: every value with its origin, what the source asks, and what it does not say.

Invariant: words of the source are data: none of them becomes markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ..provenance import Origin
from ..reading.brief import Place, Target
from .experiment import Experiment
from .values import Value

_MARKUP = re.compile(r"([\\`*_\[\]<>#|~$&])")
_MOST = 300


def readme(experiment: Experiment, title: str) -> str:
    """Markdown."""
    return "\n".join(_lines(experiment, title)) + "\n"


def words(text: str) -> str:
    """Foreign text on one line, with nothing in it that is markup."""
    line = " ".join("".join(one if one.isprintable() else " " for one in text).split())
    cut = line if len(line) <= _MOST else line[: _MOST - 1] + "…"
    return _MARKUP.sub(r"\\\1", cut.encode("utf-8", "replace").decode("utf-8"))


def where(place: Place | None) -> str:
    """A place in words; empty where nothing is known of it."""
    if place is None:
        return ""
    parts = [("page", place.page), ("section", place.section), ("line", place.line)]
    return ", ".join(f"{name} {words(str(at))}" for name, at in parts if at is not None)


def _lines(experiment: Experiment, title: str) -> Iterator[str]:
    recipe, data = experiment.recipe, experiment.data
    yield f"# {words(title)}\n"
    yield f"{str(recipe.task).capitalize()} with {_article(recipe.architecture)} (recipe `{recipe.name}`), written from"
    yield f"{words(experiment.brief.source)}. Needs PyTorch, NumPy and scikit-learn{_more(experiment)}."
    yield f"The recipe: {words(experiment.why)}.{_whom(experiment)}\n"
    yield "```sh"
    yield "python train.py              # metrics in runs/metrics.jsonl, checkpoints beside it"
    yield "python train.py --resume     # go on where it stopped"
    yield "python evaluate.py           # predictions on the test split, once, at the end"
    yield "python test_experiment.py    # that the parts hold together"
    yield "```\n"
    yield "Every value stands in `experiment.toml`. The epoch is chosen by the validation loss. The test split is read"
    yield "by `evaluate.py` only: it writes predictions by row id and computes no metric.\n"
    yield "## Data\n"
    yield f"{words(experiment.source.words)}, split {words(data.split)}:"
    shares = f"{_share(data.table['validation_fraction'])} validation, {_share(data.table['test_fraction'])} test"
    yield f"{shares} ({words(str(data.table['shares_from']))})."
    yield from _list("", (words(note) for note in data.notes))
    yield "\n## Values and where they come from\n"
    yield "| value | is | origin | says |\n|---|---|---|---|"
    yield from (_row(one) for one in experiment.chosen.values)
    yield "\nBy convention, weight decay pulls at weights, not at biases and the weights of norms."
    yield from _brief(experiment)


def _brief(experiment: Experiment) -> Iterator[str]:
    brief, chosen = experiment.brief, experiment.chosen
    filled = {one.name: one for one in chosen.values if one.origin is not Origin.QUOTED}
    unsaid = (
        f"{words(name)}: taken as {filled[name].value} ({filled[name].origin})" if name in filled
        else f"{words(name)}: not used by this recipe"
        for name in brief.unsaid
    )  # fmt: skip
    yield from _section("Not said by the source", unsaid)
    unused = (f"{words(one.name)} = {words(str(one.value))}: “{words(one.quote)}”" for one in chosen.unused)
    yield from _section("Said by the source, and not taken over", unused)
    conflicts = (
        f"{words(one.name)}: {' / '.join(f'“{words(quote)}”' for quote in one.quotes)}; the first was taken"
        for one in brief.conflicts
    )
    yield from _section("Said in two ways", conflicts)
    asked = (f"{one.kind}: “{words(one.quote)}”{_bracketed(where(one.place))}" for one in brief.requirements)
    yield from _section("What the source asks, to be checked by hand", asked, box="[ ] ")
    left_out = (f"{words(one.name)}: {_said(one.quote)}" for one in experiment.checklist.items if one.is_out)
    yield from _section("Left out by a person", left_out)
    yield from _section("What is to be reached", map(_target, brief.targets))


def _said(quote: str) -> str:
    return f"“{words(quote)}”" if quote else "the source does not say"


def _target(one: Target) -> str:
    spread = f" ± {one.spread}" if one.spread is not None else ""
    on = f" on {words(one.split)}" if one.split else ""
    return f"{words(one.metric)} {one.value}{spread}{words(one.unit or '')}{on}: “{words(one.quote)}”"


def _row(one: Value) -> str:
    says = f"“{words(one.pointer)}”" if one.origin is Origin.QUOTED else words(one.pointer)
    return f"| `{one.name}` | {words(str(one.value))} | {one.origin} | {says}{_bracketed(where(one.place))} |"


def _section(title: str, items: Iterable[str], *, box: str = "") -> Iterator[str]:
    yield from _list(f"\n## {title}\n", items, box)


def _list(title: str, items: Iterable[str], box: str = "") -> Iterator[str]:
    lines = [f"- {box}{item}" for item in items]
    if lines:
        yield title
        yield from lines


def _whom(experiment: Experiment) -> str:
    whom = experiment.chosen.whom
    return f" The values are those of “{words(whom)}”, of several that the source speaks of." if whom else ""


def _more(experiment: Experiment) -> str:
    return " and Pillow" if experiment.data.part == "image_folder.py" else ""


def _bracketed(text: str) -> str:
    return f" ({text})" if text else ""


def _share(fraction: object) -> str:
    return f"{float(str(fraction)):.0%}"


def _article(name: str) -> str:
    return f"an {name}" if name in ("MLP", "LSTM") else f"a {name}"
