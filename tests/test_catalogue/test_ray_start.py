"""How Ray is started, and signals meanwhile, with a stand-in for it."""

import os
import signal
import sys
from argparse import Namespace

import pytest

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


class ReadyRay:
    """It runs at once, and keeps how it was asked to."""

    def is_initialized(self):
        return False

    def init(self, **options):
        self.options = options

    def shutdown(self):
        pass


@pytest.mark.parametrize(
    'address, asked',
    [
        # Without this address Ray takes one that runs on the machine already, with its
        # cores, and refuses to be told how many.
        (None, dict(address='local', num_cpus=6)),
        ('ray://head:10001', dict(address='ray://head:10001')),
    ],
)
def test_where_the_workers_are(address, asked):
    ray = ReadyRay()
    with _connected(ray, Cluster(address=address, workers=3, cpus=2)):
        pass
    told = {name: ray.options.get(name) for name in ('address', 'num_cpus')}
    assert told == {'num_cpus': None, **asked}
