"""A Python with the plugin imported, which forks a process for every script.

A process of its own takes seconds to import PyTorch and MMPose, a fork of this one a
moment. It is otherwise as fresh: it has its own arguments, folder, environment, output
and random numbers, and Python itself handles how the script ends.

Requests come on standard input, one a line as JSON: ``argv``, ``cwd``, ``env`` and the
files ``out`` and ``err`` to write to. Each is answered by the exit code in a line.
"""

import gc
import json
import os
import random
import runpy
import sys

# What imports say on standard output is no answer.
ANSWERS = os.fdopen(os.dup(1), 'w')
os.dup2(2, 1)

import numpy as np  # noqa: E402

import fashion_mmpose.plugin  # noqa: E402, F401


def serve() -> dict | None:
    """Start a child a request and wait for it.

    Returns:
        In a child its request, here None after the last.
    """
    for line in sys.stdin:
        child = os.fork()
        if not child:
            return json.loads(line)
        status = os.waitpid(child, 0)[1]
        print(os.waitstatus_to_exitcode(status), file=ANSWERS, flush=True)
    return None


def redirect(descriptor: int, path: str, flags: int):
    opened = os.open(path, flags)
    os.dup2(opened, descriptor)
    os.close(opened)


# A child that ends would else visit, and so copy, all that was imported: 1.5 s.
gc.collect()
gc.freeze()
request = serve()
if request is not None:
    redirect(0, os.devnull, os.O_RDONLY)
    redirect(1, request['out'], os.O_WRONLY)
    redirect(2, request['err'], os.O_WRONLY)
    os.chdir(request['cwd'])
    os.environ.clear()
    os.environ.update(request['env'])
    random.seed()
    np.random.seed()
    sys.argv = request['argv']
    sys.path[0] = os.path.dirname(sys.argv[0])
    runpy.run_path(sys.argv[0], run_name='__main__')
