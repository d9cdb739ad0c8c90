"""From a person's words to a tool, by patterns.

Invariant: a file is only spoken of where the words name one that is there; a number only where they name it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from ...store import StoreError
from ...store.records import RunStatus
from .deciding import Decision
from .tool import Surroundings
from .tools.person import REPLY
from .workspace import FailedError, RefusedError

HELP = """The built-in rules answer; no language model does. They understand:
  check train.py; run train.py --epochs 20    what the ladder does next
  read paper.pdf; what does task.md ask for   targets and values, quoted
  look at data/train.csv                      a first look at the data
  new experiment from task.md with data.csv   what would be written
  runs; run 7; compare 3 and 5                what was run
  why did it fail; diagnose train.log         what went wrong
  list; show train.py; find “learning rate”   files of this folder"""

YOURS = (
    "Approvals, ceilings and budgets are yours, and nothing here can give or raise one. The Ladder asks you before"
    " anything that costs; mlintern run SCRIPT --budget 2h sets a budget, mlintern extend RUN TIME allows a run more."
)

_PAPERS = {".pdf", ".tex", ".ltx", ".html", ".htm", ".md", ".markdown", ".eml", ".rst"}
_DATA = {".csv", ".tsv", ".jsonl", ".ndjson", ".npy", ".npz", ".parquet"}
_LOGS = {".log", ".out", ".err", ".stdout", ".stderr"}
_ARGUMENT = re.compile(r"--?[A-Za-z]")


@dataclass(frozen=True, slots=True)
class Words:
    """What a person wrote, taken apart."""

    text: str
    plain: str
    """In small letters."""
    files: tuple[str, ...]
    """The paths in it that are there, or that look like paths."""
    numbers: tuple[int, ...]

    def has(self, pattern: str) -> bool:
        """Whether one of these words is in it."""
        return re.search(rf"(?<![\w-])(?:{pattern})(?![\w-])", self.plain) is not None

    def first(self, suffixes: set[str]) -> str | None:
        """The first file of one of these forms."""
        return next((one for one in self.files if PurePosixPath(one).suffix.lower() in suffixes), None)


def route(surroundings: Surroundings, text: str) -> Decision:
    """The call that the words ask for; a reply that says what can be asked where none does."""
    try:
        words = _taken_apart(surroundings, text)
        for rule in _RULES:
            decision = rule(surroundings, words)
            if decision is not None:
                return decision
    except (FailedError, RefusedError, StoreError) as error:
        return Decision(REPLY, {"text": f"That could not be looked at: {error}"})
    return Decision(REPLY, {"text": f"The rules do not understand that.\n{HELP}"})


def _help(surroundings: Surroundings, words: Words) -> Decision | None:
    if not words.plain or (words.has(r"help|hello|hi|what can you do|who are you") and not words.files):
        return Decision(REPLY, {"text": HELP})
    return None


def _limits(surroundings: Surroundings, words: Words) -> Decision | None:
    if words.has(r"approve|approval|budget|ceiling|extend"):
        return Decision(REPLY, {"text": YOURS})
    return None


def _compare(surroundings: Surroundings, words: Words) -> Decision | None:
    if words.has(r"compare|versus|vs\.?|differs?|difference") and len(words.numbers) > 1:
        return Decision("compare_runs", {"runs": list(words.numbers[:5])})
    return None


def _diagnose(surroundings: Surroundings, words: Words) -> Decision | None:
    log = words.first(_LOGS)
    if not words.has(r"why|diagnose|wrong|fail(?:ed|s|ure)?|crash(?:ed|es)?|nan|broken?") and log is None:
        return None
    if log is not None:
        return Decision("diagnose_log", {"path": log})
    if words.has(r"diagnose") and words.files:
        return Decision("diagnose_log", {"path": words.files[0]})
    if words.files and not words.numbers:
        return None
    run = words.numbers[0] if words.numbers else _latest(surroundings, failed=True)
    if run is None:
        return Decision("ask_person", {"text": "No run has failed here. Which log or which run do you mean?"})
    return Decision("diagnose_run", {"run": run})


def _finish(surroundings: Surroundings, words: Words) -> Decision | None:
    if not words.has(r"finish|finished|are we done|is it done|done\?"):
        return None
    run = words.numbers[0] if words.numbers else _latest(surroundings, rung="full")
    if run is None:
        return Decision(REPLY, {"text": "No full run is on record, so nothing is finished."})
    return Decision("finish", {"run": run})


def _new(surroundings: Surroundings, words: Words) -> Decision | None:
    if not words.has(r"new|write|make|build|create|propose|turn") or not words.has("experiment"):
        return None
    data = words.first(_DATA)
    task = next((one for one in words.files if one != data), None)
    if task is None:
        return Decision("ask_person", {"text": "From which task or paper? Name its file."})
    into = next(iter(re.findall(r"\binto\s+(\S+)", words.text)), "experiment")
    return Decision("propose_experiment", {"task": task, "data": data, "into": into.strip("“”\"'.,")})


def _ladder(surroundings: Surroundings, words: Words) -> Decision | None:
    is_full = words.has(r"run|train|start|full") and not words.has("check|rehearse")
    if not is_full and not words.has(r"check|rehearse|rehearsal|dry[- ]?run|smoke|test|ladder|climb"):
        return None
    script = words.first({".py"}) or next((one for one in words.files if _is_folder(surroundings, one)), None)
    if script is None and words.numbers:
        return None
    if script is None:
        scripts = _scripts(surroundings)
        if len(scripts) != 1:
            found = f" Here are {', '.join(scripts[:8])}." if scripts else ""
            return Decision("ask_person", {"text": f"Which script?{found}"})
        (script,) = scripts
    behind = words.text.split(script, 1)[-1].split() if script in words.text else []
    first = next((index for index, word in enumerate(behind) if _ARGUMENT.match(word)), len(behind))
    arguments = [word for word in behind[first:] if word != "--"][:16]
    rung = "full" if is_full else "rehearsal" if words.has(r"rehearse|rehearsal") else "overfit"
    return Decision("ask_for_rung", {"script": script, "rung": rung, "arguments": arguments})


def _search(surroundings: Surroundings, words: Words) -> Decision | None:
    match = re.match(r"\s*(?:search|find|grep|where is)\s+(?:for\s+)?(.+)", words.text, re.IGNORECASE | re.DOTALL)
    if match is None:
        return None
    wanted, _, place = match[1].partition(" in ")
    if place and place.strip() not in words.files:
        wanted, place = match[1], ""
    wanted = wanted.strip().strip("“”\"'")[:200]
    return Decision("search_text", {"text_to_find": wanted, "path": place.strip() or "."}) if wanted else None


def _file(surroundings: Surroundings, words: Words) -> Decision | None:
    if not words.files:
        return None
    paper, data = words.first(_PAPERS), words.first(_DATA)
    if data is not None and not words.has("paper"):
        return Decision("inspect_data", {"path": data})
    if paper is not None:
        return Decision("read_paper", {"path": paper})
    path = words.files[0]
    if _is_folder(surroundings, path):
        tool = "inspect_data" if words.has(r"data|dataset|images|inspect|look at") else "list_folder"
        return Decision(tool, {"path": path})
    if PurePosixPath(path).suffix.lower() in {".txt", ".text"} and words.has(r"paper|task|ask|asks|read"):
        return Decision("read_paper", {"path": path})
    line = words.numbers[0] if words.numbers and words.has("line") else 1
    return Decision("read_file", {"path": path, "from_line": max(1, line)})


def _run(surroundings: Surroundings, words: Words) -> Decision | None:
    if words.has(r"runs|history|past"):
        return Decision("list_runs")
    if not words.has(r"run|show|how|result|status|what"):
        return None
    if words.numbers:
        return Decision("look_at_run", {"run": words.numbers[0]})
    latest = _latest(surroundings)
    is_asked = words.has(r"run|result|status") and words.has(r"last|latest|it|result|status|how")
    return Decision("look_at_run", {"run": latest}) if latest is not None and is_asked else None


def _list(surroundings: Surroundings, words: Words) -> Decision | None:
    return Decision("list_folder", {"path": "."}) if words.has(r"list|ls|dir|files|what is here|folder") else None


_RULES: Sequence[Callable[[Surroundings, Words], Decision | None]] = (
    _help, _limits, _compare, _diagnose, _finish, _new, _search, _ladder, _file, _run, _list,
)  # fmt: skip


def _taken_apart(surroundings: Surroundings, text: str) -> Words:
    files = tuple(dict.fromkeys(_paths(surroundings, text)))
    rest = text
    for name in files:
        rest = rest.replace(name, " ")
    numbers = tuple(dict.fromkeys(int(one) for one in re.findall(r"(?<![\w.-])#?(\d{1,9})(?![\w.%])", rest)))
    return Words(text, rest.lower().strip(), files, tuple(number for number in numbers if number > 0))


def _paths(surroundings: Surroundings, text: str) -> Iterator[str]:
    """What is named: between quotation marks, or as a word; a word without a suffix only where it is there."""
    quoted = re.findall(r"[“\"']([^“”\"'\n]{1,300})[”\"']", text)
    for word in [*quoted, *text.split()]:
        name = word.strip("“”\"'`,;:!?()").rstrip(".")
        if not 1 < len(name) <= 300 or _ARGUMENT.match(name) or (" " in name and name not in quoted):
            continue
        looks_like_one = re.search(r"\.[A-Za-z]\w{0,9}$", name) is not None or name.startswith(("/", "~", "../"))
        if looks_like_one or _is_there(surroundings, name):
            yield name


def _is_there(surroundings: Surroundings, name: str) -> bool:
    try:
        parts = surroundings.workspace.parts(name)
    except (RefusedError, FailedError):
        return False
    return bool(parts) and surroundings.workspace.folder.joinpath(*parts).exists()


def _is_folder(surroundings: Surroundings, name: str) -> bool:
    return _is_there(surroundings, name) and surroundings.workspace.folder.joinpath(name).is_dir()


def _scripts(surroundings: Surroundings) -> list[str]:
    """What in the workspace looks like a script that trains."""
    names = [entry.name for entry in surroundings.workspace.entries(".") if entry.name.endswith(".py")]
    likely = [name for name in names if re.search(r"train|main|run", name)]
    return likely or names


def _latest(surroundings: Surroundings, *, failed: bool = False, rung: str | None = None) -> int | None:
    """The newest run; of those that did not come to their end, or of one rung."""
    for run_id in surroundings.store.runs.ids("" if rung is None else f"rung:{rung}")[:500]:
        run = surroundings.store.runs.get(run_id)
        if not failed or run.status in (RunStatus.FAILED, RunStatus.LOST, RunStatus.STOPPED):
            return run.id
    return None
