"""Stands in for Python: has a warm one run what it was called with.

Called with the warm one's socket, Python's path, the search path of the warm one, and
Python's arguments. It imports little: it is there to be quick.
"""

import json
import os
import signal
import socket
import sys

# Of those that are followed by a value.
IGNORED = ('-W', '-X')
# Packages whose modules run warm; one of them is torchrun.
MODULES = ('fashion_mmpose', 'torch')
FORWARDED = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def read_command(arguments: list[str]) -> tuple[str | None, list[str]] | None:
    """The module (None for a script) and its ``sys.argv``; None if it is neither."""
    rest = list(arguments)
    while rest and (rest[0] in IGNORED or rest[0] == '-u'):
        del rest[: 1 + (rest[0] in IGNORED)]
    if rest[:1] == ['-m'] and rest[1].partition('.')[0] in MODULES:
        return rest[1], rest[1:]
    if rest and rest[0].endswith('.py'):
        return None, rest
    return None


def receive(connection: socket.socket) -> dict | None:
    """What `send` has sent, with the numbers that its descriptors have here.

    None if it was killed before it had sent all.
    """
    _, descriptors, *_ = socket.recv_fds(connection, 1, 3)
    words = b''
    while not words.endswith(b'\n'):
        if not (more := connection.recv(1 << 16)):
            return None
        words += more
    return json.loads(words) | dict(descriptors=descriptors)


def send(connection: socket.socket, module: str | None, argv: list[str]) -> None:
    """A command with this process's folder, environment and standard streams."""
    socket.send_fds(connection, [b'.'], [0, 1, 2])
    request = dict(module=module, argv=argv, cwd=os.getcwd(), env=dict(os.environ))
    connection.sendall(json.dumps(request).encode() + b'\n')


def main() -> int:
    place, python, search_path, *arguments = sys.argv[1:]
    command = read_command(arguments)
    if command is None or os.environ.get('PYTHONPATH', '') != search_path:
        os.execv(python, [python, *arguments])
    connection = socket.socket(socket.AF_UNIX)
    connection.connect(place)
    send(connection, *command)
    for number in FORWARDED:
        signal.signal(number, lambda number, _: connection.send(bytes([number])))
    code = int(connection.makefile().readline())
    if code < 0:
        if -code in FORWARDED:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == '__main__':
    sys.exit(main())
