"""What processes that share some work have in common."""

import signal


def leave_interrupts_to_parent() -> None:
    """Ignore Ctrl-C, which reaches every process of a terminal, in a worker.

    The process that started the workers stops them, and none shows a traceback.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
