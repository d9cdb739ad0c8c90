"""What is done about an alarm, in its order; and real processes of ours that leave when they are asked to."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from mlintern.runtime.guard import Alarm, Cause, Guard, Reading
from mlintern.runtime.processes import catches
from mlintern.runtime.relief import Relief
from mlintern.runtime.tenants import FOLDER, Tenant, present
from mlintern.runtime.trend import Growth, Level

GIB = 1 << 30


class Hands:
    """Stands for the supervisor; remembers what it was asked to do."""

    def __init__(self, *, catches_usr1: bool = True, catches_term: bool = True) -> None:
        self.done: list[str] = []
        self.now = 0.0
        self.there: tuple[Tenant, ...] = ()
        self._usr1, self._term = catches_usr1, catches_term
        self.relief = Relief(self, 10.0, lambda: self.now)

    def tell(self, **data: Any) -> None:
        self.done.append(data["level"])

    def tenants(self) -> tuple[Tenant, ...]:
        return self.there

    def ask_to_save(self) -> bool:
        return self._usr1

    def can_save_at_the_end(self) -> bool:
        return self._term

    def stop(self, reason: str) -> None:
        assert reason.startswith("memory: ")
        self.done.append("stop")


def alarm(
    resource: str, left: float, *, share: float = 0.8, level: Level = Level.LEAK, ceiling: bool = False
) -> Alarm:
    whole = 80 * GIB
    told = Reading(resource, round((1 - share) * whole), whole, "the device", is_ceiling=ceiling)
    return Alarm(told, Growth(level, GIB, left, 60.0), Cause.GROWTH, {})


def test_a_warning_alone_stops_nothing_and_comes_once() -> None:
    hands = Hands()
    for left in (250.0, 240.0, 100.0):
        hands.relief.see_to((alarm("host", left),))
    assert hands.done == ["warning"]


def test_the_order_is_warn_save_stop() -> None:
    hands = Hands()
    for left, share in ((120, 0.7), (60, 0.8), (30, 0.85), (12, 0.95), (8, 0.97)):
        hands.relief.see_to((alarm("host", left, share=share),))
    assert hands.done == ["warning", "saving", "stop"]


@pytest.mark.parametrize(
    ("hands", "last", "done"),
    [
        (Hands(catches_usr1=False), alarm("host", 12, share=0.95), ["warning", "stop"]),
        (Hands(catches_usr1=False, catches_term=False), alarm("host", 12, share=0.95), ["warning"]),
        (Hands(catches_usr1=False, catches_term=False), alarm("host", 2, share=0.98), ["warning", "stop"]),
        (Hands(catches_usr1=False, catches_term=False), alarm("gpu 0", 1, share=0.99), ["warning"]),
        (Hands(catches_usr1=False), alarm("gpu 0", 12, share=0.95), ["warning", "stop"]),
        (Hands(catches_usr1=False), alarm("host", 12, share=0.6), ["warning"]),
        (Hands(catches_usr1=False), alarm("host", 2, share=0.98, ceiling=True), ["warning"]),
        (Hands(catches_usr1=False), alarm("host", 2, share=0.98, level=Level.HARD), ["warning", "stop"]),
    ],
    ids=["in time to save", "nothing to save, yet", "nothing to save, now", "an exception of its own", "device",
         "far from full", "a ceiling", "hard"],
)  # fmt: skip
def test_it_is_stopped_only_where_that_spares_something(hands: Hands, last: Alarm, done: list[str]) -> None:
    hands.relief.see_to((last,))
    assert hands.done == done


TENANT = """
import os, signal, sys
from pathlib import Path
from mlintern.runtime.tenants import tenancy
signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
with tenancy(Path(sys.argv[1]), "the local model", device_bytes=int(sys.argv[2])):
    print("in", flush=True)
    signal.pause()
"""


def tenant(home: Path, device_bytes: int) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", TENANT, str(home), str(device_bytes)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None and process.stdout.readline() == "in\n"
    return process


def test_our_own_processes_leave_before_the_training_is_touched(tmp_path: Path) -> None:
    hands = Hands()
    with tenant(tmp_path, 5 * GIB) as model, tenant(tmp_path, 0) as other:
        hands.there = present(tmp_path)
        assert {(one.pid, one.what, one.device_bytes) for one in hands.there} == {
            (model.pid, "the local model", 5 * GIB), (other.pid, "the local model", 0)
        }  # fmt: skip
        hands.relief.see_to((alarm("gpu 0", 5, share=0.97),))
        assert hands.done == ["warning", "leaving"]
        assert model.wait(60) == 0
        assert [one.pid for one in present(tmp_path)] == [other.pid]
        hands.now = 10.0
        hands.relief.see_to((alarm("gpu 0", 5, share=0.97),))
        assert hands.done == ["warning", "leaving", "saving", "stop"]
        assert other.poll() is None
        other.terminate()


def test_a_process_that_has_the_pid_of_a_former_tenant_is_left_alone(tmp_path: Path) -> None:
    with tenant(tmp_path, GIB) as model:
        path = tmp_path / FOLDER / f"{model.pid}.json"
        told = json.loads(path.read_text())
        former = Tenant(model.pid, told["started"] - 1, "a former one", GIB, 0)
        assert not former.ask_to_leave()
        path.write_text(json.dumps({**told, "started": told["started"] - 1}))
        assert present(tmp_path) == () and not path.exists()
        assert model.poll() is None
        model.terminate()


@pytest.mark.parametrize(
    "text", ["", "[]", "{", '{"pid": "x"}', '{"pid": 1, "started": null}', "[" * 5000, "x" * 5000, "\x00\xff"]
)
def test_a_file_that_is_none_of_ours_is_no_tenant(tmp_path: Path, text: str) -> None:
    (tmp_path / FOLDER).mkdir()
    (tmp_path / FOLDER / "1.json").write_text(text)
    assert present(tmp_path) == ()
    assert present(tmp_path / "nowhere") == ()


def test_whether_a_process_catches_a_signal() -> None:
    code = "import signal, os; signal.signal(signal.SIGUSR1, print); os.write(1, b'up'); signal.pause()"
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.read(2) == b"up"
        assert catches(process.pid, signal.SIGUSR1)
        assert not catches(process.pid, signal.SIGTERM)
        process.kill()
    assert not catches(process.pid, signal.SIGUSR1)


def test_what_grows_no_more_is_said_to_be_over() -> None:
    hands, guard = Hands(), Guard()
    for moment in range(400):
        used = min(66, 10 + moment)
        told = Reading("host", round((80 - used) * GIB), 80 * GIB, "the machine")
        hands.relief.see_to(guard.look(float(moment), [told]))
        hands.relief.see_who_rests(guard, float(moment))
    assert hands.done == ["warning", "saving", "eased"]
