"""Files: no room, no file, no permission, checkpoints that do not fit or cannot be written."""

from __future__ import annotations

from .rules import rule

RULES = (
    rule(
        "run.crash.disk_full",
        r"No space left on device|Disk quota exceeded|PytorchStreamWriter failed writing|file write failed.*iostream",
        "there is no room left on the disk",
        "look at df -h and df -i of the folder, and at the quota",
        ("delete old checkpoints and keep only the last few", "its own checkpoints filled the disk"),
        ("write to a disk with more room", "the disk is too small for what the run writes"),
    ),
    rule(
        "run.crash.checkpoint",
        r"Error\(s\) in loading state_dict|size mismatch for [\w.]+: copying a param|Missing key\(s\) in state_dict"
        r"|PytorchStreamReader failed|invalid load key|unexpected EOF, expected \d+ more bytes"
        r"|Weights only load failed",
        "the checkpoint does not fit the model, or is damaged",
        "load it by itself and compare its keys and shapes with model.state_dict()",
        ("build the model with the settings that the checkpoint was made with", "the settings differ (classes, width)"),
        ("load only what fits, and start the rest anew on purpose", "the head is meant to differ"),
        instead=("a file that was cut short while it was written",),
    ),
    rule(
        "run.crash.file",
        r"FileNotFoundError: (?:\[Errno 2\] )?(.+)|Parent directory (\S+) does not exist|NotADirectoryError: (.+)"
        r"|(?:can't open file|cannot open) '?([^']+)'?: \[?(?:Errno|No such)",
        "a file or folder is not there: {0}",
        "look at the path from the folder in which the run was started",
        ("correct the path, or make the folder before it is written to", "the path is wrong from where it runs"),
        instead=("a disk that is not mounted on this machine",),
    ),
    rule(
        "run.crash.file",
        r"PermissionError: (.+)|\bPermission denied\b",
        "a file or folder may not be read or written: {0}",
        "try to read or touch it as the user that the run has",
        ("choose a folder that may be written, or mend its permissions", "this user may not do it"),
    ),
)
