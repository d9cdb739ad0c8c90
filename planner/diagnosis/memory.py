"""Memory that ran out, on the device or on the host."""

from __future__ import annotations

from .hypothesis import Certainty
from .rules import rule

RULES = (
    rule(
        "memory.oom",
        r"CUDA out of memory\. Tried|CUDA error: out of memory|HIP out of memory|MPS backend out of memory"
        r"|OutOfMemoryError: CUDA out|CUBLAS_STATUS_ALLOC_FAILED|CUDNN_STATUS_ALLOC_FAILED",
        "the device ran out of memory",
        "run one step of the largest batch with half its rows, and look at the peak: it tells what the batch is worth",
        (
            "use a smaller batch and accumulate gradients to the same total",
            "the activations of one batch are what does not fit",
        ),
        ("checkpoint the activations of the largest blocks", "activations, not parameters, fill the device"),
        ("train in bfloat16 autocast", "halving the activations' size is enough"),
        (
            "set PYTORCH_ALLOC_CONF=expandable_segments:True",
            "the memory is there, but in pieces (fragmentation)",
        ),
        instead=(
            "another process holds a part of the device: nvidia-smi names it",
            "a leak: memory at the end of each step grows",
            "a rare long batch, where most would fit",
        ),
    ),
    rule(
        "memory.oom",
        r"(?i)slurmstepd: error: .*oom[-_ ]?kill"
        r"|Some of your processes may have been killed by the cgroup out-of-memory"
        r"|\bOUT_OF_MEMORY\b|Out of memory: Killed process|oom-kill:constraint|Memory cgroup out of memory|OOMKilled",
        "the kernel killed a process because the host's memory, or the job's share of it, was used up",
        "look at MaxRSS of the job (sacct -j ID --format=MaxRSS,ReqMem), or repeat with num_workers=0 for a minute",
        ("ask for more host memory for the job", "the program needs what it took, and no more"),
        ("use fewer loader workers, or keep the data set in one array", "each worker's copy of the data fills memory"),
        instead=("a leak: host memory grows from step to step", "another program on the machine took the memory"),
    ),
    rule(
        "memory.oom",
        r"\bMemoryError\b(?!:? in)|Unable to allocate [\d.]+ [KMGTP]iB|DefaultCPUAllocator: (?:can't|not enough)"
        r"|Cannot allocate memory",
        "the host refused to give more memory",
        "print the size of what is made at that line before it is made",
        ("load the data in pieces, or memory-map it", "one array is larger than what is free"),
        ("use a smaller type, such as float32 in place of float64", "the same values fit in half the room"),
        instead=("a wrong shape makes an array far larger than meant",),
    ),
    rule(
        "memory.oom",
        r"DataLoader worker \(pid\D*\d+\) is killed by signal: Killed",
        "a loader worker was killed from outside, most often by the kernel for want of host memory",
        "look for oom-kill in dmesg at that time, or repeat with num_workers=0 for a minute",
        ("use fewer loader workers or a smaller prefetch_factor", "the workers together take more than there is"),
        ("ask for more host memory", "the program needs what it took"),
        instead=("someone killed it",),
        certainty=Certainty.LIKELY,
    ),
)
