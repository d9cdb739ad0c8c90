"""What an isolation promises: whatever a script does, the user's files stay as they are, down to their times."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from mlintern.runtime.isolation import available
from mlintern.runtime.protocol import Isolation
from mlintern.store.records import RunStatus

if TYPE_CHECKING:
    from conftest import Lab

ROOT = Path(__file__).parents[2]
ATTACKS = Path(__file__).parent / "scripts" / "attacks.py"
STRANGER = 54321
"""A user id that nobody has."""
KERNEL_ISOLATIONS = ("overlay", "landlock")


@dataclass(frozen=True)
class Grounds:
    """A user's files, and where a run of that user keeps its own."""

    folder: Path
    home: Path
    scratch: Path
    user: int

    @property
    def project(self) -> Path:
        return self.folder / "project"


def make_grounds(base: Path, user: int) -> Grounds:
    grounds = Grounds(base / "files, with: odd\\name", base / "home", base / "runs" / "scratch", user)
    for path in (grounds.project, grounds.folder / "data" / "tree" / "deep", grounds.folder / "data" / "shell tree"):
        path.mkdir(parents=True)
    grounds.home.mkdir()
    grounds.scratch.mkdir(parents=True)
    data = grounds.folder / "data"
    for name in ("rows", "removed", "renamed", "replaced", "mode", "truncated", "linked", "c", "c removed", "shell"):
        (data / f"{name}.csv").write_text(f"these are the {name}\n" * 100)
    (data / "later.csv").write_text("not yet")
    (data / "mapped.bin").write_bytes(bytes(8192))
    (data / "tree" / "deep" / "leaf").write_text("leaf")
    (data / "shell tree" / "leaf").write_text("leaf")
    (grounds.project / "link.csv").symlink_to(data / "rows.csv")
    with sqlite3.connect(data / "rows.db") as connection:
        connection.execute("CREATE TABLE rows (number)")
    connection.close()
    for path in (base, *base.rglob("*")):
        os.chown(path, user, user, follow_symlinks=False)
    return grounds


@pytest.fixture(params=["own user", "ordinary user"])
def grounds(request: pytest.FixtureRequest) -> Iterator[Grounds]:
    """The same files, of whoever runs the tests and (if that is root) of an ordinary user."""
    user = os.geteuid()
    if request.param == "ordinary user":
        if user != 0:
            pytest.skip("only root can become another user; this user is an ordinary one already")
        user = STRANGER
        if interpreter_for(user) is None:
            pytest.skip("no Python of this version that an ordinary user may execute")
    base = Path(tempfile.mkdtemp(prefix="mlintern-test-"))
    base.chmod(0o755)
    yield make_grounds(base, user)
    shutil.rmtree(base)


@pytest.fixture(params=KERNEL_ISOLATIONS)
def isolation(request: pytest.FixtureRequest) -> str:
    if request.param not in available():
        pytest.skip(f"this machine does not grant {request.param}")
    return str(request.param)


def interpreter_for(user: int) -> str | None:
    """A Python of our version that the user may execute, with our package in reach."""
    if user == os.geteuid():
        return sys.executable
    wanted = f"import sys; sys.exit(sys.version_info[:2] != {sys.version_info[:2]})"
    for python in (sys.executable, shutil.which("python3", path="/usr/bin:/usr/local/bin")):
        if python is None:
            continue
        try:
            tried = subprocess.run(
                [python, "-I", "-c", wanted], user=user, group=user, extra_groups=(), cwd="/", check=False
            )
        except OSError:
            continue
        if tried.returncode == 0 and os.access(ROOT, os.R_OK):
            return python
    return None


def keep(grounds: Grounds, isolation: str, arguments: list[str]) -> tuple[str, list[dict[str, Any]]]:
    """Run a program under an isolation, as the user of the grounds; returns its output and the keeper's words."""
    python = interpreter_for(grounds.user)
    assert python is not None
    with tempfile.TemporaryDirectory() as link:
        Path(link).chmod(0o755)
        Path(link, "mlintern").symlink_to(ROOT)
        output_reader, output = os.pipe()
        events_reader, events = os.pipe()
        orders = {
            "arguments": [python, *arguments],
            "working_dir": str(grounds.project),
            "environment": {"HOME": str(grounds.home), "PATH": os.environ["PATH"]},
            "attempts": [{"isolation": isolation, "environment": {}}],
            "scratch": str(grounds.scratch),
            "folders": [str(grounds.project)],
            "output_fd": output,
            "events_fd": events,
        }
        keeper = subprocess.Popen(
            [python, "-P", "-m", "mlintern.runtime.keeper"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            pass_fds=(output, events),
            env={"PYTHONPATH": link, "PATH": os.environ["PATH"]},
            cwd="/",
            user=grounds.user,
            group=grounds.user,
            extra_groups=(),
        )
        for descriptor in (output, events, events_reader):
            os.close(descriptor)
        assert keeper.stdin is not None and keeper.stdout is not None
        with keeper, os.fdopen(output_reader) as said:
            keeper.stdin.write(json.dumps(orders).encode() + b"\n")
            keeper.stdin.flush()
            printed = said.read()
            words = [json.loads(line) for line in keeper.stdout]
    return printed, words


def picture(folder: Path) -> dict[str, tuple[object, ...]]:
    """Everything about a folder that a person could find changed."""
    seen: dict[str, tuple[object, ...]] = {}
    for path in sorted((folder, *folder.rglob("*"))):
        status = path.lstat()
        content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(status.st_mode) else None
        target = path.readlink() if path.is_symlink() else None
        seen[str(path)] = (
            content,
            target,
            status.st_mode,
            status.st_uid,
            status.st_gid,
            status.st_size,
            status.st_mtime_ns,
            status.st_ctime_ns,
            status.st_nlink,
        )
    return seen


def test_no_attack_changes_a_file(grounds: Grounds, isolation: str) -> None:
    before = picture(grounds.folder) | picture(grounds.home)
    arguments = [str(ATTACKS), str(grounds.folder), str(grounds.home)]
    if grounds.user == os.geteuid():
        arguments.append("torch")
    printed, words = keep(grounds, isolation, arguments)
    assert [word["e"] for word in words] == ["started", "exited", "gone"], words
    assert words[0]["isolation"] == isolation
    met = json.loads(printed)
    assert picture(grounds.folder) | picture(grounds.home) == before
    assert not Path("/tmp/mlintern-test-witness").exists()
    assert not Path("/var/tmp/mlintern-test-witness").exists()
    if isolation == "overlay":
        assert set(met.values()) == {"done"}, met
    else:
        done = {name for name, how in met.items() if how == "done"}
        # Attributes are answered and not changed; a fork and a torch that was not asked for do nothing themselves.
        assert done <= {"chmod", "touch", "c_chmod", "later_in_another_session", "torch_save", "torch_save_relative"}
        if grounds.user == os.geteuid():
            assert "torch_save" not in done


def test_attacks_do_change_files_without_an_isolation(grounds: Grounds) -> None:
    before = picture(grounds.folder)
    try:
        printed, _ = keep(grounds, "none", [str(ATTACKS), str(grounds.folder), str(grounds.home)])
    finally:
        for witness in ("/tmp/mlintern-test-witness", "/var/tmp/mlintern-test-witness"):
            Path(witness).unlink(missing_ok=True)
    assert set(json.loads(printed).values()) == {"done"}
    after = picture(grounds.folder)
    names = (
        "rows",
        "removed",
        "renamed",
        "replaced",
        "mode",
        "truncated",
        "linked",
        "c",
        "c removed",
        "shell",
        "later",
    )
    for path in (str(grounds.folder / "data" / f"{name}.csv") for name in names):
        assert after.get(path) != before[path], path


def test_script_sees_its_own_writes_and_they_are_listed(grounds: Grounds) -> None:
    if "overlay" not in available():
        pytest.skip("this machine does not grant overlay")
    script = grounds.project / "script.py"
    script.write_text(
        "import os, pathlib\n"
        "pathlib.Path('out').mkdir()\n"
        "pathlib.Path('out/model.bin').write_bytes(bytes(5000))\n"
        "pathlib.Path('../data/rows.csv').write_text('short')\n"
        "os.remove('../data/removed.csv')\n"
        "print(sorted(os.listdir('out')), open('../data/rows.csv').read(), os.path.exists('../data/removed.csv'))\n"
    )
    printed, words = keep(grounds, "overlay", [str(script)])
    assert printed == "['model.bin'] short False\n"
    assert {tuple(file) for file in words[-1]["written"]} == {
        (str(grounds.project / "out" / "model.bin"), 5000),
        (str(grounds.folder / "data" / "rows.csv"), 5),
        (str(grounds.folder / "data" / "removed.csv"), None),
    }


def test_what_the_user_may_not_write_stays_forbidden(grounds: Grounds) -> None:
    if grounds.user == 0 or "overlay" not in available():
        pytest.skip("root may write everything")
    script = grounds.project / "script.py"
    script.write_text(
        "import os\n"
        "for folder in ('/', '/usr', '/opt', '/etc', '/home', '/root'):\n"
        "    try:\n"
        "        open(os.path.join(folder, 'mlintern-test-witness'), 'w')\n"
        "        print('written', folder)\n"
        "    except OSError as error:\n"
        "        print(type(error).__name__)\n"
    )
    printed, _ = keep(grounds, "overlay", [str(script)])
    assert printed.split() == ["PermissionError"] * 6


def test_large_data_is_read_in_place(grounds: Grounds, isolation: str) -> None:
    large = grounds.folder / "data" / "large.bin"
    with large.open("wb") as file:
        file.truncate(3 << 30)
        file.seek(2 << 30)
        file.write(b"here")
    script = grounds.project / "script.py"
    script.write_text(
        "import mmap\n"
        "with open('../data/large.bin', 'rb') as file, mmap.mmap(file.fileno(), 0, prot=mmap.PROT_READ) as view:\n"
        "    print(len(view), view[2 << 30:(2 << 30) + 4])\n"
    )
    printed, words = keep(grounds, isolation, [str(script)])
    assert printed == f"{3 << 30} b'here'\n"
    assert words[-1]["written"] == []


def test_devices_sockets_and_shared_memory_work(grounds: Grounds, isolation: str) -> None:
    script = grounds.project / "script.py"
    # All of it under the guard: a pool's helper that is ended while it imports the script must leave nothing behind.
    script.write_text(
        "import multiprocessing as mp, os, socket, tempfile\n"
        "from multiprocessing import shared_memory\n"
        "def double(n):\n"
        "    return 2 * n\n"
        "if __name__ == '__main__':\n"
        "    assert len(os.urandom(3)) == 3 and len(open('/dev/urandom', 'rb').read(3)) == 3\n"
        "    open('/dev/null', 'w').write('gone')\n"
        "    block = shared_memory.SharedMemory(create=True, size=1 << 20)\n"
        "    block.buf[:2] = b'ok'; block.close(); block.unlink()\n"
        "    folder = tempfile.mkdtemp()\n"
        "    server = socket.socket(socket.AF_UNIX); server.bind(folder + '/listener-abcdefgh'); server.listen()\n"
        "    client = socket.socket(socket.AF_UNIX); client.connect(folder + '/listener-abcdefgh')\n"
        "    for method in ('fork', 'spawn', 'forkserver'):\n"
        "        with mp.get_context(method).Pool(2) as pool:\n"
        "            print(pool.map(double, range(3)))\n"
    )
    printed, _ = keep(grounds, isolation, [str(script)])
    assert printed.splitlines() == ["[0, 2, 4]"] * 3


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_data_loader_workers_share_tensors(lab: Lab, isolation: str, method: str) -> None:
    run = lab.rehearse(
        f"""
        import torch
        from torch.utils.data import DataLoader, TensorDataset
        if __name__ == "__main__":
            data = TensorDataset(torch.arange(64.0).reshape(64, 1).repeat(1, 5000))
            loader = DataLoader(data, batch_size=8, num_workers=2, multiprocessing_context="{method}")
            print(sum(batch.sum().item() for (batch,) in loader))
        """,
        isolation=Isolation(isolation),
    )
    assert (run.status, run.isolation) == (RunStatus.DONE, isolation), lab.log(run)
    assert lab.log(run).decode().split() == [str(5000.0 * sum(range(64)))]


def test_folder_of_another_group_is_left_to_rules(grounds: Grounds) -> None:
    """New files there get a group that an ordinary user's overlay cannot copy."""
    if grounds.user == os.geteuid() or os.geteuid() != 0 or "overlay" not in available():
        pytest.skip("needs root, to make a folder of a foreign group")
    os.chown(grounds.project, grounds.user, 12345)
    grounds.project.chmod(0o2775)
    _, words = keep(grounds, "overlay", ["-c", ""])
    assert words[0]["e"] == "failed"
    assert "group" in words[0]["refused"]["overlay"]


def test_folder_that_anyone_may_write_is_overlaid(grounds: Grounds) -> None:
    if grounds.user == os.geteuid() or os.geteuid() != 0 or "overlay" not in available():
        pytest.skip("needs root, to make a folder of another owner")
    os.chown(grounds.project, 0, 0)
    grounds.project.chmod(0o777)
    printed, words = keep(grounds, "overlay", ["-c", "open('new', 'w').write('x'); print(open('new').read())"])
    assert printed == "x\n"
    assert not (grounds.project / "new").exists()
    assert words[-1]["written"] == [[str(grounds.project / "new"), 1]]


@pytest.fixture
def mount_inside(grounds: Grounds) -> Iterator[Path]:
    """A file system of its own in the project, as a data disk would be."""
    if os.geteuid() != 0 or "overlay" not in available():
        pytest.skip("only root can mount something inside a project")
    folder = grounds.project / "disk"
    folder.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "mlintern-test", folder], check=True)
    (folder / "rows.csv").write_text("as it was")
    for path in (folder, folder / "rows.csv"):
        os.chown(path, grounds.user, grounds.user)
    yield folder
    subprocess.run(["umount", folder], check=True)


WRITES_INSIDE = """
import os
open("disk/rows.csv", "a").write(", and more")
open("disk/new", "w").write("new")
open("beside", "w").write("x")
open("small.txt", "a").write("er")
open("link.csv", "a").write("more")
print(open("disk/rows.csv").read())
print(sorted(os.listdir(".")), os.path.getsize("large.bin"))
"""


def test_mount_inside_the_project(grounds: Grounds, mount_inside: Path) -> None:
    """The kernel lets no ordinary user overlay a folder with a mount inside: then what is in it is overlaid."""
    (grounds.project / "small.txt").write_text("small")
    with (grounds.project / "large.bin").open("wb") as file:
        file.truncate(2 << 20)
    for path in grounds.project.iterdir():
        os.chown(path, grounds.user, grounds.user, follow_symlinks=False)
    before = picture(grounds.folder)
    printed, words = keep(grounds, "overlay", ["-c", WRITES_INSIDE])
    assert words[0]["e"] == "started", words
    assert printed == "as it was, and more\n['beside', 'disk', 'large.bin', 'link.csv', 'small.txt'] 2097152\n"
    assert {path for path, _ in words[-1]["written"]} == {
        str(mount_inside / "rows.csv"),
        str(mount_inside / "new"),
        str(grounds.project / "beside"),
        str(grounds.project / "small.txt"),
        str(grounds.folder / "data" / "rows.csv"),
    }
    assert picture(grounds.folder) == before


@pytest.fixture
def drive(grounds: Grounds) -> Iterator[Path]:
    """The user's data on a drive that is mounted below /run, where desktops mount them."""
    if os.geteuid() != 0:
        pytest.skip("only root can mount a drive")
    session = Path(tempfile.mkdtemp(prefix="mlintern-test-", dir="/run"))
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m,mode=755", "mlintern-test", session], check=True)
    place = session / "drive"
    place.mkdir()
    subprocess.run(["mount", "--bind", grounds.folder / "data", place], check=True)
    yield place
    subprocess.run(["umount", place], check=True)
    subprocess.run(["umount", session], check=True)
    session.rmdir()


def test_drive_below_run_is_not_written(grounds: Grounds, drive: Path) -> None:
    if "overlay" not in available():
        pytest.skip("this machine does not grant overlay")
    script = grounds.project / "script.py"
    script.write_text(
        "import sys\n"
        "print(open(sys.argv[1]).readline(), end='')\n"
        "for path in sys.argv[1:]:\n"
        "    try:\n"
        "        open(path, 'w').write('changed')\n"
        "    except OSError as error:\n"
        "        print(error.strerror)\n"
    )
    printed, _ = keep(grounds, "overlay", [str(script), str(drive / "rows.csv"), str(drive / "new")])
    assert printed.startswith("these are the rows\n")
    data = grounds.folder / "data"
    assert (data / "rows.csv").read_text() == "these are the rows\n" * 100
    assert not (data / "new").exists()


def test_read_only_mount_inside_stays_read_only(grounds: Grounds, mount_inside: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", mount_inside], check=True)
    printed, _ = keep(grounds, "overlay", ["-c", "print(open('disk/rows.csv').read())"])
    assert printed == "as it was\n"


def test_scratch_on_a_disk_that_holds_no_layers_goes_to_memory(grounds: Grounds) -> None:
    """As in a container, whose own root is an overlay already."""
    if os.geteuid() != 0 or "overlay" not in available():
        pytest.skip("only root can mount a container's root")
    parts = {name: grounds.scratch.parent / name for name in ("lower", "upper", "work")}
    for path in parts.values():
        path.mkdir()
    options = f"lowerdir={parts['lower']},upperdir={parts['upper']},workdir={parts['work']}"
    subprocess.run(["mount", "-t", "overlay", "-o", options, "mlintern-test", grounds.scratch], check=True)
    try:
        os.chown(grounds.scratch, grounds.user, grounds.user)
        printed, words = keep(
            grounds, "overlay", ["-c", "open('new', 'w').write('x' * 99); print(open('new').read(1))"]
        )
        assert printed == "x\n", words
        assert words[-1]["written"] == [[str(grounds.project / "new"), 99]]
        assert list((grounds.scratch / "overlay" / "layers").iterdir()) == []
    finally:
        subprocess.run(["umount", grounds.scratch], check=True)
    assert not (grounds.project / "new").exists()


def test_scratch_is_gone_after_the_run(lab: Lab, isolation: str) -> None:
    run = lab.rehearse(
        """
        import os, tempfile
        folder = tempfile.mkdtemp()
        os.mkdir(os.path.join(folder, "locked"), 0)
        print(folder)
        """,
        isolation=Isolation(isolation),
    )
    assert run.status is RunStatus.DONE
    assert not (run.folder / "scratch").exists()
    assert not Path(lab.log(run).decode().strip()).exists()
    assert lab.store.reports.get(run.id, "isolation") == {"held": isolation, "refused": {}}


def test_audit_is_always_there_and_leaves_files_to_the_probe(lab: Lab) -> None:
    run = lab.rehearse("import os; print(os.environ['TMPDIR'])", isolation=Isolation.AUDIT)
    assert (run.status, run.isolation) == (RunStatus.DONE, "audit")
    assert available()[-1] == "audit"
