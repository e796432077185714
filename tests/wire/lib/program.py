"""How programs are started that a test talks to."""
from __future__ import annotations

import contextlib
import os
import signal
import subprocess


def dies_with_us(command: list[str], by: signal.Signals = signal.SIGKILL) -> list[str]:
    """`command`, so that it is ended when the test is, even by a signal that lets it tidy up nothing. To be started
    by a thread that lives as long."""
    return ["setpriv", "--pdeathsig", by.name.removeprefix("SIG"), "--", *command]


@contextlib.contextmanager
def standing_still(process: subprocess.Popen):
    """What comes for it meanwhile waits for it."""
    os.kill(process.pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(process.pid, signal.SIGCONT)
