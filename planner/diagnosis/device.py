"""The device and its driver."""

from __future__ import annotations

from .hypothesis import Depth
from .rules import rule

RULES = (
    rule(
        "run.crash.labels",
        r"t >= 0 && t < n_classes|Assertion `?cur_target >= 0 && cur_target < n_classes"
        r"|IndexError: Target (-?\d+) is out of bounds"
        r"|srcIndex < srcSelectDimSize|index out of range in self|-sizes\[i\] <= index && index < sizes\[i\]",
        "an index is outside of what it points into: a label beyond the classes, or a token beyond the vocabulary",
        "print the least and the greatest label or token of the data against the size of the output or the embedding",
        ("make the labels run from 0 to classes - 1, or ignore the odd one (ignore_index)", "a label is outside"),
        ("resize the embedding or the head to the tokenizer's or the data's size", "the model is too small for it"),
        instead=("positions beyond the longest sequence of the model",),
    ),
    rule(
        "run.crash.device",
        r"uncorrectable ECC error|\bXid\b.*?\b(?:48|63|64|79|94|95)\b|GPU has fallen off the bus"
        r"|unspecified launch failure"
        r"|NVRM: Xid",
        "the device itself failed",
        "look at dmesg for Xid and at nvidia-smi -q -d ECC; run the same step on another device",
        ("take the device or its machine out, and resume on another", "the hardware is at fault"),
        instead=("a kernel of the program's own that writes outside of its memory",),
    ),
    rule(
        "run.crash.device",
        r"no kernel image is available for execution|is not compatible with the current PyTorch installation",
        "this torch was not built for this device",
        "compare torch.cuda.get_device_capability() with torch.cuda.get_arch_list()",
        ("install a torch that is built for this device", "the build lacks the device's architecture"),
    ),
    rule(
        "run.crash.device",
        r"[Dd]river/library version mismatch|CUDA driver version is insufficient"
        r"|The NVIDIA driver on your system is too old"
        r"|(?:Found no NVIDIA driver|No CUDA GPUs are available|CUDA unknown error)",
        "the driver and the libraries do not fit, or no device is to be seen",
        "run nvidia-smi, and python -c 'import torch; print(torch.version.cuda, torch.cuda.is_available())'",
        ("reboot, or load the driver's module anew, after an update", "the driver was updated under way"),
        ("install a torch built for the CUDA version of the driver", "the driver is older than this torch wants"),
        instead=("CUDA_VISIBLE_DEVICES hides the device",),
    ),
    rule(
        "run.crash.device",
        r"CUDA error: (device-side assert triggered|an illegal memory access was encountered)",
        "a kernel failed on the device ({0}); the line that is named may be a later one",
        "repeat the step on the CPU, or with CUDA_LAUNCH_BLOCKING=1: it then names the right line",
        ("mend what the step on the CPU complains of", "an index is out of range"),
        depth=Depth.EXCEPTION,
    ),
)
