"""Every form of source gives the same: text, structure, places, and quotes that stand in it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from mlintern.benchmarks.reading.typeset import typeset
from mlintern.planner.reading.document import BlockKind, Document, Form
from mlintern.planner.reading.reading import brief_of, read_brief
from mlintern.planner.reading.source import read_document, read_text

PAPER = """A Paper With Two Columns

# Abstract

We present TinyThing, a network of convolutions. It is trained with a learning rate of 3×10^{-4} and tested on
pictures of common things.

# 1 Training

""" + "\n\n".join(
    f"Paragraph {word} speaks about the architecture of the network "
    "and about what happens in between the convolutions of it."
    for word in (
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"
    )
) + """

# 2 Settings

| Setting | Value
| Batch size | 64
| Weight decay | 10^{-2}

# References

[1] Somebody. Trained with a batch size of 999 and a dropout of 0.7.
"""


def values(document: Document) -> dict[str, object]:
    return {one.name: one.value for one in brief_of(document).hyperparameters}


@pytest.fixture
def pdf(tmp_path: Path) -> Path:
    path = tmp_path / "paper.pdf"
    path.write_bytes(typeset(PAPER))
    return path


def test_two_columns_are_read_one_after_the_other(pdf: Path) -> None:
    text = read_document(pdf).text
    found = re.findall(r"Paragraph\s(\w+)", text)

    assert found == [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "thirteen"
    ]


def test_a_pdf_has_raised_digits_tables_and_places(pdf: Path) -> None:
    brief = read_brief(pdf)
    found = {one.name: one for one in brief.hyperparameters}

    assert {name: one.value for name, one in found.items()} == {
        "learning_rate": 0.0003, "batch_size": 64, "weight_decay": 0.01
    }
    assert found["batch_size"].quote == "Batch size 64"
    assert found["batch_size"].place.page == 1 and found["batch_size"].place.section == "2"


def test_words_broken_at_line_ends_are_whole_in_the_view_and_broken_in_the_quote(pdf: Path) -> None:
    document = read_document(pdf)

    assert re.search(r"\w-\n\w", document.text)
    assert "convolutions" in document.view.text
    assert document.find(
        "about the architecture of the network and about what happens in between the convolutions of it."
    )
    assert document.find("about the architecture of the other network") is None


LATEX = r"""
\documentclass{article}
\begin{document}
\section{Training} % the batch size was 8 once
We use \textbf{Adam} with $\beta_1 = 0.9$ and a learning rate of $3\times10^{-4}$~\cite{x}, for \num{20} epochs.
\begin{tabular}{ll}
\toprule
Batch size & 128 \\
Dropout & $0.1$ \\
\bottomrule
\end{tabular}
\end{document}
"""
HTML = """<html><head><script>epochs = 5; dropout of 0.9</script></head><body><h2>2 Training</h2>
<p>We use <b>Adam</b> with &beta;<sub>1</sub> = 0.9 and a learning rate of 3&times;10<sup>&minus;4</sup>, for 20
epochs.</p>
<table><tr><td>Batch size</td><td>128</td></tr><tr><td>Dropout</td><td>0.1</td></tr></table></body></html>"""
MARKDOWN = """## 2 Training
We use **Adam** with $\\beta_1 = 0.9$ and a learning rate of $3\\times10^{-4}$, for 20 epochs.

| name | value |
|------|-------|
| Batch size | 128 |
| Dropout | 0.1 |
"""
PLAIN = """2 Training

We use Adam with beta1 = 0.9 and a learning rate of 3e-4,
for 20 epochs.

Batch size     128
Dropout        0.1
"""


@pytest.mark.parametrize(
    ("form", "text"), [(Form.LATEX, LATEX), (Form.HTML, HTML), (Form.MARKDOWN, MARKDOWN), (Form.PLAIN, PLAIN)]
)
def test_each_form_gives_the_same(form: Form, text: str) -> None:
    document = read_text(text, "source", form)
    brief = brief_of(document)

    assert values(document) == {
        "optimizer": "Adam", "beta1": 0.9, "learning_rate": 0.0003, "epochs": 20, "batch_size": 128, "dropout": 0.1,
    }  # fmt: skip
    for one in brief.hyperparameters:
        assert one.quote in document.text
        assert one.place.section in ("2", "Training")
        assert one.place.line is not None
    if form is not Form.HTML:
        assert document.text == text
    lines = text.splitlines()
    line = next(one.place.line for one in brief.hyperparameters if one.name == "dropout")
    assert line is not None and "0.1" in lines[line - 1]


@pytest.mark.parametrize(
    ("text", "form"), [(LATEX, Form.LATEX), (HTML, Form.HTML), (MARKDOWN, Form.MARKDOWN), (PLAIN, Form.PLAIN)]
)
def test_the_form_is_told_from_the_text(text: str, form: Form) -> None:
    assert read_text(text, "source").form is form


def test_money_is_no_mathematics() -> None:
    document = read_text("It may cost $5 and not $10. We use a dropout of $0.1$.", "task.md", Form.MARKDOWN)

    assert "$5 and not $10" in document.view.text
    assert values(document) == {"dropout": 0.1}


def test_an_appendix_about_other_data_and_quoted_letters_give_nothing() -> None:
    text = "# Method\n\nTrain on MNIST for 5 epochs.\n\n"
    text += "# Appendix\n\n## Experiments on SVHN\n\nWe train for 80 epochs.\n"
    assert values(read_text(text, "task.md", Form.MARKDOWN)) == {"epochs": 5}
    mail = "Hello,\n\nplease train for 5 epochs and tell me.\n\n> Shall I train for 80 epochs?\n"
    assert values(read_text(mail, "mail.txt", Form.PLAIN)) == {"epochs": 5}


def test_columns_of_ranges_give_nothing_and_columns_of_models_say_whose() -> None:
    text = "| name | searched | small model | large model |\n|---|---|---|---|\n"
    text += "| layers | 1 to 9 | 2 | 8 |\n| lr | 1e-5–1e-1 | 1e-3 | 3e-4 |\n"
    found = brief_of(read_text(text, "task.md", Form.MARKDOWN)).hyperparameters

    assert [(one.name, one.value, one.applies_to) for one in found] == [
        ("layers", 2, "small model"), ("layers", 8, "large model"), ("learning_rate", 0.001, "small model"), (
            "learning_rate", 0.0003, "large model"
        ),
    ]  # fmt: skip


def test_the_title_of_a_source_is_no_section_of_others() -> None:
    text = "# Captioning baseline\n\nTrain for 5 epochs.\n\n## Related work\n\nThey need a dropout of 0.3.\n"

    assert values(read_text(text, "task.md", Form.MARKDOWN)) == {"epochs": 5}


def test_rows_are_rows_in_aligned_text() -> None:
    document = read_text(PLAIN, "task.txt", Form.PLAIN)

    assert sum(block.kind is BlockKind.ROW for block in document.blocks) == 2
