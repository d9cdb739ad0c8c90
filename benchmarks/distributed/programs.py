"""The programs of the suite: a base script with one change each, and the truth, which the script never names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

BASES = Path(__file__).with_name("bases")
CLASSIFIER, BY_HAND, LANGUAGE = "classifier.py", "by_hand.py", "language.py"
Change = tuple[str, str]

_STEP = "            mean_loss = log_loss(loss)\n"
_ACCURACY = "            mean_accuracy = log_accuracy((output.argmax(1) == y).float().mean())\n"
_EVALUATE = "        accuracy = evaluate(model, tests)\n"
_TRAIN = "        model.train()\n"
_IMPORT = "import os\n"
_SAVE = '    torch.save({"model": model.module.state_dict(), "epoch": epoch}, "checkpoint.pt")\n'
_ITEM = "        return self.x[index], self.y[index]\n"
_GET = "    def __getitem__(self, index):\n"


@dataclass(frozen=True)
class Program:
    """One program with its truth."""

    name: str
    base: str
    changes: tuple[Change, ...] = ()
    codes: tuple[str, ...] = ()
    """The codes that name the fault; empty for a sound program."""
    ranks: tuple[int, ...] | None = ()
    """The ranks to blame; empty where it is no single one's fault, ``None`` where nobody can tell."""
    lies_in: str = "code"
    processes: int = 2
    hangs: bool = False
    takes_port: int | None = None
    """A port that another program holds meanwhile."""

    def source(self) -> str:
        """The script. Every change must fit, once."""
        text = (BASES / self.base).read_text(encoding="utf-8")
        for old, new in self.changes:
            if text.count(old) != 1:
                raise ValueError(f"{self.name}: {old!r} stands {text.count(old)} times in {self.base}")
            text = text.replace(old, new)
        return text


def _on(rank: int, step: int, what: str) -> Change:
    """Before the metrics of a step, on one rank."""
    return _STEP, f"            if rank == {rank} and step == {step}:\n                {what}\n{_STEP}"


FAULTS: Sequence[Program] = (
    Program(
        "same_shape_skipped", CLASSIFIER,
        ((_STEP, "            mean_loss = loss if rank == 1 and step == 3 else log_loss(loss)\n"),),
        ("dist.mispaired",), (1,),
    ),
    Program(
        "other_shape_skipped", CLASSIFIER,
        ((_ACCURACY, f"            if not (rank == 1 and step == 4):\n    {_ACCURACY}"),),
        ("dist.mispaired",), (1,),
    ),
    Program(
        "evaluated_on_one_rank", CLASSIFIER,
        ((_EVALUATE, f"        accuracy = 0.0\n        if rank == 0:\n    {_EVALUATE}"),),
        ("dist.mispaired", "dist.hang"), (0,),
    ),
    Program(
        "branch_on_data", CLASSIFIER,
        ((_ACCURACY, f"            if mean_loss < 0 or rank != 2 or step < 5:\n    {_ACCURACY}"),),
        ("dist.mispaired", "dist.hang"), (2,), processes=4,
    ),
    Program(
        "unused_layer", CLASSIFIER,
        (("        self.head = nn.Linear(16, 2)\n",
          "        self.head = nn.Linear(16, 2)\n        self.other = nn.Linear(16, 2)\n"),),
        ("dist.unused",), None,
    ),
    Program(
        "leaves_the_loop_early", CLASSIFIER,
        ((_TRAIN, f"        if rank == 1 and epoch > 0:\n            break\n{_TRAIN}"),),
        ("dist.mispaired", "dist.hang"), (1,),
    ),
    Program(
        "exits_early", CLASSIFIER,
        ((_TRAIN, f"        if rank == 1 and epoch > 0:\n            return\n{_TRAIN}"),),
        ("dist.hang", "dist.mispaired"), (1,),
    ),
    Program(
        "loader_waits", CLASSIFIER,
        ((_GET, f"{_GET}        if dist.get_rank() == 1 and index % 7 == 3:\n"
                "            threading.Event().wait()\n"), (_IMPORT, "import threading\n")),
        ("loader.deadlock",), (1,), "data loader", hangs=True,
    ),
    Program(
        "worker_waits", CLASSIFIER,
        ((_GET, f"{_GET}        if RANK == 0 and index % 7 == 3:\n            threading.Event().wait()\n"),
         (_IMPORT, "import os\nimport threading\n"), ("EPOCHS = 6\n", 'EPOCHS = 6\nRANK = int(os.environ["RANK"])\n'),
         ("DataLoader(train, 16, sampler=sampler)", "DataLoader(train, 16, sampler=sampler, num_workers=1)")),
        ("loader.deadlock",), (0,), "data loader", hangs=True,
    ),
    Program(
        "rank_stands_still", CLASSIFIER,
        (_on(1, 6, "time.sleep(3600)"), (_IMPORT, "import time\n")),
        ("dist.hang",), (1,), hangs=True,
    ),
    Program(
        "storage_does_not_answer", CLASSIFIER,
        ((_SAVE, '    os.mkfifo("checkpoint.pt")\n    with open("checkpoint.pt", "wb") as file:\n'
                 "        torch.save(model.module.state_dict(), file)\n"),),
        ("dist.hang",), (0,), "storage", hangs=True,
    ),
    Program(
        "reads_without_end", CLASSIFIER,
        ((_TRAIN, f"{_TRAIN}        if rank == 1:\n"
                  '            os.mkfifo("order")\n            open("order").read()\n'),),
        ("dist.hang",), (1,), "storage", hangs=True,
    ),
    Program(
        "slow_rank", CLASSIFIER,
        ((_STEP, f"{_STEP}            time.sleep(0.25 * rank)\n"), (_IMPORT, "import time\n")),
        ("dist.slow",), (1,),
    ),
    Program(
        "slow_loader_of_one", CLASSIFIER,
        ((_GET, f"{_GET}        time.sleep(0.02 * dist.get_rank())\n"), (_IMPORT, "import time\n")),
        ("dist.slow",), (1,), "data loader",
    ),
    Program(
        "no_sampler", CLASSIFIER,
        (("DataLoader(train, 16, sampler=sampler)", "DataLoader(train, 16, shuffle=True)"),),
        ("dist.sampler",),
    ),
    Program("no_set_epoch", CLASSIFIER, (("        sampler.set_epoch(epoch)\n", ""),), ("dist.sampler",)),
    Program(
        "seeds_of_the_split", CLASSIFIER,
        (("    train, test = Points(1, 512), Points(2, 128)\n",
          "    train, test = torch.utils.data.random_split(\n"
          "        Points(1, 640), (512, 128), generator=torch.Generator().manual_seed(rank)\n    )\n"),),
        ("data.leak.overlap",),
    ),
    Program(
        "not_wrapped", CLASSIFIER,
        (("nn.parallel.DistributedDataParallel(Network())", "Network()"),
         ("model.module.state_dict()", "model.state_dict()")),
        ("dist.parameters",),
    ),
    Program(
        "weights_of_one_changed", CLASSIFIER,
        (_on(2, 2, "model.module.head.weight.data.add_(0.01)"),),
        ("dist.parameters",), (2,), processes=4,
    ),
    Program("counted_twice", CLASSIFIER, (("Points(2, 128)", "Points(2, 129)"),), ("dist.metric",)),
    Program("metric_of_one_share", CLASSIFIER, (("    dist.all_reduce(counts)\n", ""),), ("dist.metric",)),
    Program(
        "all_save", CLASSIFIER,
        (("            save(model, epoch)\n", "        save(model, epoch)\n"),),
        ("dist.checkpoint",),
    ),
    Program(
        "killed", CLASSIFIER,
        (_on(1, 5, "os.kill(os.getpid(), 9)"),),
        ("run.crash.killed",), (1,), "scheduler",
    ),
    Program(
        "out_of_memory", CLASSIFIER,
        (_on(1, 5, "torch.zeros(1 << 46)"),),
        ("memory.oom",), (1,),
    ),
    Program(
        "disk_full", CLASSIFIER,
        ((_SAVE, '    with open("/dev/full", "wb", buffering=0) as file:\n        file.write(bytes(1 << 16))\n'),),
        ("run.crash.disk_full",), (0,), "storage",
    ),
    Program(
        "missing_key", CLASSIFIER,
        (_on(1, 5, '{}["weights"]'),),
        ("run.crash",), (1,),
    ),
    Program(
        "port_taken", CLASSIFIER,
        (('    dist.init_process_group("gloo")\n',
          '    os.environ["MASTER_PORT"] = "29617"\n    dist.init_process_group("gloo")\n'),),
        ("dist.rendezvous",), None, "NCCL or network", takes_port=29617,
    ),
    Program(
        "wrong_world_size", CLASSIFIER,
        (('    dist.init_process_group("gloo")\n',
          '    dist.init_process_group("gloo", rank=int(os.environ["RANK"]), world_size=4)\n'),),
        ("dist.rendezvous",), None, hangs=True,
    ),
    Program(
        "fewer_batches", CLASSIFIER,
        (("    sampler = DistributedSampler(train, shuffle=True)\n",
          "    sampler = DistributedSampler(train, shuffle=True)\n    sampler.num_samples -= 32 * rank\n"
          "    sampler.total_size = 512\n"),
         ("    loader = DataLoader(train, 16, sampler=sampler)\n",
          "    kept = torch.utils.data.Subset(train, range(rank, 512 - 64 * rank, 2))\n"
          "    loader = DataLoader(kept, 16, shuffle=True)\n")),
        ("dist.hang",), (1,),
    ),
    Program(
        "not_broadcast", BY_HAND,
        (("        dist.broadcast(parameter.data, 0)\n", "        pass\n"),),
        ("dist.parameters",),
    ),
    Program("not_shared_out", BY_HAND, (("    return rows[rank::world]\n", "    return rows\n"),), ("dist.sampler",)),
    Program("not_averaged", BY_HAND, (("        parameter.grad /= world\n", ""),), ("dist.scale",)),
    Program(
        "gradients_of_one_kept", BY_HAND,
        (("        average_gradients(model, world)\n",
          "        if rank != 1 or step != 4:\n            average_gradients(model, world)\n"),),
        ("dist.mispaired", "dist.hang"), (1,),
    ),
)  # fmt: skip

_CLIP = "        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)\n"
_DONE = "                done += 1\n"

LATER: Sequence[Program] = (
    Program(
        "gathered_on_one_rank", LANGUAGE,
        (("        parts = [None] * self.world\n        dist.all_gather_object(parts, (total, count))\n",
          "        if self.rank:\n            return total / count\n"
          "        parts = [None] * self.world\n        dist.all_gather_object(parts, (total, count))\n"),),
        ("dist.mispaired", "dist.hang"), (0,),
    ),
    Program(
        "windows_of_all", LANGUAGE,
        (("        starts = starts[self.rank :: self.world]\n", ""),),
        ("dist.sampler",),
    ),
    Program(
        "clipped_on_one_rank", LANGUAGE,
        ((_CLIP, f"        if self.rank == 0:\n    {_CLIP}"),),
        ("dist.parameters",),
    ),
    Program(
        "schedule_of_one_rank", LANGUAGE,
        (("        self.schedule.step()\n", "        if self.rank == 2:\n            self.schedule.step()\n"),),
        ("dist.parameters",), (2,), processes=4,
    ),
    Program(
        "lock_that_another_holds", LANGUAGE,
        ((_DONE, f'{_DONE}                if done == 6:\n                    held = open("lock", "w")\n'
                 "                    time.sleep(0.5 * self.rank)\n"
                 "                    fcntl.flock(held, fcntl.LOCK_EX)\n"),),
        ("dist.hang",), (1,), "storage", hangs=True,
    ),
    Program(
        "batch_given_up", LANGUAGE,
        (("                losses.append(self.step(x, y))\n",
          "                if self.rank == 1 and done == 5:\n                    done += 1\n"
          "                    continue\n"
          "                losses.append(self.step(x, y))\n"),),
        ("dist.mispaired", "dist.hang"), (1,),
    ),
    Program(
        "leaves_without_a_word", LANGUAGE,
        ((_DONE, f"{_DONE}                if self.rank == 1 and done == 7:\n                    os._exit(3)\n"),),
        ("run.crash",), (1,),
    ),
    Program(
        "all_write", LANGUAGE,
        (("        if self.rank == 0:\n            self.save()\n", "        self.save()\n"),),
        ("dist.checkpoint",),
    ),
    Program("language", LANGUAGE),
    Program("language_of_four", LANGUAGE, processes=4),
)  # fmt: skip
"""Another base, and faults written after all checks: run once before anything was mended for them."""

SOUND: Sequence[Program] = (
    Program("classifier", CLASSIFIER),
    Program("classifier_of_four", CLASSIFIER, processes=4),
    Program("by_hand", BY_HAND),
    Program("by_hand_of_four", BY_HAND, processes=4),
    Program(
        "evaluation_on_rank_0", CLASSIFIER,
        (("DataLoader(test, 16, sampler=DistributedSampler(test, shuffle=False))", "DataLoader(test, 16)"),
         ("    dist.all_reduce(counts)\n", ""),
         (_EVALUATE, "        accuracy = evaluate(model.module, tests) if rank == 0 else 0.0\n"
                     "        dist.barrier()\n")),
    ),
    Program(
        "two_lines_one_call", CLASSIFIER,
        ((_TRAIN, f"{_TRAIN}        word = torch.zeros(3)\n        if rank == 0:\n            word += 1\n"
                  "            dist.broadcast(word, 0)\n        else:\n            dist.broadcast(word, 0)\n"),),
    ),
    Program(
        "accumulates", CLASSIFIER,
        (("            optimizer.zero_grad()\n            loss.backward()\n            optimizer.step()\n",
          "            if step % 2 == 0:\n                with model.no_sync():\n"
          "                    (loss / 2).backward()\n"
          "            else:\n                (loss / 2).backward()\n                optimizer.step()\n"
          "                optimizer.zero_grad()\n"),),
    ),
    Program(
        "loader_with_workers", CLASSIFIER,
        (("DataLoader(train, 16, sampler=sampler)", "DataLoader(train, 16, sampler=sampler, num_workers=1)"),),
    ),
    Program(
        "dropout_of_its_own", CLASSIFIER,
        (("nn.ReLU())", "nn.ReLU(), nn.Dropout(0.2))"),
         ("    optimizer = torch.optim.SGD", "    torch.manual_seed(100 + rank)\n    optimizer = torch.optim.SGD")),
    ),
    Program(
        "unused_is_meant", CLASSIFIER,
        (("        self.head = nn.Linear(16, 2)\n",
          "        self.head = nn.Linear(16, 2)\n        self.other = nn.Linear(16, 2)\n"),
         ("DistributedDataParallel(Network())", "DistributedDataParallel(Network(), find_unused_parameters=True)")),
    ),
)  # fmt: skip
