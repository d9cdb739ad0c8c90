"""The loader: workers that die, that are stuck, that are slow."""

from __future__ import annotations

from .hypothesis import Certainty, Depth
from .rules import rule

RULES = (
    rule(
        "loader.killed",
        r"insufficient shared memory|killed by signal: Bus error|unable to (?:open|write to|resize"
        r"|mmap) (?:shared memory|file </torch_)",
        "a loader worker died because /dev/shm is full",
        "look at df -h /dev/shm while it runs, or repeat with num_workers=0",
        ("give the container more shared memory (--shm-size, or a larger /dev/shm)", "shared memory is too small"),
        ("set torch.multiprocessing.set_sharing_strategy('file_system')", "only /dev/shm is the limit"),
        ("use fewer workers or a smaller prefetch_factor", "the batches under way together do not fit"),
    ),
    rule(
        "loader.killed",
        r"DataLoader worker \(pid\D*\d+\) is killed by signal: (?!Killed|Bus)([\w ]+)"
        r"|DataLoader worker \(pid\(s\) [\d, ]+\) exited unexpectedly",
        "a loader worker died in native code or was ended from outside",
        "repeat with num_workers=0: what the worker met is then raised where it happens",
        ("load with num_workers=0 to see the sample, then mend it", "one sample makes the decoder crash"),
        ("set the start method of the workers to spawn", "a library does not bear being forked"),
        instead=("want of host memory",),
        certainty=Certainty.LIKELY,
        depth=Depth.EXCEPTION,
    ),
    rule(
        "loader.deadlock",
        r"DataLoader timed out after [\d.]+ seconds",
        "a loader worker gave no batch within the timeout",
        "dump the worker's stack twice (py-spy dump --pid): the same line twice is a deadlock, another is slow reading",
        ("set the start method of the workers to spawn", "a lock that was held when the worker was forked"),
        ("read the sample that was asked for last with num_workers=0", "one sample never returns"),
        instead=("storage that is slow for a while: the timeout is then too short",),
        certainty=Certainty.LIKELY,
    ),
)
