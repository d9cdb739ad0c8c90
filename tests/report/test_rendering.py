"""Reports as Markdown, HTML and JSON: foreign text stays text, nothing is fetched, nothing runs."""

from __future__ import annotations

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
from mlintern.benchmarks.honesty.world import World, guesses
from mlintern.planner.report.blocks import Bullets, Paragraph, Report, Section, Words
from mlintern.planner.report.compose import compose
from mlintern.planner.report.resolve import NoSuchValueError, Reference, Resolver
from mlintern.store.records import Run, RunStatus
from mlintern.tui.reports import html, markdown
from mlintern.tui.reports import json as as_json
from mlintern.tui.reports.markdown import escaped
from mlintern.tui.reports.values import Shown

SCHEMA = json.loads((Path(__file__).parents[2] / "docs" / "schema" / "report.json").read_text(encoding="utf-8"))
EVIL = "<script>alert(1)</script> ![x](http://evil.example/a.png) | `code` \x1b[31m **bold** &amp; www.evil.example"


@pytest.fixture
def run(world: World) -> Run:
    """A run whose arguments, findings and failures are hostile."""
    experiment = world.experiment("--note", EVIL)
    finding = world.store.findings.add(
        experiment_id=experiment.id, run_id=None, code="eval.noise", severity="info", rung="overfit",  # type: ignore[arg-type]
        message=EVIL, file=EVIL, line=3, fix=EVIL,
    )  # fmt: skip
    world.store.acceptances.accept(experiment.id, finding, reason=EVIL, by="terminal")
    failed = world.run(experiment, {}, status=RunStatus.FAILED)
    world.store.runs.update(failed.id, reason=EVIL)
    return world.run(experiment, {"test accuracy": [0.9, 0.95]}, predictions=guesses(950))


def made(world: World, run: Run) -> tuple[Report, Shown]:
    resolver = Resolver(world.store)
    return compose(world.store, resolver, run, target=0.9), Shown(resolver)


class Page(HTMLParser):
    """Gathers what a browser would see as elements."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}


def test_html_is_one_file_without_scripts_and_remote_content(world: World, run: Run) -> None:
    text = html.render(*made(world, run))
    page = Page()
    page.feed(text)
    assert page.tags & {"script", "img", "link", "iframe", "object", "a", "b"} == {"b"}
    assert "svg" in page.tags and "polyline" in page.tags
    assert not {name for name in page.attributes if name.startswith("on") or name in ("src", "href")}
    assert "&lt;script&gt;alert(1)" in text and "\x1b" not in text
    assert "default-src 'none'" in text


def test_markdown_makes_nothing_of_foreign_text(world: World, run: Run) -> None:
    text = markdown.render(*made(world, run))
    outside = re.sub(r"^(`{3,})sh\n.*?\n\1$", "", text, flags=re.DOTALL | re.MULTILINE)
    assert "<script>" not in outside.replace("\\<", "")
    assert "![x](" not in outside and "\\!\\[x\\](" in outside
    assert "http://" not in outside.replace("http\\://", "") and "\x1b" not in text
    rows = [row for row in outside.splitlines() if row.startswith("| eval")]
    assert rows and all(len(re.findall(r"(?<!\\)\|", row)) == 6 for row in rows)


def test_a_word_at_the_beginning_of_a_line_makes_no_list_or_heading() -> None:
    assert escaped("# x") == "\\# x" and escaped("- x") == "\\- x" and escaped("1. x") == "1\\. x"
    assert escaped("0.95") == "0.95"


def test_json_is_what_its_schema_says_and_every_value_is_there_again(world: World, run: Run) -> None:
    report, shown = made(world, run)
    content = json.loads(json.dumps(as_json.render(report, shown), allow_nan=False))
    Draft202012Validator(SCHEMA).validate(content)
    assert list(as_json.differences(content, Resolver(world.store))) == []
    titles = [section["title"] for section in content["sections"]]
    for wanted in ("Claims", "Requirements", "What was not verified", "Failures and negative results"):
        assert wanted in titles


@pytest.mark.parametrize(("old", "new"), [(0.95, 0.99), ("supported", "not supported")])
def test_an_edited_value_is_seen(world: World, run: Run, old: object, new: object) -> None:
    text = json.dumps(as_json.render(*made(world, run)))
    edited = json.loads(text.replace(json.dumps(old), json.dumps(new)))
    assert [words for is_wrong, words in as_json.differences(edited, Resolver(world.store)) if is_wrong]


def test_a_number_written_into_the_words_is_seen(world: World, run: Run) -> None:
    text = json.dumps(as_json.render(*made(world, run))).replace("In run ", "At 0.99, in run ")
    found = [words for is_wrong, words in as_json.differences(json.loads(text), Resolver(world.store)) if is_wrong]
    assert found == ["“At 0.99, in run ” holds a number that is no reference"]


def test_what_failed_stands_in_the_report(world: World, run: Run) -> None:
    report, shown = made(world, run)
    (section,) = (one for one in report.sections if one.title.text == "Failures and negative results")
    words = " ".join(shown.text(one.parts) for one in section.blocks if isinstance(one, Paragraph))
    assert "failed, were stopped or were lost: 1." in words


def test_where_nothing_was_read_the_report_says_so(world: World, run: Run) -> None:
    report, shown = made(world, run)
    (section,) = (one for one in report.sections if one.title.text == "Requirements")
    assert [shown.text(one.parts) for one in section.blocks if isinstance(one, Paragraph)] == [
        "No requirements were read."
    ]


@pytest.mark.parametrize(
    "reference",
    [Reference("run", (99, "id")), Reference("run", (1, "__class__")), Reference("nothing", (1,)),
     Reference("metric", (1, "no such", "value")), Reference("run", ("x",)), Reference("event", (10**6, "kind"))],
)  # fmt: skip
def test_a_reference_to_nothing_raises(world: World, run: Run, reference: Reference) -> None:
    with pytest.raises(NoSuchValueError):
        Resolver(world.store).value(reference)


def test_a_section_is_made_of_what_it_is_given(world: World) -> None:
    section = Section(Words("Here"), (Bullets(((Words("one"),),)),))
    report = Report(1, (Words("title"),), (section,))
    assert markdown.render(report, Shown(Resolver(world.store))) == "# title\n\n## Here\n\n- one\n"


def test_what_the_run_found_around_it_stands_under_how_to_reproduce_it(world: World, run: Run) -> None:
    report, shown = made(world, run)
    assert "Data files that the script read were not recorded" in markdown.render(report, shown)
    found = {"packages": [{"name": "numpy", "version": "2.3.4"}],
             "files": [{"path": "/data/rows.npy", "bytes": 2048, "modified_at": 0.0}]}  # fmt: skip
    world.store.reports.put(run.id, "environment", found)
    text = markdown.render(*made(world, run))
    assert "| numpy | 2.3.4 |" in text and "| /data/rows.npy | 2.0 KiB | 1970-01-01 00:00:00 UTC |" in text
    assert "not recorded" not in text


def test_each_value_that_is_asked_for_was_met_changed_or_left(world: World) -> None:
    experiment = world.experiment()
    entry = {"origin": "code", "text": "lr=0.1", "option": None, "role": "optimizer", "callee": "SGD", "line": 3,
             "file": "train.py", "count": 1, "expression": None, "library": None, "version": None}  # fmt: skip
    used = [{**entry, "name": "lr", "value": 0.1}, {**entry, "name": "batch_size", "value": 64}]
    world.store.events.append("code.inspected", experiment_id=experiment.id, hyperparameters=used)
    asked = [{"name": name, "value": value, "quote": f"we use {name} {value}"}
             for name, value in (("learning_rate", 0.1), ("batch_size", 128), ("dropout", 0.5))]  # fmt: skip
    wanted = [{"kind": "split", "text": "the usual split", "quote": "on the usual split"}]
    answers = [{"number": 2, "mark": "confirmed"}, {"number": 4, "mark": "left out"},
               {"number": 5, "mark": "changed", "value": 64}]  # fmt: skip
    asked += [{"name": "seeds", "value": 5, "quote": "five seeds"}, {"name": "batch_size", "value": 32, "quote": "32"}]
    world.store.events.append("brief.read", experiment_id=experiment.id, source="paper.md", hyperparameters=asked,
                              requirements=wanted, answers=answers)  # fmt: skip
    run = world.run(experiment, {"test accuracy": [0.9]})
    text = markdown.render(*made(world, run))
    assert "| learning\\_rate 0.1 | met | we use learning\\_rate 0.1 |" in text
    assert "| batch\\_size 128 | changed to 64 |" in text
    assert "| dropout 0.5 | left: the code has no such value that is known |" in text
    assert "| the usual split | nobody compared it |" in text
    assert "| seeds 5 | left out by a person | five seeds |" in text
    assert "| batch\\_size 32 | a person asks for 64: met | 32 |" in text
    assert "A person went through this list and confirmed it." in text
