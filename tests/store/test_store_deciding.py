"""What was asked and answered stays as it was, whoever overrules it; a trial holds for its file and runtime."""

from __future__ import annotations

import pytest
from mlintern.store import NotFound, Store, StoreRefused
from mlintern.store.decisions import AnsweredBy, Asked
from mlintern.store.model_trials import TrialOutcome
from mlintern.store.records import Experiment


def asked(store: Store, experiment_id: int | None = None) -> Asked:
    return store.decisions.ask(
        kind="remedy", asked={"words": "Which?"}, evidence={"loss": [1.0, float("inf")]}, experiment_id=experiment_id
    )


def test_a_question_has_all_of_its_answers_in_order(store: Store, experiment: Experiment) -> None:
    question = asked(store, experiment.id)
    rules = store.decisions.answer(question.id, by=AnsweredBy.RULES, answer="a", reason="it is first")
    model = store.decisions.answer(
        question.id, by=AnsweredBy.MODEL, answer="b", scores={"a": 0.25, "b": 0.75}, attempts=2, seconds=1.5,
        model="tiny", model_fingerprint="f" * 64,
    )  # fmt: skip
    person = store.decisions.answer(question.id, by=AnsweredBy.PERSON, answer="a")

    assert store.decisions.answers(question.id) == (rules, model, person)
    assert (model.scores, model.attempts, model.model) == ({"a": 0.25, "b": 0.75}, 2, "tiny")
    assert store.decisions.get(question.id).evidence == {"loss": [1.0, float("inf")]}
    assert store.decisions.for_experiment(experiment.id) == (question,)
    assert store.decisions.for_experiment(experiment.id, kinds=("other",)) == ()
    events = store.events.after(0, experiment_id=experiment.id)
    assert [(event.kind, event.data["by"], event.data["answer"]) for event in events] == [
        ("decision.answered", "rules", "a"), ("decision.answered", "model", "b"), ("decision.answered", "person", "a"),
    ]  # fmt: skip


def test_a_decision_that_is_not_there_is_told(store: Store) -> None:
    with pytest.raises(NotFound, match="decision 7"):
        store.decisions.get(7)
    with pytest.raises(NotFound):
        store.decisions.answer(7, by=AnsweredBy.PERSON, answer="a")
    assert store.events.last_id() == 0


@pytest.mark.parametrize("sql", [
    "UPDATE decisions SET kind = 'x'", "DELETE FROM decisions",
    "UPDATE answers SET answer = 'x'", "DELETE FROM answers",
])  # fmt: skip
def test_neither_is_changed_or_deleted(store: Store, sql: str) -> None:
    question = asked(store)
    answer = store.decisions.answer(question.id, by=AnsweredBy.RULES, answer=None, problem="no rule for it")
    with pytest.raises(StoreRefused, match="never"):
        store._connection.write(sql)
    assert (store.decisions.get(question.id), store.decisions.answers(question.id)) == (question, (answer,))


def test_the_latest_trial_of_a_file_and_a_runtime_holds(store: Store) -> None:
    crashed = store.model_trials.add(fingerprint="a", runtime="1", outcome=TrialOutcome.CRASHED, extra_buffers=True)
    runs = store.model_trials.add(
        fingerprint="a", runtime="1", outcome=TrialOutcome.RUNS, extra_buffers=False, tokens_per_second=17.5
    )
    assert store.model_trials.latest("a", "1") == runs != crashed
    assert (runs.outcome, runs.extra_buffers, runs.tokens_per_second) == (TrialOutcome.RUNS, False, 17.5)
    assert store.model_trials.latest("a", "2") is None and store.model_trials.latest("b", "1") is None
