"""Tries to change a folder in every way there is; run by the isolation tests under each isolation, never imported.

Usage: ``python attacks.py FOLDER HOME``, standing in FOLDER/project. Prints, as one JSON object, what each attempt met:
``done`` or the name of the exception. Standard library only, and torch where it is installed and asked for.
"""

import ctypes
import json
import mmap
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

FOLDER, HOME = Path(sys.argv[1]), Path(sys.argv[2])
DATA = FOLDER / "data"
ATTEMPTS = {}


def attempt(function):
    ATTEMPTS[function.__name__] = function
    return function


@attempt
def relative_write():
    open("results.txt", "w").write("changed")


@attempt
def absolute_write():
    open(FOLDER / "project" / "absolute.txt", "w").write("changed")


@attempt
def overwrite():
    open(DATA / "rows.csv", "w").write("changed")


@attempt
def append():
    open(DATA / "rows.csv", "a").write("changed")


@attempt
def write_through_link():
    open(FOLDER / "project" / "link.csv", "a").write("changed")


@attempt
def remove():
    os.remove(DATA / "removed.csv")


@attempt
def rename_file():
    os.rename(DATA / "renamed.csv", DATA / "other.csv")


@attempt
def replace_file():
    open("fresh", "w").write("changed")
    os.replace("fresh", DATA / "replaced.csv")


@attempt
def chmod():
    os.chmod(DATA / "mode.csv", 0o600)


@attempt
def touch():
    os.utime(DATA / "mode.csv", (1, 1))


@attempt
def make_folder():
    os.mkdir(FOLDER / "new folder")


@attempt
def remove_tree():
    shutil.rmtree(DATA / "tree")


@attempt
def truncate():
    os.truncate(DATA / "truncated.csv", 1)


@attempt
def make_link():
    os.symlink("rows.csv", DATA / "new link")


@attempt
def hard_link_and_write():
    os.link(DATA / "linked.csv", "hard link")
    open("hard link", "w").write("changed")


@attempt
def mapped_write():
    with open(DATA / "mapped.bin", "r+b") as file, mmap.mmap(file.fileno(), 0) as view:
        view[:7] = b"changed"


@attempt
def c_write():
    libc = ctypes.CDLL(None, use_errno=True)
    path = os.fsencode(DATA / "c.csv")
    descriptor = libc.open(path, os.O_WRONLY | os.O_TRUNC)
    if descriptor < 0:
        raise OSError(ctypes.get_errno(), "C")
    libc.write(descriptor, b"changed", 7)
    libc.close(descriptor)


@attempt
def c_remove():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.unlink(os.fsencode(DATA / "c removed.csv")) < 0:
        raise OSError(ctypes.get_errno(), "C")


@attempt
def c_chmod():
    ctypes.CDLL(None).chmod(os.fsencode(DATA / "mode.csv"), 0o777)


@attempt
def shell():
    command = f"echo changed > '{DATA}/shell.csv'; rm -rf '{DATA}/shell tree'"
    subprocess.run(["/bin/sh", "-c", command], check=True, stderr=subprocess.DEVNULL)


@attempt
def database():
    with sqlite3.connect(DATA / "rows.db") as connection:
        connection.execute("INSERT INTO rows VALUES (2)")


@attempt
def home_write():
    open(HOME / "cache", "w").write("changed")


@attempt
def temporary_write():
    open("/tmp/mlintern-test-witness", "w").write("changed")


@attempt
def shared_temporary_write():
    open("/var/tmp/mlintern-test-witness", "w").write("changed")


@attempt
def later_in_another_session():
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            try:
                open(DATA / "later.csv", "w").write("changed")
            finally:
                os._exit(0)
        os._exit(0)
    os.wait()


@attempt
def torch_save():
    if "torch" not in sys.argv:
        return
    import torch

    # A path as text goes through torch's own C++ writer.
    torch.save({"weight": torch.zeros(1000)}, str(DATA / "model.pt"))


@attempt
def torch_save_relative():
    if "torch" not in sys.argv:
        return
    import torch

    torch.save({"weight": torch.zeros(1000)}, "model.pt")


def main():
    met = {}
    for name, function in ATTEMPTS.items():
        try:
            function()
            met[name] = "done"
        except (OSError, RuntimeError, sqlite3.Error, subprocess.SubprocessError) as error:
            met[name] = type(error).__name__
    print(json.dumps(met))


main()
