"""Exported networks, which several files of tests read."""

import os

import pytest
from filelock import FileLock


def weights_of(small, name):
    return None if name == 'ensemble' else small.weights(name)


@pytest.fixture(scope='session')
def shared(tmp_path_factory):
    """A folder that is one for all processes that run tests at once."""
    folder = tmp_path_factory.getbasetemp()
    if 'PYTEST_XDIST_WORKER' in os.environ:
        folder = folder.parent
    (folder / 'exported').mkdir(exist_ok=True)
    return folder / 'exported'


@pytest.fixture(scope='session')
def exported(small, small_detector, shared):
    """Files of the small networks by their names, each made when it is asked for.

    All processes' networks have the same weights.
    """
    # Not above: a conftest.py is read before the tests' processes start.
    from fashion_mmpose.export import export_network

    def export(name):
        path = shared / f'{name}.onnx'
        with FileLock(shared / f'{name}.lock'):
            if not path.exists() and name == 'detector':
                change = export_network(*map(str, small_detector), path)
                assert change.num_boxes > 100 and change.largest_px < 0.01
            elif not path.exists():
                weights = weights_of(small, name)
                change = export_network(small.config(name), weights, path)
                assert change.num_points > 90 and change.largest_score < 1e-4
        return path

    return export
