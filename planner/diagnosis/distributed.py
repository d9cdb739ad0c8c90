"""Several processes: collectives that do not pair, ranks that wait, ranks that are gone."""

from __future__ import annotations

from .fault_class import FaultClass
from .hypothesis import Certainty, Depth
from .rules import rule

RULES = (
    rule(
        "dist.mispaired",
        r"op\.preamble\.length <= op\.nbytes|distributed collective mismatch|Detected mismatch between collectives"
        r"|Mismatched? (?:op|collective)|CollectiveFingerPrint",
        "ranks met in different collectives: one of them skipped or added a call that the others make",
        "repeat ten steps with TORCH_DISTRIBUTED_DEBUG=DETAIL: it names the two collectives at once",
        (
            "make every rank take the same branches around collectives: look at the rank that did not raise this",
            "a branch that depends on the rank or its data skips a collective",
        ),
        ("give every rank the same number of batches (drop_last, DistributedSampler, join())", "one rank has fewer"),
        instead=("different versions or arguments on the ranks",),
    ),
    rule(
        "dist.unused",
        r"Expected to have finished reduction in the prior iteration",
        "a rank ended a step with parameters that got no gradient, so that the reduction never finished",
        "list the parameters whose grad is None after one backward on one process",
        ("leave out, or use, the parameters that the loss does not reach", "a layer is made and never used"),
        ("set find_unused_parameters=True", "the layers in use change from step to step, and are meant to"),
    ),
    rule(
        "dist.rendezvous",
        r"EADDRINUSE|[Aa]ddress already in use|failed to (?:bind|listen on any local network address)",
        "the port at which the ranks meet is taken by another program",
        "look at who listens there (ss -ltnp); start once more with another port (--master-port, MASTER_PORT)",
        ("choose a free port, or let the launcher do so (torchrun --standalone)", "another job has the same port"),
        instead=("a process of an earlier job that did not end",),
        fault_class=FaultClass.NETWORK,
    ),
    rule(
        "dist.rendezvous",
        r"Timed out after \d+ seconds waiting for clients\. ?(\d+/\d+ clients joined)|RendezvousTimeoutError",
        "not all ranks came to the meeting: {0}",
        "count the processes that were started on every machine against WORLD_SIZE",
        ("start as many processes as WORLD_SIZE says", "the world size is wrong"),
        ("see that the master's address and port can be reached from every machine", "a machine cannot reach it"),
        depth=Depth.ENDING,
    ),
    rule(
        "dist.rendezvous",
        r"environment variable (?:RANK|WORLD_SIZE|MASTER_ADDR|MASTER_PORT|LOCAL_RANK) expected, but not set"
        r"|KeyError: '(?:RANK|WORLD_SIZE|LOCAL_RANK|MASTER_ADDR|MASTER_PORT)'",
        "the script was started without a launcher, so it does not know its rank",
        "print the variables RANK, WORLD_SIZE and LOCAL_RANK at its beginning",
        ("start it with torchrun, or say mlintern check SCRIPT --processes 2", "nothing else is wrong"),
    ),
    rule(
        "dist.hang",
        r"Watchdog caught collective operation timeout|ran for \d+ milliseconds before timing out"
        r"|Timed out waiting \d+ms for (?:recv|send) operation|monitoredBarrier|(?:wait"
        r"|Socket) ?[Tt]imeout\b.*(?:store|key)"
        r"|The client socket has timed out after \d+|NCCL communicator was aborted",
        "ranks waited for one another until the timeout",
        "dump the stack of every rank while it hangs (py-spy dump): the one that is not in a collective is to blame",
        ("give every rank the same number of batches", "one rank leaves the loop earlier"),
        ("keep slow work of one rank (saving, evaluation) outside of what the others wait for", "one rank is busy"),
        instead=("a rank that crashed without a word in this log: look at its own", "a link or device that failed"),
        certainty=Certainty.LIKELY,
        depth=Depth.ENDING,
    ),
    rule(
        "dist.hang",
        r"NCCL WARN .*(?:Connect to|connection).* failed|ncclSystemError|ncclRemoteError|ncclInternalError"
        r"|unhandled system error|Broken pipe.*NCCL|Connection (?:reset|closed) by peer|Connection refused.*c10d",
        "the connection to another rank broke",
        "look at the log of the other ranks around that time: the first one that ended is to blame",
        ("mend what ended the other rank", "the connection broke because the process behind it was gone"),
        ("check the network interface that is used (NCCL_SOCKET_IFNAME, GLOO_SOCKET_IFNAME)", "the network fails"),
        certainty=Certainty.POSSIBLE,
        depth=Depth.ECHO,
        fault_class=FaultClass.NETWORK,
    ),
    rule(
        "run.crash",
        r"ChildFailedError|^E\d{4} .*failed \(exitcode: (?:-?\d+)\)"
        r"|torch\.multiprocessing\.spawn\.Process(?:Exited|Raised)Exception",
        "a worker process of the launcher failed, and the log does not hold its own words",
        "look at that rank's own log, or decorate main with torch.distributed.elastic.multiprocessing.errors.record",
        ("start the launcher with --redirects 3 --tee 3, so that every rank's words are kept", "they went elsewhere"),
        certainty=Certainty.POSSIBLE,
        depth=Depth.ECHO,
    ),
)
