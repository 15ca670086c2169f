"""A Python with modules imported, which forks a process for every command.

A process of its own takes seconds to import PyTorch and MMPose, a fork of this one a
moment. It is otherwise as fresh: it has its own arguments, folder, environment, output
and random numbers. It ends as Python does, but does not free what was imported, which
takes longer than many a command; a file that a script has not closed is lost with it.

`WarmPython` has a program that stands in for Python: what it is called with runs in a
fork, and so do the Pythons that a script starts itself. What no fork can do (`-c`,
another search path) it hands to Python.
"""

import ast
import atexit
import gc
import importlib
import multiprocessing.process
import multiprocessing.util
import os
import random
import runpy
import select
import shlex
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

CLIENT = Path(__file__).with_name('warm_client.py')


class WarmPython:
    """The process that forks; it ends with the one that made it.

    Args:
        modules: What it imports, when it is called first.
        search_path: PYTHONPATH of the commands that it runs, by default this process's.
        of: What starts it: Python, or the program of another one. It is then a fork of
            that one, whose modules it has, too.

    Attributes:
        program: Path of what stands in for Python.
        search_path: As above.
    """

    def __init__(
        self,
        *modules: str,
        search_path: str | None = None,
        of: str = sys.executable,
    ) -> None:
        if search_path is None:
            search_path = os.environ.get('PYTHONPATH', '')
        self.search_path = search_path
        # Sockets have short names: no longer path than the system's own folder.
        self._folder = tempfile.TemporaryDirectory(prefix='warm-')
        place = Path(self._folder.name, 'socket')
        self.program = str(Path(self._folder.name, 'python'))
        words = [sys.executable, '-SEIB', CLIENT, place, sys.executable]
        words.append(search_path)
        command = shlex.join(map(str, words))
        Path(self.program).write_text(f'#!/bin/sh\nexec {command} "$@"\n')
        Path(self.program).chmod(0o755)
        self._process = subprocess.Popen(
            [
                *(of, '-W', 'ignore', __file__),
                *(place, self.program, search_path, *modules),
            ],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._process.stdout.readline()  # It listens.

    def close(self) -> None:
        self._process.communicate()
        self._folder.cleanup()


def serve(place: str, modules: Sequence[str]) -> dict | None:
    """Answer calls, each in a process of its own, with the exit codes of these.

    Returns:
        In the process that is to run a command its request, here None in the end.
    """
    woken, wakes = socket.socketpair()
    wakes.setblocking(False)
    signal.set_wakeup_fd(wakes.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)  # It wakes.
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests.
    running: dict[socket.socket, int] = {}
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(place)
        listener.listen(64)
        print('ready', flush=True)
        # What imports say on standard output is no answer.
        os.dup2(2, 1)
        while True:
            ready = select.select([listener, sys.stdin, woken, *running], [], [])[0]
            if woken in ready:
                woken.recv(1 << 10)
                answer_ended(running)
            for connection in {*running} & {*ready}:
                pass_on(connection, running)
            if sys.stdin in ready:
                for child in running.values():
                    os.killpg(child, signal.SIGKILL)
                return None
            if listener not in ready:
                continue
            connection = listener.accept()[0]
            # At the first call: until then it may be that nobody needs it.
            prepare(modules)
            if (request := receive(connection)) is None:
                connection.close()
                continue
            if not (child := os.fork()):
                os.setpgid(0, 0)
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for each in (woken, wakes, connection, *running):
                    each.close()
                return request
            with suppress(PermissionError, ProcessLookupError):
                os.setpgid(child, child)  # It may not have come to that yet.
            for descriptor in request['descriptors']:
                os.close(descriptor)
            running[connection] = child


def receive(connection: socket.socket) -> dict | None:
    """What a stand-in sent, with the numbers that its standard streams have here.

    None if it was killed before it had sent all.
    """
    _, descriptors, *_ = socket.recv_fds(connection, 1, 3)
    words = b''
    while not words.endswith(b'\n'):
        if not (more := connection.recv(1 << 16)):
            return None
        words += more
    return ast.literal_eval(words.decode()) | dict(descriptors=descriptors)


def prepare(modules: Sequence[str]) -> None:
    if not sys.modules.keys() >= set(modules):
        # PyTorch then finds GPUs without starting CUDA, which no fork could use.
        os.environ['PYTORCH_NVML_BASED_CUDA_CHECK'] = '1'
        for name in modules:
            importlib.import_module(name)
        # A child that ends would else visit, and so copy, all that was imported: 1.5 s.
        gc.collect()
        gc.freeze()
        # Nor need it deregister PyTorch's operators one by one: 0.1 s.
        for each in weakref.finalize._registry:
            each.atexit = False


def answer_ended(running: dict[socket.socket, int]) -> None:
    """Send exit codes of commands that have ended to who waits for them."""
    while True:
        try:
            child, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if not child:
            return
        for connection in [c for c, number in running.items() if number == child]:
            del running[connection]
            with connection, suppress(BrokenPipeError):
                connection.sendall(b'%d\n' % os.waitstatus_to_exitcode(status))


def pass_on(connection: socket.socket, running: dict[socket.socket, int]) -> None:
    """Send a command the signal that has come for it."""
    child = running[connection]
    if number := connection.recv(1):
        os.kill(child, number[0])
        return
    # Nobody waits for it any more: its loader workers end with it, too.
    os.killpg(child, signal.SIGKILL)
    del running[connection]
    connection.close()


def become(request: dict, program: str) -> None:
    """Run the command in this process as Python would."""
    import numpy as np

    for target, descriptor in enumerate(request['descriptors']):
        os.dup2(descriptor, target)
        os.close(descriptor)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    os.chdir(request['cwd'])
    # Where multiprocessing looks for the script of a relative path.
    multiprocessing.process.ORIGINAL_DIR = request['cwd']
    os.environ.clear()
    os.environ.update(request['env'])
    tempfile.tempdir = None  # an import may have asked for the one of before
    random.seed()
    np.random.seed()
    sys.executable = program
    module, sys.argv = request['module'], request['argv']
    code = None
    try:
        if module:
            sys.path[0] = request['cwd']
            runpy.run_module(module, run_name='__main__', alter_sys=True)
        else:
            sys.path[0] = os.path.dirname(sys.argv[0])
            runpy.run_path(sys.argv[0], run_name='__main__')
    except SystemExit as end:
        if not isinstance(end.code, int | None):
            raise  # Python writes it.
        code = end.code
    except Exception:
        sys.excepthook(*sys.exc_info())
        code = 1  # Not as Python ends: onnxruntime would wait for a thread of before.
    leave(code or 0)


def leave(code: int) -> None:
    """End this process as Python does, without freeing what was imported."""
    threading._shutdown()
    atexit._run_exitfuncs()
    multiprocessing.util._flush_std_streams()
    os._exit(code)


if __name__ == '__main__':
    place, program, search_path, *modules = sys.argv[1:]
    places = search_path.split(os.pathsep)
    sys.path[1:1] = [each for each in places if each not in ('', *sys.path)]
    if (command := serve(place, modules)) is not None:
        become(command, program)
