"""What holds for all tests: programs are interrupted and hung up as in a terminal, wherever the tests were started."""

from __future__ import annotations

import signal

for _number in (signal.SIGHUP, signal.SIGINT):
    # `nohup` and a shell's `&` make a process deaf to these, and every child of it.
    if signal.getsignal(_number) is signal.SIG_IGN:
        signal.signal(_number, signal.default_int_handler if _number is signal.SIGINT else signal.SIG_DFL)
