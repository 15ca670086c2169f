"""Signals while Ray starts, with a stand-in that treats them as Ray does."""

import os
import signal
import sys
from argparse import Namespace

from fashion_mmpose.catalogue.ray_engine import Cluster, _connected
from fashion_mmpose.cli import shell


class StartingRay:
    """Its start takes SIGTERM to itself, and is met by one."""

    def is_initialized(self):
        return False

    def init(self, **options):
        signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(number))
        signal.alarm(60)
        os.kill(os.getpid(), signal.SIGTERM)


def test_a_signal_while_ray_starts_is_one_to_the_command(capsys):
    def action(args):
        with _connected(StartingRay(), Cluster()):
            raise AssertionError('it went on')

    previous = signal.getsignal(signal.SIGTERM)
    try:
        code = shell.run(action, Namespace(debug=False))
    finally:
        seconds = signal.alarm(0)  # after which Ray would have aborted the process
    assert (code, seconds) == (143, 0)
    assert capsys.readouterr().err == 'stopped\n'
    assert signal.getsignal(signal.SIGTERM) is previous
