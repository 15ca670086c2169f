"""Stands in for Python: has a warm one run what it was called with.

Called with the warm one's socket, Python's path, the search path of the warm one, and
Python's arguments. It is there to be quick and so imports nothing that is written in
Python: socket, signal and json would take longer than Python's own start.
"""

import _signal
import _socket
import os
import sys

# Of those that are followed by a value.
IGNORED = ('-W', '-X')
# Packages whose modules run warm; one of them is torchrun.
MODULES = ('fashion_mmpose', 'torch')
FORWARDED = (_signal.SIGINT, _signal.SIGTERM, _signal.SIGHUP)


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


def send(connection: _socket.socket, module: str | None, argv: list[str]) -> None:
    """A command with this process's folder, environment and standard streams."""
    streams = b''.join(number.to_bytes(4, sys.byteorder) for number in (0, 1, 2))
    connection.sendmsg([b'.'], [(_socket.SOL_SOCKET, _socket.SCM_RIGHTS, streams)])
    request = dict(module=module, argv=argv, cwd=os.getcwd(), env=dict(os.environ))
    connection.sendall(ascii(request).encode() + b'\n')


def main() -> int:
    place, python, search_path, *arguments = sys.argv[1:]
    command = read_command(arguments)
    if command is None or os.environ.get('PYTHONPATH', '') != search_path:
        os.execv(python, [python, *arguments])
    connection = _socket.socket(_socket.AF_UNIX)
    connection.connect(place)
    send(connection, *command)
    for number in FORWARDED:
        _signal.signal(number, lambda number, _: connection.send(bytes([number])))
    code = int(connection.recv(16))
    if code < 0:
        if -code in FORWARDED:
            _signal.signal(-code, _signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    return code


if __name__ == '__main__':
    sys.exit(main())
