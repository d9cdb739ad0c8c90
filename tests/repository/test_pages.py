"""The pages hold together: links lead somewhere, the two commands of the README exist, nothing names a package host."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HOSTS = tuple(".".join(parts) for parts in (
    ("pypi", "org"), ("pythonhosted", "org"), ("download", "pytorch", "org"), ("anaconda", "org"),
    ("anaconda", "com"), ("conda-forge", "org"), ("npmjs", "com"), ("npmjs", "org"), ("crates", "io"),
))  # fmt: skip
"""Hosts of package registries, in parts so that this file does not name them either."""
LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


def tracked() -> list[Path]:
    if not (ROOT / ".git").exists() or shutil.which("git") is None:
        pytest.skip("not a git checkout")
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    return [ROOT / line for line in listed if (ROOT / line).is_file()]


def named_hosts(text: str) -> set[str]:
    return {host for host in HOSTS if host in text.lower()}


def test_no_file_names_a_package_registry_host() -> None:
    found = {str(path.relative_to(ROOT)): named_hosts(path.read_bytes().decode("utf-8", errors="replace"))
             for path in tracked()}  # fmt: skip

    assert {name: hosts for name, hosts in found.items() if hosts} == {}


def test_a_host_is_seen() -> None:
    assert named_hosts(f"pip install --index-url https://{HOSTS[0]}/simple") == {HOSTS[0]}
    assert named_hosts("choose CPU on PyTorch's Get-started page") == set()


def broken_links(markdown: Path) -> set[str]:
    targets = (target.partition("#")[0] for target in LINK.findall(markdown.read_text(encoding="utf-8")))
    local = (target for target in targets if target and "://" not in target and not target.startswith("mailto:"))
    return {target for target in local if not (markdown.parent / target).exists()}


def test_links_between_the_pages_lead_somewhere() -> None:
    found = {str(path.relative_to(ROOT)): broken_links(path) for path in tracked() if path.suffix == ".md"}

    assert {name: links for name, links in found.items() if links} == {}


def test_a_broken_link_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("[here](page.md) [gone](gone.md#part) [away](https://example.org/x.md)", encoding="utf-8")

    assert broken_links(page) == {"gone.md"}


def test_the_readmes_first_commands_are_the_two_scripts_and_ci_calls_the_second() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    blocks = re.findall(r"```sh\n(.*?)```", readme, flags=re.DOTALL)
    commands = [line.partition("#")[0].strip() for line in blocks[0].splitlines() if line.strip()]

    assert commands == ["sh scripts/try.sh", "sh scripts/test.sh"]
    assert "sh scripts/test.sh" in (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert os.access(ROOT / ".ci" / "run", os.X_OK)


def test_the_scripts_are_sound_shell() -> None:
    for script in (ROOT / "scripts").glob("*.sh"):
        assert subprocess.run(["sh", "-n", str(script)], check=False).returncode == 0, script


def test_the_readme_shows_the_screenshot() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")

    assert "docs/screenshot.svg" in readme
    assert "mlintern" in (ROOT / "docs" / "screenshot.svg").read_text(encoding="utf-8")
