"""Ways of writing that hold for a whole document: macros, letters alone, stages, captions, forms within a page."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
from mlintern.benchmarks.reading.typeset import typeset
from mlintern.planner.reading import glyphs
from mlintern.planner.reading.brief import Brief
from mlintern.planner.reading.document import Form
from mlintern.planner.reading.reading import brief_of, read_brief
from mlintern.planner.reading.source import read_document, read_text
from pypdf import PdfWriter
from pypdf.generic import ArrayObject, DecodedStreamObject, DictionaryObject, NameObject, NumberObject

PAPER = """Forms

# 1 Training

The learning rate is 0.003 and the batch size 48. All of it is trained for 7 epochs on pictures.
"""


def brief(text: str, form: Form = Form.PLAIN) -> Brief:
    return brief_of(read_text(text, "task", form))


def told(found: Brief) -> dict[str, object]:
    return {one.name: one.value for one in found.hyperparameters}


def test_macros_are_read_as_what_they_stand_for_and_quoted_as_they_are_written() -> None:
    source = r"""\documentclass{article}
\newcommand{\lr}{3\times 10^{-4}}
\newcommand{\power}[1]{10^{#1}}
\def\nepochs{12}
\begin{document}
The learning rate is $\lr$ and the weight decay $\power{-2}$. We train for \nepochs{} epochs.
\end{document}"""
    document = read_text(source, "paper.tex", Form.LATEX)
    found = brief_of(document)

    assert told(found) | {"unsaid": None} == {
        "learning_rate": 3e-4, "weight_decay": 0.01, "epochs": 12, "unsaid": None
    }
    assert all(document.find(one.quote) is not None for one in found.hyperparameters)
    assert r"\lr" in found.hyperparameters[0].quote


def test_a_macro_of_itself_is_expanded_once() -> None:
    source = r"\newcommand{\a}{\a\a}" + "\n\\section{X}\nWe train for 3 epochs. " + r"\a" * 50

    assert told(brief(source, Form.LATEX)) == {"epochs": 3}


def test_letters_alone_are_read_beside_others_of_a_model_and_never_one_by_one() -> None:
    assert told(brief("The encoder has L=12, H=768 and A=12.")) == {"layers": 12, "hidden_size": 768, "heads": 12}
    assert told(brief("We set η = 3e-4.")) == {"learning_rate": 3e-4}
    assert told(brief("Let N = 12 be the rows of the matrix.")) == {}


def test_a_paragraph_that_opens_with_a_stage_is_of_it() -> None:
    text = (
        "Pre-training: 100k steps, AdamW, learning rate 6e-4. The batch size is 256.\n\n"
        "Fine-tuning: 5 epochs, learning rate 2e-5."
    )
    found = {(one.name, one.applies_to): one.value for one in brief(text).hyperparameters}

    assert found[("learning_rate", "pre-training")] == 6e-4
    assert found[("batch_size", "pre-training")] == 256
    assert found[("learning_rate", "fine-tuning")] == 2e-5
    assert brief(text).conflicts == ()


def test_a_data_set_is_neither_model_nor_stage() -> None:
    text = (
        "We train a small CNN with two 3x3 convolutions (16 and 32 channels) on the UCI digits dataset "
        "(1,797 images, 8x8). "
        "The test accuracy should reach at least 97 %."
    )
    found = brief(text)

    assert {one.name: one.value for one in found.hyperparameters if one.name != "channels"} == {
        "kernel_size": 3, "image_size": 8
    }
    assert {one.applies_to for one in found.hyperparameters} == {None}
    assert [(one.value, one.dataset) for one in found.targets] == [(97, "UCI digits")]


def test_where_a_sentence_has_values_for_several_data_sets_they_tell_them_apart() -> None:
    found = brief("The batch size is 128 on CIFAR-10 and 256 on ImageNet.").hyperparameters

    assert [(one.value, one.applies_to) for one in found] == [(128, "CIFAR-10"), (256, "ImageNet")]


def test_a_caption_names_the_metric_of_a_table_of_data_sets() -> None:
    text = """# Results

Table 1: Word error rate (%).

| Model | Params | test-clean | test-other |
|---|---|---|---|
| QuartzNet | 6.7M | 5.5 | 15.7 |
| TinyCTC (ours) | 3.1M | 6.2 | 14.8 |
"""
    found = brief(text, Form.MARKDOWN).targets

    assert [(one.metric, one.value, one.unit, one.model) for one in found] == [
        ("wer", 6.2, "%", "TinyCTC"), ("wer", 14.8, "%", "TinyCTC")
    ]
    assert brief(text.replace("Word error rate (%)", "An overview"), Form.MARKDOWN).targets == ()


def test_what_the_rate_waits_for_is_no_patience() -> None:
    assert "patience" not in told(brief("The learning rate is halved when the loss stagnates for 3 epochs."))
    assert told(brief("Training stops when the loss stagnates for 3 epochs."))["patience"] == 3


@pytest.fixture
def in_a_form(tmp_path: Path) -> Path:
    """A paper each page of which shows one form that holds everything, fonts included."""
    writer = PdfWriter(clone_from=io.BytesIO(typeset(PAPER)))
    for page in writer.pages:
        contents = page.get_contents()
        assert contents is not None
        form, shown = DecodedStreamObject(), DecodedStreamObject()
        form.set_data(contents.get_data())
        form[NameObject("/Subtype")] = NameObject("/Form")
        form[NameObject("/BBox")] = ArrayObject([NumberObject(one) for one in (0, 0, 612, 792)])
        form[NameObject("/Resources")] = page["/Resources"]
        held = DictionaryObject({NameObject("/Fm0"): writer._add_object(form)})
        form_resources = DictionaryObject({NameObject("/XObject"): held})
        page[NameObject("/Resources")] = form_resources
        shown.set_data(b"q /Fm0 Do Q")
        page[NameObject("/Contents")] = writer._add_object(shown)
    path = tmp_path / "form.pdf"
    writer.write(path)
    return path


def test_text_in_a_form_is_read_like_any_other(in_a_form: Path, tmp_path: Path) -> None:
    plain = tmp_path / "plain.pdf"
    plain.write_bytes(typeset(PAPER))

    assert told(read_brief(in_a_form)) == told(read_brief(plain)) == {
        "learning_rate": 0.003, "batch_size": 48, "epochs": 7
    }


def test_a_form_that_shows_itself_ends(in_a_form: Path) -> None:
    writer = PdfWriter(clone_from=in_a_form)
    form = writer.pages[0]["/Resources"]["/XObject"]["/Fm0"]  # type: ignore[index]
    form.set_data(form.get_data() + b" q /Fm0 Do /Fm0 Do Q")
    form["/Resources"][NameObject("/XObject")] = writer.pages[0]["/Resources"]["/XObject"]  # type: ignore[index]
    writer.write(in_a_form)

    assert told(read_brief(in_a_form))["epochs"] == 7


def test_without_the_places_of_text_its_plain_text_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "plain.pdf"
    path.write_bytes(typeset(PAPER))
    monkeypatch.setattr(glyphs, "HAS_POSITIONS", False)

    assert told(read_brief(path)) == {"learning_rate": 0.003, "batch_size": 48, "epochs": 7}
    assert read_document(path).form is Form.PDF
