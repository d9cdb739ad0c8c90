"""What can be typed, pressed, set or reported is written down: commands, options, keys, settings and finding codes."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PRODUCT = ("store", "runtime", "planner", "models", "tui")
FAMILIES = ("run", "data", "eval", "model", "optim", "numeric", "memory", "loader", "dist", "repro")
FAMILIES += ("checkpoint", "config")
CODE = re.compile(rf"({'|'.join(FAMILIES)})\.[a-z_]+(\.[a-z_]+)?")
SETTING = re.compile(r"MLINTERN_[A-Z_]+|NO_COLOR")


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def spoken(text: str, word: str) -> bool:
    """Whether a word stands in the text as code, not as a part of a longer one."""
    return re.search(rf"`[^`\n]*(?<![\w.-]){re.escape(word)}(?![\w-])[^`\n]*`", text) is not None


def strings_in(source: str) -> Iterator[str]:
    """Every string literal of a program that is not a docstring."""
    tree = ast.parse(source)
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {id(node.body[0].value) for node in ast.walk(tree) if isinstance(node, documented)
                  and node.body and isinstance(node.body[0], ast.Expr)}  # fmt: skip
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.value


def product_strings() -> set[str]:
    paths = (path for layer in PRODUCT for path in (ROOT / layer).rglob("*.py"))
    return {text for path in paths for text in strings_in(path.read_text(encoding="utf-8"))}


def command_help(*words: str, face: str = "command_line") -> str:
    program = f"import sys; from mlintern.tui.{face} import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program, *words, "--help"],
        capture_output=True, text=True, check=False, env={"COLUMNS": "200", "NO_COLOR": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def commands(help_text: str) -> list[str]:
    listed = re.search(r"\{([a-z,-]+)\}", help_text)
    assert listed, help_text
    return listed.group(1).split(",")


def options(help_text: str) -> set[str]:
    return set(re.findall(r"(?<![\w-])-(?:-[a-z][a-z-]*|[a-z]\b)", help_text)) - {"--help", "-h"}


def test_every_command_and_option_is_on_the_commands_page() -> None:
    text = page("commands.md")
    overall = command_help()
    missing = {word for word in (*commands(overall), *options(overall)) if not spoken(text, word)}
    for command in commands(overall):
        section = text.partition(f"## `mlintern {command}`")[2].partition("\n## ")[0]
        common = text.partition("\n## ")[0]
        missing |= {f"{command} {option}" for option in options(command_help(command))
                    if not (spoken(section, option) or spoken(common, option))}  # fmt: skip

    assert missing == set()


def test_every_option_of_the_application_is_on_the_commands_page() -> None:
    section = page("commands.md").partition("## `mlintern-tui`")[2].partition("\n## ")[0]

    assert {option for option in options(command_help(face="launch")) if not spoken(section, option)} == set()


def test_a_missing_option_is_seen() -> None:
    text = "## `mlintern check`\nTakes `--json`, `--to RUNG`."

    assert spoken(text, "--to")
    assert not spoken(text, "--ceiling")
    assert not spoken(text, "--js")


def test_every_key_is_on_the_keys_page() -> None:
    from mlintern.tui.actions import ACTIONS, keys_page

    text = page("keys.md")

    assert text == keys_page()
    assert {action.id for action in ACTIONS if f"`{action.id}`" not in text} == set()


def settings(strings: set[str]) -> set[str]:
    return {text for text in strings if SETTING.fullmatch(text)}


def test_every_setting_is_on_the_settings_page() -> None:
    text = page("settings.md")

    assert {name for name in settings(product_strings()) if not spoken(text, name)} == set()


def test_a_setting_in_code_is_seen() -> None:
    source = '"""MLINTERN_DOCSTRING"""\nimport os\nhome = os.environ.get("MLINTERN_HOME")\n'

    assert settings(set(strings_in(source))) == {"MLINTERN_HOME"}


def test_every_example_rate_is_on_the_settings_page_with_its_date() -> None:
    from mlintern.planner.prices import EXAMPLE_RATES, EXAMPLES_DATE

    text = page("settings.md")
    told = dict(re.findall(r"`([a-z0-9]+-\d+gb)` \| (\d+\.\d\d) \|", text))

    assert told == {kind: f"{rate:.2f}" for kind, rate in EXAMPLE_RATES.items()}
    assert EXAMPLES_DATE == "2025-07" and "of July 2025" in text


def test_the_configuration_that_the_pages_show_is_one(tmp_path: Path) -> None:
    from mlintern.planner.prices import FILE_NAME, read

    for text in (page("settings.md"), (ROOT / "README.md").read_text(encoding="utf-8")):
        (example,) = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
        (tmp_path / FILE_NAME).write_text(example, encoding="utf-8")
        price = read(tmp_path)
        assert (price.usd_per_hour, price.usd_per_kwh) == (1.2, 0.3)


def codes(strings: set[str]) -> set[str]:
    return {text for text in strings if CODE.fullmatch(text) and not text.endswith((".tcss", ".toml"))}


def documented_codes(text: str) -> dict[str, bool]:
    """Every code of the findings page, and whether the page says that something checks for it."""
    rows = re.findall(r"^\| `([a-z_.]+)` \|(.*)\|$", text, flags=re.MULTILINE)
    return {code: "not built yet" not in rest for code, rest in rows}


def event_kinds(text: str) -> set[str]:
    return set(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", text, flags=re.MULTILINE))


def test_every_finding_code_and_event_in_the_code_is_documented() -> None:
    known = documented_codes(page("findings.md")).keys() | event_kinds(page("ARCHITECTURE.md"))

    assert codes(product_strings()) - known == set()


def test_every_code_that_the_page_calls_checked_is_in_the_code() -> None:
    checked = {code for code, is_checked in documented_codes(page("findings.md")).items() if is_checked}

    assert checked - codes(product_strings()) == set()


def test_an_undocumented_code_is_seen() -> None:
    rows = "| `run.crash` | error | rehearsal | … |\n| `eval.split` | error | not built yet | … |\n"

    assert codes(set(strings_in('add(code="eval.newly_found")\nimport_path = "models.vision"'))) == {"eval.newly_found"}
    assert documented_codes(rows) == {"run.crash": True, "eval.split": False}
