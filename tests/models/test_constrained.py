"""Whatever the weights say, a constrained answer has its shape: noise, and models that insist on something else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from mlintern.models.engine import Finish, Limits, UnsupportedSchema
from mlintern.models.schema import misfit, shape_of
from mlintern.tests.models import tiny
from mlintern.tests.models.conftest import Opens, user
from mlintern.tests.models.test_schema import FORM

SAMPLES = 60


@pytest.mark.parametrize("own_grammar", [False, True])
def test_noise_always_parses(opens: Opens, tmp_path: Path, own_grammar: bool) -> None:
    shape, kinds = shape_of(FORM), set()
    for seed in range(3):
        engine = opens(tiny.write_random(tmp_path / f"{seed}.gguf", seed), own_grammar=own_grammar)
        for sample in range(SAMPLES):
            limits = Limits(tokens=1_000, temperature=0.5 + sample / SAMPLES, seed=sample)
            answer = engine.generate([user("?")], limits=limits, schema=FORM)
            assert answer.finish is Finish.COMPLETE, answer
            content = json.loads(answer.text)
            assert misfit(shape, content) is None, answer.text
            kinds.add(str(content["cause"]))
    assert len(kinds) > 1  # it is the weights that choose


@pytest.mark.parametrize("own_grammar", [False, True])
@pytest.mark.parametrize("text", ['{"cause": "b", ', "Sure! Here is the JSON you asked for:", "```json\n{}```", "null"])
def test_a_model_that_insists_on_something_else_is_held_to_the_shape(
    opens: Opens, tmp_path: Path, text: str, own_grammar: bool
) -> None:
    engine = opens(tiny.say(tmp_path / "m.gguf", text), own_grammar=own_grammar)
    assert engine.generate([user("?")]).text == text
    schema = {"type": "object", "properties": {"line": {"type": "integer", "minimum": 3, "maximum": 5}}}
    answer = engine.generate([user("?")], schema=schema)
    assert json.loads(answer.text)["line"] in (3, 4, 5) and answer.finish is Finish.COMPLETE


def test_an_answer_that_was_cut_says_so(opens: Opens, tmp_path: Path) -> None:
    engine = opens(tiny.write_random(tmp_path / "m.gguf", 1))
    answer = engine.generate([user("?")], limits=Limits(tokens=5), schema=FORM)
    assert answer.finish is Finish.TOKENS and answer.generated == 5


def test_a_schema_that_cannot_be_kept_to_starts_nothing(opens: Opens, tmp_path: Path) -> None:
    engine = opens(tiny.write_random(tmp_path / "m.gguf", 1))
    with pytest.raises(UnsupportedSchema, match="pattern"):
        engine.generate([user("?")], schema={"type": "string", "pattern": "^a$"})
    assert engine.worker_pid is None


def test_the_text_of_an_enum_is_exactly_one_of_it(opens: Opens, tmp_path: Path) -> None:
    values = ['a "b"', "c\\d", "tab\there", "über", "line\nbreak", "☃"]
    for own_grammar in (False, True):
        engine = opens(tiny.write_random(tmp_path / f"{own_grammar}.gguf", 5), own_grammar=own_grammar)
        said = set()
        for seed in range(40):
            limits = Limits(temperature=3.0, seed=seed)
            said.add(json.loads(engine.generate([user("?")], limits=limits, schema={"enum": values}).text))
        assert said <= set(values) and len(said) > 2
