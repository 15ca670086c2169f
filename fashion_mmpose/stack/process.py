"""What PyTorch does better with than with what a process begins with.

Threads and memory are settings of the process, and left alone where the environment has
some of its own.
"""

import contextlib
import ctypes
import gc
import os
import platform
import sys
from collections.abc import Iterator

# Any of these in the environment says how memory is kept.
_MEMORY_VARIABLES = ('MALLOC_MMAP_MAX_', 'MALLOC_TRIM_THRESHOLD_', 'GLIBC_TUNABLES')
_WAITING_VARIABLES = ('OMP_WAIT_POLICY', 'GOMP_SPINCOUNT', 'KMP_BLOCKTIME')
# Of glibc's malloc.h.
_M_TRIM_THRESHOLD, _M_MMAP_MAX = -1, -4
_MOST_KEPT = 2**31 - 1  # bytes, the largest number that mallopt takes


@contextlib.contextmanager
def importing() -> Iterator[None]:
    """Keep Python's garbage collector from what is imported meanwhile.

    What PyTorch and OpenMMLab's packages make stays while the process does. The
    collector would visit hundreds of thousands of objects several times while they are
    imported, and all of them whenever it looks for old garbage: a fifth of the time
    that a short command takes.

    In the end all objects are frozen, which the collector never visits, unless the
    process had imported PyTorch before: then some may be large, and must not stay.
    """
    is_new, was_enabled = 'torch' not in sys.modules, gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if is_new:
            gc.freeze()
        if was_enabled:
            gc.enable()


def wait_asleep() -> bool:
    """Let PyTorch's threads sleep while they wait for each other.

    By default they look for work without a pause, and take the processor from loaders
    of pictures and other programs that the others of them wait for. OpenMP reads this
    when PyTorch is imported.

    Returns:
        bool: Whether it is done here.
    """
    if 'torch' in sys.modules or any(each in os.environ for each in _WAITING_VARIABLES):
        return False
    os.environ['OMP_WAIT_POLICY'] = 'PASSIVE'
    return True


def keep_memory() -> bool:
    """Let the process keep memory that it frees, for the next layer or step.

    glibc gives large pieces back to the system at once, and the system clears every
    page of them when they are asked for again, which takes a quarter of the processor's
    time of a training. It is for what computes, after what reads files: these need much
    memory once, and never again.

    Returns:
        bool: Whether it is done here; no other C library needs it.
    """
    is_set = any(each in os.environ for each in _MEMORY_VARIABLES)
    if is_set or platform.libc_ver()[0] != 'glibc':
        return False
    own = ctypes.CDLL(None)
    return bool(own.mallopt(_M_MMAP_MAX, 0)) and bool(
        own.mallopt(_M_TRIM_THRESHOLD, _MOST_KEPT)
    )
