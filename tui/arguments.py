"""What can be typed: the commands of `mlintern` and their options.

Invariant: making the parser loads nothing of the engine; what is wrong with an argument is told with an example of what
would be right.
"""

from __future__ import annotations

import argparse
from typing import Any, NoReturn

from . import argument_types as types
from .argument_types import RUNGS as RUNGS
from .output import CommandError

LIMIT_OPTIONS = {
    "--memory": "memory that all processes of a run may use",
    "--disk": "what a run may write to disk",
    "--gpu-memory": "GPU memory that a run may use",
}
"""What limits a run besides time."""

LATER: dict[str, str] = {}
"""Commands that this version declares and cannot do yet."""


class _Parser(argparse.ArgumentParser):
    """Tells bad usage as an error of ours, so that it reads the same everywhere."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, **settings)

    def error(self, message: str) -> NoReturn:
        if "unrecognized arguments" in message:
            message += " (arguments of the script stand behind --)"
        raise CommandError("usage", f"{message[:1].upper()}{message[1:]}.", f"See {self.prog} --help.")


class _AddBudgets(argparse.Action):
    """Gathers the texts of all ``--budget`` options, each understood together with those before it."""

    def __call__(self, parser: Any, namespace: argparse.Namespace, values: Any, option_string: Any = None) -> None:
        from .budgets import parse_budgets

        texts = [*getattr(namespace, self.dest), values]
        try:
            parse_budgets(texts)
        except ValueError as error:
            raise argparse.ArgumentError(self, str(error)) from error
        setattr(namespace, self.dest, texts)


def parser() -> _Parser:
    """The parser of the whole command line."""
    top = _Parser(
        prog="mlintern",
        description="Rehearse, forecast, approve, run and remember a PyTorch training script, unmodified and offline.",
        epilog="What stands behind -- goes to the script, as for its full run.",
    )
    top.add_argument("--version", action="version", version=_version())
    top.add_argument("--home", metavar="DIR", help=_HOME_HELP)
    commands = top.add_subparsers(dest="command", required=True, parser_class=_Parser)
    common = _common()
    of_runs = (
        _add_history, _add_show, _add_compare, _add_logs, _add_stop, _add_extend, _add_accept, _add_resume,
        _add_diagnose, _add_paper, _add_new, _add_data, _add_find, _add_report, _add_verify, _add_overrule, _add_result,
        _add_edit, _add_ask,
    )  # fmt: skip
    for add in (_add_check, _add_run, _add_sweep, _add_confirm, _add_seal, *of_runs):
        add(commands, common)
    commands.add_parser("saved", parents=[common, _json()], help="what the ladder stopped early, and what that saved")
    doctor = commands.add_parser("doctor", parents=[common, _json()], help="what this machine has and what is missing")
    doctor.add_argument("--checks", action="store_true", help="list every check instead, and look at nothing")
    _add_models(commands, common)
    for name, words in LATER.items():
        later = commands.add_parser(name, parents=[common, _json()], help=f"{words} (not built yet)")
        later.add_argument("words", nargs="*", help=argparse.SUPPRESS)
    return top


_HOME_HELP = "where everything is kept (default: MLINTERN_HOME, or user data)"


def _version() -> str:
    from .. import __version__

    return f"mlintern {__version__}"


def _common() -> _Parser:
    common = _Parser(add_help=False)
    # Suppressed, because an absent option of a command would otherwise undo the same option before it.
    common.add_argument("--home", metavar="DIR", default=argparse.SUPPRESS, help=_HOME_HELP)
    return common


def _json() -> _Parser:
    parent = _Parser(add_help=False)
    parent.add_argument("--json", action="store_true", help="exactly one JSON object on standard output")
    return parent


def _script() -> _Parser:
    parent = _Parser(add_help=False)
    parent.add_argument("script", nargs="?", metavar="SCRIPT", help="the training script, as it is")
    parent.add_argument("-m", dest="module", metavar="MODULE", help="a module in its place, as with python -m")
    parent.add_argument("--python", metavar="EXE", help="the interpreter that runs the script")
    parent.add_argument(
        "--steps", metavar="N", type=types.steps, help="total optimizer steps, where they cannot be known"
    )
    parent.add_argument(
        "--processes", metavar="N", type=types.processes, help="how many ranks a distributed script has on this machine"
    )
    for option, what in LIMIT_OPTIONS.items():
        parent.add_argument(
            option, metavar="SIZE", type=types.size, help=f"{what}, such as 8GB; a run is stopped there"
        )
    return parent


def _climb() -> _Parser:
    parent = _Parser(add_help=False)
    parent.add_argument(
        "--approve",
        metavar="RUNG=CEILING",
        action="append",
        default=[],
        type=types.approval,
        help="approve a rung ahead of time, such as pilot=2m; may be given for several rungs",
    )
    return parent


def _add_check(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "check",
        parents=[_script(), common, _json()],
        help="climb the rungs that need no approval, and forecast the full run",
        usage="mlintern check SCRIPT|-m MODULE [--json] [--to RUNG] [--python EXE] [--steps N] [--processes N] "
        "[--ceiling TIME] [--memory SIZE] [--disk SIZE] [--gpu-memory SIZE] [-- ARGS…]",
    )
    parser.add_argument(
        "--to", metavar="RUNG", choices=RUNGS, help="the last rung to climb (default: the last free one)"
    )
    parser.add_argument("--ceiling", metavar="TIME", type=types.duration, help="what the check may take (default: 60s)")


def _add_run(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "run",
        parents=[_script(), _climb(), common, _json()],
        help="climb the ladder, asking before each rung that costs",
        usage="mlintern run SCRIPT|-m MODULE [--to RUNG] [--approve RUNG=CEILING …] [--budget AMOUNT …] [--fresh] "
        "[--json] [--python EXE] [--steps N] [--memory SIZE] [--disk SIZE] [--gpu-memory SIZE] [-- ARGS…]",
    )
    parser.add_argument(
        "--to", metavar="RUNG", choices=RUNGS, default="full", help="the last rung to climb (default: full)"
    )
    parser.add_argument(
        "--budget",
        metavar="AMOUNT",
        action=_AddBudgets,
        default=[],
        help="what all its runs together may take: 2h, $5, 2kWh, 3gpuh, or several such as 2h,$5",
    )
    parser.add_argument("--fresh", action="store_true", help="climb from the first rung, even if this script is known")


def _add_sweep(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "sweep",
        parents=[_script(), common, _json()],
        help="search over hyperparameters within a budget, approved once",
        usage="mlintern sweep SCRIPT|RUN|-m MODULE [--param NAME=LOW..HIGH[:log]|NAME=A,B,C …] "
        "[--metric NAME[:max|min]] [--insist] [--budget AMOUNT] [--seeds N] [--workers N] [--approve CEILING] "
        "[--resume] [--stop] [--json] "
        "[--python EXE] [--steps N] [--memory SIZE] [--disk SIZE] [--gpu-memory SIZE] [-- ARGS…]",
    )
    parser.add_argument(
        "--param",
        metavar="NAME=BOUNDS",
        action="append",
        default=[],
        help="what to vary: lr=1e-5..1e-2:log or batch_size=16,32,64 (default: proposed from where values come from)",
    )
    parser.add_argument("--metric", metavar="NAME[:max|min]", help="what to compare by (default: a validation metric)")
    parser.add_argument("--insist", action="store_true", help="compare by a test metric all the same; it is recorded")
    parser.add_argument(
        "--budget", dest="within", metavar="AMOUNT", type=types.time_or_money,
        help="for all trials together: 30m or $5",
    )
    parser.add_argument("--seeds", metavar="N", type=types.few, default=3, help="fresh seeds in the end (default: 3)")
    parser.add_argument(
        "--workers", metavar="N", type=types.few, default=1, help="trials at the same time (default: 1)"
    )
    parser.add_argument("--approve", metavar="CEILING", type=types.duration, help="approve it ahead, up to such as 30m")
    parser.add_argument("--resume", action="store_true", help="come back to a sweep, and go on where it stood")
    parser.add_argument("--stop", action="store_true", help="end a sweep; what it found stays")


def _add_confirm(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "confirm",
        parents=[_script(), common, _json()],
        help="the chosen configuration on fresh seeds, in fresh copies, approved once",
        usage="mlintern confirm RUN|SCRIPT|-m MODULE [--target VALUE] [--against RUN] [--metric NAME] [--seeds N] "
        "[--no-checks] [--approve CEILING] [--resume] [--stop] [--json] "
        "[--python EXE] [--steps N] [--memory SIZE] [--disk SIZE] [--gpu-memory SIZE] [-- ARGS…]",
    )
    parser.add_argument("--target", metavar="VALUE", type=types.number, help="a number to reach (default: the paper's)")
    parser.add_argument(
        "--against", metavar="RUN", type=types.run_id, help="a full run of the baseline, to be better than"
    )
    parser.add_argument("--metric", metavar="NAME", help="what is claimed of (default: the last metric of the test)")
    parser.add_argument(
        "--seeds", metavar="N", type=types.few, help="fresh seeds (default: what the claim needs, 5 to 10)"
    )
    parser.add_argument("--no-checks", action="store_true", help="leave out the same seed again, and resuming")
    parser.add_argument("--approve", metavar="CEILING", type=types.duration, help="approve it ahead, up to such as 30m")
    parser.add_argument("--resume", action="store_true", help="come back to a confirmation, and go on where it stood")
    parser.add_argument("--stop", action="store_true", help="end a confirmation; what it measured stays")


def _add_seal(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "seal", parents=[common, _json()], help="labels of the test, put where no run of the script can read them"
    )
    parser.add_argument("labels", metavar="LABELS", help="a CSV or JSONL file with the columns id and label")
    parser.add_argument("--for", dest="script", metavar="SCRIPT", required=True, help="whose predictions they judge")
    parser.add_argument("--move", action="store_true", help="remove LABELS, where a run could read them")


def _add_history(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser("history", parents=[common, _json()], help="past runs, the latest first")
    parser.add_argument("query", nargs="*", metavar="QUERY", help="such as status:failed rung:full script:train.py")
    parser.add_argument("--limit", metavar="N", type=types.count, default=50, help="how many at most (default: 50)")


def _add_show(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser("show", parents=[common, _json()], help="one run, with its forecast and findings")
    parser.add_argument("run", metavar="RUN", type=types.run_id)


def _add_compare(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser("compare", parents=[common, _json()], help="what differs between runs")
    parser.add_argument("runs", metavar="RUN", type=types.run_id, nargs="+")


def _add_logs(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser("logs", parents=[common], help="what a run has printed")
    parser.add_argument("run", metavar="RUN", type=types.run_id)
    parser.add_argument("--follow", action="store_true", help="go on until the run is over")


def _add_stop(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser("stop", parents=[common, _json()], help="stop a run; its script may save first")
    parser.add_argument("run", metavar="RUN", type=types.run_id)


def _add_extend(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "extend", parents=[common, _json()], help="allow a run under way more time than was approved"
    )
    parser.add_argument("run", metavar="RUN", type=types.run_id)
    parser.add_argument("ceiling", metavar="TIME", type=types.duration, help="what it may take in all, such as 3h")


def _add_accept(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "accept", parents=[common, _json()], help="take a finding as it is, with a reason that stays on record"
    )
    parser.add_argument("finding", metavar="FINDING", type=types.finding_id, help="its number")
    parser.add_argument("--reason", metavar="WORDS", help="why it is right so")
    parser.add_argument("--withdraw", action="store_true", help="take an acceptance back")


def _add_resume(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "resume", parents=[_climb(), common, _json()], help="come back to a run and go on climbing, from any terminal"
    )
    parser.add_argument("run", metavar="RUN", type=types.run_id)
    parser.add_argument(
        "--to", metavar="RUNG", choices=RUNGS, default="full", help="the last rung to climb (default: full)"
    )


def _add_diagnose(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "diagnose", parents=[common, _json()], help="what went wrong with a run, or in any log, with evidence"
    )
    parser.add_argument("target", metavar="RUN|LOG|FOLDER", help="a run, a log file, or the folder of a job")
    parser.add_argument("--tried", metavar="REMEDY", help="remember an attempt: its words, or its number as listed")
    parser.add_argument("--outcome", choices=("helped", "did-not-help"), help="what came of it")
    parser.add_argument("--hypothesis", metavar="WORDS", help="what it tested, where the remedy is one of your own")
    parser.add_argument("--decide", action="store_true", help="ask the rules and your model which remedy comes first")


def _add_overrule(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser("overrule", parents=[common, _json()], help="a decision, and your own answer to it")
    parser.add_argument("decision", metavar="DECISION", type=types.decision_id, help="its number")
    parser.add_argument("answer", metavar="ANSWER", nargs="?", help="what holds from now on; without it, it is shown")
    parser.add_argument("--reason", metavar="WORDS", help="why")


def _add_ask(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "ask", parents=[common, _json()], help="ask in words; tools answer, called by the rules or by your model"
    )
    parser.add_argument("words", nargs="*", metavar="WORDS", help="such as: why did run 7 fail; none lists what was")
    parser.add_argument("--folder", metavar="DIR", help="the folder to speak of (default: here)")
    parser.add_argument("--resume", metavar="N", type=types.conversation_id, help="go on with this conversation")
    parser.add_argument("--rules", action="store_true", help="let the built-in rules answer, whatever model there is")


def _add_models(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser("models", parents=[common, _json()], help="local language models; whether they fit")
    parser.add_argument("--test", metavar="PATH", help="load this GGUF file in a process of its own; say how it runs")


def _add_paper(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "read", parents=[common, _json()], help="a paper or a task → requirements and hyperparameters with quotes"
    )
    parser.add_argument("paper", metavar="PAPER", help="a PDF, Markdown, LaTeX, HTML or text file, or JSON of --json")
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="your own value for an item, by name or number"
    )
    parser.add_argument(
        "--drop", metavar="NAME", action="append", default=[], help="leave an item out, by name or number"
    )
    parser.add_argument("--confirm", action="store_true", help="keep the checklist: `mlintern new` goes by it")


def _add_report(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "report", parents=[common, _json()], help="claims of a run with their evidence, and what was not verified"
    )
    parser.add_argument("run", metavar="RUN", type=types.run_id)
    parser.add_argument("--format", choices=("md", "html", "json"), default=None, help="md unless told")
    parser.add_argument("--output", metavar="FILE", help="where it is written; standard output unless told")
    parser.add_argument("--target", metavar="VALUE", type=types.number, help="a number that the metric is to reach")
    parser.add_argument("--against", metavar="RUN", type=types.run_id, help="a run that this one is to be better than")
    parser.add_argument("--metric", metavar="NAME", help="which metric these two are about")


def _add_edit(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "edit", parents=[common, _json()], help="changes of a project's files: proposed as a diff, applied, undone"
    )
    parser.add_argument(
        "action", choices=("list", "show", "propose", "fix", "apply", "undo", "decline"), help="what to do"
    )
    parser.add_argument("what", metavar="EDIT|DIFF|FINDING", nargs="?", help="an edit's number; for propose, a file")
    parser.add_argument("--in", dest="project", metavar="DIR", default=".", help="the project of a diff (default: .)")
    parser.add_argument(
        "--hunks", metavar="N,N", type=types.hunks, help="apply only these hunks, as `show` numbers them"
    )
    parser.add_argument("--reason", metavar="WORDS", help="why; stays on record")


def _add_result(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "result", parents=[common, _json()], help="what a run reached, against the paper's numbers"
    )
    parser.add_argument("run", metavar="RUN", type=types.run_id)
    parser.add_argument(
        "--read-test", action="store_true", help="read the test split first, with evaluate.py: once for a run"
    )


def _add_verify(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "verify", parents=[common, _json()], help="count again all that can be counted again of a run"
    )
    parser.add_argument("run", metavar="RUN", type=types.run_id)
    parser.add_argument("--report", metavar="FILE", help="a report in JSON whose every value is looked up again")


def _add_new(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "new", parents=[common, _json()], help="a task or paper, and data → a runnable experiment folder"
    )
    parser.add_argument("task", metavar="TASK|PAPER", help="what `mlintern read` reads, or its JSON as a file")
    parser.add_argument("--into", metavar="DIR", required=True, help="the folder to write; new, or empty")
    parser.add_argument("--recipe", metavar="NAME", help="in place of the one that fits the words of the task")
    parser.add_argument("--data", metavar="PATH", help="the data, where the task does not name what is here")
    parser.add_argument("--target", metavar="COLUMN", help="the column to predict")
    parser.add_argument("--group", metavar="COLUMN", help="the column whose rows stay on one side of the split")
    parser.add_argument("--time", metavar="COLUMN", help="the column that orders rows in time")
    parser.add_argument("--split", choices=("rows", "groups", "time"), help="in place of what the columns suggest")
    parser.add_argument(
        "--set", metavar="NAME=VALUE", action="append", default=[], help="a hyperparameter of your own choice"
    )


def _add_data(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser("data", parents=[common, _json()], help="a first look at a data set")
    parser.add_argument("path", metavar="PATH", help="a table, arrays, a text, or a folder")
    parser.add_argument("--target", metavar="COLUMN", help="the column that is to be predicted")


def _add_find(commands: Any, common: _Parser) -> None:
    parser = commands.add_parser(
        "find", parents=[common, _json()], help="data, checkpoints and reference code that are on this machine"
    )
    parser.add_argument("words", metavar="WORDS", nargs="+", help="what to look for, such as digits or resnet")
    parser.add_argument(
        "--in", dest="folders", metavar="DIR", action="append", default=[], help="a folder to look in, not this one"
    )
    parser.add_argument("--limit", metavar="N", type=types.count, default=20, help="how many at most (default: 20)")
