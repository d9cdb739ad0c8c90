"""Ended from outside: a scheduler, the kernel, a person."""

from __future__ import annotations

from .hypothesis import Certainty, Depth
from .rules import rule

RULES = (
    rule(
        "run.crash.time_limit",
        r"CANCELLED AT \S+ DUE TO TIME LIMIT|PBS: job killed: walltime|TERM_RUNLIMIT|\bslurm.*\bTIMEOUT\b",
        "the scheduler ended the job at its time limit",
        "compare the pace of the last steps with what was left: it tells how much more time it needs",
        ("ask for the time that the pace of the last steps foretells", "it was healthy and only needed longer"),
        ("save on the signal before the end (--signal=B:USR1@120) and resume", "the limit cannot be raised"),
        instead=("it was stuck before: the last progress is long before the limit",),
        depth=Depth.ENDING,
    ),
    rule(
        "run.crash.preempted",
        r"DUE TO PREEMPTION|PREEMPTED|[Pp]reemption notice|instance (?:is being|was) preempted|Spot.*interruption",
        "the machine was taken away for something of higher priority",
        "look at the job's state (sacct -j ID --format=State): it says PREEMPTED",
        ("save often and resume from the last checkpoint; allow requeueing", "nothing in the program is wrong"),
        depth=Depth.ENDING,
    ),
    rule(
        "run.crash.node",
        r"DUE TO NODE FAILURE|NODE_FAIL|Node failure on|slurmctld.*not responding",
        "the machine under the job failed",
        "start it again on another machine: the same failure there would speak against this",
        ("leave the machine out (--exclude=NODE) and resume", "the machine is at fault"),
        depth=Depth.ENDING,
    ),
    rule(
        "run.crash.killed",
        r"^(?:\S+: line \d+: +\d+ )?Killed(?:\s+\S.*)?$|received signal 9\b|Signal 9 \(SIGKILL\) received"
        r"|exitcode: -9\b"
        r"|died with <Signals\.SIGKILL|(?:exit|return) ?code:? ?137\b|Exited with exit code 137",
        "a process was killed from outside (SIGKILL), most often by the kernel for want of host memory",
        "look for oom-kill at that time in dmesg or journalctl -k",
        ("use fewer loader workers, or ask for more host memory", "the kernel killed it for want of memory"),
        instead=("a person or a scheduler killed it",),
        certainty=Certainty.LIKELY,
        depth=Depth.ENDING,
    ),
    rule(
        "run.crash.native",
        r"Segmentation fault|Fatal Python error: |Signal 11 \(SIGSEGV\) received|exitcode: -11\b|Illegal instruction"
        r"|\*\*\* Error in `|double free or corruption",
        "native code crashed",
        "repeat with python -X faulthandler: it prints the Python lines that led there",
        ("bring the library that the stack names to a version built for this torch", "two binaries do not fit"),
        ("repeat with num_workers=0", "a library does not bear being forked"),
        certainty=Certainty.LIKELY,
    ),
    rule(
        "run.crash.interrupted",
        r"CANCELLED AT \S+ \*\*\*|^KeyboardInterrupt$|received signal (?:2|15)\b"
        r"|SignalException: Process \d+ got signal: (?:2|15)"
        r"|Signal 15 \(SIGTERM\) received|CANCELLED BY|^Terminated\b|Received SIGTERM",
        "it was asked to end: by a person, or by the program that started it",
        "ask who has stopped it, or look at the scheduler's record of the job",
        ("resume from the last checkpoint", "nothing in the program is wrong"),
        instead=("another process of the same job failed first: look at its log",),
        certainty=Certainty.LIKELY,
        depth=Depth.ENDING,
    ),
)
