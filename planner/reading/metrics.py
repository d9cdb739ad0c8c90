"""Metrics, each by one name, whatever the source calls it.

Invariant: the more special name stands first, and no two names take the same words.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

_METRICS: tuple[tuple[str, str, float], ...] = (
    ("top1_accuracy",
        r"top[- ]?(?:1|one|[\ue000-\uf8ff])[- ](?:(?:test|validation|val)\s)?(?:accuracy|acc\.?)|top-1(?=\s(?:on|of"
        r"|at|test|val)|$|[,.)])",
        100),
    ("top1_error", r"top[- ]?(?:1|one)[- ]error(?:\srate)?", 100),
    ("balanced_accuracy", r"bal(?:anced|\.)[- ]acc(?:uracy|\.)?", 100),
    ("exact_match", r"exact[- ]match(?:\s(?:score|accuracy|ratio))?|(?<![A-Za-z])EM(?=\s(?:score|of))", 100),
    ("accuracy",
        r"(?:(?:classification|overall|mean|average|prediction|token|frame|word|binary)\s)*accurac(?:y|ies)"
        r"|(?<![A-Za-z])acc(?:\.|uracy)?(?=[\s:=|).,]|$)",
        100),
    ("macro_f1",
        r"macro[- ]?(?:averaged\s|average\s|avg\s)?F-?_?1(?:[- ]?(?:score|measure))?"
        r"|F-?_?1(?:[- ]score)?\s?[-(]?\s?macro\)?",
        100),
    ("micro_f1", r"micro[- ]?(?:averaged\s|average\s|avg\s)?F-?_?1(?:[- ]?(?:score|measure))?", 100),
    ("weighted_f1", r"weighted[- ](?:averaged\s)?F-?_?1(?:[- ]?(?:score|measure))?", 100),
    ("f1", r"(?:entity[- ]level\s|span\s|token\s)?F-?_?1(?:[- ]?(?:score|measure))?|F-?measure", 100),
    ("average_precision",
        r"average\sprecision|AUPRC|AU-?PRC?|PR[- ]?AUC|area\sunder\sthe\sprecision[- ]recall\scurve",
        100),
    ("auroc",
        r"AU-?ROC|ROC[- ]?AUC|AUC[- ]?ROC|area\sunder\sthe\s(?:ROC"
        r"|receiver[- ]operating(?:[- ]characteristic)?)(?:\scurve)?(?:\s\(AUC\))?",
        100),
    ("auc", r"AUC", 100),
    ("miou", r"m-?IoU|mean\s(?:IoU|intersection[- ]over[- ]union)", 100),
    ("iou", r"IoU|intersection[- ]over[- ]union", 100),
    ("dice", r"dice(?:\s(?:score|coefficient|similarity))*", 100),
    ("map", r"mAP(?:@[\d.:\ue000-\uf8ff]+)?|mean\saverage\sprecision", 100),
    ("bleu", r"(?:(?:tokeni[sz]ed|detokeni[sz]ed|case-\w+|sacre)[- ]?)*BLEU(?:-4)?(?:\sscore)?", 100),
    ("cider", r"CIDEr(?:-D)?", 1000), ("meteor", r"METEOR", 100), ("chrf", r"chrF\+{0,2}", 100),
    ("rouge_l", r"ROUGE-?L", 100), ("rouge_1", r"ROUGE-?1", 100), ("rouge_2", r"ROUGE-?2", 100),
    ("perplexity", r"perplexit(?:y|ies)|(?<![A-Za-z])PPL", 1e6),
    ("bits_per_character", r"bits[- ]per[- ]char(?:acter)?|(?<![A-Za-z])(?:BPC|bpc)", 20),
    ("bits_per_byte", r"bits[- ]per[- ]byte|(?<![A-Za-z])(?:BPB|bpb)", 20),
    ("wer", r"word[- ]error[- ]rates?(?:\s\(WER\))?|(?<![A-Za-z])WERs?", 200),
    ("cer", r"character[- ]error[- ]rates?(?:\s\(CER\))?|(?<![A-Za-z])CER", 200),
    ("per", r"phon(?:e|eme)[- ]error[- ]rates?(?:\s\(PER\))?", 200),
    ("eer", r"equal[- ]error[- ]rates?(?:\s\(EER\))?|(?<![A-Za-z])EER", 100),
    ("rmse", r"root[- ]mean[- ]squared?[- ]errors?(?:\s\(RMSE\))?|RMSE", 1e12),
    ("smape", r"sMAPE|symmetric\sMAPE", 1e6),
    ("mape", r"mean\sabsolute\spercentage\serror(?:\s\(MAPE\))?|MAPE", 1e6),
    ("mase", r"MASE", 1e6), ("crps", r"CRPS", 1e6),
    ("mae", r"mean[- ]absolute[- ]errors?(?:\s\(MAE\))?|(?<![A-Za-z])MAE", 1e12),
    ("mse", r"mean[- ]squared?[- ]errors?(?:\s\(MSE\))?|(?<![A-Za-z])MSE", 1e12),
    ("r2", r"R\^?2(?:\sscore)?|coefficient\sof\sdetermination|R-squared", 1),
    ("pinball_loss", r"(?:pinball|quantile)\sloss", 1e6),
    ("log_loss", r"log[- ]?loss", 1e3),
    ("mcc", r"MCC|Matthews(?:'s?)?\scorrelation(?:\scoefficient)?", 100),
    (
        "spearman", r"Spearman(?:'s)?(?:\s(?:rank\s)?correlation)?(?:\scoefficient)?", 100
    ), ("pearson", r"Pearson(?:'s)?(?:\scorrelation)?(?:\scoefficient)?", 100),
    ("ndcg", r"n?DCG(?:@[\d\ue000-\uf8ff]+)?", 100), ("mrr", r"MRR(?:@[\d\ue000-\uf8ff]+)?", 100), (
        "recall_at_k", r"(?:recall|hit(?:s|\srate)?|HR|P|R)@[\d\ue000-\uf8ff]+", 100
    ),
    ("csi", r"critical\ssuccess\sindex(?:\s\(CSI\))?|CSI", 1),
    ("brier_score", r"Brier(?:\sscore)?", 1),
    ("kappa", r"(?:quadratic[- ]weighted\s|Cohen's\s)?kappa", 100),
    ("psnr", r"PSNR", 200), ("ssim", r"SSIM", 1), ("fid", r"FID", 1000), ("pesq", r"PESQ", 5), (
        "si_sdr", r"SI-?SDRi?", 100
    ), ("mos", r"MOS", 5),
    ("error_rate", r"(?:(?:classification|test|misclassification|top-5)\s)?error(?:\srates?)?(?=\s|$|[,.:=\x02])", 100),
    ("recall", r"(?<!-)recall", 100), ("precision", r"(?<![-\w])precision(?=\s(?:of|at|≥|and\srecall|above)"
                                                    r"|\s*$)", 100),
    ("nll", r"negative\slog[- ]likelihood|NLL", 1e4),
    ("loss", r"(?:(?:validation|test|val|held-out|evaluation|eval|cross-entropy)\s)+loss(?:es)?", 1e6),
)  # fmt: skip
_PATTERN = re.compile(
    "|".join(
        rf"(?P<m{index}>(?<![A-Za-z])(?:{pattern})(?![A-Za-z]))" for index, (_, pattern, _) in enumerate(_METRICS)
    ), re.IGNORECASE
)
_SHORT = frozenset((
    "mae", "mse", "cer", "mos", "fid", "mcc", "auc", "map", "mrr", "iou", "eer",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric's name in a text."""

    name: str
    start: int
    end: int
    most: float


def metrics_in(words: str) -> Iterator[Metric]:
    """Every metric that is named, in order."""
    for match in _PATTERN.finditer(words):
        name, _, most = _METRICS[int((match.lastgroup or "m0")[1:])]
        text = match.group()
        if name in _SHORT and len(text) < 5 and text.islower():
            continue
        yield Metric(name, *match.span(), most)
