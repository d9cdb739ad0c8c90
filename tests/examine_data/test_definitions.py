"""Printed metrics, counted again from the answers under every definition; and the definitions themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from mlintern.planner.checks.check import Evidence
from mlintern.planner.checks.recounted import RECOUNTED
from mlintern.runtime.probe.examine.definitions import HARD_AUC, definitions, of_losses
from sklearn import metrics

from .conftest import Examine

SCRIPT = """
    import numpy as np
    import torch
    from sklearn.datasets import load_digits
    from sklearn.metrics import f1_score, roc_auc_score
    from torch.utils.data import DataLoader, TensorDataset
    torch.manual_seed(0)
    digits = load_digits()
    X, y = torch.tensor(digits.data / 16, dtype=torch.float32), torch.tensor(digits.target)
    {kind}
    train = DataLoader(TensorDataset(X[:1437], y[:1437]), 64, shuffle=True)
    val = DataLoader(TensorDataset(X[1437:], y[1437:]), {batch})
    optimizer = torch.optim.SGD(net.parameters(), 0.1)
    for epoch in range(3):
        for a, b in train:
            optimizer.zero_grad()
            criterion(net(a), b).backward()
            optimizer.step()
        scores, truths, losses, seen = [], [], [], 0
        with torch.no_grad():
            for a, b in val:
                scores.append(net(a)); truths.append(b)
                losses.append(criterion(scores[-1], b).item())
        pairs = [(p.numpy(), t.numpy()) for p, t in zip(scores, truths)]
        p, t = torch.cat(scores).numpy(), torch.cat(truths).numpy()
        {shown}
"""
CLASSES = "net, criterion = torch.nn.Linear(64, 10), torch.nn.CrossEntropyLoss()"
BINARY = "y = (y > 6).float()[:, None]; net, criterion = torch.nn.Linear(64, 1), torch.nn.BCEWithLogitsLoss()"
NUMBERS = "y = y.float()[:, None]; net, criterion = torch.nn.Linear(64, 1), torch.nn.MSELoss(); X = X / 8"


def printing(*shown: str) -> str:
    return "\n        ".join(f'print(f"{one}")' for one in shown)


def told(examine: Examine, kind: str, *shown: str, batch: int = 70) -> tuple[set[str], str, str]:
    """The codes that are blamed, the messages of findings, and what is verified."""
    examined = examine(SCRIPT.format(kind=kind, batch=batch, shown=printing(*shown)))
    messages = [one.message for one in examined.findings if one.code == "eval.metric"]
    return examined.blamed, "\n".join(messages), "\n".join(examined.verified)


def test_the_definitions_that_match_are_named(examine: Examine) -> None:
    blamed, _, verified = told(
        examine, CLASSES,
        "val F1: {f1_score(t, p.argmax(1), average='macro'):.4f}",
        "top-3 acc {np.mean([t[i] in p[i].argsort()[-3:] for i in range(len(t))]):.4f}",
        "perplexity {np.exp(sum(v * len(t) for v, (p, t) in zip(losses, pairs)) / 360):.4f}",
    )  # fmt: skip

    assert "eval.metric" not in blamed
    for words in ("the macro f1 of 360 rows", "the top-3 accuracy of 360 rows", "the perplexity of 360 targets"):
        assert words in verified


def test_what_is_not_what_its_name_says(examine: Examine) -> None:
    blamed, messages, _ = told(
        examine, CLASSES,
        "val f1 {np.mean([f1_score(t, p.argmax(1), average='macro') for p, t in pairs]):.4f}",
        "weighted_f1={sum(f1_score(t, p.argmax(1), average=None)) / 10:.4f}",
        "val perplexity {np.mean(np.exp(losses)):.5f}",
    )  # fmt: skip

    assert "eval.metric" in blamed
    for words in ("mean of 6 batches' macro f1", "is the macro f1", "mean of the batches' perplexities"):
        assert words in messages


def test_an_area_under_the_curve_of_hard_labels(examine: Examine) -> None:
    blamed, messages, _ = told(
        examine, BINARY, "val roc_auc {roc_auc_score(t, p):.4f}",
        "test auc {((h := (p > 0) * 1.0)[t == 1][:, None] - h[t == 0][None] + 1).mean() / 2:.4f}",
    )  # fmt: skip

    assert "eval.metric" in blamed
    assert "test auc" in messages and "ROC AUC of hard labels" in messages
    assert "val roc_auc" not in messages


def test_a_mean_square_that_is_called_its_root(examine: Examine) -> None:
    blamed, messages, _ = told(
        examine, NUMBERS, "val mse {((p - t) ** 2).mean():.4f}", "val rmse {((p - t) ** 2).mean():.4f}"
    )

    assert "eval.metric" in blamed
    assert "the printed val rmse" in messages and "is the mse" in messages
    assert "the printed val mse" not in messages


def test_a_mean_of_unequal_batches_losses_is_told_only(examine: Examine) -> None:
    blamed, messages, _ = told(examine, CLASSES, "val loss {np.mean(losses):.6f}", batch=350)

    assert "eval.metric" not in blamed
    assert "batches of unequal size" in messages


@pytest.mark.parametrize(
    ("measure", "definition", "true", "severities"),
    [
        ("mse", "mse", 0.5, ["warning"]),
        ("mse", "mse", 0.519, ["info"]),
        ("rmse", "rmse", 0.5, ["warning"]),
        ("f1", "macro f1", 0.5, ["error"]),
        ("f1", "macro f1", 0.519, ["warning"]),
        ("loss", "mean loss", 0.5, []),
    ],
)
def test_how_much_a_mean_over_batches_is_off_decides(
    measure: str, definition: str, true: float, severities: list[str]
) -> None:
    one = {"name": f"val {measure}", "measure": measure, "words": ["val"], "printed": 0.52, "slack": 5e-5, "fits": [],
           "fits_mean_of_batches": [definition], "rows": 90, "batches": 4, "uneven": True,
           "definitions": {definition: true}, "place": {"file": "/p/train.py", "line": 3}}  # fmt: skip
    judged = RECOUNTED.judge(Evidence({"observed.recounted": {"told": [one]}}, Path("/p")))

    assert [finding.severity.value for finding in judged.findings] == severities


def test_definitions_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    truth, scores = rng.integers(0, 6, 500), rng.normal(size=(500, 6))
    scores[np.arange(500), truth] += 1
    guess, found = scores.argmax(1), definitions(truth, scores)

    for average in ("macro", "micro", "weighted"):
        assert found[f"{average} f1"] == pytest.approx(metrics.f1_score(truth, guess, average=average))
        assert found[f"{average} precision"] == pytest.approx(metrics.precision_score(truth, guess, average=average))
    assert found["balanced accuracy"] == pytest.approx(metrics.balanced_accuracy_score(truth, guess))
    assert found["top-3 accuracy"] == pytest.approx(metrics.top_k_accuracy_score(truth, scores, k=3))


def test_definitions_of_two_classes_are_those_of_scikit_learn() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(0, 2, 300)
    scores = np.round(rng.normal(size=300) + truth, 1)
    found = definitions(truth, scores)

    assert found["ROC AUC"] == pytest.approx(metrics.roc_auc_score(truth, scores))
    assert found[HARD_AUC] == pytest.approx(metrics.roc_auc_score(truth, scores > 0))
    assert found["binary f1"] == pytest.approx(metrics.f1_score(truth, scores > 0))


def test_what_a_set_of_answers_does_not_have_is_absent() -> None:
    assert "ROC AUC" not in definitions(np.ones(20), np.linspace(0, 1, 20))
    assert definitions(np.arange(3.0), np.full(3, np.nan)) == {}
    assert of_losses([1.0], [0]) == {}
