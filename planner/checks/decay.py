"""Whether weight decay pulls at biases and norms too, which most recipes leave out.

Invariant: at the sizes that recipes take it is asked; only a strong one is warned.
"""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from .check import Check, Evidence, Judgement, ask, fault, fine
from .upon import found, upon

CODE = "optim.decay"
STRONG = 0.2
"""From here on it is far above what recipes take, and pulls norms and biases to zero with it."""


def _judge(report: Json, evidence: Evidence) -> Judgement:
    findings = [
        found(
            evidence,
            CODE,
            Severity.WARNING if one["decay"] >= STRONG else Severity.INFO,
            f"weight decay {one['decay']:g} of {one['kind']} also pulls at {one['decayed_vectors']} biases and norm"
            f" weights (of {one['decayed']} parameters that decay): is that meant so?",
            one["place"],
            ({key: one[key] for key in ("kind", "decay", "decayed", "decayed_vectors")},),
            "put parameters with fewer than two axes into a group with weight_decay=0",
        )
        for one in report["optimizers"]
        if one["decayed_vectors"]
    ]
    if any(finding.severity is not Severity.INFO for finding in findings):
        return fault(*findings)
    return ask(*findings) if findings else fine("weight decay, if any, leaves biases and norms alone")


DECAY = Check(
    name="optim.decay",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Does weight decay leave biases and norms alone?",
    needs=("observed.updates",),
    uses=("torch",),
    evidence="how many biases and norm weights decay",
    fix="two parameter groups",
    judge=upon("updates", "what weight decay pulls at", _judge),
)
