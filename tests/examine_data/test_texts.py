"""Evaluation texts that stand in the training texts: documents, and windows of tokens."""

from __future__ import annotations

import numpy as np
from mlintern.runtime.probe.examine.grams import contained, contained_in_rest, runs, tokens_of

from .conftest import Examine

DOCUMENTS = """
    import random
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    random.seed(0)
    words = ["w%d" % n for n in range(400)]
    texts = [" ".join(random.choices(words[:300] if n % 2 else words[100:], k=40)) for n in range(300)]
    labels = [n % 2 for n in range(300)]
    train, y_train, test, y_test = texts[:200], labels[:200], texts[200:], labels[200:]
    {copies}
    vectorizer = TfidfVectorizer()
    model = LogisticRegression().fit(vectorizer.fit_transform(train), y_train)
    print("test accuracy", model.score(vectorizer.transform(test), y_test))
"""
COPIES = 'test = ["new start " + t + " other end" for t in train[:30]] + test[30:]'
LINES = """
    import torch
    from torch import nn
    torch.manual_seed(0)
    text = torch.randint(0, 60, (6000,))
    train, val = text[:5000], text[{start}:{start} + 1000]

    class Tiny(nn.Module):
        def __init__(self):
            super().__init__()
            self.table = nn.Embedding(60, 60)

        def forward(self, x):
            return self.table(x)

    def batch(part):
        at = torch.randint(0, len(part) - 129, (8,)).tolist()
        return torch.stack([part[i:i + 128] for i in at]), torch.stack([part[i + 1:i + 129] for i in at])

    def loss_of(x, y):
        return nn.functional.cross_entropy(model(x).view(-1, 60), y.view(-1))

    model = Tiny()
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    for step in range(60):
        optimizer.zero_grad()
        loss_of(*batch(train)).backward()
        optimizer.step()
        if step % 20 == 19:
            with torch.no_grad():
                for part in (train, val):
                    print("loss", sum(loss_of(*batch(part)).item() for _ in range(4)) / 4)
"""


def test_documents_that_stand_in_training_documents(examine: Examine) -> None:
    found = [one.message for one in examine(DOCUMENTS.format(copies=COPIES)).findings]

    assert any("30 of 100 evaluation texts" in message for message in found)


def test_documents_of_their_own(examine: Examine) -> None:
    examined = examine(DOCUMENTS.format(copies=""))

    assert examined.blamed == set()
    assert any(words.startswith("0 of 100 evaluation texts are copies") for words in examined.verified)


def test_windows_of_another_part_of_a_text_are_fine_beside_those_of_the_training_part(examine: Examine) -> None:
    examined = examine(LINES.format(start=5000))

    assert examined.blamed == set()
    assert examined.reports["observed.texts"]["evaluations"][0]["copies"] == 0


def test_windows_that_partly_lie_in_the_training_text(examine: Examine) -> None:
    examined = examine(LINES.format(start=4600))

    assert "data.leak.overlap" in examined.blamed, examined.reports["observed.texts"]


def test_a_changed_word_breaks_the_runs_around_it() -> None:
    text = tokens_of(" ".join(f"word{n}" for n in range(40)))
    other = text.copy()
    other[20] = 7

    (share,) = contained([other], [text], 8)

    assert share == 25 / 33
    assert contained_in_rest([text, text, tokens_of("something else altogether")], 8, 9) == [1.0, 1.0, 0.0]


def test_padding_is_no_run() -> None:
    assert len(runs(np.zeros(50), 8)) == 0
    assert len(runs(np.zeros(0), 8)) == 0
