"""The repository's scripts as subprocesses whose output is shown and kept."""

import ctypes
import os
import signal
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

from fashion_mmpose.files.writing.faults import errors_of
from fashion_mmpose.files.writing.locks import (
    environment_for_children,
    held_descriptors,
    locked_folder,
)

from .plan import CategoryRun

SECONDS_TO_END = 30


def train_command(
    scripts: Path,
    run: CategoryRun,
    checkpoint: Path | None = None,
    flags: Sequence[str] = (),
    num_processes: int = 1,
) -> list[str]:
    """The arguments of Python that train a category.

    Args:
        scripts: Folder that holds ``tools/``.
        run: The category.
        checkpoint: Where to go on from; None to begin.
        flags: More options of ``tools/train.py``.
        num_processes: Processes on this machine, one a GPU.
    """
    command = [_shown(scripts / 'tools' / 'train.py'), run.config]
    command += ['--work-dir', str(run.folder), *flags]
    if checkpoint is not None:
        command += ['--resume', str(checkpoint)]
    if num_processes > 1:
        torchrun = ['-m', 'torch.distributed.run', '--standalone']
        torchrun.append(f'--nproc_per_node={num_processes}')
        command = [*torchrun, *command, '--launcher', 'pytorch']
    return command + _cfg_options(run)


def test_command(
    scripts: Path,
    run: CategoryRun,
    checkpoint: Path | None = None,
    flags: Sequence[str] = (),
) -> list[str]:
    """The arguments of Python that test a category.

    Args:
        scripts: Folder that holds ``tools/``.
        run: The category.
        checkpoint: The weights; an ensemble has none.
        flags: More options of ``tools/test.py``.
    """
    command = [_shown(scripts / 'tools' / 'test.py'), run.config]
    if checkpoint is not None:
        command.append(str(checkpoint))
    command += ['--work-dir', str(run.test_folder), '--out', str(run.predictions)]
    command += flags
    return command + _cfg_options(run)


def _cfg_options(run: CategoryRun) -> list[str]:
    return ['--cfg-options', *run.cfg_options] if run.cfg_options else []


def _shown(script: Path) -> str:
    """The path that a user would type."""
    return min(os.path.relpath(script), str(script), key=len)


def run_logged(arguments: Sequence[str], log: TextIO) -> int:
    """Run Python; what it prints goes to stdout and to the log, line by line.

    An exception in this process, such as Ctrl-C, ends the other one; so does, on Linux,
    whatever kills this process.

    Args:
        arguments: Arguments of Python.
        log: File to append to; see :func:`locked_log`.

    Returns:
        int: The exit code.
    """
    process = subprocess.Popen(
        [sys.executable, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding='utf-8',
        errors='replace',
        env=environment_for_children(os.environ),
        # A group of its own: its loader workers and torchrun's processes end with it.
        start_new_session=True,
        preexec_fn=_end_with(os.getpid()),
        # What outlives this process keeps its folder.
        pass_fds=held_descriptors(),
    )
    try:
        for line in process.stdout:
            print(line, end='', flush=True)
            with errors_of(log.name):
                log.write(line)
                log.flush()
        return process.wait()
    except BaseException:
        _end(process)
        raise


def _end_with(parent: int) -> Callable[[], None] | None:
    """What a new process does so that the system ends it with its parent."""
    if sys.platform != 'linux':
        return None
    # Loaded here: between fork and exec, little may be done.
    prctl = ctypes.CDLL(None).prctl
    pr_set_pdeathsig = 1

    def prepare() -> None:
        # As `kill` does: torchrun ends its processes, and files are left in order.
        prctl(pr_set_pdeathsig, signal.SIGTERM)
        if os.getppid() != parent:  # dead already
            os._exit(1)

    return prepare


def _end(process: subprocess.Popen) -> None:
    """End a process and its children: at once, by force if it takes long."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        with suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(SECONDS_TO_END)
            return


@contextmanager
def locked_log(path: Path) -> Iterator[TextIO]:
    """A file to append to, in a folder for this run and its subprocesses alone.

    Raises:
        BlockingIOError: If another run is at work in the folder.
    """
    with locked_folder(path.parent), open(path, 'a', encoding='utf-8') as file:
        yield file


def tail(path: Path, num_lines: int = 25) -> str:
    """The last lines of a text file."""
    with open(path, encoding='utf-8', errors='replace') as file:
        return ''.join(deque(file, num_lines)).rstrip()
