"""Whether a resumed run goes on as the same run.

Invariant: only a script that takes up its weights again to go on, with its count or where it says that it resumes, and
leaves the optimizer behind, is warned; what is saved to be used and not to be resumed needs no optimizer.
"""

from __future__ import annotations

from ...store.records import Json, RungName, Severity
from ..finding import FindingDraft
from .check import Check, Evidence, Judgement, could_not_tell, fault, fine
from .upon import found, upon

CODE = "checkpoint.incomplete"
COUNTS = ("epoch", "step", "iter")


def _judge(report: Json, evidence: Evidence) -> Judgement:
    saves = report["saves"]
    if report["own"]:
        return fault(*(_of_own(one, evidence) for one in report["own"]))
    if not saves:
        return could_not_tell("whether a resumed run goes on as the same one: no checkpoint was saved in the short run")
    findings = [finding for save in saves if (finding := _of_save(save, evidence)) is not None]
    return fault(*findings) if findings else fine("no checkpoint that is resumed from lacks the optimizer")


def _of_own(one: Json, evidence: Evidence) -> FindingDraft:
    """A state that was kept by reference went on changing with the model."""
    message = (
        f"what is loaded into {one['model']} here is its own memory: the {one['parameters']} parameters were kept by"
        " reference and went on changing, so nothing earlier is put back"
    )
    fix = "keep a copy: copy.deepcopy(model.state_dict()), or save it to a file"
    return found(evidence, CODE, Severity.WARNING, message, one["place"], (one,), fix)


def _of_save(save: Json, evidence: Evidence) -> FindingDraft | None:
    kinds, resume = save["kinds"], save["resume"]
    counts = [key for key, kind in kinds.items() if kind == "number" and any(word in key.lower() for word in COUNTS)]
    goes_on = counts or save["resumes_from_it"]
    if not (resume["resume"] and resume["load"] and resume["state"] and goes_on and "weights" in kinds.values()):
        return None
    numbers = ({"saved": kinds, "loads": resume["load"], "puts_back": resume["state"]},)
    if "optimizer" not in kinds.values():
        message = (
            f"the checkpoint holds {', '.join(kinds)} but no optimizer state, and line {resume['load'][0]} resumes from"
            " it: the averages of the optimizer begin anew, so the resumed run is another one"
        )
        fix = "save and load optimizer.state_dict() too (and the scheduler's, and the random state)"
        return found(evidence, CODE, Severity.WARNING, message, save["place"], numbers, fix)
    if not resume["optimizer"] and len(resume["state"]) == 1:
        place = {**save["place"], "line": resume["state"][0]}
        message = "the checkpoint holds the optimizer's state, but resuming loads the weights only"
        fix = "call optimizer.load_state_dict() where the weights are loaded"
        return found(evidence, CODE, Severity.WARNING, message, place, numbers, fix)
    return None


CHECKPOINT = Check(
    name="checkpoint.incomplete",
    codes=(CODE,),
    rung=RungName.OVERFIT,
    question="Does a resumed run go on as the same run?",
    needs=("observed.checkpoints",),
    uses=("torch",),
    evidence="what is saved, and what is loaded where",
    fix="save and load the optimizer, the scheduler and the random state",
    judge=upon("checkpoints", "whether a resumed run goes on as the same one", _judge),
)
