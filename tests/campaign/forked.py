"""Scripts that run in a fork of this process, which has imported what they import."""

import atexit
import importlib
import os
import runpy
import signal
import subprocess
import sys
import time
import traceback
from pathlib import Path

POLL_S = 0.02


def preload() -> None:
    """Import PyTorch and the OpenMMLab stack, but nothing that a command has begun."""
    for name in ('fashion_mmpose.plugin', 'mmpose.apis', 'mmdet.apis'):
        importlib.import_module(name)


class ForkedScript:
    """A script in a fork, as far as :class:`subprocess.Popen` is needed.

    Args:
        command: Path of the script, and its arguments.
        folder: Where it runs, and leaves what it prints on stderr in ``stderr.txt``.

    Attributes:
        pid: Of the process, which is the first of a session of its own.
        returncode: Its exit code, minus the signal that has ended it, or None.
    """

    def __init__(self, command: list[str], folder: Path) -> None:
        self.returncode: int | None = None
        sys.stdout.flush()
        self.pid = os.fork()
        if not self.pid:
            _run([*map(str, command)], folder)

    def wait(self, timeout: float) -> int:
        """The exit code.

        Raises:
            subprocess.TimeoutExpired: If it runs on after ``timeout`` seconds.
        """
        deadline = time.monotonic() + timeout
        while self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid:
                self.returncode = os.waitstatus_to_exitcode(status)
            elif time.monotonic() > deadline:
                raise subprocess.TimeoutExpired('a forked script', timeout)
            else:
                time.sleep(POLL_S)
        return self.returncode


def _run(command: list[str], folder: Path) -> None:
    """Be the script; never returns."""
    code = 1
    try:
        os.setsid()
        os.chdir(folder)
        for path, number in ((os.devnull, 1), ('stderr.txt', 2)):
            with open(path, 'w') as file:
                os.dup2(file.fileno(), number)
        os.environ['OMP_NUM_THREADS'] = '1'
        signal.signal(signal.SIGINT, signal.default_int_handler)
        sys.argv = command
        runpy.run_path(command[0], run_name='__main__')
        code = 0
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else int(stop.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        atexit._run_exitfuncs()
        sys.stderr.flush()
        os._exit(code)
