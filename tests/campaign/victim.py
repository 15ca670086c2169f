"""Runs a script that kills itself, or its group, at the N-th event of its files.

Usage:
    python victim.py EVENT SIGNAL WHOM FOLDER COUNT SCRIPT [ARGUMENTS]

EVENT is a number, WHOM `process` or `group`. Counted are files below FOLDER that are
opened to be written, renamed or removed. At the end the number of all of them is
written to the file COUNT, and the file `guarded` beside it is removed. That one says
that the script handles signals: while Python starts and ends, it can neither print nor
choose its exit code.
"""

import atexit
import os
import runpy
import signal
import sys
from pathlib import Path

MARK = 'CAMPAIGN_OF'  # with the number of this process, in what it starts


def main() -> None:
    """Watch, and run the script."""
    os.environ[MARK] = str(os.getpid())
    event, number, whom, folder, count, *sys.argv = sys.argv[1:]
    own, seen = os.getpid(), [0]

    def watch(name: str, arguments: tuple) -> None:
        if name not in ('open', 'os.rename', 'os.remove') or os.getpid() != own:
            return
        path, mode = arguments[0], arguments[1]
        writes = name != 'open' or (isinstance(mode, str) and set(mode) & set('wax+'))
        if not writes or not isinstance(path, (str, os.PathLike)):
            return
        if not os.path.abspath(path).startswith(folder):
            return
        seen[0] += 1
        if seen[0] == int(event):
            (os.killpg if whom == 'group' else os.kill)(own, int(number))

    guarded = Path(count).with_name('guarded')
    set_handler = signal.signal

    def note(signal_number: int, handler):
        previous = set_handler(signal_number, handler)
        if signal_number == signal.SIGTERM and os.getpid() == own:
            guarded.touch()
        return previous

    signal.signal = note

    def end() -> None:
        guarded.unlink(missing_ok=True)
        Path(count).write_text(str(seen[0]))

    atexit.register(end)  # the first that is registered is called last
    sys.addaudithook(watch)
    sys.path[0] = os.path.dirname(os.path.abspath(sys.argv[0]))
    runpy.run_path(sys.argv[0], run_name='__main__')


if __name__ == '__main__':
    main()
